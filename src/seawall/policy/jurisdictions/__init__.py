"""Jurisdiction profiles: what may be examined where, within which deadlines, and which authority is told."""

from seawall.policy.guard.countries import EU_MEMBERS, home_of
from seawall.policy.jurisdictions.errors import JurisdictionError
from seawall.policy.jurisdictions.overrides import Overrides, load_overrides, parse_overrides
from seawall.policy.jurisdictions.profile import (
    Authority,
    Deadline,
    Grade,
    LegalBasis,
    PrivateMessages,
    Profile,
    Retention,
    Scope,
    Source,
)
from seawall.policy.jurisdictions.shipped import DEFAULT, Jurisdictions, profile_of, shipped_profiles

__all__ = [
    "DEFAULT",
    "EU_MEMBERS",
    "Authority",
    "Deadline",
    "Grade",
    "JurisdictionError",
    "Jurisdictions",
    "LegalBasis",
    "Overrides",
    "PrivateMessages",
    "Profile",
    "Retention",
    "Scope",
    "Source",
    "home_of",
    "load_overrides",
    "parse_overrides",
    "profile_of",
    "shipped_profiles",
]
