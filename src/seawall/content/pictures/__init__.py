"""Pictures as detectors are given them: upright, in colour, small, a few of each item.

They are made in the decode process from untrusted bytes, and come back through shared memory as plain pixels.
"""

from seawall.content.pictures._picture import PICTURE_SIDE, Picture
from seawall.content.pictures.reader import PictureReader, Shown

__all__ = ["PICTURE_SIDE", "Picture", "PictureReader", "Shown"]
