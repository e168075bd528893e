"""vPDQ: PDQ of a video's frames, one a second, as the vPDQ reference samples them. Runs inside the decode process.

Luma is the decoder's own Y plane, widened to full range, so that no colour conversion is paid for; PDQ does not
depend on the scale of luma, and its quality hardly does.

Source: github.com/facebook/ThreatExchange, vpdq/README.md.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from seawall.errors import MediaError, TooLarge, UnsupportedMedia
from seawall.hashing.pdq import PdqHash, pdq_array
from seawall.hashing.replies import frame_reply

if TYPE_CHECKING:
    import av

SECONDS_PER_FRAME = 1.0
MAX_PIXELS = 100_000_000
MAX_FRAMES = 20_000
"""Sampled frames per video: five and a half hours at one a second."""

LONG_SECONDS = 300
"""Of longer videos only key frames are decoded (flag `keyframes`): all of it is seen, at a bounded cost."""

BUDGET_SECONDS = 45.0
"""Time after which a video is left with the frames hashed so far (flag `partial`)."""

_LIMITED_RANGE_FORMATS = {"yuv420p", "yuv422p", "yuv444p", "nv12", "nv21", "yuva420p", "yuv410p", "yuv411p", "yuv440p"}
_FULL_RANGE_FORMATS = {"yuvj420p", "yuvj422p", "yuvj444p", "gray"}
_FULL_RANGE = 2  # AVCOL_RANGE_JPEG


def decode_video(descriptor: int, params: dict[str, Any]) -> dict[str, Any]:
    """Hash one frame a second of the first video stream.

    Args:
        descriptor: The file, open for reading.
        params: `seconds_per_frame`: 0 for every frame.

    Returns:
        The reply that `seawall.hashing.decode.decode` describes; each distinct hash once.

    Raises:
        UnsupportedMedia: If PyAV is not installed, or there is no video stream that it can decode.
        TooLarge: If frames are larger than `MAX_PIXELS`.
        MediaError: If not one frame decodes.
    """
    try:
        import av
        import av.error
        import av.logging
    except ImportError:
        raise UnsupportedMedia("video needs PyAV", hint="install seawall[video]") from None
    av.logging.set_level(None)
    frames: list[dict[str, Any]] = []
    flags: set[str] = set()
    seen: set[bytes] = set()
    end = time.monotonic() + BUDGET_SECONDS
    try:
        with os.fdopen(os.dup(descriptor), "rb") as file, av.open(file, "r", metadata_errors="ignore") as container:
            stream = _video_stream(container)
            if container.duration is not None and container.duration > LONG_SECONDS * av.time_base:
                stream.codec_context.skip_frame = "NONKEY"
                flags.add("keyframes")
            for index, frame in _sample(container, stream, params.get("seconds_per_frame", SECONDS_PER_FRAME)):
                if len(frames) >= MAX_FRAMES or time.monotonic() > end:
                    flags.add("partial")
                    break
                hashed = _hash(frame)
                if hashed.value not in seen:
                    seen.add(hashed.value)
                    frames.append(frame_reply(index, "", hashed, time_s=frame.time))
    except av.error.FFmpegError as error:
        if not frames:
            raise MediaError(f"the video does not decode: {type(error).__name__}") from None
        flags.add("damaged")
    if not frames:
        raise MediaError("the video has no frame that decodes")
    return {"frames": frames, "flags": sorted(flags)}


def _video_stream(container: av.container.InputContainer) -> Any:
    streams = [stream for stream in container.streams.video if stream.codec_context is not None]
    if not streams:
        raise UnsupportedMedia("there is no video stream in it")
    stream = streams[0]
    if stream.codec_context.width * stream.codec_context.height > MAX_PIXELS:
        raise TooLarge(f"the video's frames have more than {MAX_PIXELS // 1_000_000} megapixels")
    stream.thread_type = "NONE"
    return stream


def _sample(container: Any, stream: Any, seconds_per_frame: float) -> Iterator[tuple[int, Any]]:
    """Yield every n-th frame with its index, n as the vPDQ reference computes it from the frame rate.

    Where only key frames are decoded, each counts: they are about as far apart.
    """
    rate = float(stream.average_rate or stream.guessed_rate or 25)
    step = max(1, int(rate * seconds_per_frame))
    if stream.codec_context.skip_frame == "NONKEY":
        step = 1
    for index, frame in enumerate(container.decode(stream)):
        if index % step == 0:
            yield index, frame


def _hash(frame: Any) -> PdqHash:
    if frame.width * frame.height > MAX_PIXELS:
        raise TooLarge(f"the video's frames have more than {MAX_PIXELS // 1_000_000} megapixels")
    name = frame.format.name
    if name not in _LIMITED_RANGE_FORMATS and name not in _FULL_RANGE_FORMATS:
        return pdq_array(frame.to_ndarray(format="rgb24"))
    plane = frame.planes[0]
    luma = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[: frame.height, : frame.width]
    if name in _FULL_RANGE_FORMATS or frame.color_range == _FULL_RANGE:
        return pdq_array(np.ascontiguousarray(luma))
    return pdq_array(np.clip((luma.astype(np.float32) - 16) * np.float32(255 / 219), 0, 255))
