"""From stored rows to findings and decisions: everything after the hashes, and pure but for reading the lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from seawall.develop.sources import Registers, Verdict
from seawall.hashing.registry import SignalTypes
from seawall.hashing.signal import ORIENTATIONS
from seawall.matching import Matcher, MatchSource
from seawall.matching.lists import FileKey
from seawall.matching.media import Hit, Part, Value, questions
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


class Judge:
    """Matches rows against lists and source registers, and decides by policy."""

    def __init__(self, matcher: Matcher, registers: Registers, policy: Policy) -> None:
        self._matcher = matcher
        self._wanted = matcher.types()
        self._registers = registers
        self._policy = policy

    def judge(self, rows: Sequence[Row]) -> Iterator[Judged]:
        """Judge a batch of rows, in order."""
        asked: list[tuple[int, Part]] = []
        values: list[Value] = []
        for place, row in enumerate(rows):
            for part, value in questions(row.examined, self._wanted):
                asked.append((place, part))
                values.append(value)
        found: list[dict[tuple[str, ...], _Found]] = [{} for _ in rows]
        for (place, part), matches in zip(asked, self._matcher.match(values), strict=True):
            for match in matches:
                _gather(found[place], Hit(match, part))
        for row, one in zip(rows, found, strict=True):
            yield self._decide(row, list(one.values()))

    def _decide(self, row: Row, found: list[_Found]) -> Judged:
        verdict = self._registers.check(row.origin)
        denied = verdict if verdict is not None and verdict.denied else None
        evidence = [
            Evidence(
                each.hit.match.purpose,
                each.hit.match.list,
                each.hit.match.type,
                each.hit.match.distance,
                exact=each.hit.exact,
                labels=each.hit.match.labels,
            )
            for each in found
        ]
        if denied is not None:
            evidence.append(Evidence(SOURCE_TYPE, denied.register, SOURCE_TYPE, None, exact=True))
        decision = decide(self._policy, evidence, states=row.states)
        rows = [_finding(row, each) for each in found]
        if denied is not None:
            rows.append(_denied(row, denied))
        purposes = [each.purpose for each in evidence]
        known_fine = set(purposes) == {BENIGN}
        findings = tuple(
            finding | {"action": action.value, "drill": purpose == CANARY}
            for finding, action, purpose in zip(rows, decision.per_finding, purposes, strict=True)
        )
        return Judged(row, findings, decision, known_fine)


@dataclass(slots=True)
class _Found:
    """The nearest of the hits that are one finding, and the frames of all of them."""

    hit: Hit
    frames: set[int]


def _gather(found: dict[tuple[str, ...], _Found], hit: Hit) -> None:
    one = found.setdefault(hit.key, _Found(hit, set()))
    if hit.part.frame is not None:
        one.frames.add(hit.part.frame)
    if hit.rank < one.hit.rank:
        one.hit = hit


def _finding(row: Row, found: _Found) -> dict[str, Any]:
    match, part = found.hit.match, found.hit.part
    finding = _row(row) | {
        "list": match.list,
        "list_version": match.list_version,
        "entry": match.entry,
        "type": match.type,
        "distance": match.distance,
        "orientation": None if part.orientation is None else ORIENTATIONS[part.orientation],
        "labels": list(match.labels),
    }
    if part.frame is not None and len(row.examined.frames) > 1:
        frame = row.examined.frames[part.frame]
        finding |= {
            "frame": frame.frame,
            "frames_matched": len(found.frames),
            "frames_hashed": len(row.examined.frames),
        }
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
