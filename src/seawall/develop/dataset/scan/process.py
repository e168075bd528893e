"""`process(shard) -> ShardResult`: the one piece of work of a scan, whatever engine runs it.

Two steps, each with receipts of its own: hash (reads the media, writes rows) and match (reads rows, writes what is not
simply kept). A step whose receipt is there is not done again, so that a scan resumes, and new lists are
matched without reading the media.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from seawall.develop.dataset.readers import read
from seawall.develop.dataset.shards import ShardSpec
from seawall.develop.sources import Registers
from seawall.files import storage
from seawall.hashing.examiner import Examiner
from seawall.matching import MatchSource
from seawall.policy.rules import parse_policy
from seawall.settings import Settings

from .config import ScanConfig
from .judge import Judge, Judged, open_matcher
from .receipts import Folder
from .rows import Row, read_rows, schema, to_batch
from .tally import Tally

BATCH_ITEMS = 256
"""Rows held in memory at a time."""


@dataclass(frozen=True, slots=True)
class ShardResult:
    """What became of one shard.

    Attributes:
        shard: The shard's id.
        tally: Its counts.
        resumed: Whether an earlier run hashed it.
        hashed: Receipt of the hash step.
        matched: Receipt of the match step.
    """

    shard: str
    tally: Tally
    resumed: bool
    hashed: dict[str, Any]
    matched: dict[str, Any]


def hashed_folder(config: ScanConfig) -> Folder:
    """Return where the hash step's receipts and rows are."""
    return Folder(Path(config.out, "state", "hashed", config.hash_id), ".parquet")


def matched_folder(config: ScanConfig) -> Folder:
    """Return where the match step's receipts and held items are."""
    return Folder(Path(config.out, "state", "matched", config.match_id), ".jsonl")


class ShardProcessor:
    """Processes shards in one process; opens lists and the decode process when they are first needed."""

    def __init__(self, config: ScanConfig) -> None:
        self._config = config
        self._hashed = hashed_folder(config)
        self._matched = matched_folder(config)

    def __call__(self, shard: ShardSpec) -> ShardResult:
        """Process one shard, or return what an earlier attempt committed."""
        hashed = self._hashed.read(shard.id)
        resumed = hashed is not None
        if hashed is None:
            hashed = self._hash(shard)
        matched = self._matched.read(shard.id)
        if matched is None or matched["rows"] != hashed["sha256"]:
            self._matched.discard(shard.id)
            matched = self._match(shard, hashed)
        return ShardResult(shard.id, Tally.from_dict(matched["tally"]), resumed, hashed, matched)

    def close(self) -> None:
        """End the decode process, if one was started."""
        if "examiner" in self.__dict__:
            self.examiner.close()

    @cached_property
    def examiner(self) -> Examiner:
        """Examines items with this process's decode process; a further step shares it."""
        return Examiner(self._config.digests)

    @cached_property
    def _judge(self) -> Judge:
        config = self._config
        sources = [MatchSource.from_dict(source) for source in config.lists]
        settings = Settings(Path(config.home), "")
        matcher = open_matcher(sources, settings, max_distance=config.max_distance)
        registers = Registers.open(Path(config.home))
        return Judge(matcher, registers, parse_policy(config.policy_text, "the scan's policy"))

    def _hash(self, shard: ShardSpec) -> dict[str, Any]:
        """Read the shard's media and commit its rows, or what another attempt committed first."""
        import pyarrow.parquet as pq

        written = self._hashed.temporary()
        items = 0
        try:
            with storage(written.parent), pq.ParquetWriter(written, schema(), compression="zstd") as writer:
                rows = (Row.of(item, self.examiner.examine(item)) for item in read(shard))
                while batch := list(islice(rows, BATCH_ITEMS)):
                    writer.write_batch(to_batch(batch))
                    items += len(batch)
            return self._hashed.commit(shard.id, written, {"label": shard.label, "items": items})
        finally:
            written.unlink(missing_ok=True)

    def _match(self, shard: ShardSpec, hashed: dict[str, Any]) -> dict[str, Any]:
        """Match the shard's rows and commit the items that are not simply kept."""
        tally = Tally()
        written = self._matched.temporary()
        try:
            with storage(written.parent), written.open("w", encoding="utf-8") as file:
                for place, judged in enumerate(self._judged(hashed)):
                    tally.add(judged)
                    if judged.held:
                        file.write(json.dumps(held(place, judged), ensure_ascii=True) + "\n")
            return self._matched.commit(shard.id, written, {"rows": hashed["sha256"], "tally": tally.to_dict()})
        finally:
            written.unlink(missing_ok=True)

    def _judged(self, hashed: dict[str, Any]) -> Iterator[Judged]:
        for rows in read_rows(self._hashed.path / hashed["file"]):
            for start in range(0, len(rows), BATCH_ITEMS):
                yield from self._judge.judge(rows[start : start + BATCH_ITEMS])


def held(place: int, judged: Judged) -> dict[str, Any]:
    """Return the stored form of an item that is not simply kept.

    Args:
        place: Number of the row in its shard, from 0.
        judged: The item.
    """
    problem = judged.row.examined.problem
    sha256 = judged.row.examined.digests.get("sha256")
    return {
        "row": place,
        "item": judged.row.item,
        "sha256": sha256.hex() if sha256 else None,
        "action": judged.decision.action.value,
        "rules": list(judged.decision.rules),
        "drill": judged.decision.drill,
        "states": list(judged.row.states),
        "code": problem.code if problem else judged.row.examined.abstained,
        "message": problem.message if problem else None,
        "findings": list(judged.findings),
    }
