"""The fast path: a JPEG's stored luma at full resolution, never shrunk on load.

Damage is found by a strict decode; what a lenient one then gives is kept and flagged.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seawall.content.images._frame import is_flat
from seawall.content.images._jpeg_header import JpegHeader
from seawall.errors import MediaError, TooLarge


class NoFastPath(Exception):
    """The decoder of the fast path refuses this file; the general one may read it."""


def decode_luma(data: memoryview, header: JpegHeader) -> tuple[npt.NDArray[np.uint8], bool]:
    """Return the (height, width) luma, and whether the file is damaged.

    Raises:
        NoFastPath: If the decoder does not know this kind of JPEG.
        MediaError: If nothing decodes.
    """
    try:
        import simplejpeg
    except ImportError:
        raise NoFastPath from None
    try:
        buffer = np.empty((header.height, header.width, 1), np.uint8)
        damaged = False
        try:
            decoded = simplejpeg.decode_jpeg(data, "GRAY", buffer=buffer)
        except ValueError:
            # Samples that a broken scan does not reach would otherwise be whatever was in memory.
            buffer.fill(0)
            damaged = True
            decoded = simplejpeg.decode_jpeg(data, "GRAY", buffer=buffer, strict=False)
    except ValueError as error:
        if "memory" in str(error):
            raise TooLarge("the picture needs more memory than decoding may use") from MemoryError()
        raise NoFastPath from None
    except MemoryError as error:
        raise TooLarge("the picture needs more memory than decoding may use") from error
    luma: npt.NDArray[np.uint8] = decoded[:, :, 0]
    if luma.shape != (header.height, header.width):
        raise MediaError("the JPEG's size changes within the file")
    if damaged and is_flat(luma):
        raise MediaError("the file ends before the picture begins")
    return luma, damaged
