"""The public face: open bytes as a picture, then draw its frames one by one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from mmap import mmap
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from seawall.content.images._exif import UPRIGHT
from seawall.content.images._frame import DAMAGED, PARTIAL, Frame
from seawall.content.images._jpeg import NoFastPath, decode_luma
from seawall.content.images._jpeg_header import JpegColour, JpegHeader, read_jpeg_header
from seawall.content.images._png import mended_png
from seawall.content.limits import Limits
from seawall.content.media import HEAD_BYTES, Medium, Sniffed, sniff
from seawall.errors import MediaError, TooLarge, UnsupportedMedia

if TYPE_CHECKING:
    from PIL import ImageFile

_Result = TypeVar("_Result")

FORMATS: Mapping[str, str] = {
    "jpeg": "JPEG",
    "png": "PNG",
    "gif": "GIF",
    "tiff": "TIFF",
    "webp": "WEBP",
    "bmp": "BMP",
    "ico": "ICO",
    "pnm": "PPM",
    "jp2": "JPEG2000",
    "avif": "AVIF",
    "qoi": "QOI",
}
"""Formats that are decoded, as `seawall.content.media` names them; any other is `UnsupportedMedia`."""


def open_images(
    data: bytes | memoryview | mmap, *, kind: Sniffed | None = None, limits: Limits | None = None
) -> ImageReader:
    """Return a reader of the frames in a file; no pixels are decoded yet.

    Args:
        data: The whole file; it must stay as it is until the reader is closed.
        kind: What it is, if known; otherwise the first bytes tell.
        limits: What to refuse or cut short.

    Raises:
        UnsupportedMedia: If it is no picture, or of a format that is not decoded.
    """
    view = memoryview(data)
    kind = kind or sniff(bytes(view[:HEAD_BYTES]))
    if kind.medium is not Medium.IMAGE or kind.format not in FORMATS:
        raise UnsupportedMedia(f"{kind.format or 'an unknown format'} is not decoded as a picture")
    return ImageReader(view, kind.format, limits or Limits())


class ImageReader:
    """Draws the frames of one file, once, from the first to the last. A context manager.

    Attributes:
        format: The format's short name.
    """

    def __init__(self, data: memoryview, format_name: str, limits: Limits) -> None:
        self.format = format_name
        self._data = data
        self._limits = limits
        self._flags: set[str] = set()
        self._orientation = UPRIGHT
        self._opened: list[ImageFile.ImageFile] = []
        self._error: MediaError | None = None
        self._tried = 0
        self._pixels = 0
        self._ends_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the data and of everything decoded."""
        while self._opened:
            self._opened.pop().close()
        self._data = memoryview(b"")

    @property
    def orientation(self) -> int:
        """What EXIF states of the first frame, 1..8 (1: as stored, or nothing stated). Known once it is drawn."""
        return self._orientation

    @property
    def flags(self) -> frozenset[str]:
        """What is true of the file as far as it was drawn: `damaged`, `partial`, `orientation=N` for N of 2..8."""
        turned = {f"orientation={self._orientation}"} if self._orientation != UPRIGHT else set()
        return frozenset(self._flags | turned)

    def frames(self) -> Iterator[Frame]:
        """Yield the frames; use up a frame's strips before drawing the next.

        Raises:
            MediaError: If no frame decodes. Damage beside one that does is a flag.
            TooLarge: If the first frame is beyond the limits.
        """
        self._ends_at = time.monotonic() + self._limits.max_seconds
        draw = {"jpeg": self._draw_jpeg, "ico": self._draw_icon, "webp": self._draw_webp}.get(self.format, self._draw)
        drawn = False
        for frame in draw():
            self._flags |= frame.flags & {DAMAGED}
            drawn = True
            yield frame
        if not drawn:
            raise self._error or MediaError("the file holds no picture that decodes")

    def _draw(self) -> Iterator[Frame]:
        name = FORMATS[self.format]
        yield from self._sequence(self._open(self._data, name), name)

    def _draw_webp(self) -> Iterator[Frame]:
        from seawall.content.images._webp import webp_size

        self._limits.check_size(*webp_size(self._data))
        yield from self._draw()

    def _draw_jpeg(self) -> Iterator[Frame]:
        header = read_jpeg_header(self._data)
        self._orientation = header.orientation
        self._limits.check_size(header.width, header.height)
        if header.has_luma:
            try:
                luma, damaged = decode_luma(self._data, header)
            except NoFastPath:
                pass
            else:
                flags = frozenset({DAMAGED}) if damaged else frozenset[str]()
                yield Frame(0, header.width, header.height, flags, lambda: iter((luma,)))
                return
        yield self._jpeg_by_pillow(header)

    def _jpeg_by_pillow(self, header: JpegHeader) -> Frame:
        from seawall.content.images import _pillow

        im = self._open(self._data, "JPEG")
        if header.colour in (JpegColour.GRAY, JpegColour.YCBCR):
            with _pillow.contained("JPEG"):
                im.draft("L", None)
        self._limits.check_size(*im.size)
        return _pillow.load_frame(im, "JPEG", 0)

    def _draw_icon(self) -> Iterator[Frame]:
        from seawall.content.images import _pillow
        from seawall.content.images._ico import icon_images

        for index, icon in enumerate(icon_images(self._data)):
            if icon is None:
                self._flags.add(DAMAGED)
                continue
            if icon.size is not None and not self._admit(*icon.size):
                return
            im = self._survive(partial(self._open, icon.data, icon.format))
            if im is None:
                continue
            if icon.size is None and not self._admit(*im.size):
                return
            frame = self._survive(partial(_pillow.load_frame, im, icon.format, index))
            if frame is not None:
                yield frame
            self._opened.remove(im)
            im.close()

    def _sequence(self, im: ImageFile.ImageFile, name: str) -> Iterator[Frame]:
        from seawall.content.images import _pillow

        expected = _pillow.expected_frames(im, name)
        index = 0
        while self._admit(*im.size):
            frame = self._survive(partial(_pillow.load_frame, im, name, index))
            if index == 0 and name != "TIFF":
                self._orientation = _pillow.stored_orientation(im)
            if frame is not None:
                yield frame
            elif not _pillow.pages_are_independent(name):
                return
            index += 1
            more = self._survive(partial(_pillow.next_frame, im, name, index))
            if not more:
                if index < expected:
                    self._flags.add(DAMAGED)
                return

    def _open(self, data: memoryview, name: str) -> ImageFile.ImageFile:
        from seawall.content.images import _pillow

        try:
            im = _pillow.open_pillow(data, name)
        except TooLarge:
            raise
        except MediaError:
            mended = mended_png(data) if name == "PNG" else None
            if mended is None:
                raise
            im = _pillow.open_pillow(memoryview(mended), name)
            self._flags.add(DAMAGED)
        self._opened.append(im)
        if name == "TIFF":
            # Pillow forgets it when it has turned the first page upright.
            self._orientation = _pillow.stored_orientation(im)
        return im

    def _admit(self, width: int, height: int) -> bool:
        """Return whether the limits allow one more frame of this size; the first is subject to `check_size` alone."""
        try:
            self._limits.check_size(width, height)
        except MediaError as error:
            self._note(error)
            return False
        self._tried += 1
        self._pixels += width * height
        over = self._pixels > self._limits.max_total_pixels or self._tried > self._limits.max_frames
        if self._tried > 1 and (over or time.monotonic() > self._ends_at):
            self._flags.add(PARTIAL)
            return False
        return True

    def _survive(self, step: Callable[[], _Result]) -> _Result | None:
        """Take a step that may fail without ending the file; its error is raised only if no frame decodes."""
        try:
            return step()
        except MediaError as error:
            self._note(error)
            return None

    def _note(self, error: MediaError) -> None:
        self._error = self._error or error
        self._flags.add(PARTIAL if isinstance(error, TooLarge) else DAMAGED)
