"""Showing items to detectors: pictures of images and videos, texts of documents and captions.

An item that a hash list has is shown to no detector. Whatever cannot be shown says why, and is never passed over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from seawall.content.item import Item
from seawall.content.media import Medium
from seawall.content.pictures import PictureReader
from seawall.content.texts import MAX_TEXT_BYTES, plain_text, stands_for_media
from seawall.detectors.contract import Input, Result, Text
from seawall.develop.dataset.scan.rows import Row
from seawall.errors import MediaError, SeawallError

from .observation import Modality, Observation

BATCH_PICTURES = 16
BATCH_TEXTS = 2048
_MODALITIES = {
    Medium.IMAGE: Modality.IMAGE,
    Medium.VIDEO: Modality.VIDEO,
    Medium.AUDIO: Modality.AUDIO,
    Medium.TEXT: Modality.TEXT,
    Medium.OTHER: Modality.OTHER,
}


class Scorer(Protocol):
    """Scores pictures and texts: an open detector set."""

    def score(self, items: Sequence[Input], *, hashed: bool) -> list[dict[str, Result]]:
        """Return the answers of every detector that takes it, for each item in order."""
        ...


@dataclass(slots=True)
class _Pending:
    """One item whose inputs wait to be scored."""

    modality: Modality
    inputs: list[Input] = field(default_factory=list)
    caption: Text | None = None
    flags: frozenset[str] = frozenset()
    problem: str | None = None
    matched: bool = False


class Observer:
    """Shows the items of a shard to detectors, a batch at a time.

    Args:
        detectors: The open detectors.
        pictures: Decodes images and videos in the decode process.
    """

    def __init__(self, detectors: Scorer, pictures: PictureReader) -> None:
        self._detectors = detectors
        self._pictures = pictures

    def observe(self, items: Iterable[tuple[Item, Row, bool]]) -> Iterator[Observation]:
        """Observe items in order.

        Args:
            items: Each with its stored row, and whether a hash list has it.
        """
        pending: list[_Pending] = []
        pictures = texts = 0
        for item, row, matched in items:
            one = _Pending(_modality(row), matched=True) if matched else self._show(item, row)
            pending.append(one)
            shown = sum(1 for each in one.inputs if not isinstance(each, Text))
            pictures += shown
            texts += len(one.inputs) - shown + (one.caption is not None)
            if pictures >= BATCH_PICTURES or texts >= BATCH_TEXTS or len(pending) >= BATCH_TEXTS:
                yield from self._score(pending)
                pending, pictures, texts = [], 0, 0
        yield from self._score(pending)

    def _show(self, item: Item, row: Row) -> _Pending:
        modality = _modality(row)
        caption = Text(item.caption) if item.caption else None
        if modality is Modality.UNREAD:
            problem = row.examined.problem
            return _Pending(modality, caption=caption, problem=problem.code if problem else "unreadable")
        try:
            if modality in (Modality.IMAGE, Modality.VIDEO):
                shown = self._pictures.show(item, sha256=row.examined.digests.get("sha256"))
                return _Pending(modality, list(shown.pictures), caption, shown.flags)
            if modality in (Modality.TEXT, Modality.OTHER) and (text := _text(item, row)) is not None:
                return _Pending(Modality.TEXT, [Text(text)], caption)
        except (SeawallError, OSError, EOFError, ValueError) as error:
            return _Pending(modality, caption=caption, problem=_code(error))
        return _Pending(modality, caption=caption, problem="unsupported_media")

    def _score(self, pending: Sequence[_Pending]) -> Iterator[Observation]:
        inputs: list[Input] = []
        for one in pending:
            inputs += one.inputs
            inputs += [one.caption] if one.caption is not None else []
        results = iter(self._detectors.score(inputs, hashed=True) if inputs else [])
        for one in pending:
            answers = [next(results) for _ in one.inputs]
            captions = next(results) if one.caption is not None else {}
            yield Observation(
                modality=one.modality,
                parts=tuple(_stored(each) for each in answers),
                captions=_stored(captions),
                flags=one.flags,
                problem=one.problem,
                matched=one.matched,
            )


def _stored(answers: Mapping[str, Result]) -> dict[str, Result]:
    """Return the part of the answers that is kept: no regions."""
    return {name: Result(each.status, dict(each.labels), reason=each.reason) for name, each in answers.items()}


def _modality(row: Row) -> Modality:
    if not row.examined.digests:
        return Modality.UNREAD
    return _MODALITIES[row.examined.kind.medium]


def _text(item: Item, row: Row) -> str | None:
    """Return a document's text, or None if it is not text in UTF-8 and nothing else.

    Raises:
        MediaError: If its bytes are not those that were hashed.
    """
    if item.open is None or (row.examined.size or 0) > MAX_TEXT_BYTES:
        return None
    with item.open() as stream:
        data = stream.read(MAX_TEXT_BYTES + 1)
    text = plain_text(data)
    if text is None or (_modality(row) is Modality.OTHER and stands_for_media(text)):
        return None
    if hashlib.sha256(data).digest() != row.examined.digests.get("sha256"):
        raise MediaError("the item's bytes have changed since they were hashed")
    return text


def _code(error: Exception) -> str:
    return error.code if isinstance(error, SeawallError) else "unreadable"
