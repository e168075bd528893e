"""Why a service gave no answer, as the stable codes that results carry; never a body, a header or an address."""

from __future__ import annotations


class Failure(Exception):
    """No answer that counts.

    Attributes:
        reason: Stable code for the result.
        divisible: Whether a batch may have failed because of one of its items, so that each is worth asking alone.
        lasting: Whether every other request would fail now in the same way.
    """

    def __init__(self, reason: str, *, divisible: bool = False, lasting: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.divisible = divisible
        self.lasting = lasting


def malformed(*, divisible: bool = False) -> Failure:
    """Return the failure that says that a reply is not what it should be."""
    return Failure("malformed_reply", divisible=divisible)
