"""What a separation does besides the scan that it begins with, as a value that can be handed to another process."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from seawall.detectors.host import DetectorSet
from seawall.develop.dataset.scan.config import ScanConfig
from seawall.develop.dataset.scan.receipts import Folder

from .observation import ROW_VERSION


@dataclass(frozen=True, slots=True)
class SeparateConfig:
    """Settings of one separation.

    Attributes:
        scan: The scan that it begins with.
        detectors: Which detectors.
        fingerprint: Identity of the detectors: ids, versions, model digests.
        policy_hash: Hash of the separation policy; it does not change what detectors are asked.
    """

    scan: ScanConfig
    detectors: DetectorSet
    fingerprint: str
    policy_hash: str

    @property
    def observe_id(self) -> str:
        """Identity of what detectors are asked: stored answers serve again as long as it stays the same."""
        parts = [ROW_VERSION, self.scan.hash_id, self.fingerprint]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def observed_folder(config: SeparateConfig) -> Folder:
    """Return where the observe step's receipts and answers are."""
    return Folder(Path(config.scan.out, "state", "observed", config.observe_id), ".parquet")
