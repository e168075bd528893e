"""Pages of StopNCII's FetchHashes (JSON): a page, several pages one after the other, or an array of pages.

The status decides: Received and Active are live, Withdrawn and Deleted are removed. The file is streamed, so its size
is not limited.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from seawall.errors import ListFormatError
from seawall.hashing.registry import SignalTypes
from seawall.hashing.signal import BadSignal
from seawall.matching.lists.formats.json_stream import JsonStream
from seawall.matching.lists.formats.source import ListFile
from seawall.matching.lists.rows import Action, BadRow, ListRow, Tally

_TYPES = {"imagepdq": "pdq", "videomd5": "video_md5", "videotmk": "tmk_pdqf", "text": "raw_text", "url": "url"}
_STATUS = {
    "received": Action.ADD,
    "active": Action.ADD,
    "withdrawn": Action.WITHDRAW,
    "deleted": Action.WITHDRAW,
}


def parse_stopncii(file: ListFile, types: SignalTypes, tally: Tally) -> Iterator[ListRow]:
    """Yield a row for each hash record.

    Line numbers in the tally are ordinals of records, from 1.

    Raises:
        ListFormatError: If it is not such a file, or is cut.
    """
    name = file.path.name
    with file.open_text() as stream:
        cursor = JsonStream(stream)
        found = False
        number = 0
        try:
            for record in _records(cursor):
                found = True
                if record is not None:
                    number += 1
                    yield from _row(record, number, types, tally)
        except ValueError as problem:
            raise ListFormatError(f"{name} is not well-formed JSON, or is cut (record {number + 1})") from problem
    if not found:
        raise ListFormatError(f"{name} is not a hash list: it has no hashRecords")


def _records(cursor: JsonStream) -> Iterator[Any]:
    """Yield every record, and None once for every page, so that a page without records counts as one."""
    while opening := cursor.peek():
        if opening == "[":
            for _ in cursor.elements():
                yield from _page(cursor)
        else:
            yield from _page(cursor)


def _page(cursor: JsonStream) -> Iterator[Any]:
    for member in cursor.members():
        if member == "hashRecords" and cursor.peek() == "[":
            yield None
            for _ in cursor.elements():
                yield cursor.value() or {}
        else:
            cursor.value()


def _row(record: Any, number: int, types: SignalTypes, tally: Tally) -> Iterator[ListRow]:
    fields = record if isinstance(record, dict) else {}
    signal, text, status = (fields.get(name) for name in ("signalType", "hashValue", "hashStatus"))
    if not (isinstance(signal, str) and isinstance(text, str) and isinstance(status, str)):
        tally.reject(BadRow.FIELDS, number)
        return
    action = _STATUS.get(status.strip().lower())
    if action is None:
        tally.reject(BadRow.UNKNOWN_STATUS, number)
        return
    type_name = _TYPES.get(signal.strip().lower(), signal.strip().lower())
    if type_name not in types:
        tally.skip(type_name)
        return
    try:
        value = types[type_name].parse(text)
    except BadSignal:
        tally.reject(BadRow.MALFORMED, number)
        return
    at = fields.get("lastModtimestamp")
    yield ListRow(
        type_name,
        value,
        labels=_labels(fields.get("CSPFeedbacks")),
        action=action,
        at=float(at) if isinstance(at, int | float) and abs(at) < 1e15 else 0.0,
    )


def _labels(feedbacks: Any) -> tuple[str, ...]:
    """Return the feedback values and tags that platforms gave, without saying which platform gave them."""
    found: dict[str, None] = {}
    for feedback in feedbacks if isinstance(feedbacks, list) else ():
        if isinstance(feedback, dict):
            given = feedback.get("feedbackValue")
            if isinstance(given, str) and given not in ("", "None"):
                found[f"feedback:{given}"] = None
            tags = feedback.get("tags")
            for tag in tags if isinstance(tags, list) else ():
                if isinstance(tag, str) and tag:
                    found[tag] = None
    return tuple(sorted(found))
