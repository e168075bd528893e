"""What can go wrong with retention. Messages name ids, clocks and grounds; never content."""

from __future__ import annotations

from seawall.vault.errors import VaultError


class ClockFormat(VaultError):
    """The retention clocks cannot be read."""

    code = "retention_clocks"


class UnknownClock(VaultError):
    """There is no such retention clock."""

    code = "retention_clock"


class OrderRefused(VaultError):
    """The order to destroy cannot be carried out like this."""

    code = "destroy_order"
    hint = "it takes the order's document, its reference, and two different named persons"
