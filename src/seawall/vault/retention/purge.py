"""Destroying what nothing keeps any more, and what a lawful order says must go.

Each object is a step of its own that asks the holds again while the object's row is locked. A step that was interrupted
is seen to its end by the next purge: what was destroyed counts as done only once its file is gone too.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from seawall.clock import to_iso
from seawall.errors import NotFound
from seawall.ledger import Ledger
from seawall.store import Store
from seawall.vault import _rows as objects_rows
from seawall.vault.errors import Held
from seawall.vault.objects import MAX_REASON, Destroyed, id_of, name_of
from seawall.vault.retention import _rows
from seawall.vault.retention.errors import OrderRefused
from seawall.vault.retention.model import DestroyOrder, HoldRecord, Purged
from seawall.vault.vault import Vault

PAGE = 200
_LONGEST_REFERENCE = 128


class Purge:
    """Destroys by the rules of retention.

    Args:
        vault: Keeps the objects.
        ledger: In the same store.
    """

    def __init__(self, vault: Vault, ledger: Ledger) -> None:
        self._vault = vault
        self._store: Store = vault.store
        self._ledger = ledger

    def run(self, person: str, now: datetime | None = None) -> Purged:
        """Destroy every object that was under a hold and that nothing keeps any more.

        It may be interrupted and run again. A moment that is later than the vault's own clock destroys nothing that
        the vault still holds.

        Args:
            person: Who runs it.
            now: The moment, aware; default now.
        """
        name_of(person, "the person")
        moment = to_iso(self._store.clock() if now is None else now)
        destroyed: list[str] = []
        held: list[str] = []
        after = ""
        while True:
            with self._store.read() as connection:
                page = _rows.due(connection, moment, after=after, limit=PAGE, destroyed=True)
                holds, orders = _rows.holds(connection, page), _rows.orders(connection, page)
            for each in page:
                order = orders.get(each)
                try:
                    self._destroy(each, person, _reason(order, holds[each]))
                    destroyed.append(each)
                except Held:
                    held.append(each)
            if len(page) < PAGE:
                break
            after = page[-1]
        result = Purged(tuple(destroyed), tuple(held))
        if destroyed or held:
            with self._store.begin() as connection:
                key = f"retention/purged/{secrets.token_hex(8)}"
                self._ledger.record(connection, "retention.purged", key, {"person": person} | result.counts())
            self._ledger.append_pending()
        return result

    def by_order(
        self, object_id: str, *, document: str, reference: str, persons: Sequence[str], reason: str
    ) -> Destroyed:
        """Destroy an object because an authority lawfully orders it: this goes before every hold.

        The order is committed first, with both persons; then the object is destroyed. Doing it again returns the first
        certificate.

        Args:
            object_id: What is destroyed.
            document: The vault object that keeps the order itself.
            reference: How the authority calls it.
            persons: The two named persons who carry it out.
            reason: On what ground, in words.

        Raises:
            OrderRefused: If the persons are not two, or the document is not there.
            NotFound: If there is no such object.
        """
        order = self._order(object_id, document, reference, persons, reason)
        with self._store.begin() as connection:
            if objects_rows.find(connection, order.object, lock=True) is None:
                raise NotFound(f"the vault has no object {order.object}", hint="see 'seawall vault ls'")
            _rows.enter(connection, [order.object], order.at)
            known = _rows.orders(connection, [order.object]).get(order.object)
            if known is None:
                _rows.add_order(connection, order)
                names = ("object", "reference", "document", "sha256", "first", "second", "reason")
                body = {name: getattr(order, name) for name in names}
                self._ledger.record(connection, "retention.order", f"retention/order/{order.object}", body)
        standing = known or order
        return self._destroy(standing.object, standing.first, _reason(standing, ()))

    def _order(
        self, object_id: str, document: str, reference: str, persons: Sequence[str], reason: str
    ) -> DestroyOrder:
        if len(persons) != 2:
            raise OrderRefused("an order is carried out by two persons")
        first, second = (" ".join(name_of(each, "the person").split()) for each in persons)
        if first.casefold() == second.casefold():
            raise OrderRefused("the two persons who carry out an order are not the same")
        name_of(reference, "the reference", longest=_LONGEST_REFERENCE)
        name_of(reason, "the reason", longest=MAX_REASON)
        if id_of(document) == id_of(object_id):
            raise OrderRefused("the order's document is not what it orders to destroy")
        kept = self._vault.get(document)
        if kept.destroyed is not None:
            raise OrderRefused("the order's document was destroyed")
        at = to_iso(self._store.clock())
        return DestroyOrder(object_id, reference, document, kept.sha256, first, second, reason, at)

    def _destroy(self, object_id: str, person: str, reason: str) -> Destroyed:
        certificate = self._vault.destroy(object_id, person=person, reason=reason)
        with self._store.begin() as connection:
            _rows.done(connection, object_id, to_iso(self._store.clock()))
        return certificate


def _reason(order: DestroyOrder | None, holds: Sequence[HoldRecord]) -> str:
    if order is not None:
        return f"order {order.reference}, with {order.second}: {order.reason}"[:MAX_REASON]
    last = max((each for each in holds if each.until is not None), key=lambda each: each.until or "", default=None)
    if last is not None:
        return f"retention ended at {(last.until or '')[:19]}Z: {last.ground}"[:MAX_REASON]
    return "retention ended: nothing is to be reported"
