"""The keys of a database: made, rotated, revoked. Every change is an event of the ledger, in the same transaction."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from seawall.clock import to_iso
from seawall.errors import NotFound, UsageError
from seawall.files import installation_secret
from seawall.settings import Settings
from seawall.store.tables import api_key
from seawall.web.keys.model import ApiKey, KeyProblem, Scope, checked_name, new_token

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.ledger import Ledger
    from seawall.store import Store

SECRET_FILE = "api-keys.key"  # noqa: S105 (the name of a file)
_LOCK = "api-keys"


class KeyBook:
    """API keys in a store.

    Args:
        store: The database.
        ledger: In the same store.
        secret: Keys the digests of keys, so that a copy of the database verifies none.
    """

    def __init__(self, store: Store, ledger: Ledger, secret: bytes) -> None:
        self._store = store
        self._ledger = ledger
        self._secret = secret

    @classmethod
    @contextmanager
    def opened(cls, settings: Settings) -> Iterator[Self]:
        """Open the store that the settings name, for the length of a block; what was changed is in the ledger then."""
        from seawall.ledger import KeyFile, Ledger, open_store

        with open_store(settings) as store:
            ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
            yield cls(store, ledger, key_secret(settings))
            ledger.append_pending()

    def create(
        self, name: str, scopes: Iterable[Scope] = (Scope.CHECK,), *, expires_at: datetime | None = None
    ) -> tuple[ApiKey, str]:
        """Make a key; it is returned once, and cannot be had again.

        Raises:
            KeyProblem: If a key of that name is in use.
            UsageError: If the name cannot be one, there is no scope, or it has expired already.
        """
        wanted = frozenset(scopes)
        now = self._store.clock()
        if not wanted:
            raise UsageError("a key needs a scope")
        if expires_at is not None and expires_at <= now:
            raise UsageError("the key would have expired already")
        with self._store.begin(alone=_LOCK) as connection:
            if self._valid(connection, checked_name(name), to_iso(now)):
                raise KeyProblem(f"there is a key {name} already", hint="rotate or revoke it, or use another name")
            made, token = self._add(connection, name, wanted, now, to_iso(expires_at) if expires_at else None)
            self._note(connection, "key.created", made, {"expires_at": made.expires_at})
        return made, token

    def rotate(
        self, name: str, overlap: timedelta = timedelta(), *, expires_at: datetime | None = None
    ) -> tuple[ApiKey, str]:
        """Make a new key in the place of those of a name, which stay valid for a while.

        Args:
            name: Of the keys.
            overlap: How long the old ones stay valid.
            expires_at: When the new one ends; None for when the old one would have.

        Raises:
            NotFound: If no key of that name is in use.
            UsageError: If `overlap` is negative, or the new key would have expired already.
        """
        if overlap < timedelta():
            raise UsageError("the overlap cannot be negative")
        now = self._store.clock()
        if expires_at is not None and expires_at <= now:
            raise UsageError("the key would have expired already")
        end = to_iso(now + overlap)
        with self._store.begin(alone=_LOCK) as connection:
            before = self._valid(connection, name, to_iso(now))
            if not before:
                raise NotFound(f"no key {name!r} is in use", hint="'seawall keys ls' shows them")
            for old in before:
                if old.expires_at is None or end < old.expires_at:
                    change = api_key.update().where(api_key.c.id == old.id)
                    connection.execute(change.values(expires_at=end))
            newest = max(before, key=lambda each: each.created_at)
            until = to_iso(expires_at) if expires_at else newest.expires_at
            made, token = self._add(connection, name, newest.scopes, now, until)
            facts = {"replaces": sorted(old.id for old in before), "until": end}
            self._note(connection, "key.rotated", made, facts)
        return made, token

    def revoke(self, name: str) -> list[ApiKey]:
        """Revoke the keys of a name, or the one of an id. Servers refuse them within a second.

        Raises:
            NotFound: If there is none, or all were revoked before.
        """
        now = to_iso(self._store.clock())
        with self._store.begin(alone=_LOCK) as connection:
            doomed = [key for key in self._rows(connection) if key.revoked_at is None and name in (key.name, key.id)]
            if not doomed:
                raise NotFound(f"no key {name!r} is in use", hint="'seawall keys ls' shows them")
            for key in doomed:
                connection.execute(api_key.update().where(api_key.c.id == key.id).values(revoked_at=now))
                self._note(connection, "key.revoked", key, {})
        return doomed

    def all(self) -> list[ApiKey]:
        """Return every key that was ever made, by name and age."""
        with self._store.read() as connection:
            return sorted(self._rows(connection), key=lambda key: (key.name, key.created_at))

    def now(self) -> str:
        """Return the moment, as keys compare it."""
        return to_iso(self._store.clock())

    def digest(self, token: str) -> str:
        """Return the keyed digest of a key, in hex."""
        return hmac.digest(self._secret, token.encode(), hashlib.sha256).hex()

    def note_use(self, ids: Iterable[str], day: str) -> None:
        """Remember that keys were used on a day, written as 2026-11-23."""
        wanted = sorted(ids)
        with self._store.begin() as connection:
            connection.execute(api_key.update().where(api_key.c.id.in_(wanted)).values(used_on=day))

    def _add(
        self, connection: Connection, name: str, scopes: frozenset[Scope], now: datetime, until: str | None
    ) -> tuple[ApiKey, str]:
        key_id, token = new_token()
        made = ApiKey(key_id, name, scopes, to_iso(now), until, digest=self.digest(token))
        row = made.to_dict() | {"scopes": " ".join(sorted(scopes)), "digest": made.digest}
        connection.execute(api_key.insert(), row)
        return made, token

    def _valid(self, connection: Connection, name: str, now: str) -> list[ApiKey]:
        return [key for key in self._rows(connection) if key.name == name and key.valid(now)]

    def _note(self, connection: Connection, kind: str, key: ApiKey, facts: Mapping[str, Any]) -> None:
        body = {"key": key.id, "name": key.name, "scopes": sorted(key.scopes), **facts}
        self._ledger.record(connection, kind, f"{kind}/{key.id}", body)

    @staticmethod
    def _rows(connection: Connection) -> list[ApiKey]:
        found = []
        for row in connection.execute(api_key.select()).mappings():
            fields = dict(row)
            known = {scope.value for scope in Scope}
            # A scope that a newer seawall wrote grants nothing here.
            scopes = frozenset(Scope(name) for name in fields.pop("scopes").split() if name in known)
            found.append(ApiKey(scopes=scopes, **fields))
        return found


def key_secret(settings: Settings) -> bytes:
    """Return the secret that keys the digests of API keys; the first call creates it.

    Raises:
        SecretUnusable: If it cannot be read or made.
    """
    return installation_secret(settings.home / "keys" / SECRET_FILE)
