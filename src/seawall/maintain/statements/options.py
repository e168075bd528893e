"""Settings of statements: `HOME/statements.yaml` over those that ship: what restricts what, and in which words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from seawall.cases.model import Door, EffectKind, Label
from seawall.maintain.statements import values
from seawall.maintain.statements.errors import StatementOptionsInvalid
from seawall.policy.guard.bounded_yaml import read_yaml
from seawall.policy.guard.operator_file import checked, read_data

FILE = "statements.yaml"
_PLACES = frozenset((name, "", None) for name in ("items", "kinds", "found", "decided", "reasons"))

Line = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s\"'<>@?#]{1,480}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Restricts(_Strict):
    """What something restricts, in the words of the Transparency Database."""

    decision_visibility: list[str] = []
    decision_visibility_other: Line | None = None
    decision_monetary: str | None = None
    decision_monetary_other: Line | None = None
    decision_provision: str | None = None
    decision_account: str | None = None


class LabelTexts(_Strict):
    """What is said of items with a label.

    Attributes:
        ground: Whether it is against the law, or against the terms alone.
        category: Category of the Transparency Database.
        keywords: Its keywords.
        keywords_other: In words, if one of them is `KEYWORD_OTHER`.
        basis: The law, or the clause of the terms.
        explanation: Why that applies.
        illegal: Whether something against the terms is against the law as well.
    """

    ground: Literal["illegal", "incompatible"]
    category: str
    keywords: list[str] = []
    keywords_other: Line | None = None
    basis: Line
    explanation: Prose
    illegal: bool | None = None


class Found(_Strict):
    """How something was found, in words."""

    automated: Line
    notice: Line
    both: Line
    other: Line


class Decided(_Strict):
    """Who decided, in words."""

    people: Line
    partly: Line
    carried: Line


class FactTexts(_Strict):
    """How facts and circumstances are told."""

    text: Prose
    found: Found
    decided: Decided

    @field_validator("text")
    @classmethod
    def _expect_places(cls, text: str) -> str:
        # Nothing but these names: what a format may do besides reaches into the values.
        if any(name is not None and (name, spec, how) not in _PLACES for _, name, spec, how in Formatter().parse(text)):
            raise ValueError("knows {items}, {kinds}, {found}, {decided} and {reasons} alone")
        return text


class StatementOptions(_Strict):
    """Settings of statements; see the file that ships for each."""

    format: Literal["seawall-statements-1"] = "seawall-statements-1"
    platform: Line | None = None
    terms_url: Address | None = None
    appeal_url: Address | None = None
    out_of_court: Line | None = None
    doors: list[Door]
    territory: Annotated[list[str], Field(min_length=1, max_length=60)]
    account_type: Literal["business", "private"] | None = None
    effects: dict[EffectKind, Restricts]
    restrictions: dict[Literal["cooldown", "feature_off", "suspend", "ban"], Restricts]
    labels: dict[Label, LabelTexts]
    facts: FactTexts

    @field_validator("territory")
    @classmethod
    def _expect_territory(cls, codes: list[str]) -> list[str]:
        if any(code not in values.TERRITORY and code not in ("EU", "EEA") for code in codes):
            raise ValueError("has EU, EEA, or codes of countries of the EEA")
        return codes

    @field_validator("labels")
    @classmethod
    def _expect_labels(cls, labels: dict[Label, LabelTexts]) -> dict[Label, LabelTexts]:
        missing = [each.value for each in Label if each not in labels and each not in (Label.BENIGN, Label.UNSURE)]
        if missing:
            raise ValueError(f"has nothing for {missing[0]}")
        return labels

    @property
    def countries(self) -> list[str]:
        """The countries of the territory, in order."""
        found: set[str] = set()
        for code in self.territory:
            named = {"EU": values.EUROPEAN_UNION, "EEA": values.EUROPEAN_ECONOMIC_AREA}.get(code, (code,))
            found.update(named)
        return sorted(found)

    @property
    def digest(self) -> str:
        """SHA-256 of the settings, in hex."""
        data = json.dumps(self.model_dump(mode="json"), sort_keys=True).encode("utf-8", "surrogatepass")
        return hashlib.sha256(data).hexdigest()

    def texts(self) -> Iterator[str]:
        """Yield every text of the operator."""
        yield from _texts(self.model_dump(mode="json"))


def load_options(home: Path) -> StatementOptions:
    """Read `HOME/statements.yaml`; what it leaves out, and everything without one, is as it ships.

    Raises:
        StatementOptionsInvalid: If it cannot be used.
    """
    return parse_options(read_data(home / FILE, StatementOptionsInvalid))


def parse_options(data: Any) -> StatementOptions:
    """Return settings from plain data over those that ship; sections that hold names are merged name by name.

    Raises:
        StatementOptionsInvalid: If they cannot be used.
    """
    if not isinstance(data, Mapping):
        raise StatementOptionsInvalid(f"{FILE} is not a mapping")
    whole = dict(_shipped())
    for key, value in data.items():
        section = whole.get(key)
        merged = isinstance(section, Mapping) and isinstance(value, Mapping)
        whole[key] = {**section, **value} if merged and isinstance(section, Mapping) else value
    options = checked(whole, FILE, StatementOptions, StatementOptionsInvalid)
    _expect_usable(options)
    return options


@cache
def default_options() -> StatementOptions:
    """Return the settings that hold without a file."""
    return parse_options({})


def _shipped() -> Mapping[str, Any]:
    found: Mapping[str, Any] = read_yaml((files(__package__) / FILE).read_text("utf-8"), FILE)
    return found


def _expect_usable(options: StatementOptions) -> None:
    """Refuse settings of which no statement could be right, before anybody has to decide anything with them."""
    from seawall.maintain.statements.deriving import sample
    from seawall.maintain.statements.personal import faults as personal_faults
    from seawall.maintain.statements.validation import faults

    for label, payload in sample(options):
        found = [*faults(payload), *personal_faults(payload)]
        if found:
            raise StatementOptionsInvalid(f"{FILE}: {label}: {found[0].field} {found[0].words}")


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for value in data.values():
            yield from _texts(value)
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value)
