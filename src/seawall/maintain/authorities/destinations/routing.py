"""Routing a finding: a set of destinations by where the provider is established, who the user is, and what was found.

Each has its own clock. What another authority's receipt covers is said with the law and the receipt, never assumed. The
rules are data (`rules.yaml`), the deadlines those of the jurisdiction profiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from seawall.cases.model import Label
from seawall.clock import to_iso
from seawall.maintain.authorities.drafting import CaseFacts
from seawall.maintain.authorities.drafting.documents import address_of
from seawall.policy.guard.bounded_yaml import read_yaml
from seawall.policy.jurisdictions import Authority, Deadline, home_of, profile_of

_GRAVE = frozenset({Label.CSAM, Label.AIG_CSAM, Label.CSEM_GROOMING, Label.CSEM_SEXTORTION, Label.CANARY})
_MOST_PRIORITY = 3


class Way(StrEnum):
    """How an authority is told."""

    API = "api"
    TEXT = "text"
    """A text for its form, or a letter; a person sends it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """An authority that is told of a finding.

    Attributes:
        authority, name, country: Who.
        way: How.
        duty: Whether a law asks for it.
        wording: The law's measure of how soon, in short.
        source: The law.
        due_at: When it is due, if the law gives a number; RFC 3339 in UTC.
        priority: 1 to 3, where the authority knows priorities.
        covered_by: The receipt that is enough by law; None if there is none yet.
        ground: On what ground a receipt is enough, if one would be.
        asks: What the authority asks for.
    """

    authority: str
    name: str
    country: str
    way: Way
    duty: bool
    wording: str
    source: str
    due_at: str | None = None
    priority: int | None = None
    covered_by: str | None = None
    ground: str | None = None
    asks: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values."""
        names = (
            "authority",
            "name",
            "country",
            "duty",
            "wording",
            "source",
            "due_at",
            "priority",
            "covered_by",
            "ground",
        )
        return {"way": self.way.value} | {name: getattr(self, name) for name in names}


def route(facts: CaseFacts, *, established: str, receipts: dict[str, str] | None = None) -> list[Destination]:
    """Return who is to be told of a case, those whom a law wants told first.

    Args:
        facts: What is on record.
        established: Country of the provider.
        receipts: Receipts that are there, by authority.
    """
    profiles = {code: profile_of(code) for code in (established, facts.case.jurisdiction) if code is not None}
    found: dict[str, Destination] = {}
    for profile in profiles.values():
        for authority in profile.authorities:
            rule = _rules().get(authority.id)
            if (
                rule is None
                or authority.id in found
                or not all(_holds(each, facts, established) for each in rule["when"])
            ):
                continue
            deadlines = [each for each in profile.deadlines if each.authority == authority]
            found[authority.id] = _destination(authority, rule, deadlines, facts, receipts or {})
    return sorted(found.values(), key=lambda each: (not each.duty, each.way is not Way.API, each.authority))


def _destination(
    authority: Authority, rule: dict[str, Any], deadlines: list[Deadline], facts: CaseFacts, receipts: dict[str, str]
) -> Destination:
    priority = _priority(facts) if "priority" in rule["asks"] else None
    chosen = _deadline(deadlines, priority)
    started = datetime.fromisoformat(facts.case.opened_at)
    due = chosen.due(started) if chosen is not None else None
    covers = next((each for each in rule.get("covered_by", ()) if each["authority"] in receipts), None)
    would = next(iter(rule.get("covered_by", ())), None)
    said = covers or would
    return Destination(
        authority.id,
        authority.name,
        authority.country,
        Way(rule["way"]),
        bool(rule.get("duty", True)),
        chosen.wording if chosen is not None else "",
        chosen.source.text if chosen is not None else "",
        to_iso(due) if due is not None else None,
        priority,
        f"{covers['authority']} {receipts[covers['authority']]}" if covers is not None else None,
        f"{said['ground']} [{said['grade']} source]" if said is not None else None,
        tuple(rule["asks"]),
    )


def _deadline(deadlines: list[Deadline], priority: int | None) -> Deadline | None:
    if priority is not None:
        return next((each for each in deadlines if each.id.endswith(f"_{priority}")), None)
    return deadlines[0] if deadlines else None


def _priority(facts: CaseFacts) -> int:
    """Return the priority of S.I. 2026/268: 1 where life or serious harm is at stake, 3 for what is least grave."""
    if facts.imminent or facts.answers.get("escalate"):
        return 1
    return 2 if any(each.label in _GRAVE for each in facts.items) else _MOST_PRIORITY


def _holds(condition: str, facts: CaseFacts, established: str) -> bool:
    if condition == "never":
        return False
    if condition == "danger":
        return facts.imminent or bool(facts.answers.get("escalate"))
    if condition == "address_known":
        return any(address_of(each) is not None for each in facts.items)
    if condition.startswith("established_"):
        return home_of(established) == condition.rpartition("_")[2].upper()
    wanted = condition.rpartition("_")[2].upper()
    return wanted in (home_of(established), home_of(facts.case.jurisdiction))


@cache
def _rules() -> dict[str, dict[str, Any]]:
    text = (files("seawall.maintain.authorities.destinations") / "rules.yaml").read_text("utf-8")
    found: dict[str, dict[str, Any]] = read_yaml(text, "rules.yaml")["authorities"]
    return found
