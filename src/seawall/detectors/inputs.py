"""Files as detectors are shown them: pictures of images and videos, and texts. What cannot be shown says why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from seawall.content.item import Item
from seawall.content.media import HEAD_BYTES, Medium, sniff
from seawall.content.origin import Origin
from seawall.content.pictures import PictureReader
from seawall.content.pictures.show import ENTRY
from seawall.content.sandbox import Sandbox
from seawall.content.texts import MAX_TEXT_BYTES, plain_text, stands_for_media
from seawall.detectors.contract import Input, Modality, Result, Text
from seawall.errors import MediaError, SeawallError, TooLarge, UnsupportedMedia


@dataclass(frozen=True, slots=True)
class FileInputs:
    """What a file gives detectors to look at.

    Attributes:
        modality: What it is to them; None for a file that no detector can look at.
        inputs: Its pictures, or its text; empty if it could not be shown.
        flags: `damaged` or `partial` where not all of it could be seen.
        problem: What every detector answers for it, because it could not be shown; None if it was.
    """

    modality: Modality | None
    inputs: tuple[Input, ...] = ()
    flags: frozenset[str] = frozenset()
    problem: Result | None = None


class InputReader:
    """Shows files, by way of a decode process of its own."""

    def __init__(self) -> None:
        self._sandbox = Sandbox(ENTRY)
        self._pictures = PictureReader(self._sandbox)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the decode process."""
        self._pictures.close()
        self._sandbox.close()

    def read(self, path: Path) -> FileInputs:
        """Return what a file gives detectors to look at; what goes wrong is in the result."""
        try:
            with path.open("rb") as file:
                medium = sniff(file.read(HEAD_BYTES)).medium
            if medium in (Medium.IMAGE, Medium.VIDEO):
                return self._shown(path)
            if medium is Medium.OTHER and (text := _text(path)) is not None:
                return FileInputs(Modality.TEXT, (Text(text),))
        except OSError:
            return FileInputs(None, problem=Result.error("unreadable"))
        return FileInputs(None, problem=Result.unsupported(UnsupportedMedia.code))

    def _shown(self, path: Path) -> FileInputs:
        item = Item(str(path), Origin(), lambda: path.open("rb"), path=path)
        try:
            shown = self._pictures.show(item)
        except TooLarge as error:
            problem = Result.abstain(error.code)
        except UnsupportedMedia as error:
            problem = Result.unsupported(error.code)
        except MediaError as error:
            problem = Result.error(error.code)
        except SeawallError as error:
            problem = Result.error(error.code)
        else:
            return FileInputs(Modality.IMAGE, shown.pictures, shown.flags)
        return FileInputs(Modality.IMAGE, problem=problem)


def _text(path: Path) -> str | None:
    """Return a file's text, or None if it is no text, too long, or stands for pictures."""
    with path.open("rb") as file:
        text = plain_text(file.read(MAX_TEXT_BYTES + 1))
    return None if text is None or stands_for_media(text) else text
