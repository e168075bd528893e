"""What a clean writes into the ledger: its beginning, each shard, its end. Ids, digests and counts alone."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from seawall.clock import Clock
from seawall.ledger import Event, KeyFile, Ledger
from seawall.ledger.manifests import CONTEXT
from seawall.settings import Settings
from seawall.store import Store

from .process import UnitResult


class CleanRecord:
    """The ledger's view of one clean; a context manager.

    Args:
        settings: Where the ledger is.
        job: Name of the clean.
        clock: Source of time.
    """

    def __init__(self, settings: Settings, job: str, *, clock: Clock) -> None:
        settings.directory()
        self._store = Store.open(settings.database_url, clock=clock)
        self._ledger = Ledger.open(self._store, KeyFile(settings.home / "keys"))
        self._prefix = f"clean/{job}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._store.close()

    @property
    def key_id(self) -> str:
        """Name of the key that signs."""
        return self._ledger.public_key().key_id

    def started(self, facts: Mapping[str, Any]) -> None:
        """Record what is cleaned by what. A resumption adds nothing."""
        self._write("clean.started", f"{self._prefix}/started", facts)

    def shard(self, result: UnitResult) -> None:
        """Record a shard: what was kept and removed, and the digest of its lines of the manifest."""
        tally = result.tally
        digest = result.receipt["sha256"]
        body = {
            "shard": result.unit,
            "lines": digest,
            "items": tally.items,
            "kept": tally.kept,
            "removed": tally.to_dict()["removed"],
            "stored": tally.stored,
        }
        self._write("clean.shard", f"{self._prefix}/{result.unit}/{digest[:16]}", body)

    def closed(self, manifest: str, facts: Mapping[str, Any]) -> str:
        """Record the end and sign a checkpoint; return the event's id.

        Args:
            manifest: SHA-256 of the manifest, up to its seal.
            facts: Counts.
        """
        key = f"{self._prefix}/closed/{manifest[:32]}"
        self._write("clean.closed", key, {**facts, "manifest": manifest})
        self._ledger.checkpoint()
        return Event(key, "clean.closed", "", {}).id

    def sign(self, data: bytes) -> bytes:
        """Sign a manifest's seal."""
        return self._ledger.sign(CONTEXT, data)

    def _write(self, kind: str, key: str, body: Mapping[str, Any]) -> None:
        with self._store.begin() as connection:
            self._ledger.record_all(connection, [(kind, key, dict(body))])
        self._ledger.append_pending()
