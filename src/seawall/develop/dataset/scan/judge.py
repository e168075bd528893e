"""From stored rows to findings and decisions: everything after the hashes, and pure but for reading the lists.

An entry that several frames or orientations of one item reach is one finding, at its smallest distance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from seawall.content.media import Medium
from seawall.develop.sources import Registers, Verdict
from seawall.hashing.examined import LOW_QUALITY
from seawall.hashing.registry import SignalTypes
from seawall.hashing.signal import ORIENTATIONS
from seawall.matching import Match, Matcher, MatchSource
from seawall.matching.lists import FileKey
from seawall.policy import Action, Decision, Evidence, Policy, decide
from seawall.policy.decide import BENIGN, CANARY
from seawall.settings import Settings

from .rows import Row

SOURCE_TYPE = "source"


def open_matcher(sources: Sequence[MatchSource], settings: Settings, *, max_distance: int | None) -> Matcher:
    """Open lists with this home's key for labels."""
    keys = FileKey(settings.home / "keys" / "labels.key")
    return Matcher.open(sources, SignalTypes.installed(), max_distance=max_distance, key_provider=keys)


@dataclass(frozen=True, slots=True)
class Judged:
    """One item with everything that it matched, and the decision on it.

    Attributes:
        row: The item.
        findings: Rows as in findings.jsonl, matches of negative banks (action `allow`) included.
        decision: What is done with the item.
        known_fine: Whether it matched negative banks and nothing else.
    """

    row: Row
    findings: tuple[dict[str, Any], ...]
    decision: Decision
    known_fine: bool

    @property
    def held(self) -> bool:
        """Whether there is anything to record besides that the item is kept."""
        return self.decision.action is not Action.ALLOW


@dataclass(frozen=True, slots=True)
class _Query:
    """Which part of which row a signal is of."""

    row: int
    frame: int | None = None
    orientation: int | None = None


class Judge:
    """Matches rows against lists and source registers, and decides by policy."""

    def __init__(self, matcher: Matcher, registers: Registers, policy: Policy) -> None:
        self._matcher = matcher
        self._wanted = matcher.types()
        self._registers = registers
        self._policy = policy

    def judge(self, rows: Sequence[Row]) -> Iterator[Judged]:
        """Judge a batch of rows, in order."""
        queries: list[_Query] = []
        signals: list[tuple[str, bytes]] = []
        for place, row in enumerate(rows):
            for query, signal in _signals(place, row, self._wanted):
                queries.append(query)
                signals.append(signal)
        found: list[dict[tuple[str, ...], _Hit]] = [{} for _ in rows]
        for query, matches in zip(queries, self._matcher.match(signals), strict=True):
            for match in matches:
                _gather(found[query.row], match, query)
        for row, hits in zip(rows, found, strict=True):
            yield self._decide(row, list(hits.values()))

    def _decide(self, row: Row, hits: list[_Hit]) -> Judged:
        verdict = self._registers.check(row.origin)
        denied = verdict if verdict is not None and verdict.denied else None
        evidence = [
            Evidence(
                hit.match.purpose,
                hit.match.list,
                hit.match.type,
                hit.match.distance,
                exact=_exact(hit),
                labels=hit.match.labels,
            )
            for hit in hits
        ]
        if denied is not None:
            evidence.append(Evidence(SOURCE_TYPE, denied.register, SOURCE_TYPE, None, exact=True))
        decision = decide(self._policy, evidence, states=row.states)
        rows = [_finding(row, hit) for hit in hits]
        if denied is not None:
            rows.append(_denied(row, denied))
        purposes = [each.purpose for each in evidence]
        known_fine = set(purposes) == {BENIGN}
        findings = tuple(
            finding | {"action": action.value, "drill": purpose == CANARY}
            for finding, action, purpose in zip(rows, decision.per_finding, purposes, strict=True)
        )
        return Judged(row, findings, decision, known_fine)


def _signals(place: int, row: Row, wanted: set[str]) -> Iterator[tuple[_Query, tuple[str, bytes]]]:
    """Yield what is looked up for a row: values of the wanted types alone."""
    examined = row.examined
    video = examined.kind.medium is Medium.VIDEO
    for name, value in examined.digests.items():
        for type_name in (name, f"video_{name}") if video else (name,):
            if type_name in wanted:
                yield _Query(place), (type_name, value)
    for signal in examined.signals:
        if signal.type in wanted:
            yield _Query(place), (signal.type, signal.value)
    for index, frame in enumerate(examined.frames):
        if frame.quality < LOW_QUALITY:
            continue
        if video and "vpdq" in wanted:
            yield _Query(place, index, 0), ("vpdq", frame.value)
        if "pdq" in wanted:
            for orientation, value in enumerate(frame.orientations()):
                yield _Query(place, index, orientation), ("pdq", value)


@dataclass(slots=True)
class _Hit:
    """An entry, or for vPDQ a list's video frames, that an item reached; `frames` are those that reached it."""

    match: Match
    query: _Query
    frames: set[int]


def _gather(hits: dict[tuple[str, ...], _Hit], match: Match, query: _Query) -> None:
    """Keep the nearest of the matches that are one finding."""
    key = (match.list, match.type, *match.labels) if match.type == "vpdq" else (match.list, match.entry)
    hit = hits.setdefault(key, _Hit(match, query, set()))
    if query.frame is not None:
        hit.frames.add(query.frame)
    if _rank(match, query) < _rank(hit.match, hit.query):
        hit.match, hit.query = match, query


def _rank(match: Match, query: _Query) -> tuple[float, int, int]:
    return match.distance, query.orientation or 0, query.frame or 0


def _exact(hit: _Hit) -> bool:
    return hit.query.orientation is None and hit.match.distance == 0


def _finding(row: Row, hit: _Hit) -> dict[str, Any]:
    match, query = hit.match, hit.query
    finding = _row(row) | {
        "list": match.list,
        "list_version": match.list_version,
        "entry": match.entry,
        "type": match.type,
        "distance": match.distance,
        "orientation": None if query.orientation is None else ORIENTATIONS[query.orientation],
        "labels": list(match.labels),
    }
    if query.frame is not None and len(row.examined.frames) > 1:
        frame = row.examined.frames[query.frame]
        finding |= {"frame": frame.frame, "frames_matched": len(hit.frames), "frames_hashed": len(row.examined.frames)}
        if frame.time_s is not None:
            finding["time_s"] = frame.time_s
    return finding


def _denied(row: Row, verdict: Verdict) -> dict[str, Any]:
    return _row(row) | {
        "list": verdict.register,
        "list_version": verdict.version,
        "entry": verdict.rule,
        "type": SOURCE_TYPE,
        "distance": None,
        "orientation": None,
        "labels": [],
        "expert": verdict.expert,
    }


def _row(row: Row) -> dict[str, Any]:
    sha256 = row.examined.digests.get("sha256")
    return {"item": row.item, "sha256": sha256.hex() if sha256 else None, "origin": row.origin.to_dict()}
