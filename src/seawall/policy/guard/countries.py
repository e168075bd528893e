"""Codes of countries that share one profile."""

from __future__ import annotations

EU = "EU"
UK = "GB"

EU_MEMBERS = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905 (codes)
)
"""The 27 member states, ISO 3166-1 alpha-2."""


def home_of(code: str | None) -> str | None:
    """Return the code of the profile that a country's check falls under, itself if it has no other."""
    if code is None:
        return None
    code = code.upper()
    if code in EU_MEMBERS or code == "EL":
        return EU
    return UK if code == "UK" else code
