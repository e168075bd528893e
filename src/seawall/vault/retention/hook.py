"""What decisions on cases mean for retention, in the transaction that records them.

The vault lies below the cases: what it needs of them is said here as shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Connection

from seawall.vault.objects import MAX_REASON
from seawall.vault.retention.retention import ENDING_VERDICTS, Retention


class KeptItem(Protocol):
    """An item of a case: `seawall.cases.model.Item`, or `NewItem`."""

    @property
    def vault(self) -> str | None:
        """Its vault object."""


class HeldCase(Protocol):
    """A case: `seawall.cases.model.Case`."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def category(self) -> str:
        """Why it was opened, in one word."""


class CaseVerdict(Protocol):
    """What a case came to: `seawall.cases.model.CaseDecision`."""

    @property
    def outcome(self) -> str:
        """Its outcome."""


class CaseHolds:
    """A hook of cases: holds begin when a case opens or grows, and end when nothing is to be reported.

    Args:
        retention: The holds.
    """

    def __init__(self, retention: Retention) -> None:
        self._retention = retention

    def opened(self, connection: Connection, case: HeldCase, items: Sequence[KeptItem]) -> None:
        """Hold what a case is about, from the finding on; called in the transaction that adds the items."""
        ground = f"finding: {case.category}"[:MAX_REASON]
        self._retention.begin(connection, _kept(items), case=case.id, ground=ground)

    def decided(
        self,
        connection: Connection,
        case: HeldCase,
        decision: CaseVerdict,
        items: Sequence[KeptItem],
        verdicts: Sequence[Any],
    ) -> None:
        """Release what need not be reported; hold, again if need be, what must be or may still have to be."""
        del verdicts
        if decision.outcome in ENDING_VERDICTS:
            self._retention.release(connection, _kept(items), case=case.id, verdict=str(decision.outcome))
        else:
            self.opened(connection, case, items)

    def carried(self, *_facts: Any) -> None:
        """Do nothing: a verdict that is carried over changes no hold."""


def _kept(items: Sequence[KeptItem]) -> list[str]:
    return [each.vault for each in items if each.vault is not None]
