"""Production is off until two people have switched it on, each after a drill was filed in the test environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from seawall.clock import to_iso
from seawall.errors import SeawallError
from seawall.ledger import Ledger
from seawall.store import Store, insert_or_replace
from seawall.store.ids import new_id
from seawall.store.tables import authority_switch, report

PEOPLE = 2


class SwitchRefused(SeawallError):
    """Production is not switched on in this way."""

    code = "switch_refused"


@dataclass(frozen=True, slots=True)
class Wanting:
    """That somebody wants production on.

    Attributes:
        person: Who.
        test_report: The report of a drill that was filed in the test environment.
        at: RFC 3339 in UTC.
    """

    person: str
    test_report: str
    at: str


class ProductionSwitch:
    """The switch of an authority's production environment.

    Args:
        store: The database.
        ledger: In the same store.
        authority: Which.
    """

    def __init__(self, store: Store, ledger: Ledger, authority: str = "ncmec") -> None:
        self._store = store
        self._ledger = ledger
        self._authority = authority

    def wanting(self) -> list[Wanting]:
        """Return who wants production on, the first first."""
        table = authority_switch
        with self._store.read() as connection:
            rows = connection.execute(table.select().where(table.c.authority == self._authority)).mappings()
            found = [Wanting(row["person"], row["test_report"], row["at"]) for row in rows]
        return sorted(found, key=lambda each: each.at)

    @property
    def on(self) -> bool:
        """Whether two people want it on."""
        return len(self.wanting()) >= PEOPLE

    def want(self, person: str) -> list[Wanting]:
        """Let somebody want production on; it is on when two people do.

        Args:
            person: Who; known by a session or a personal token.

        Raises:
            SwitchRefused: If no drill was filed in the test environment, whole, or the person wants it already.
        """
        table = authority_switch
        at = to_iso(self._store.clock())
        if any(each.person == person for each in self.wanting()):
            raise SwitchRefused("you want it on already; the second one is another person")
        with self._store.begin() as connection:
            filed = report.select().where(
                report.c.authority == self._authority,
                report.c.environment == "test",
                report.c.state == "filed",
                report.c.complete,
            )
            passed = connection.execute(filed.order_by(report.c.filed_at.desc()).limit(1)).mappings().first()
            if passed is None:
                raise SwitchRefused(
                    "no drill has been filed in the test environment yet",
                    hint="file one first: see docs/authorities.md",
                )
            row: dict[str, Any] = {
                "authority": self._authority,
                "person": person,
                "test_report": passed["id"],
                "at": at,
            }
            insert_or_replace(connection, table, [row])
            self._record(connection, "authority.production_wanted", row)
        self._ledger.append_pending()
        return self.wanting()

    def off(self, person: str) -> None:
        """Switch production off; one person is enough for that."""
        table = authority_switch
        with self._store.begin() as connection:
            connection.execute(table.delete().where(table.c.authority == self._authority))
            row = {"authority": self._authority, "person": person, "at": to_iso(self._store.clock())}
            self._record(connection, "authority.production_off", row)
        self._ledger.append_pending()

    def _record(self, connection: Any, kind: str, body: dict[str, Any]) -> None:
        self._ledger.record(connection, kind, f"authority/{self._authority}/switch/{new_id()}", body)
