"""What runs in the decode process: untrusted bytes in; small pictures, a grey one, peaks of a sound or a length out.

Pixels go through memory that the parent gave, the last descriptor of a request; the parent checks every number.
"""

from __future__ import annotations

import os
import time
from mmap import mmap
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from seawall.content.images import open_images
from seawall.content.limits import Limits
from seawall.content.media import Medium, Sniffed
from seawall.errors import MediaError, UnsupportedMedia

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seawall.content.images import Frame

ENTRY = "seawall.vault.derivatives._decode:decode"
"""The decode process's entry point, as `Sandbox` takes it."""

GREY_SIDE = 1600
GREY_BYTES = GREY_SIDE * GREY_SIDE
MOST_PEAKS = 4096

_SECONDS = 40.0
_RATE = 8000
_STEP = 80
_LOUDEST = 32768
_MIRRORED = frozenset({2, 4, 5, 7})
_QUARTER_TURNS = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}
"""Turns to the left, after mirroring, that undo what EXIF states."""


def decode(data: memoryview, params: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """Answer one question about one medium.

    Args:
        data: The bytes of an image; empty for media that come as a descriptor.
        params: `medium` and `format` as sniffed. With `show`: as `seawall.content.pictures.show`. Else `ask`: `grey`
            for a grey picture, `peaks` for a sound, `length` for how long a video or a sound is.
        fds: For video and sound, a descriptor open for reading; for pictures, last, the memory to write pixels into.

    Raises:
        MediaError: If nothing could be decoded.
    """
    if params.get("show"):
        from seawall.content.pictures.show import show

        return show(data, params, fds)
    asked = params.get("ask")
    if asked == "grey":
        return _grey(data, Sniffed(Medium(params["medium"]), params["format"]), fds[-1])
    if asked == "peaks":
        return _peaks(fds[0])
    if asked == "length":
        return _length(fds[0])
    raise UnsupportedMedia("there is no answer to that")


def _grey(data: memoryview, kind: Sniffed, target: int) -> dict[str, Any]:
    """Write the first frame, upright, grey, at most `GREY_SIDE` long; say whether there are more."""
    with open_images(data, kind=kind, limits=Limits()) as reader:
        frames: Iterator[Frame] = reader.frames()
        first = next(frames, None)
        if first is None:
            raise MediaError("the file holds no picture that decodes")
        pixels = _small(_luma(first))
        if reader.orientation in _MIRRORED:
            pixels = pixels[:, ::-1]
        pixels = np.rot90(pixels, _QUARTER_TURNS.get(reader.orientation, 0))
        width, height = first.width, first.height
        if reader.orientation >= 5:
            width, height = height, width
        more = next(frames, None) is not None
        flags = set(reader.flags) | set(first.flags)
    rows, columns = pixels.shape
    with mmap(target, GREY_BYTES) as memory:
        memory[: pixels.size] = np.ascontiguousarray(pixels).tobytes()
    return {
        "rows": rows,
        "columns": columns,
        "width": width,
        "height": height,
        "more": more,
        "flags": sorted(flags),
    }


def _luma(frame: Frame) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return a whole frame, transparency on white, in grey."""
    whole = np.empty((frame.height, frame.width), np.uint8)
    top = 0
    for strip in frame.variants.get("on_white", frame.strips)():
        if strip.ndim == 3:
            rows = np.asarray(Image.fromarray(strip.astype(np.uint8, copy=False)).convert("L"))
        else:
            rows = strip if strip.dtype == np.uint8 else np.clip(np.rint(strip), 0, 255).astype(np.uint8)
        whole[top : top + len(rows)] = rows
        top += len(rows)
    return whole


def _small(pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    share = GREY_SIDE / max(pixels.shape)
    if share >= 1:
        return pixels
    height, width = (max(1, round(side * share)) for side in pixels.shape)
    small = Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(small)


def _peaks(descriptor: int) -> dict[str, Any]:
    """Return how loud a sound is, part by part, as numbers up to 255."""
    av = _av()
    ends_at = time.monotonic() + _SECONDS
    peaks: list[int] = []
    step, samples, partial = _STEP, 0, False
    rest = np.empty(0, np.int16)
    try:
        with os.fdopen(os.dup(descriptor), "rb") as file, av.open(file, "r", metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise UnsupportedMedia("there is no sound in it")
            resampler = av.AudioResampler(format="s16", layout="mono", rate=_RATE)
            for frame in container.decode(container.streams.audio[0]):
                for piece in resampler.resample(frame):
                    sound = np.concatenate([rest, piece.to_ndarray().reshape(-1)])
                    samples += len(sound) - len(rest)
                    cut = len(sound) // step * step
                    peaks += np.abs(sound[:cut].astype(np.int32)).reshape(-1, step).max(axis=1).tolist()
                    rest = sound[cut:]
                while len(peaks) > MOST_PEAKS:
                    peaks = [max(peaks[at : at + 2]) for at in range(0, len(peaks), 2)]
                    step *= 2
                if time.monotonic() > ends_at:
                    partial = True
                    break
    except av.error.FFmpegError as error:
        if not peaks:
            raise MediaError(f"the sound does not decode: {type(error).__name__}") from None
        partial = True
    if not samples:
        raise MediaError("there is no sound in it that decodes")
    if len(rest):
        peaks.append(int(np.abs(rest.astype(np.int32)).max()))
    return {"peaks": [min(255, peak * 256 // _LOUDEST) for peak in peaks], "flags": ["partial"] if partial else []}


def _length(descriptor: int) -> dict[str, Any]:
    """Return how long a video or a sound is: by its packets, since what it states may be a lie."""
    av = _av()
    ends_at = time.monotonic() + _SECONDS
    longest, width, height = 0.0, None, None
    try:
        with os.fdopen(os.dup(descriptor), "rb") as file, av.open(file, "r", metadata_errors="ignore") as container:
            if container.streams.video:
                context = container.streams.video[0].codec_context
                width, height = context.width or None, context.height or None
            for packet in container.demux():
                if packet.pts is not None and packet.time_base is not None:
                    longest = max(longest, float((packet.pts + (packet.duration or 0)) * packet.time_base))
                if time.monotonic() > ends_at:
                    return {"duration": None, "width": width, "height": height}
            longest = max(longest, float(container.duration or 0) / 1_000_000)
    except av.error.FFmpegError as error:
        raise MediaError(f"it cannot be read: {type(error).__name__}") from None
    return {"duration": longest or None, "width": width, "height": height}


def _av() -> Any:
    try:
        import av
        import av.error
        import av.logging
    except ImportError:
        raise UnsupportedMedia("video and sound need PyAV", hint="install seawall[video]") from None
    av.logging.set_level(None)
    return av
