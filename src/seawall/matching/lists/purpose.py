"""What a hash list is for, and whose entries it holds.

Policy and filing key on the purpose, so every list declares exactly one and never changes it.
"""

from enum import StrEnum


class Purpose(StrEnum):
    """What a match in a list means."""

    CSAM = "csam"
    EXPLOITATIVE = "exploitative"
    NCII_ADULT = "ncii_adult"
    BENIGN = "benign"
    CANARY = "canary"


class Provenance(StrEnum):
    """Whose entries a list holds. Received entries never leave; an operator's own can be exported."""

    RECEIVED = "received"
    OPERATOR = "operator"
