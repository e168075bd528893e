"""What can go wrong with jurisdiction profiles."""

from __future__ import annotations

from seawall.policy.rules import PolicyError


class JurisdictionError(PolicyError):
    """The jurisdiction profiles cannot be used."""

    code = "jurisdictions"
    hint = "see docs/jurisdictions.md"
