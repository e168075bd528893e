"""The profiles that ship, read once, with an operator's decisions laid over them.

A country without a profile gets the default one, where everything is examined.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from seawall.policy.guard.bounded_yaml import read_yaml
from seawall.policy.guard.countries import home_of
from seawall.policy.guard.facts import CheckKind
from seawall.policy.jurisdictions.errors import JurisdictionError
from seawall.policy.jurisdictions.overrides import Overrides, load_overrides
from seawall.policy.jurisdictions.profile import (
    Authority,
    Deadline,
    Grade,
    PrivateMessages,
    Profile,
    Retention,
    Source,
)

DEFAULT = "DEFAULT"
_NOTHING_DECIDED = Overrides()


def profile_of(code: str | None, overrides: Overrides | None = None) -> Profile:
    """Return the profile of a country, or the default one.

    Args:
        code: ISO 3166-1 alpha-2, or `EU`; a country of the Union has the Union's. None: not said.
        overrides: The operator's decisions.
    """
    profiles = _profiles()
    home = home_of(code)
    profile = profiles.get(home or DEFAULT, profiles[DEFAULT])
    if home is not None and profile.code == DEFAULT:
        profile = replace(profile, code=home)
    chosen = overrides or _NOTHING_DECIDED
    return replace(profile, private_surfaces=chosen.private_surfaces, decided=chosen.decisions.get(profile.code))


def shipped_profiles() -> tuple[Profile, ...]:
    """Return every profile that ships, the default one first."""
    return tuple(_profiles().values())


@dataclass(slots=True)
class Jurisdictions:
    """Profiles of one installation, ready to be asked for every check.

    Attributes:
        overrides: The operator's decisions.
    """

    overrides: Overrides
    _known: dict[str | None, Profile]

    @classmethod
    def load(cls, home: Path) -> Jurisdictions:
        """Read an installation's decisions.

        Raises:
            JurisdictionError: If they cannot be read.
        """
        return cls(load_overrides(home), {})

    def profile_of(self, code: str | None) -> Profile:
        """Return the profile of a country."""
        profile = self._known.get(code)
        if profile is None:
            profile = profile_of(code, self.overrides)
            # Codes come from requests; there are not that many.
            if len(self._known) < 1000:
                self._known[code] = profile
        return profile


@cache
def _profiles() -> Mapping[str, Profile]:
    name = "profiles.yaml"
    data = read_yaml((files(__package__) / name).read_text("utf-8"), name)
    try:
        return _read(data)
    except (KeyError, TypeError, ValueError) as error:
        raise JurisdictionError(f"{name} is not what this version of seawall ships: {type(error).__name__}") from None


def _read(data: Mapping[str, Any]) -> dict[str, Profile]:
    read_on: date = data["read_on"]
    authorities = {key: Authority(key, each["name"], each["country"]) for key, each in data["authorities"].items()}
    profiles = {}
    for code, each in data["profiles"].items():
        profiles[code] = Profile(
            code=code,
            name=each["name"],
            authorities=tuple(authorities[key] for key in each["authorities"]),
            deadlines=tuple(_deadline(fact, authorities, read_on) for fact in each["deadlines"]),
            retention=tuple(_retention(fact, read_on) for fact in each["retention"]),
            private_messages=_private(each["private_messages"], read_on) if "private_messages" in each else None,
        )
    return profiles


def _source(fact: Mapping[str, Any], read_on: date) -> Source:
    return Source(fact["source"], read_on, Grade(fact["grade"]), fact.get("since"))


def _deadline(fact: Mapping[str, Any], authorities: Mapping[str, Authority], read_on: date) -> Deadline:
    within = timedelta(hours=fact["within_hours"]) if "within_hours" in fact else None
    to = authorities[fact["to"]] if "to" in fact else None
    return Deadline(fact["id"], fact["event"], within, fact["wording"], to, _source(fact, read_on))


def _retention(fact: Mapping[str, Any], read_on: date) -> Retention:
    return Retention(
        id=fact["id"],
        of=fact["of"],
        start=fact["from"],
        keep=timedelta(days=fact["days"]),
        destroy_after=fact.get("destroy_after", False),
        wording=fact["wording"],
        source=_source(fact, read_on),
    )


def _private(fact: Mapping[str, Any], read_on: date) -> PrivateMessages:
    return PrivateMessages(
        examine=fact["examine"],
        reason=fact["reason"],
        kinds=frozenset(map(CheckKind, fact["kinds"])),
        wording=fact["wording"],
        source=_source(fact, read_on),
    )
