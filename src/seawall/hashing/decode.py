"""What runs inside the decode process: untrusted bytes in, hashes out.

This module never sees a hash list. Its replies are plain JSON values, which the parent reads as if they
were hostile (`seawall.hashing.replies`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from seawall.content.images import open_images
from seawall.content.limits import Limits
from seawall.content.media import Medium, Sniffed
from seawall.errors import MediaError, UnsupportedMedia
from seawall.hashing.pdq import PdqAccumulator, PdqHash
from seawall.hashing.replies import frame_reply

if TYPE_CHECKING:
    import numpy as np

    from seawall.content.images import Frame

ENTRY = "seawall.hashing.decode:decode"
"""The decode process's entry point, as `Sandbox` takes it."""


def decode(data: memoryview, params: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """Hash one medium, or with `show` give small pictures of it as `seawall.content.pictures.show` says.

    Args:
        data: The bytes of an image; empty for media that come as a file descriptor.
        params: `medium` and `format` as sniffed.
        fds: For video: one descriptor open for reading.

    Returns:
        `frames`: a list of {frame, variant, quality, pdq: eight dihedral hashes in one hexadecimal string,
        flags, time_s}, each distinct hash once; `flags`: what is true of the whole medium.

    Raises:
        MediaError: If nothing could be decoded.
    """
    if params.get("show"):
        from seawall.content.pictures.show import show

        return show(data, params, fds)
    kind = Sniffed(Medium(params["medium"]), params["format"])
    if kind.medium is Medium.IMAGE:
        return _decode_image(data, kind)
    if kind.medium is Medium.VIDEO:
        from seawall.hashing.video import decode_video

        return decode_video(fds[0], params)
    raise UnsupportedMedia(f"{kind.medium} is not decoded here")


def _decode_image(data: memoryview, kind: Sniffed) -> dict[str, Any]:
    frames: list[dict[str, Any]] = []
    flags: set[str] = set()
    seen: set[tuple[str, bytes]] = set()
    shown = 0
    with open_images(data, kind=kind, limits=Limits()) as reader:
        for frame in reader.frames():
            shown += 1
            flags |= frame.flags
            for variant, hashed in _hash_frame(frame):
                if (variant, hashed.value) not in seen:
                    seen.add((variant, hashed.value))
                    frames.append(frame_reply(frame.index, variant, hashed))
        flags |= reader.flags
    if not frames:
        raise MediaError("the image has no frame that decodes")
    if shown > 1:
        flags.add("animated")
    return {"frames": frames, "flags": sorted(flags)}


def _hash_frame(frame: Frame) -> Iterator[tuple[str, PdqHash]]:
    yield "", hash_strips(frame.height, frame.width, frame.strips)
    for variant, strips in frame.variants.items():
        yield variant, hash_strips(frame.height, frame.width, strips)


def hash_strips(height: int, width: int, strips: Callable[[], Iterator[np.ndarray[Any, Any]]]) -> PdqHash:
    """Return the PDQ hashes of a picture that comes in strips of rows."""
    accumulator = PdqAccumulator(height, width)
    for rows in strips():
        accumulator.add_rows(rows)
    return accumulator.finish()
