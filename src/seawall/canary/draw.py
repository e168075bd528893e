"""Canary pictures in many variants, each of which the shipped canary list still matches.

A variant is a scene, whole or in one of a few fixed crops, with one more change: JPEG, blur, noise, colour or size.
Whole scenes and their crops are in the list; the other changes are ones that PDQ sees through.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from seawall.canary.pack import checked
from seawall.canary.scenes import HEIGHT, WIDTH, draw_scene
from seawall.errors import UsageError

SCENES = 8
"""Scenes for each combination of concepts."""

CROPS = (
    (0.0, 0.0, 1.0, 1.0),
    (0.08, 0.06, 0.94, 0.92),
    (0.0, 0.1, 0.85, 1.0),
    (0.15, 0.0, 1.0, 0.88),
    (0.1, 0.12, 0.9, 0.96),
)
"""Fixed crops, as shares of width and height; the first is the whole scene."""

MANIFEST = "manifest.jsonl"
MAX_VARIANTS = 10_000
_FORMATS = {"png": {}, "jpg": {"quality": 88}, "webp": {"quality": 88}}


@dataclass(frozen=True, slots=True)
class Variant:
    """One drawn picture.

    Attributes:
        concepts: Which stand-ins are in it.
        scene: Number of the scene.
        crop: Number of the crop.
        change: What else was done to it, in words.
        picture: The picture.
        blurred: Whether the owl in it is out of focus.
    """

    concepts: tuple[str, ...]
    scene: int
    crop: int
    change: str
    picture: Image.Image
    blurred: bool = False


def variants(concepts: Sequence[str], count: int, seed: int, *, blurred: bool = False) -> Iterator[Variant]:
    """Yield variants; the same arguments give the same pictures.

    Args:
        concepts: Which stand-ins are in each picture; none for pictures that are no canaries.
        count: How many.
        seed: Any whole number.
        blurred: Whether the owl in each is out of focus.

    Raises:
        UsageError: If a concept is not known, or there is no owl to be blurred.
    """
    ids = _checked(concepts, blurred=blurred)
    name = f"{','.join(ids)}{' blurred' if blurred else ''} {seed}".encode()
    random = np.random.default_rng(int.from_bytes(hashlib.sha256(name).digest()[:8]))
    scenes: dict[int, Image.Image] = {}
    for number in range(count):
        scene = number % SCENES if ids else int(random.integers(1 << 31))
        crop = int(random.integers(len(CROPS)))
        kind = list(_CHANGES)[int(random.integers(len(_CHANGES)))]
        if scene not in scenes:
            if len(scenes) == SCENES:
                scenes.clear()
            scenes[scene] = draw_scene(ids, scene, blurred=blurred)
        change, picture = _CHANGES[kind](random, cropped(scenes[scene], crop))
        yield Variant(ids, scene, crop, change, picture, blurred)


def cropped(picture: Image.Image, crop: int) -> Image.Image:
    """Return one of the fixed crops of a scene."""
    left, top, right, bottom = CROPS[crop]
    return picture.crop((round(left * WIDTH), round(top * HEIGHT), round(right * WIDTH), round(bottom * HEIGHT)))


def draw(concepts: Sequence[str], *, count: int, seed: int, out: Path, blurred: bool = False) -> list[Path]:
    """Write variants and `manifest.jsonl` into a directory; return the pictures' paths.

    Pictures that were drawn into the directory before stay, and stay in its manifest.

    Raises:
        UsageError: If a concept is not known, there is no owl to be blurred, the count is out of range, or the
            directory holds other files.
        OSError: If the directory cannot be written.
    """
    ids = _checked(concepts, blurred=blurred)
    stem = ("-".join(ids) or "none") + ("-blurred" if blurred else "")
    if not 0 < count <= MAX_VARIANTS:
        raise UsageError(f"draw 1 to {MAX_VARIANTS:,} pictures at a time")
    out.mkdir(parents=True, exist_ok=True)
    before = _drawn_before(out)
    written = []
    lines: list[dict[str, Any]] = []
    for number, variant in enumerate(variants(ids, count, seed, blurred=blurred)):
        suffix = list(_FORMATS)[number % len(_FORMATS)]
        path = out / f"{stem}-{seed}-{number:04}.{suffix}"
        data = _encode(variant.picture, suffix)
        path.write_bytes(data)
        written.append(path)
        lines.append(
            {
                "file": path.name,
                "concepts": list(ids),
                "blurred": blurred,
                "scene": variant.scene,
                "crop": variant.crop,
                "change": variant.change,
                "sha256": hashlib.sha256(data).hexdigest(),
                "expect": "canary" if ids else None,
                "drill": bool(ids),
            }
        )
    names = {path.name for path in written}
    lines = [line for line in before if line["file"] not in names] + lines
    (out / MANIFEST).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return written


def _checked(concepts: Sequence[str], *, blurred: bool) -> tuple[str, ...]:
    ids = checked(concepts)
    if blurred and "c" not in ids:
        raise UsageError("only the stone owl is drawn blurred", hint="name c among the concepts")
    return ids


def _drawn_before(out: Path) -> list[dict[str, Any]]:
    """Return the rows of the manifest in a directory that holds nothing but canaries.

    Raises:
        UsageError: If it holds files, and no manifest of ours.
    """
    if not any(out.iterdir()):
        return []
    try:
        lines = [json.loads(line) for line in (out / MANIFEST).read_text(encoding="utf-8").splitlines()]
        if all(isinstance(line["file"], str) and "expect" in line for line in lines):
            return lines
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        pass
    raise UsageError(f"{out} holds other files", hint="give an empty directory")


def _encode(picture: Image.Image, suffix: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}[suffix], **_FORMATS[suffix])
    return buffer.getvalue()


_Change = Callable[[np.random.Generator, Image.Image], tuple[str, Image.Image]]


def _keep(_: np.random.Generator, picture: Image.Image) -> tuple[str, Image.Image]:
    return "none", picture


def _jpeg(random: np.random.Generator, picture: Image.Image) -> tuple[str, Image.Image]:
    quality = int(random.integers(25, 80))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return f"jpeg {quality}", Image.open(buffer).convert("RGB")


def _blur(random: np.random.Generator, picture: Image.Image) -> tuple[str, Image.Image]:
    radius = float(random.uniform(0.6, 2.2))
    return f"blur {radius:.1f}", picture.filter(ImageFilter.GaussianBlur(radius))


def _noise(random: np.random.Generator, picture: Image.Image) -> tuple[str, Image.Image]:
    strength = float(random.uniform(4, 14))
    noisy = np.asarray(picture, np.float32) + random.normal(0, strength, (picture.height, picture.width, 3))
    return f"noise {strength:.0f}", Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def _colour(random: np.random.Generator, picture: Image.Image) -> tuple[str, Image.Image]:
    saturation, brightness = float(random.uniform(0.4, 1.5)), float(random.uniform(0.85, 1.1))
    changed = ImageEnhance.Brightness(ImageEnhance.Color(picture).enhance(saturation)).enhance(brightness)
    return f"colour {saturation:.1f} {brightness:.2f}", changed


def _size(random: np.random.Generator, picture: Image.Image) -> tuple[str, Image.Image]:
    width = int(random.integers(200, 1280))
    size = (width, round(width * picture.height / picture.width))
    return f"size {size[0]}x{size[1]}", picture.resize(size, Image.Resampling.BICUBIC)


_CHANGES: dict[str, _Change] = {
    "none": _keep,
    "jpeg": _jpeg,
    "blur": _blur,
    "noise": _noise,
    "colour": _colour,
    "size": _size,
}
