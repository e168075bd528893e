"""What a separation writes into the ledger besides what its scan writes: its beginning, each shard, its end.

Ids, digests and counts alone. Keys are made of the run and the shard, so that resuming writes nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from seawall.develop.dataset.scan.process import matched_folder
from seawall.develop.dataset.scan.record import ScanRecord
from seawall.develop.dataset.scan.state import ScanState
from seawall.policy.separation import SeparationPolicy

from .config import SeparateConfig
from .process import SeparateResult


class SeparateRecord:
    """The ledger's view of one separation.

    Args:
        scanned: The ledger's view of its scan.
        state: Which run it is.
        config: What it does.
    """

    def __init__(self, scanned: ScanRecord, state: ScanState, config: SeparateConfig) -> None:
        self._scanned = scanned
        self._config = config
        self._matched = matched_folder(config.scan)
        self._prefix = f"separate/{state.scan_id}/{config.observe_id}/{config.policy_hash[:16]}"

    @property
    def scanned(self) -> ScanRecord:
        """The scan's own record."""
        return self._scanned

    def started(
        self,
        sources: Sequence[str],
        lists: list[dict[str, Any]],
        detectors: list[dict[str, Any]],
        policy: SeparationPolicy,
    ) -> None:
        """Record what is separated with what. A resumption adds nothing."""
        self._scanned.started(tuple(sources), lists)
        body = {
            "sources": list(sources),
            "detectors": [{key: each[key] for key in ("id", "version", "model_digest")} for each in detectors],
            "policy": policy.hash,
        }
        self._scanned.write(iter([("separate.started", f"{self._prefix}/started", body)]))

    def shard(self, result: SeparateResult) -> None:
        """Record a shard: what the scan found, and the digest of what detectors answered."""
        self._scanned.shard(result.scanned, self._matched.path / result.scanned.matched["file"])
        observed = result.observed
        body = {"shard": result.scanned.shard, "answers": observed["sha256"], "items": observed["items"]}
        key = f"{self._prefix}/{result.scanned.shard}/{observed['sha256'][:16]}"
        self._scanned.write(iter([("separate.shard", key, body)]))

    def placed(self, decisions: Iterator[tuple[str, Mapping[str, Any]]]) -> None:
        """Record the decisions other than `allow`: each with a key that is unique in the run."""
        self._scanned.write(
            ("decision", f"{self._prefix}/{key}", dict(body) | {"policy": self._config.policy_hash})
            for key, body in decisions
        )

    def closed(self, digest: str, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Record the end, sign a checkpoint, and return the ledger's size, root and key id."""
        event = f"{self._prefix}/closed/{digest[:32]}"
        self._scanned.write(iter([("separate.closed", event, dict(facts) | {"receipts": digest})]))
        self._scanned.ledger.checkpoint()
        return self._scanned.facts() | {"event": event}
