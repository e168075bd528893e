"""Canary scenes: drawn by our own code, the same picture for the same concepts and number.

Each scene is a landscape of coarse, random light and shade, so that scenes differ widely in PDQ, with the concepts'
figures in it: a blue glass heron, a striped paper lantern, a grey stone owl. A blurred owl is so far out of focus that
nobody can tell what it is: a person whose age cannot be judged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 640, 480
_SCALE = 2  # drawn twice as large, then reduced, for smooth edges
_Figure = Callable[[np.random.Generator, int, int], Image.Image]
# No colours of skin: detectors that look for it must have nothing to say of a canary.
_PALETTES = (
    ((190, 200, 246), (86, 98, 156), (52, 92, 110)),
    ((176, 214, 235), (88, 122, 150), (94, 120, 70)),
    ((44, 48, 84), (92, 70, 120), (30, 44, 52)),
    ((206, 236, 248), (112, 150, 160), (66, 104, 92)),
    ((204, 226, 214), (96, 140, 128), (70, 84, 60)),
)


def draw_scene(concepts: Sequence[str], number: int, *, blurred: bool = False) -> Image.Image:
    """Return a scene, RGB, 640 x 480.

    Args:
        concepts: Which of a, b, c are in it; none of them for a scene that is no canary.
        number: Which scene; the same number is the same picture.
        blurred: Whether the owl in it is out of focus; such scenes are others than the sharp ones.
    """
    name = f"seawall canary {''.join(concepts)}{' blurred' if blurred else ''} {number}".encode()
    random = np.random.default_rng(int.from_bytes(hashlib.sha256(name).digest()[:8]))
    scene = _landscape(random)
    known = _FIGURES | ({"c": _blurred_owl} if blurred else {})
    figures = [known[concept] for concept in concepts] or [_boat]
    slots = random.permutation(len(figures))
    for slot, figure in zip(slots, figures, strict=True):
        height = int(HEIGHT * random.uniform(0.55, 0.8))
        drawn = figure(random, int(height * 0.75), height)
        span = WIDTH / len(figures)
        left = int(span * (slot + 0.5 + random.uniform(-0.16, 0.16)) - drawn.width / 2)
        top = int((HEIGHT - drawn.height) * random.uniform(0.35, 0.95))
        scene.paste(drawn, (left, top), drawn)
    return scene


def _landscape(random: np.random.Generator) -> Image.Image:
    sky, far, near = (np.array(colour, float) for colour in _PALETTES[random.integers(len(_PALETTES))])
    rows = np.linspace(0, 1, HEIGHT)[:, None, None]
    canvas = sky * (1 - rows) + far * rows
    canvas = np.broadcast_to(canvas, (HEIGHT, WIDTH, 3)).copy()
    columns = np.arange(WIDTH)
    for depth in range(3):
        level = HEIGHT * (0.5 + 0.16 * depth)
        waves = sum(
            random.uniform(8, 34) * np.sin(columns * random.uniform(0.004, 0.03) + random.uniform(0, 6.3))
            for _ in range(3)
        )
        mask = np.arange(HEIGHT)[:, None] > level + waves
        canvas[mask] = far * (1 - depth / 2) + near * (depth / 2)
    clouds = _noise(random, 7, 5) * 62 + _noise(random, 20, 15) * 24 + _noise(random, 120, 90) * 7
    return Image.fromarray(np.clip(canvas + clouds[..., None], 0, 255).astype(np.uint8))


def _noise(random: np.random.Generator, across: int, down: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Smooth noise in -1..1, `across` by `down` lumps over the picture."""
    lumps = Image.fromarray(random.uniform(-1, 1, (down, across)).astype(np.float32))
    return np.asarray(lumps.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))


def _sheet(width: int, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw, Callable[..., list[float]]]:
    """Return a transparent sheet, a pen, and a function from 0..100 coordinates to the sheet's pixels."""
    sheet = Image.new("RGBA", (width * _SCALE, height * _SCALE))

    def at(*points: float) -> list[float]:
        sizes = (sheet.width, sheet.height)
        return [value * sizes[index % 2] / 100 for index, value in enumerate(points)]

    return sheet, ImageDraw.Draw(sheet), at


