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
from seawall.hashing.signal import ORIENTATIONS
from seawall.matching import Match, Matcher
from seawall.policy import Action, Decision, Evidence, Policy, decide
from seawall.policy.decide import BENIGN, CANARY

from .rows import Row

SOURCE_TYPE = "source"


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
        self._registers = registers
        self._policy = policy

    def judge(self, rows: Sequence[Row]) -> Iterator[Judged]:
        """Judge a batch of rows, in order."""
        queries: list[_Query] = []
        signals: list[tuple[str, bytes]] = []
        for place, row in enumerate(rows):
            for query, signal in _signals(place, row):
                queries.append(query)
                signals.append(signal)
        best: list[dict[tuple[str, str], tuple[Match, _Query]]] = [{} for _ in rows]
        for query, matches in zip(queries, self._matcher.match(signals), strict=True):
            for match in matches:
                _keep_nearest(best[query.row], match, query)
        for row, found in zip(rows, best, strict=True):
            yield self._decide(row, list(found.values()))

    def _decide(self, row: Row, found: list[tuple[Match, _Query]]) -> Judged:
        verdict = self._registers.check(row.origin)
        denied = verdict if verdict is not None and verdict.denied else None
        evidence = [
            Evidence(match.purpose, match.list, match.type, match.distance, exact=query.orientation is None)
            for match, query in found
        ]
        if denied is not None:
            evidence.append(Evidence(SOURCE_TYPE, denied.register, SOURCE_TYPE, None, exact=True))
        decision = decide(self._policy, evidence, states=row.states)
        rows = [_finding(row, match, query) for match, query in found]
        if denied is not None:
            rows.append(_denied(row, denied))
        purposes = [each.purpose for each in evidence]
        known_fine = set(purposes) == {BENIGN}
        findings = tuple(
            finding | {"action": action.value, "drill": purpose == CANARY}
            for finding, action, purpose in zip(rows, decision.per_finding, purposes, strict=True)
        )
        return Judged(row, findings, decision, known_fine)


def _signals(place: int, row: Row) -> Iterator[tuple[_Query, tuple[str, bytes]]]:
    examined = row.examined
    for name, value in examined.digests.items():
        yield _Query(place), (name, value)
        if examined.kind.medium is Medium.VIDEO and name != "blake3":
            yield _Query(place), (f"video_{name}", value)
    for signal in examined.signals:
        yield _Query(place), (signal.type, signal.value)
    for index, frame in enumerate(examined.frames):
        if frame.quality >= LOW_QUALITY:
            for orientation, value in enumerate(frame.orientations()):
                yield _Query(place, index, orientation), ("pdq", value)


def _keep_nearest(best: dict[tuple[str, str], tuple[Match, _Query]], match: Match, query: _Query) -> None:
    key = (match.list, match.entry)
    held = best.get(key)
    rank = (match.distance or 0, query.orientation or 0, query.frame or 0)
    if held is None or rank < (held[0].distance or 0, held[1].orientation or 0, held[1].frame or 0):
        best[key] = (match, query)


def _finding(row: Row, match: Match, query: _Query) -> dict[str, Any]:
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
        finding["frame"] = frame.frame
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
