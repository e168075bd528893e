"""What a scan or a separation of datasets found becomes cases, one for each source: a domain, or a file of a dataset.

What was found in a dataset that is hosted for others is one case, that of the dataset.

The rows of `findings.jsonl` are read as they are; the same rows again add nothing. Cases hold digests, references and
what matched; never content, captions or labels of lists.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from seawall.cases._openings import MOST_SUBJECT
from seawall.cases.errors import OpeningInvalid
from seawall.cases.model import Door, ItemKind, NewItem, Opening, SubjectKind
from seawall.errors import NotFound

if TYPE_CHECKING:
    from seawall.cases.book import Cases

FINDINGS, SUMMARY = "findings.jsonl", "summary.json"
EVENT_CLASSES = {Door.SCAN: "training_data_hit", Door.HOSTING: "model_hosting"}
CANARY = "canary"

_SEPARATION, _SOURCE = "separation", "source"
_BOTH = "both"
_CATEGORIES = {
    "csam": "csem.sexualised_media",
    "exploitative": "csem.sexualised_media",
    _BOTH: "csem.sexualised_media",
    "ncii_adult": "ncii_adult",
}
"""Category by purpose of the list, or side of a separation; the gravest first."""

_LISTED = "listed"
_KINDS = {"image": ItemKind.IMAGE, "video": ItemKind.VIDEO, "audio": ItemKind.AUDIO, "text": ItemKind.TEXT}
_TYPES = {"pdq": ItemKind.IMAGE, "vpdq": ItemKind.VIDEO}
_OF_MATCHES = ("list", "list_version", "entry", "type", "distance", "orientation", "frame", "time_s")
_OF_SEPARATIONS = ("type", "partition", "rule")
_MOST_LINE = 1 << 20
_MOST_SUMMARY = 1 << 24
_MOST_MATCHES = 50
_MOST_WAITING = 2000
_MOST_TOGETHER = 200
_MOST_REF = 4096
_MOST_HOST = 255


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of findings.

    Attributes:
        items: Items that were handed in; those of before are among them.
        cases: Ids of the cases that they are in.
        left: Items that are for no person: kept back for their source alone, or by the side they were put on.
    """

    items: int
    cases: frozenset[str]
    left: int


@dataclass(frozen=True, slots=True)
class _Group:
    """What makes one case."""

    subject: str
    category: str
    drill: bool


@dataclass(slots=True)
class _Waiting:
    """Items that wait to be handed in, by group and key."""

    door: Door
    groups: dict[_Group, dict[str, NewItem]] = field(default_factory=dict)
    count: int = 0

    def add(self, group: _Group, item: NewItem) -> None:
        """Add an item; one with the same key takes its place."""
        held = self.groups.setdefault(group, {})
        self.count += item.key not in held
        held[item.key] = item


def open_from_scan(cases: Cases, out: Path, *, hosted: str | None = None) -> Opened:
    """Open cases for what the scan or the separation in an output directory has found.

    Args:
        cases: The book of cases.
        out: The directory.
        hosted: The host's name of the dataset, if it is hosted for others.

    Raises:
        NotFound: If it holds no finished scan or separation.
        OpeningInvalid: If a row is not a finding; what came before it is handed in.
    """
    findings, summary = out / FINDINGS, out / SUMMARY
    if not findings.is_file() or not summary.is_file():
        raise NotFound(f"{out} holds no finished scan or separation", hint="give its --out directory")
    return open_findings(cases, read_findings(findings), purposes_of(summary), hosted=hosted)


def open_findings(
    cases: Cases, rows: Iterable[Mapping[str, Any]], purposes: Mapping[str, str], *, hosted: str | None = None
) -> Opened:
    """Open cases for findings.

    Args:
        cases: The book of cases.
        rows: As in `findings.jsonl`, those of one item after one another.
        purposes: The purpose of each list, by name.
        hosted: The host's name of the dataset, if it is hosted for others.
    """
    waiting = _Waiting(Door.SCAN if hosted is None else Door.HOSTING)
    items = left = 0
    found: set[str] = set()
    for _, group in groupby(rows, key=lambda row: row["item"]):
        made = _item(list(group), purposes, hosted)
        if made is None:
            left += 1
            continue
        items += 1
        waiting.add(*made)
        if waiting.count >= _MOST_WAITING:
            found |= _hand_in(cases, waiting)
            waiting = _Waiting(waiting.door)
    found |= _hand_in(cases, waiting)
    return Opened(items, frozenset(found), left)


