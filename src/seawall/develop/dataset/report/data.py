"""The facts that a report and a card are made from, and nothing that is not among them.

Checked when made, JSON-able both ways, so that a scan can keep `report-data.json` and write its report again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from . import _shapes as shape
from ._sample import Sample
from ._shapes import ReportDataError

MEDIA = ("image", "video", "audio", "other")

_Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportData:
    """What one scan found out.

    Each field but `summary` may be left out: what is not given is shown as not known, or not shown. Mappings and
    lists may come as JSON has them (text for numbers in keys, lists for tuples); rows of samples may come as any
    iterable, which is read once.

    Attributes:
        summary: summary.json.
        sources: Locations that were scanned, as given.
        media: Items by medium: image, video, audio, other.
        actions: Items by action of the policy.
        findings_by_list: `{list: {"n": real rows, "drill": drill rows}}`.
        distances: `{list: {distance: rows}}`.
        orientations: Rows by the orientation that matched.
        labels: Rows by label of the list.
        throughput: (seconds since the beginning, items done) as the run went.
        problems: Unexamined items by code of the reason.
        unexamined_sample: Rows of item, code, message, and status (`unexamined`, `damaged`, `abstained`).
        findings_sample: Rows of findings.jsonl.
        origins: Real findings: `actionable`, `informational`, and `known` `{field of Origin: rows}`.
        sources_denied: Findings of the source registers: `n`, and `by` `{register or rule: n}`.
        shards: Shards of the plan.
        recipe: Name of the decode recipe.
        digests: Digest algorithms that were computed.
        thresholds: Largest distance that counts as a match, by signal type.
        started_at: When the run began, RFC 3339.
        finished_at: When it ended.
        version: Version of seawall.
        ledger: `size`, `root`, `key_fingerprint`, and `event`, the id of the ledger's event for this scan.
        policy_text: The policy as written.
        removed: Items removed from the dataset, once that was done and checked; None: not measured.
        reported: Items reported to an authority; None: not measured.
    """

    summary: Mapping[str, Any]
    sources: tuple[str, ...] = ()
    media: _Counts = field(default_factory=dict)
    actions: _Counts = field(default_factory=dict)
    findings_by_list: Mapping[str, _Counts] = field(default_factory=dict)
    distances: Mapping[str, Mapping[float, int]] = field(default_factory=dict)
    orientations: _Counts = field(default_factory=dict)
    labels: _Counts = field(default_factory=dict)
    throughput: tuple[tuple[float, int], ...] = ()
    problems: _Counts = field(default_factory=dict)
    unexamined_sample: Sample | Iterable[Mapping[str, Any]] = ()
    findings_sample: Sample | Iterable[Mapping[str, Any]] = ()
    origins: Mapping[str, Any] = field(default_factory=dict)
    sources_denied: Mapping[str, Any] = field(default_factory=dict)
    shards: int | None = None
    recipe: str | None = None
    digests: tuple[str, ...] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict)
    started_at: str | None = None
    finished_at: str | None = None
    version: str | None = None
    ledger: Mapping[str, Any] = field(default_factory=dict)
    policy_text: str | None = None
    removed: int | None = None
    reported: int | None = None

    def __post_init__(self) -> None:
        checked = {name: check(getattr(self, name), name) for name, check in _CHECKS.items()}
        checked["ledger"]["root"] = checked["ledger"]["root"] or checked["summary"]["ledger_root"] or None
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @property
    def findings(self) -> Sample:
        """The rows of findings.jsonl that were kept."""
        return Sample.from_value(self.findings_sample, "findings_sample")

    @property
    def attention(self) -> Sample:
        """The rows of items that were not, or not fully, examined."""
        return Sample.from_value(self.unexamined_sample, "unexamined_sample")

    @property
    def canary_lists(self) -> frozenset[str]:
        """Names of the lists whose findings are drills."""
        return frozenset(each["name"] for each in self.summary["lists"] if each["purpose"] == "canary")

    @property
    def real_lists(self) -> list[dict[str, Any]]:
        """Lists of known content that is looked for: neither canaries nor banks of what is known to be fine."""
        return [each for each in self.summary["lists"] if each["purpose"] not in ("canary", "benign")]

    @property
    def since(self) -> str | None:
        """`LIST@VERSION` if only what that list gained after that version was matched."""
        since = self.summary.get("since")
        return since if isinstance(since, str) else None

    def disagreements(self) -> tuple[str, ...]:
        """Return where the facts contradict each other; a report says so rather than choose."""
        summary = self.summary
        by_list = {key: sum(each[key] for each in self.findings_by_list.values()) for key in ("n", "drill")}
        claims = (
            (bool(self.findings_by_list) and by_list["n"] != summary["findings"], "findings by list and findings"),
            (bool(self.findings_by_list) and by_list["drill"] != summary["drill"], "drill rows by list and drill"),
            (
                sum(sum(each.values()) for each in self.distances.values()) > summary["findings"] + summary["drill"],
                "distances and findings",
            ),
            (sum(self.media.values()) > summary["items"], "media and items"),
            (sum(self.actions.values()) > summary["items"], "actions and items"),
            (summary["damaged"] > summary["examined"], "damaged and examined items"),
            (sum(summary["abstained"].values()) > summary["examined"], "abstained and examined items"),
            (sum(self.problems.values()) > summary["unexamined"], "reasons and unexamined items"),
            (
                self.origins["actionable"] + self.origins["informational"] > summary["findings"],
                "source chains and findings",
            ),
            (self.sources_denied["n"] > summary["findings"], "denied sources and findings"),
            (self.ledger["root"] not in (None, summary["ledger_root"]), "the ledger's root and summary.json"),
        )
        return tuple(what for wrong, what in claims if wrong)

    def to_dict(self) -> dict[str, Any]:
        """Return the facts as JSON-able values."""
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild the facts from `to_dict`, also after a journey through JSON.

        Raises:
            ReportDataError: If a field is unknown, missing or wrong.
        """
        unknown = set(shape.mapping(data, "report data")) - {each.name for each in fields(cls)}
        if unknown or "summary" not in data:
            raise ReportDataError(f"report data: unknown field {min(unknown)!r:.60}" if unknown else None)
        return cls(**data)


