"""A seeded corpus of benign JPEGs for benchmarks: fractal noise, gradients, discs, bars and text-like strokes.

Sizes, shapes, chroma sampling, progressive coding and compression vary; the mean is about 1.5 bits a pixel. Half of the
pictures have sizes of cameras, screens and generators, half have arbitrary ones.
The same seed gives the same files with the same versions of NumPy and Pillow.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

ASPECTS = (3 / 2, 4 / 3, 1.0, 16 / 9, 2 / 3, 3 / 4, 9 / 16)
COMMON_SIZES = (
    (1024, 1024), (1152, 896), (1216, 832), (1280, 960), (1280, 1024), (1344, 768), (1440, 1080), (1536, 1024),
    (1600, 1067), (1600, 1200), (1920, 1080), (1920, 1280), (2000, 1333), (2048, 1152), (2048, 1365), (2048, 1536),
    (2272, 1704), (2304, 1536),
)  # fmt: skip
"""Landscape or square; drawn in portrait as often."""
COMMON_SHARE = 0.5
BITS_PER_PIXEL = (1.85, 0.4)
"""Mean and deviation aimed at on the middle of a picture; whole pictures come out nearly a fifth below it."""
QUALITIES = (50, 60, 68, 75, 80, 85, 89, 92, 95, 97)
FULL_CHROMA_SHARE = 0.25
PROGRESSIVE_SHARE = 0.12

_PROBE = 512


def make_corpus(folder: Path, count: int, seed: int, megapixels: tuple[float, float] = (1, 4)) -> list[Path]:
    """Write `count` JPEG files.

    Args:
        folder: Where to write; made if missing.
        count: Number of files.
        seed: Seed of everything that varies; picture i depends on (seed, i) alone.
        megapixels: Smallest and largest picture, in millions of pixels.

    Returns:
        The paths, in order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        width, height = _size(rng, megapixels)
        path = folder / f"{number:06d}.jpg"
        path.write_bytes(encode(draw(rng, width, height), rng))
        paths.append(path)
    return paths


def _size(rng: np.random.Generator, megapixels: tuple[float, float]) -> tuple[int, int]:
    """Return a width and height within the limits."""
    common = [size for size in COMMON_SIZES if megapixels[0] <= size[0] * size[1] / 1e6 <= megapixels[1]]
    if common and rng.random() < COMMON_SHARE:
        width, height = common[rng.integers(len(common))]
        return (width, height) if rng.random() < 0.5 else (height, width)
    pixels = rng.uniform(*megapixels) * 1e6
    aspect = ASPECTS[rng.integers(len(ASPECTS))]
    return round((pixels * aspect) ** 0.5), round((pixels / aspect) ** 0.5)


def draw(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Return a benign RGB picture."""
    luma = _fractal(rng, width, height)
    tint = [_fractal(rng, -(-width // 8), -(-height // 8)) for _ in range(2)]
    slope = np.linspace(-1, 1, width, dtype=np.float32) * rng.uniform(-35, 35)
    rise = np.linspace(-1, 1, height, dtype=np.float32) * rng.uniform(-35, 35)
    luma = 128 + luma * rng.uniform(22, 42) + slope + rise[:, None]
    planes = [Image.fromarray(_bytes(luma))]
    planes += [Image.fromarray(_bytes(128 + plane * 14)).resize((width, height)) for plane in tint]
    picture = Image.merge("YCbCr", planes).convert("RGB")
    _shapes(rng, picture)
    return picture


def encode(picture: Image.Image, rng: np.random.Generator) -> bytes:
    """Return the picture as JPEG, at the quality whose size on the middle of it is nearest to the wanted one."""
    wanted = rng.normal(*BITS_PER_PIXEL)
    subsampling = "4:4:4" if rng.random() < FULL_CHROMA_SHARE else "4:2:0"
    progressive = bool(rng.random() < PROGRESSIVE_SHARE)
    side = min(_PROBE, *picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    middle = picture.crop((left, top, left + side, top + side))

    def bits(quality: int) -> float:
        return 8 * len(_jpeg(middle, quality, subsampling, False)) / (side * side)

    quality = min(QUALITIES, key=lambda candidate: abs(bits(candidate) - wanted))
    return _jpeg(picture, quality, subsampling, progressive)


def _jpeg(picture: Image.Image, quality: int, subsampling: str, progressive: bool) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, subsampling=subsampling, progressive=progressive)
    return out.getvalue()


def _fractal(rng: np.random.Generator, width: int, height: int) -> npt.NDArray[np.float32]:
    """Return 1/f noise of unit deviation: each octave is half as large and, times `roughness`, as strong."""
    roughness = rng.uniform(0.56, 0.75)
    sizes = [(width, height)]
    while min(sizes[-1]) > 4:
        sizes.append((-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2)))
    field = rng.standard_normal(sizes[-1][::-1], dtype=np.float32)
    strength = 1.0
    for size in reversed(sizes[:-1]):
        field = np.asarray(Image.fromarray(field).resize(size, Image.Resampling.BILINEAR))
        strength *= roughness
        field = field + np.float32(strength) * rng.standard_normal(size[::-1], dtype=np.float32)
    scaled: npt.NDArray[np.float32] = field / field.std()
    return scaled


def _bytes(plane: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    return np.clip(plane, 0, 255).astype(np.uint8)


def _shapes(rng: np.random.Generator, picture: Image.Image) -> None:
    """Draw discs, bars and strokes over the picture."""
    canvas = ImageDraw.Draw(picture)
    size = np.array(picture.size)
    for _ in range(int(rng.integers(3, 14))):
        grey = rng.uniform(40, 215)
        colour = tuple(int(value) for value in np.clip(grey + rng.normal(0, 30, 3), 0, 255))
        start = rng.uniform(0, 1, 2) * size
        extent = rng.uniform(0.02, 0.3, 2) * size.min()
        box = (*start, *(start + extent))
        kind = rng.integers(4)
        if kind == 0:
            canvas.ellipse(box, fill=colour)
        elif kind == 1:
            canvas.rectangle(box, fill=colour)
        elif kind == 2:
            canvas.polygon([tuple(rng.uniform(0, 1, 2) * size) for _ in range(3)], outline=colour, width=6)
        else:
            for line in range(8):
                y = start[1] + line * 14
                canvas.line((start[0], y, start[0] + extent[0] * rng.uniform(0.4, 1), y), fill=colour, width=5)
