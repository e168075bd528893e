"""`seawall.pdq`: the PDQ hashes of one picture, decoded in this process.

For files that strangers may have made, the examiner (`seawall hash`, `seawall scan`) decodes in a sandboxed process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seawall.content.limits import Limits
from seawall.content.media import HEAD_BYTES, Medium, sniff
from seawall.errors import MediaError, UnsupportedMedia
from seawall.hashing.decode import hash_strips
from seawall.hashing.pdq import PdqHash, pdq_array


class Pdq(NamedTuple):
    """The PDQ hashes of a picture.

    Attributes:
        value: Hash of the picture as stored (EXIF orientation not applied), 64 hexadecimal digits.
        quality: 0..100; below 50 the hash says too little to be matched.
        dihedral: Hashes of the eight orientations, `original` first.
        flags: What is true of the picture: `damaged`, `orientation=6`, ...
    """

    value: str
    quality: int
    dihedral: tuple[str, ...]
    flags: tuple[str, ...] = ()

    @property
    def code(self) -> NDArray[np.uint8]:
        """The value as `HammingIndex` takes it: uint8 (32,)."""
        return np.frombuffer(bytes.fromhex(self.value), np.uint8)

    @property
    def codes(self) -> NDArray[np.uint8]:
        """The eight hashes as `HammingIndex` takes them: uint8 (8, 32)."""
        return np.frombuffer(bytes.fromhex("".join(self.dihedral)), np.uint8).reshape(8, 32)


def pdq(picture: str | Path | bytes | NDArray[Any]) -> Pdq:
    """Return the PDQ hashes of a picture.

    Args:
        picture: A path, the bytes of an encoded image, or an array: uint8 (height, width) or (height, width, 3),
            or float32 luma (height, width) in 0..255. Of an animation the first frame is hashed.

    Raises:
        OSError: If the file cannot be read.
        MediaError: If it is not an image that decodes.
    """
    if isinstance(picture, np.ndarray):
        return _named(pdq_array(picture), frozenset())
    data = Path(picture).read_bytes() if isinstance(picture, str | Path) else picture
    kind = sniff(data[:HEAD_BYTES])
    if kind.medium is not Medium.IMAGE:
        raise UnsupportedMedia("not an image")
    from seawall.content.images import open_images

    with open_images(data, kind=kind, limits=Limits()) as reader:
        for frame in reader.frames():
            return _named(hash_strips(frame.height, frame.width, frame.strips), frame.flags | reader.flags)
    raise MediaError("the image has no frame that decodes")


def _named(hashed: PdqHash, flags: frozenset[str]) -> Pdq:
    dihedral = tuple(each.hex() for each in hashed.dihedral)
    return Pdq(hashed.value.hex(), hashed.quality, dihedral, tuple(sorted(flags)))
