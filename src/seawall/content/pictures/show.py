"""What runs in the decode process: untrusted bytes in, small pictures out, through memory that the parent gave.

The last descriptor of a request is that memory; the reply says where in it each picture is.
"""

from __future__ import annotations

from mmap import mmap
from typing import Any

from seawall.content.media import Medium, Sniffed
from seawall.content.pictures._picture import MAX_PICTURES, PICTURE_BYTES, Picture
from seawall.content.pictures._shrink import small_pictures
from seawall.errors import UnsupportedMedia

ENTRY = "seawall.content.pictures.show:show"
"""The decode process's entry point, as `Sandbox` takes it."""


def show(data: memoryview, params: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """Decode one medium to small pictures.

    Args:
        data: The bytes of an image; empty for video.
        params: `medium` and `format` as sniffed; `seed` for video.
        fds: For video, a descriptor open for reading; last, the memory to write pixels into.

    Returns:
        `pictures`: a list of {at, rows, columns, width, height, frame, time_s}; `flags`.

    Raises:
        MediaError: If nothing could be decoded.
    """
    kind = Sniffed(Medium(params["medium"]), params["format"])
    if kind.medium is Medium.IMAGE:
        pictures, flags = small_pictures(data, kind)
    elif kind.medium is Medium.VIDEO:
        from seawall.content.pictures._video import sampled_frames

        pictures, flags = sampled_frames(fds[0], params.get("seed", ""))
    else:
        raise UnsupportedMedia(f"{kind.medium} has no pictures")
    with mmap(fds[-1], MAX_PICTURES * PICTURE_BYTES) as memory:
        placed = [_place(memory, place * PICTURE_BYTES, picture) for place, picture in enumerate(pictures)]
    return {"pictures": placed, "flags": sorted(flags)}


def _place(memory: mmap, at: int, picture: Picture) -> dict[str, Any]:
    rows, columns, _ = picture.pixels.shape
    memory[at : at + picture.pixels.size] = picture.pixels.tobytes()
    return {
        "at": at,
        "rows": rows,
        "columns": columns,
        "width": picture.width,
        "height": picture.height,
        "frame": picture.frame,
        "time_s": picture.time_s,
    }
