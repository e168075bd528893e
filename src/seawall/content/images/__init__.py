"""Safe decoding of pictures to rows of luma or RGB, with bounded memory.

Whatever the bytes are, the outcome is frames or a `MediaError`: no other exception, no warning, and nothing that
changes a library's global state.
"""

from seawall.content.images._frame import RECIPE, Frame, Strip
from seawall.content.images._reader import FORMATS, ImageReader, open_images

__all__ = ["FORMATS", "RECIPE", "Frame", "ImageReader", "Strip", "open_images"]
