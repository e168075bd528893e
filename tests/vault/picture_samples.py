"""Pictures, videos and sounds that tests make: patterns, noise and a cup, never a person."""

from __future__ import annotations

import io
import math
import struct
import wave
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, PngImagePlugin

Pixels = npt.NDArray[np.uint8]
PHOTOS = Path(__file__).parents[2] / "src" / "seawall" / "demo_photos"


def stripes(height: int, width: int, period: int = 2) -> Pixels:
    """Vertical lines of black and white: all that there is to see is as fine as the period."""
    row = np.where(np.arange(width) % period < period // 2, 0, 255).astype(np.uint8)
    return np.repeat(np.tile(row, (height, 1))[:, :, None], 3, axis=2)


def blobs(height: int, width: int) -> Pixels:
    """A few soft shapes in strong colours."""
    y, x = np.mgrid[0:height, 0:width]
    red = 128 + 127 * np.sin(x / width * 7)
    green = 128 + 127 * np.cos(y / height * 5)
    blue = 255 * ((x - width / 2) ** 2 + (y - height / 2) ** 2 < (min(height, width) / 3) ** 2)
    return np.stack([red, green, blue], axis=2).astype(np.uint8)


def jpeg(pixels: Pixels, **rest: Any) -> bytes:
    return _saved(Image.fromarray(pixels), "JPEG", **rest)


def png(pixels: Pixels, **rest: Any) -> bytes:
    return _saved(Image.fromarray(pixels), "PNG", **rest)


def gif(frames: list[Pixels]) -> bytes:
    first, *others = [Image.fromarray(frame) for frame in frames]
    return _saved(first, "GIF", save_all=True, append_images=others, duration=100)


def labelled(pixels: Pixels, canary: bytes) -> tuple[bytes, bytes]:
    """A JPEG and a PNG that carry a text in every place beside the pixels."""
    exif = Image.Exif()
    exif[0x010E] = canary.decode()
    exif[0x9286] = canary.decode()
    icc = b"\0" * 128 + canary
    one = jpeg(pixels, exif=exif, comment=canary, icc_profile=icc) + canary
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", canary.decode())
    info.add_itxt("XML:com.adobe.xmp", canary.decode())
    return one, png(pixels, pnginfo=info, exif=exif) + canary


def video(seconds: float = 4.0, size: tuple[int, int] = (160, 120), rate: int = 10) -> bytes:
    import av

    width, height = size
    base = blobs(height, 2 * width)
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(round(seconds * rate)):
            pixels = np.ascontiguousarray(np.roll(base, 5 * number, axis=1)[:, :width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()


def sound(seconds: float = 3.0, rate: int = 8000) -> bytes:
    """A tone that grows louder."""
    count = round(seconds * rate)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        tone = (math.sin(number / 3) * 30_000 * number / count for number in range(count))
        out.writeframes(b"".join(struct.pack("<h", int(value)) for value in tone))
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def _saved(image: Image.Image, form: str, **rest: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **rest)
    return file.getvalue()
