"""Sampled frames of a video. Runs in the decode process.

Moments are spread evenly and shifted at random within their part of the video, so that nobody can place a scene between
them; the shift follows from the file's own digest, so that the same file always gives the same frames.
"""

from __future__ import annotations

import os
import random
import time
from typing import Any

from seawall.content.pictures._picture import MAX_PICTURES, Picture
from seawall.content.pictures._shrink import LIMITS, shrunk
from seawall.errors import MediaError, TooLarge, UnsupportedMedia

SECONDS_PER_PICTURE = 2.0
FEWEST = 4
_DECODED_PER_PICTURE = 600
_BUDGET_SECONDS = 40.0
_WHOLE = {"ignore_editlist": "1"}
"""Frames that an edit list hides are in the file all the same."""
_FAR_SECONDS = 1_000_000.0
"""So long after the stated end that a seek leads to the last place where decoding can begin."""


def sampled_frames(descriptor: int, seed: str) -> tuple[list[Picture], frozenset[str]]:
    """Return pictures from moments spread over the first video stream.

    With them `partial`, if they are not all that there should be: the time ran out, a moment is too far from where
    decoding can begin, the video is longer than it says, or there are other video streams.

    Args:
        descriptor: The file, open for reading.
        seed: What the random shifts follow from.

    Raises:
        UnsupportedMedia: If PyAV is not installed, or there is no video stream that it can decode.
        TooLarge: If frames are beyond the limits.
        MediaError: If not one frame decodes.
    """
    try:
        import av
        import av.error
        import av.logging
    except ImportError:
        raise UnsupportedMedia("video needs PyAV", hint="install seawall[video]") from None
    av.logging.set_level(None)
    pictures: list[Picture] = []
    flags: set[str] = set()
    try:
        with (
            os.fdopen(os.dup(descriptor), "rb") as file,
            av.open(file, "r", options=_WHOLE, metadata_errors="ignore") as container,
        ):
            if not container.streams.video:
                raise UnsupportedMedia("there is no video stream in it")
            stream = container.streams.video[0]
            LIMITS.check_size(stream.codec_context.width or 1, stream.codec_context.height or 1)
            stream.thread_type = "NONE"
            if len(container.streams.video) > 1:
                flags.add("partial")
            _sample(container, stream, random.Random(seed), pictures, flags)  # noqa: S311 (no secret)
    except av.error.FFmpegError as error:
        if not pictures:
            raise MediaError(f"the video does not decode: {type(error).__name__}") from None
        flags.add("damaged")
    if not pictures:
        raise MediaError("the video has no frame that decodes")
    return pictures, frozenset(flags)


def _sample(container: Any, stream: Any, shift: random.Random, pictures: list[Picture], flags: set[str]) -> None:
    duration = float(container.duration or 0) / 1_000_000
    ends_at = time.monotonic() + _BUDGET_SECONDS
    if duration <= 0:
        _sample_unknown_length(container, stream, pictures, flags, ends_at)
        return
    count = max(FEWEST, min(MAX_PICTURES, round(duration / SECONDS_PER_PICTURE)))
    moments = [(part + shift.random()) * duration / count for part in range(count)]
    last = -1.0
    for moment in moments:
        if time.monotonic() > ends_at:
            flags.add("partial")
            return
        found, reached = _frame_at(container, stream, moment)
        if not reached:
            flags.add("partial")
        if found is not None and (found.time or 0) > last:
            last = float(found.time or 0)
            pictures.append(_picture(found, len(pictures)))
    if _goes_on(container, stream, duration):
        flags.add("partial")


def _frame_at(container: Any, stream: Any, moment: float) -> tuple[Any, bool]:
    """Return the first frame at or after a moment, or the last one there is, and whether decoding got so far."""
    container.seek(int(moment * 1_000_000), backward=True)
    found = None
    for index, frame in enumerate(container.decode(stream)):
        found = frame
        if (frame.time or 0) >= moment:
            break
        if index >= _DECODED_PER_PICTURE:
            return found, False
    return found, True


def _goes_on(container: Any, stream: Any, duration: float) -> bool:
    """Whether there are frames well after the end that the file states."""
    container.seek(int((duration + _FAR_SECONDS) * 1_000_000), backward=True)
    last = next(iter(container.decode(stream)), None)
    return last is not None and (last.time or 0) > duration + SECONDS_PER_PICTURE


def _sample_unknown_length(
    container: Any, stream: Any, pictures: list[Picture], flags: set[str], ends_at: float
) -> None:
    """Take frames at a stride that doubles whenever there are too many, so that they are spread over all of it."""
    stride = 1
    for index, frame in enumerate(container.decode(stream)):
        if time.monotonic() > ends_at:
            flags.add("partial")
            return
        if index % stride == 0:
            if len(pictures) == MAX_PICTURES:
                pictures[:] = pictures[::2]
                stride *= 2
            if index % stride == 0:
                pictures.append(_picture(frame, index))


def _picture(frame: Any, index: int) -> Picture:
    if frame.width * frame.height > LIMITS.max_pixels:
        raise TooLarge(f"the video's frames have more than {LIMITS.max_pixels // 1_000_000} megapixels")
    pixels = shrunk(frame.to_ndarray(format="rgb24"))
    return Picture(pixels, frame.width, frame.height, index, frame.time)
