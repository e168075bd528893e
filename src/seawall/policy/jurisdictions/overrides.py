"""What an operator decides about jurisdictions: which surfaces are private, and on what ground they are examined.

A decision without a legal basis, a person and a date is an error, never a default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from seawall.policy.guard.bounded_yaml import read_text, read_yaml
from seawall.policy.guard.countries import home_of
from seawall.policy.guard.errors import GuardPolicyError
from seawall.policy.jurisdictions.errors import JurisdictionError
from seawall.policy.jurisdictions.profile import LegalBasis

FILE = "jurisdictions.yaml"
"""Where under HOME the operator's decisions are."""

PRIVATE_SURFACES = frozenset({"private_message"})

_SURFACE = re.compile(r"[a-z0-9_.-]{1,64}")
_CODE = re.compile(r"[A-Z]{2}")
_DECISION = {"examine", "legal_basis", "person", "date"}
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Overrides:
    """An operator's decisions.

    Attributes:
        private_surfaces: Surfaces that carry private messages between people.
        decisions: Decision on private messages, by the code of a profile.
    """

    private_surfaces: frozenset[str] = PRIVATE_SURFACES
    decisions: Mapping[str, LegalBasis] = field(default_factory=dict)


def load_overrides(home: Path) -> Overrides:
    """Read the operator's decisions of an installation; without a file there are none.

    Raises:
        JurisdictionError: If the file cannot be read or says something else. The message names the place.
    """
    path = home / FILE
    if not path.exists():
        return Overrides()
    try:
        return parse_overrides(read_yaml(read_text(path), str(path)), str(path))
    except GuardPolicyError as error:
        raise JurisdictionError(error.message) from None


def parse_overrides(data: Any, name: str) -> Overrides:
    """Read decisions from plain data; `name` is what errors call them."""
    given = _table(data, {"private_surfaces", "private_messages"}, name)
    surfaces = given.get("private_surfaces", [])
    if not isinstance(surfaces, list) or not all(isinstance(s, str) and _SURFACE.fullmatch(s) for s in surfaces):
        raise JurisdictionError(f"{name}: private_surfaces is a list of surfaces")
    decided = _table(given.get("private_messages", {}), None, f"{name}: private_messages")
    decisions: dict[str, LegalBasis] = {}
    for code, decision in decided.items():
        place = f"{name}: private_messages: {str(code)[:10]}"
        if not isinstance(code, str) or not _CODE.fullmatch(code):
            raise JurisdictionError(f"{place}: a jurisdiction is two capital letters")
        home = home_of(code) or code
        if home in decisions:
            raise JurisdictionError(f"{place}: the profile {home} is decided on twice")
        decisions[home] = _decision(decision, place)
    return Overrides(PRIVATE_SURFACES | frozenset(surfaces), decisions)


def _decision(data: Any, place: str) -> LegalBasis:
    given = _table(data, _DECISION, place)
    if not isinstance(given.get("examine"), bool):
        raise JurisdictionError(f"{place}: examine is true or false")
    words = {}
    for key in ("legal_basis", "person"):
        value = given.get(key)
        if not isinstance(value, str) or not 0 < len(value.strip()) <= _LONGEST:
            raise JurisdictionError(f"{place}: {key} is missing", hint="say on what ground, and who decided")
        words[key] = value.strip()
    on = given.get("date")
    if type(on) is not date:
        raise JurisdictionError(f"{place}: date is a day, as 2026-11-23")
    return LegalBasis(given["examine"], words["legal_basis"], words["person"], on)


def _table(data: Any, known: set[str] | None, place: str) -> dict[Any, Any]:
    if not isinstance(data, dict):
        raise JurisdictionError(f"{place} is a mapping")
    unknown = sorted(str(key) for key in data if known is not None and key not in known)
    if unknown:
        raise JurisdictionError(f"{place}: unknown key {unknown[0][:40]!r}")
    return data