def _optional(check: Any) -> Any:
    return lambda value, where: None if value is None else check(value, where)


def _media(value: Any, where: str) -> dict[str, int]:
    found = shape.counts(value, where)
    strange = set(found) - set(MEDIA)
    if strange:
        raise ReportDataError(f"{where}: {min(strange)!r:.60} is no medium")
    return {name: found[name] for name in MEDIA if name in found}


def _thresholds(value: Any, where: str) -> dict[str, float]:
    return {shape.text(key, where): shape.number(each, where) for key, each in shape.mapping(value, where).items()}


_CHECKS: dict[str, Any] = {
    "summary": shape.summary,
    "sources": shape.texts,
    "media": _media,
    "actions": shape.counts,
    "findings_by_list": shape.hits,
    "distances": shape.distances,
    "orientations": shape.counts,
    "labels": shape.counts,
    "throughput": shape.samples,
    "problems": shape.counts,
    "unexamined_sample": Sample.from_value,
    "findings_sample": Sample.from_value,
    "origins": shape.origins,
    "sources_denied": shape.denied,
    "shards": _optional(shape.count),
    "recipe": _optional(shape.text),
    "digests": shape.texts,
    "thresholds": _thresholds,
    "started_at": _optional(shape.text),
    "finished_at": _optional(shape.text),
    "version": _optional(shape.text),
    "ledger": shape.ledger,
    "policy_text": _optional(shape.text),
    "removed": _optional(shape.count),
    "reported": _optional(shape.count),
}


def _plain(value: Any) -> Any:
    if isinstance(value, Sample):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value
