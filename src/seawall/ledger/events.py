"""What one leaf of the ledger says, and its one canonical form.

Canonical: a JSON object in UTF-8 with sorted keys, no white space, no escapes but those JSON demands, finite
numbers only. `decode` accepts exactly the bytes that `encode` writes, so a line and an event are the same thing.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from seawall.ledger.errors import EventError

VERSION = 1
MAX_EVENT_BYTES = 256 * 1024
_FIELDS = frozenset({"v", "id", "key", "kind", "at", "body"})
_KIND = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_MAX_KEY = 512


def event_id(key: str) -> str:
    """Return the id of the event with this key: the first 128 bits of its SHA-256, in hex."""
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        key: What makes it unique: recording the same key twice writes one leaf.
        kind: What sort of thing, for example `scan.finished`.
        at: When it was recorded, RFC 3339 in UTC to the microsecond.
        body: The facts: ids, digests and counts; never content, hash values or labels.
    """

    key: str
    kind: str
    at: str
    body: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The id, which follows from the key."""
        return event_id(self.key)

    def encode(self) -> bytes:
        """Return the canonical form, which is the data of the leaf.

        Raises:
            EventError: If the event has no canonical form, or it is longer than 256 KiB.
        """
        if not (isinstance(self.key, str) and 0 < len(self.key) <= _MAX_KEY):
            raise EventError(f"an event's key must be a text of 1 to {_MAX_KEY} characters")
        if not (isinstance(self.kind, str) and _KIND.fullmatch(self.kind)):
            raise EventError("an event's kind must be a lower-case word such as scan.finished")
        if not _MOMENT.fullmatch(self.at):
            raise EventError("an event's moment must be RFC 3339 in UTC to the microsecond")
        if not isinstance(self.body, dict):
            raise EventError("an event's body must be a dictionary")
        fields = {"v": VERSION, "id": self.id, "key": self.key, "kind": self.kind, "at": self.at}
        data = canonical(fields | {"body": self.body})
        if len(data) > MAX_EVENT_BYTES:
            raise EventError(f"an event of {len(data)} bytes is longer than {MAX_EVENT_BYTES}")
        return data


def decode(data: bytes) -> Event:
    """Read an event back.

    Raises:
        EventError: If `data` is not the canonical form of an event.
    """
    fields = parse_object(data)
    if fields.keys() != _FIELDS or fields["v"] != VERSION:
        raise EventError("not a ledger event of a known version")
    key, at, body = fields["key"], fields["at"], fields["body"]
    if not (isinstance(key, str) and isinstance(at, str) and isinstance(body, dict)):
        raise EventError("a field of the event has the wrong type")
    event = Event(key, fields["kind"], at, body)
    if fields["id"] != event.id:
        raise EventError("the event's id is not that of its key")
    if event.encode() != data:
        raise EventError("not in canonical form")
    return event


def canonical(value: Mapping[str, Any]) -> bytes:
    """Return the canonical JSON of a mapping.

    Raises:
        EventError: If it holds anything but plain JSON: text keys, lists, texts, finite numbers, booleans, null.
    """
    try:
        text = _dump(value)
        if json.loads(text) != value:
            raise EventError("an event must be plain JSON: text keys, lists and no tuples")
        return text.encode()
    except (TypeError, ValueError, RecursionError):
        raise EventError("an event must be plain JSON: finite numbers, valid texts, no loops") from None


def parse_canonical(data: bytes) -> dict[str, Any]:
    """Read a JSON object that must be in canonical form.

    Raises:
        EventError: If it is not JSON, not an object, repeats a name, or is written in another way.
    """
    value = parse_object(data)
    if canonical(value) != data:
        raise EventError("not in canonical form")
    return value


def parse_object(data: bytes) -> dict[str, Any]:
    """Read a JSON object in any spelling that repeats no name.

    Raises:
        EventError: If it is not UTF-8, not JSON, not an object, or repeats a name.
    """
    if data.startswith(b"\xef\xbb\xbf"):
        raise EventError("starts with a byte-order mark")
    try:
        value = json.loads(data.decode(), object_pairs_hook=_without_repeats)
    except UnicodeDecodeError:
        raise EventError("not UTF-8") from None
    except (ValueError, RecursionError):
        raise EventError("not JSON") from None
    if not isinstance(value, dict):
        raise EventError("not a JSON object")
    return value


def _dump(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise EventError("repeats a name within an object")
    return fields
