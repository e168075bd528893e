"""The holds that are recorded, as the vault asks for them before every destruction, whoever calls it."""

from __future__ import annotations

from seawall.clock import Clock, to_iso
from seawall.store import Store
from seawall.vault.objects import VaultObject
from seawall.vault.retention import _rows


class RecordedHolds:
    """A hold of `seawall.vault.objects`: what the tables of retention say.

    Args:
        store: The database.
        clock: Tells the time; default the store's.
    """

    def __init__(self, store: Store, clock: Clock | None = None) -> None:
        self._store = store
        self._clock = clock or store.clock

    def may_destroy(self, item: VaultObject) -> str | None:
        """Return None if nothing keeps it, or an order goes before what does; else the ground that keeps it longest.

        It reads in a transaction of its own that begins after the object's row was locked; whoever adds a hold locks
        that row first. So a hold that was committed is seen, and one that was not comes too late.
        """
        with self._store.read() as connection:
            found = _rows.keeping(connection, item.id, to_iso(self._clock()))
        if found is None:
            return None
        until = f"until {found.until[:19]}Z" if found.until else "until a report is received or a verdict given"
        return f"{found.ground}; {until}"
