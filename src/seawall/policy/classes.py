"""Class ids: what a detector can find, in one vocabulary that the joint rule and policies read."""

from __future__ import annotations

ADULT_SEXUAL = "adult_sexual"
"""Score 0..1 that an item shows or describes adult sexual content. Pictures and texts."""

CHILD_DEPICTION = "child_depiction"
"""Largest P(age < 18) over the persons in a picture, 0..1."""

UNDER_21 = "under_21"
"""Largest P(age < 21) over the persons in a picture, 0..1 (the buffer of a Challenge-25 gate)."""

MINOR_REFERENCE = "minor_reference"
"""Score 0..1 that a text refers to a minor."""

PERSONS = "persons"
"""Number of persons in a picture whose age was judged."""

PERSONS_ABSTAINED = "persons_abstained"
"""Number of persons in a picture whose age could not be judged: too small, turned away, covered, out of focus."""

DRILL = "drill"
"""1 if all that a text detector found are canary words."""

CSEM_PREFIX = "csem."
"""Prefix of the text categories of operator packs and models."""

CSEM = (
    "csem.sexualised_media",
    "csem.grooming",
    "csem.sextortion",
    "csem.advertising",
    "csem.solicitation",
    "csem.promotion",
)
"""The categories that seawall names; an operator's pack may add others under the prefix."""