def read_findings(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a findings file.

    Raises:
        OpeningInvalid: If a line is not a finding; its number is named, and nothing of it repeated.
    """
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_MOST_LINE):
            number += 1
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            if not isinstance(row, dict) or not all(isinstance(row.get(name), str) for name in ("item", "action")):
                raise OpeningInvalid(f"{path.name}: line {number} is not a finding")
            yield row


def purposes_of(path: Path) -> dict[str, str]:
    """Return the purpose of each list that a summary names.

    Raises:
        OpeningInvalid: If it is not a summary.
    """
    with path.open("rb") as file:
        data = file.read(_MOST_SUMMARY)
    try:
        lists = json.loads(data).get("lists") or []
        return {str(each["name"]): str(each["purpose"]) for each in lists}
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError):
        raise OpeningInvalid(f"{path.name} is not a summary") from None


def _hand_in(cases: Cases, waiting: _Waiting) -> set[str]:
    found = set()
    event_class = EVENT_CLASSES[waiting.door]
    for group, held in waiting.groups.items():
        items = list(held.values())
        for start in range(0, len(items), _MOST_TOGETHER):
            opening = Opening(
                subject_kind=SubjectKind.SOURCE,
                subject=group.subject,
                door=waiting.door,
                severity=cases.policy.guard_severity(group.category, event_class),
                category=group.category,
                items=tuple(items[start : start + _MOST_TOGETHER]),
                event_class=event_class,
                drill=group.drill,
            )
            found.add(cases.open_case(opening))
    return found


def _item(
    rows: Sequence[Mapping[str, Any]], purposes: Mapping[str, str], hosted: str | None
) -> tuple[_Group, NewItem] | None:
    """Return what the findings on one item come to; None if no person is to look at it."""
    wanted = [row for row in rows if row["action"] != "allow" and _why(row, purposes) is not None]
    real = [row for row in wanted if not row.get("drill")]
    rows = real or wanted
    if not rows:
        return None
    whys = {_why(row, purposes) for row in rows}
    category = CANARY if not real else next((said for why, said in _CATEGORIES.items() if why in whys), _LISTED)
    first = rows[0]
    sha256 = first.get("sha256") if isinstance(first.get("sha256"), str) else None
    origin = first.get("origin") if isinstance(first.get("origin"), dict) else {}
    item = NewItem(
        key=f"scan/{_digest(*([] if hosted is None else [hosted]), first['item'], sha256 or '')}",
        kind=_kind(rows),
        sha256=sha256,
        ref=_ref(first["item"], origin or {}),
        stage="dataset",
        evidence={"matches": [_match(row, purposes) for row in rows[:_MOST_MATCHES]], "origin": _short(origin or {})},
    )
    subject = _subject(first["item"], origin or {}) if hosted is None else _bounded("hosted:", hosted)
    return _Group(subject, category, not real), item


def _why(row: Mapping[str, Any], purposes: Mapping[str, str]) -> str | None:
    """Return the purpose of the list that matched, or the side of a separation; None if nobody is to look."""
    if row.get("type") == _SEPARATION:
        return _BOTH if row.get("partition") == _BOTH else None
    if row.get("type") == _SOURCE:
        return None
    return purposes.get(str(row.get("list")), _LISTED)


def _match(row: Mapping[str, Any], purposes: Mapping[str, str]) -> dict[str, Any]:
    names = _OF_SEPARATIONS if row.get("type") == _SEPARATION else _OF_MATCHES
    said = {name: row[name] for name in names if isinstance(row.get(name), str | int | float)}
    return said | {"purpose": _why(row, purposes)}


def _kind(rows: Sequence[Mapping[str, Any]]) -> ItemKind:
    for row in rows:
        type_name = str(row.get("type"))
        if type_name in _TYPES and "frame" not in row:
            return _TYPES[type_name]
        if type_name.startswith("video_") or "frame" in row:
            return ItemKind.VIDEO
    guessed, _ = mimetypes.guess_type(rows[0]["item"], strict=False)
    return _KINDS.get((guessed or "").partition("/")[0], ItemKind.FILE)


def _subject(item: str, origin: Mapping[str, Any]) -> str:
    """Return the source: the domain that an item was crawled from, else the file of the dataset that it is in."""
    host = _host(origin.get("url"))
    if host is not None:
        return f"domain:{_plain(host)}"
    parts = [part for part in (origin.get("dataset"), origin.get("shard")) if isinstance(part, str) and part]
    return _bounded("dataset:", " ".join(parts) if parts else "unknown " + _digest(item)[:16])


def _bounded(kind: str, name: str) -> str:
    subject = kind + name
    return _plain(subject) if len(subject) <= MOST_SUBJECT else kind + _digest(subject)


def _host(url: object) -> str | None:
    try:
        host = urlsplit(url).hostname if isinstance(url, str) else None
    except ValueError:
        return None
    return host[:_MOST_HOST] if host else None


def _ref(item: str, origin: Mapping[str, Any]) -> str:
    url = origin.get("url")
    return _plain(url if isinstance(url, str) and url else item)[:_MOST_REF]


def _short(origin: Mapping[str, Any]) -> dict[str, Any]:
    """Return an origin that fits beside other evidence."""
    kept = {name[:64]: value for name, value in origin.items() if isinstance(value, str | int) and value != ""}
    return {name: value[:_MOST_REF] if isinstance(value, str) else value for name, value in list(kept.items())[:10]}


def _plain(text: str) -> str:
    """Return text that every database stores."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
