"""The rungs of images, videos and sounds: what a decode process gives, made to say less, encoded anew.

Each cell of a sheet keeps to the bounds of its rung, and so does a single picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from seawall.content.media import Medium, Sniffed
from seawall.errors import TooLarge, UnsupportedMedia
from seawall.vault.derivatives.model import Derivative, MediumFacts, Rung
from seawall.vault.derivatives.pool import Decoder, DecoderPool, image_item, spooled, video_item

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from seawall.content.pictures import Picture

    Pixels = npt.NDArray[np.uint8]

_MANY = frozenset({"gif", "png", "webp", "tiff", "avif", "ico", "jp2"})
"""Formats that may have more than one frame."""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """How a rung lays out several pictures.

    Attributes:
        cells: Most pictures.
        columns: Pictures in a row.
        side: Longest side of each, in pixels.
    """

    cells: int
    columns: int
    side: int


_SHEETS = {Rung.TILE: _Sheet(8, 4, 64), Rung.STYLISED: _Sheet(9, 3, 256), Rung.GREY_FULL: _Sheet(12, 4, 396)}
_WAVES = {Rung.TILE: (256, 64), Rung.STYLISED: (512, 128), Rung.GREY_FULL: (1600, 320)}


class Pictures:
    """Makes the pictures of a rung.

    Args:
        pool: Decode processes.
    """

    def __init__(self, pool: DecoderPool) -> None:
        self._pool = pool

    def make(self, kind: Sniffed, rung: Rung, stream: BinaryIO, size: int) -> tuple[MediumFacts, Derivative | None]:
        """Return what was found of an object, and its derivative; None in place of that if only words are asked for.

        Args:
            kind: What it is: an image, a video or a sound.
            rung: Between the caption and the grey one.
            stream: Its bytes; it can be sought.
            size: Their number.

        Raises:
            MediaError: If it does not decode.
            UnsupportedMedia: If there is no decoder for it.
            TooLarge: If it is beyond the limits.
        """
        make = {Medium.IMAGE: self._image, Medium.VIDEO: self._video, Medium.AUDIO: self._audio}[kind.medium]
        with self._pool.decoder() as decoder:
            return make(decoder, kind, rung, stream, size)

    def _image(
        self, decoder: Decoder, kind: Sniffed, rung: Rung, stream: BinaryIO, size: int
    ) -> tuple[MediumFacts, Derivative | None]:
        from seawall.vault.derivatives import _filters

        if rung not in (Rung.GREY_FULL, Rung.CAPTION):
            try:
                return self._shown(decoder, kind, rung, stream, size)
            except TooLarge:
                # Detectors are given no picture as large as this one; a person still is, though not in colour.
                stream.seek(0)
        grey = decoder.grey(stream, size, kind)
        found = _image_facts(kind, grey.width, grey.height, 2 if grey.more else 1, grey.flags)
        if rung is Rung.CAPTION:
            return found, None
        if grey.more and rung is Rung.GREY_FULL:
            stream.seek(0)
            return self._shown(decoder, kind, rung, stream, size)
        if rung is Rung.TILE:
            return found, _picture(_filters.as_png, _filters.tile(grey.pixels), grey.flags)
        if rung is Rung.STYLISED:
            style = _filters.stylised(grey.pixels, _filters.STYLE_SIDE, max(grey.width, grey.height))
            return found, _picture(_filters.as_jpeg, style, grey.flags)
        return found, _picture(_filters.as_jpeg, grey.pixels, grey.flags)

    def _shown(
        self, decoder: Decoder, kind: Sniffed, rung: Rung, stream: BinaryIO, size: int
    ) -> tuple[MediumFacts, Derivative]:
        shown = decoder.show(image_item(stream, size, kind))
        first = shown.pictures[0]
        found = _image_facts(kind, first.width, first.height, len(shown.pictures), shown.flags)
        return found, _reduced(shown.pictures, rung, shown.flags, timed=False)

    def _video(
        self, decoder: Decoder, kind: Sniffed, rung: Rung, stream: BinaryIO, size: int
    ) -> tuple[MediumFacts, Derivative | None]:
        with spooled(stream, size) as descriptor:
            length = decoder.length(descriptor)
            found = MediumFacts(kind.medium, kind.format, length.width, length.height, None, length.duration)
            if rung is Rung.CAPTION:
                return found, None
            shown = decoder.show(video_item(descriptor, kind))
            return found, _reduced(shown.pictures, rung, shown.flags, timed=True)

    def _audio(
        self, decoder: Decoder, kind: Sniffed, rung: Rung, stream: BinaryIO, size: int
    ) -> tuple[MediumFacts, Derivative | None]:
        from seawall.vault.derivatives import _filters

        with spooled(stream, size) as descriptor:
            found = MediumFacts(kind.medium, kind.format, duration=decoder.length(descriptor).duration)
            if rung is Rung.CAPTION:
                return found, None
            peaks, flags = decoder.peaks(descriptor)
        return found, _picture(_filters.as_png, _filters.wave(peaks, *_WAVES[rung]), flags)


def _reduced(pictures: Sequence[Picture], rung: Rung, flags: frozenset[str], *, timed: bool) -> Derivative:
    from seawall.vault.derivatives import _filters

    plan = _SHEETS.get(rung)
    if plan is None:
        raise UnsupportedMedia
    chosen = pictures if len(pictures) <= plan.cells else _spread(pictures, plan.cells)
    many = len(chosen) > 1
    if rung is Rung.TILE:
        cells = [_filters.tile(each.pixels) for each in chosen]
    elif rung is Rung.STYLISED:
        side = plan.side if many else _filters.STYLE_SIDE
        cells = [_filters.stylised(each.pixels, side, max(each.width, each.height)) for each in chosen]
    else:
        cells = [_filters.grey(each.pixels) for each in chosen]
        cells = [_filters.fitted(cell, plan.side) for cell in cells] if many else cells
    encode = _filters.as_png if rung is Rung.TILE else _filters.as_jpeg
    moments = tuple(each.time_s or 0.0 for each in chosen) if timed else ()
    return _picture(encode, _filters.sheet(cells, plan.columns), flags, moments)


def _picture(
    encode: Callable[[Pixels], bytes], pixels: Pixels, flags: frozenset[str], moments: tuple[float, ...] = ()
) -> Derivative:
    height, width = pixels.shape[:2]
    data = encode(pixels)
    media_type = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
    return Derivative(media_type, data, width, height, moments, flags & {"damaged", "partial"})


def _image_facts(kind: Sniffed, width: int, height: int, frames: int, flags: frozenset[str]) -> MediumFacts:
    uncertain = bool(flags & {"damaged", "partial"}) and kind.format in _MANY
    return MediumFacts(kind.medium, kind.format, width, height, None if uncertain else frames)


def _spread(pictures: Sequence[Picture], most: int) -> list[Picture]:
    return [pictures[place * (len(pictures) - 1) // (most - 1)] for place in range(most)]
