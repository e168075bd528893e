"""Files of NCMEC's hash-sharing interface v2 (XML): images, videos, and the deleted ones.

Entries are keyed by member id and id, because a later file that repeats a key replaces the entry. Document type
declarations and entities are refused, and the text between two entries is bounded, so a hostile file costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from seawall.errors import ListFormatError
from seawall.hashing.registry import SignalTypes
from seawall.hashing.signal import BadSignal
from seawall.matching.lists.formats.source import ListFile
from seawall.matching.lists.rows import Action, BadRow, ListRow, Tally

NAMESPACE = "https://hashsharing.ncmec.org/hashsharing/v2"
MAX_ITEM_BYTES = 1 << 22

_ITEMS = {"image": Action.ADD, "video": Action.ADD, "deletedImage": Action.WITHDRAW, "deletedVideo": Action.WITHDRAW}
_IMAGE_TYPES = {"pdna": "photodna"}
_VIDEO_TYPES = {
    "md5": "video_md5",
    "sha1": "video_sha1",
    "sha256": "video_sha256",
    "pdna": "ssvh_pdna",
    "tmk_pdqf": "tmk_pdqf",
}
_FEEDBACK = {"affirmativeFeedback": "feedback:affirmative", "negativeFeedback": "feedback:negative"}


class _Bounded:
    """A reader that refuses to read on when no entry has ended for `MAX_ITEM_BYTES`."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self._name = name
        self._since_item = 0

    def item_ended(self) -> None:
        self._since_item = 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(min(size, 1 << 16) if size > 0 else 1 << 16)
        self._since_item += len(data)
        if self._since_item > MAX_ITEM_BYTES:
            raise ListFormatError(f"{self._name}: an entry is larger than {MAX_ITEM_BYTES >> 20} MiB")
        return data


def parse_ncmec(file: ListFile, types: SignalTypes, tally: Tally) -> Iterator[ListRow]:
    """Yield a row for each fingerprint, and one for each deleted entry.

    Line numbers in the tally are ordinals of entries, from 1.

    Raises:
        ListFormatError: If it is not such a file, is cut, or declares a document type or entities.
    """
    name = file.path.name
    with file.path.open("rb") as stream:
        reader = _Bounded(stream, name)
        try:
            yield from _items(reader, name, types, tally)
        except DefusedXmlException as problem:
            raise ListFormatError(f"{name} is refused: it declares a document type or entities") from problem
        except (ParseError, ValueError, LookupError) as problem:
            line = getattr(problem, "position", (0,))[0]
            raise ListFormatError(f"{name} is not well-formed XML, or is cut (line {line})") from problem


def _items(reader: _Bounded, name: str, types: SignalTypes, tally: Tally) -> Iterator[ListRow]:
    stack: list[Element] = []
    number = 0
    for event, element in iterparse(reader, events=("start", "end"), forbid_dtd=True):
        if event == "start":
            if not stack and _local(element) != "queryResult":
                raise ListFormatError(f"{name} is not a hash list: its root element is not queryResult")
            if len(stack) > 32:
                raise ListFormatError(f"{name} is not a hash list: its elements are nested too deep")
            stack.append(element)
            continue
        stack.pop()
        if len(stack) == 2 and _local(element) in _ITEMS:
            number += 1
            yield from _rows(element, number, types, tally)
        if len(stack) in (1, 2):
            # What has been read is let go: the tree never grows beyond one entry.
            stack[-1].remove(element)
            reader.item_ended()


def _rows(item: Element, number: int, types: SignalTypes, tally: Tally) -> Iterator[ListRow]:
    member = _child(item, "member")
    own_id = _text(_child(item, "id"))
    member_id = "" if member is None else (member.get("id") or "").strip()
    if not own_id or not member_id:
        tally.reject(BadRow.NO_KEY, number)
        return
    key = f"{member_id}/{own_id}"
    at = _moment(_text(_child(item, "timestamp")))
    kind = _local(item)
    if _ITEMS[kind] is Action.WITHDRAW:
        yield ListRow("", b"", key, action=Action.WITHDRAW, at=at)
        return
    names = _IMAGE_TYPES if kind == "image" else _VIDEO_TYPES
    classification = _text(_child(item, "classification"))
    feedback = _feedback(_child(item, "feedback"))
    fingerprints = _child(item, "fingerprints")
    for fingerprint in fingerprints if fingerprints is not None else ():
        tag = _local(fingerprint).lower().replace("-", "_")
        type_name = names.get(tag, tag)
        if type_name not in types or fingerprint.get("href"):
            tally.skip(type_name)
            continue
        try:
            value = types[type_name].parse(_text(fingerprint))
        except BadSignal:
            tally.reject(BadRow.MALFORMED, number)
            continue
        labels = ((classification,) if classification else ()) + feedback.get(tag, ())
        yield ListRow(type_name, value, key, labels, at=at)


def _feedback(element: Element | None) -> dict[str, tuple[str, ...]]:
    """Return labels by fingerprint type."""
    found: dict[str, tuple[str, ...]] = {}
    for child in element if element is not None else ():
        label = _FEEDBACK.get(_local(child))
        if label:
            tag = (child.get("type") or "").lower().replace("-", "_")
            found[tag] = tuple(dict.fromkeys((*found.get(tag, ()), label)))
    return found


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _child(element: Element, name: str) -> Element | None:
    return next((child for child in element if _local(child) == name), None)


def _text(element: Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""


def _moment(text: str) -> float:
    """Return seconds since 1970; 0 if the text is not a time. Times without a zone are UTC, as the interface says."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return 0.0