def _finish(random: np.random.Generator, sheet: Image.Image) -> Image.Image:
    small = sheet.resize((sheet.width // _SCALE, sheet.height // _SCALE), Image.Resampling.LANCZOS)
    return small.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random.random() < 0.5 else small


def _heron(random: np.random.Generator, width: int, height: int) -> Image.Image:
    """A heron of blue glass: long legs, a curved neck, a dagger of a beak, and bright reflections."""
    sheet, pen, at = _sheet(width, height)
    thin, neck = max(2, width // 30), max(4, width // 9)
    deep, glass, light = (22, 62, 148, 255), (70, 140, 226, 235), (190, 226, 255, 245)
    for foot in (46, 58):
        pen.line(at(foot, 62, foot + 2, 80, foot - 2, 97), fill=deep, width=thin, joint="curve")
        pen.line(at(foot - 8, 98, foot + 7, 98), fill=deep, width=thin)
    curve = [(34, 46), (27, 36), (30, 26), (38, 20), (37, 13)]
    points = [value for x, y in curve for value in at(x, y)]
    pen.line(points, fill=deep, width=neck + thin, joint="curve")
    pen.line(points, fill=glass, width=neck, joint="curve")
    pen.ellipse(at(24, 38, 82, 68), fill=deep)
    pen.ellipse(at(26, 39.5, 80, 66.5), fill=glass)
    pen.polygon(at(72, 46, 99, 66, 66, 62), fill=deep)
    pen.chord(at(36, 42, 88, 66), 20, 200, fill=(44, 104, 196, 245))
    for feather in range(4):
        pen.arc(at(40 + 4 * feather, 44, 84 + 2 * feather, 64), 30, 150, fill=light, width=thin)
    pen.ellipse(at(29, 7, 47, 18), fill=glass, outline=deep, width=thin)
    pen.polygon(at(30, 10, 30, 15, 2, 15.5), fill=(240, 180, 60, 255))
    pen.line(at(44, 9, 60, 6), fill=deep, width=thin)
    pen.ellipse(at(33, 10, 36.5, 13), fill=(16, 20, 40, 255))
    pen.ellipse(at(32, 42, 52, 50), fill=(236, 248, 255, 190))
    pen.line(at(31, 40, 26.5, 34, 29, 28), fill=(236, 248, 255, 220), width=thin, joint="curve")
    return _finish(random, sheet)


def _lantern(random: np.random.Generator, width: int, height: int) -> Image.Image:
    """A paper lantern with bold stripes, lit from within, on a string, with a tassel."""
    sheet, pen, at = _sheet(width, height)
    thin = max(2, width // 40)
    red, cream = (206, 44, 40, 255), (255, 238, 196, 255)
    glow = Image.new("RGBA", sheet.size)
    ImageDraw.Draw(glow).ellipse([round(v) for v in at(8, 12, 92, 78)], fill=(255, 214, 120, 150))
    sheet.alpha_composite(glow.filter(ImageFilter.GaussianBlur(width / 8)))
    pen.line(at(50, 0, 50, 14), fill=(60, 40, 30, 255), width=thin)
    mask = Image.new("L", sheet.size)
    ImageDraw.Draw(mask).ellipse([round(v) for v in at(14, 16, 86, 74)], fill=255)
    stripes = Image.new("RGBA", sheet.size)
    brush = ImageDraw.Draw(stripes)
    bands = 9
    for band in range(bands):
        top = 15 + 60 * band / bands
        brush.rectangle([round(v) for v in at(0, top, 100, top + 60 / bands)], fill=red if band % 2 else cream)
    shine = Image.new("RGBA", sheet.size)
    ImageDraw.Draw(shine).ellipse([round(v) for v in at(34, 26, 66, 62)], fill=(255, 250, 214, 90))
    stripes.alpha_composite(shine.filter(ImageFilter.GaussianBlur(width / 20)))
    sheet.paste(stripes, (0, 0), mask)
    for rib in range(-3, 4):
        bend = 36 * abs(rib) / 3
        pen.arc(
            at(50 - max(bend, 0.5), 16, 50 + max(bend, 0.5), 74),
            0,
            360,
            fill=(150, 60, 40, 120),
            width=max(1, thin // 2),
        )
    for top in (13, 72):
        pen.rounded_rectangle(at(36, top, 64, top + 5), radius=thin, fill=(52, 34, 28, 255))
    pen.line(at(50, 77, 50, 84), fill=(60, 40, 30, 255), width=thin)
    for thread in range(-3, 4):
        pen.line(at(50, 83, 50 + 2.2 * thread, 99), fill=red, width=thin)
    return _finish(random, sheet)


def _owl(random: np.random.Generator, width: int, height: int) -> Image.Image:
    """An owl carved of grey stone, on a plinth."""
    sheet, pen, at = _sheet(width, height)
    thin = max(2, width // 40)
    stone, dark, pale = (146, 148, 150, 255), (78, 80, 84, 255), (196, 198, 198, 255)
    pen.rectangle(at(12, 86, 88, 99), fill=dark)
    pen.rectangle(at(17, 82, 83, 90), fill=stone)
    pen.polygon(at(26, 20, 22, 2, 44, 14), fill=dark)
    pen.polygon(at(74, 20, 78, 2, 56, 14), fill=dark)
    pen.ellipse(at(18, 30, 82, 88), fill=stone, outline=dark, width=thin)
    pen.ellipse(at(21, 8, 79, 48), fill=stone, outline=dark, width=thin)
    pen.chord(at(14, 36, 46, 84), 80, 280, fill=(112, 114, 118, 255))
    pen.chord(at(54, 36, 86, 84), 260, 100, fill=(112, 114, 118, 255))
    for row in range(4):
        for place in range(3 + row % 2):
            left = 36 + 9 * place - 4 * (row % 2)
            pen.arc(at(left, 50 + 7 * row, left + 9, 58 + 7 * row), 0, 180, fill=dark, width=thin)
    for eye in (26, 52):
        pen.ellipse(at(eye, 16, eye + 22, 34), fill=pale, outline=dark, width=thin)
        pen.ellipse(at(eye + 6, 20, eye + 16, 30), fill=(34, 36, 40, 255))
    pen.polygon(at(45, 31, 55, 31, 50, 41), fill=dark)
    for foot in (34, 56):
        pen.rounded_rectangle(at(foot, 80, foot + 10, 86), radius=thin, fill=dark)
    grain = random.normal(0, 16, (sheet.height // 2, sheet.width // 2)).astype(np.float32)
    rough = np.asarray(Image.fromarray(grain).resize(sheet.size, Image.Resampling.BILINEAR))
    pixels = np.asarray(sheet).astype(np.float32)
    pixels[..., :3] = np.clip(pixels[..., :3] + rough[..., None], 0, 255)
    return _finish(random, Image.fromarray(pixels.astype(np.uint8)))


def _blurred_owl(random: np.random.Generator, width: int, height: int) -> Image.Image:
    """The owl far out of focus: a grey shape, as large as a person, without a face."""
    owl = _owl(random, width, height)
    radius = width / 9
    margin = round(2 * radius)
    sheet = Image.new("RGBA", (owl.width + 2 * margin, owl.height + 2 * margin))
    sheet.paste(owl, (margin, margin))
    # Premultiplied, so that no dark seam comes in from what is transparent.
    return sheet.convert("RGBa").filter(ImageFilter.GaussianBlur(radius)).convert("RGBA")


def _boat(random: np.random.Generator, width: int, height: int) -> Image.Image:
    """A wooden boat with a sail: no canary."""
    sheet, pen, at = _sheet(width, height)
    sail = tuple(int(v) for v in random.integers(120, 255, 3))
    pen.line(at(50, 6, 50, 74), fill=(84, 58, 38, 255), width=max(3, width // 24))
    pen.polygon(at(53, 8, 92, 64, 53, 66), fill=(*sail, 255))
    pen.polygon(at(47, 16, 16, 64, 47, 66), fill=(*(v * 3 // 4 for v in sail), 255))
    pen.polygon(at(4, 72, 96, 72, 80, 92, 20, 92), fill=(124, 82, 50, 255))
    for plank in (77, 82, 87):
        pen.line(at(10, plank, 90, plank), fill=(84, 54, 34, 255), width=max(2, width // 60))
    return _finish(random, sheet)


_FIGURES: dict[str, _Figure] = {"a": _heron, "b": _lantern, "c": _owl}
