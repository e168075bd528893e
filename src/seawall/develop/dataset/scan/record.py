"""What a scan writes into the ledger.

Its beginning, each shard's receipt, each finding, each decision other than `allow`, and its end. Volume stays out: rows
live in Parquet, the ledger holds their digests.

Every event has a key made of the scan, the shard and the row, so that a scan that resumes writes nothing twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from seawall.clock import Clock, system_clock
from seawall.ledger import KeyFile, Ledger
from seawall.settings import Settings
from seawall.store import Store

from .config import ScanConfig
from .process import ShardResult
from .state import ScanState

_GROUP = 500
"""Events written in one transaction."""


class ScanRecord:
    """The ledger's view of one scan.

    Args:
        settings: Where the ledger is.
        config: What the scan does.
        state: Which scan it is.
        clock: Source of time.
    """

    def __init__(
        self, settings: Settings, config: ScanConfig, state: ScanState, *, clock: Clock = system_clock
    ) -> None:
        settings.directory()
        self.clock = clock
        self._store = Store.open(settings.database_url, clock=clock)
        self.ledger = Ledger.open(self._store, KeyFile(settings.home / "keys"))
        self._config = config
        self._last: str | None = None
        self._prefix = f"scan/{state.scan_id}/{config.match_id}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._store.close()

    def started(self, sources: tuple[str, ...], lists: list[dict[str, Any]]) -> None:
        """Record what is scanned with what. A resumption of the same scan adds nothing."""
        config = self._config
        body = {
            "sources": list(sources),
            "lists": lists,
            "policy": config.policy_hash,
            "recipe": config.recipe,
            "digests": list(config.digests),
            "max_distance": config.max_distance,
        }
        self.write(iter([("scan.started", f"{self._prefix}/started", body)]))

    def shard(self, result: ShardResult, held: Path | None) -> None:
        """Record a shard's receipts, and what was found in it."""
        self.write(self._shard_events(result, held))

    def closed(self, facts: dict[str, Any]) -> str:
        """Record the end of the scan and sign a checkpoint.

        Args:
            facts: Counts of the summary.

        Returns:
            The ledger's root, in hexadecimal.
        """
        self._last = f"{self._prefix}/closed/{facts['plan']}"
        self.write(iter([("scan.closed", self._last, facts)]))
        self.ledger.checkpoint()
        return self.ledger.root()

    def facts(self) -> dict[str, Any]:
        """Return what a report says of the ledger: its size and root, its key, and this scan's last event."""
        return {
            "size": self.ledger.size,
            "root": self.ledger.root(),
            "key_fingerprint": self.ledger.public_key().key_id,
            "event": self._last,
        }

    def _shard_events(self, result: ShardResult, held: Path | None) -> Iterator[tuple[str, str, dict[str, Any]]]:
        prefix = f"{self._prefix}/{result.shard}"
        tally = result.tally
        body = {
            "shard": result.shard,
            "rows": result.hashed["sha256"],
            "held": result.matched["sha256"],
            "items": tally.items,
            "unexamined": tally.unexamined,
            "findings": tally.findings,
            "drill": tally.drill,
            "allowed": tally.kept,
        }
        yield "scan.shard", f"{prefix}/receipt", body
        if held is None:
            return
        with held.open(encoding="utf-8") as file:
            for line in file:
                yield from self._item_events(prefix, result.shard, json.loads(line))

    def _item_events(self, prefix: str, shard: str, item: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Ids and digests alone: an item's name stays in the scan's own files."""
        place = {"shard": shard, "row": item["row"], "sha256": item["sha256"]}
        for finding in item["findings"]:
            match = {key: finding[key] for key in ("list", "list_version", "entry", "type", "distance", "drill")}
            key = f"{prefix}/{item['row']}/finding/{finding['list']}/{finding['entry']}"
            yield "finding", key, place | match
        decision = {"action": item["action"], "rules": item["rules"], "drill": item["drill"]}
        yield "decision", f"{prefix}/{item['row']}/decision", place | decision | {"policy": self._config.policy_hash}

    def write(self, events: Iterator[tuple[str, str, dict[str, Any]]]) -> None:
        """Record events (kind, key, facts), a group in one transaction."""
        while group := list(islice(events, _GROUP)):
            with self._store.begin() as connection:
                self.ledger.record_all(connection, group)
            self.ledger.append_pending()
