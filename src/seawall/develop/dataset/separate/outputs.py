"""What a separation writes of each item: its partition, its scores, and a row wherever something has to be done.

Files are written beside their places and moved there when all items are in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from seawall.content.origin import Origin
from seawall.policy import Action
from seawall.policy.separation import SeparationPolicy
from seawall.settings import PRIVATE_FILE

if TYPE_CHECKING:
    from .evidence import Placed
    from .settle import Entry

PARTITIONS = "partitions.parquet"
SCORES = "scores.parquet"
FINDINGS = "findings.jsonl"
ATTENTION = "attention.jsonl"
_FILES = (PARTITIONS, SCORES, FINDINGS, ATTENTION)
_BATCH = 4096


class ItemWriter:
    """Writes the outputs that have a row for each item; a context manager.

    Args:
        out: Output directory.
        policy: Says what is done with each partition.
    """

    def __init__(self, out: Path, policy: SeparationPolicy) -> None:
        import pyarrow.parquet as pq

        self._out = out
        self._policy = policy
        self._new = {name: out / f".{name}.new" for name in _FILES}
        self._stack = ExitStack()
        self._partitions = self._stack.enter_context(
            pq.ParquetWriter(self._new[PARTITIONS], _partitions_schema(), compression="zstd")
        )
        self._scores = self._stack.enter_context(
            pq.ParquetWriter(self._new[SCORES], _scores_schema(), compression="zstd")
        )
        self._findings = self._stack.enter_context(self._new[FINDINGS].open("w", encoding="utf-8"))
        self._attention = self._stack.enter_context(self._new[ATTENTION].open("w", encoding="utf-8"))
        self._rows: list[dict[str, Any]] = []
        self._score_rows: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        self._stack.close()
        for name, temporary in self._new.items():
            if kind is not None:
                temporary.unlink(missing_ok=True)
                continue
            temporary.chmod(PRIVATE_FILE)
            temporary.replace(self._out / name)

    def write(self, entry: Entry, placed: Placed) -> Action:
        """Write one item; return what is done with it."""
        partition = placed.placement.partition
        action = max(self._policy.actions[partition], _scan_action(entry.held), key=lambda each: each.severity)
        sha256 = entry.row.examined.digests.get("sha256") if entry.row else None
        row = {
            "item": entry.row.item if entry.row else entry.shard.label,
            "sha256": sha256,
            "size": entry.row.examined.size if entry.row else None,
            "medium": entry.observation.modality.value if entry.observation else None,
            "partition": partition.value,
            "rule": placed.placement.rule,
            "cluster": entry.group,
            "action": action.value,
            "drill": placed.drill,
            "origin": (entry.row.origin if entry.row else Origin()).to_dict(),
        }
        self._rows.append(row)
        self._add_scores(entry, row)
        if action is not Action.ALLOW:
            self._write_findings(entry, placed, row)
        self._attend(entry, row)
        if len(self._rows) >= _BATCH:
            self._flush()
        return action

    def decisions(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield a key and the facts of each decision other than `allow`, once the files are in place.

        The key follows from the facts: an item that changed lists have put where it was, for another reason, is
        decided anew.
        """
        with (self._out / FINDINGS).open(encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                if row["type"] != "separation":
                    continue
                facts = {name: row[name] for name in ("shard", "row", "sha256", "partition", "rule", "action", "drill")}
                said = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
                yield f"{row['shard']}/{row['row']}/{said}", facts

    def _write_findings(self, entry: Entry, placed: Placed, row: Mapping[str, Any]) -> None:
        for finding in entry.held["findings"] if entry.held else ():
            if not finding["drill"] and finding["action"] != Action.ALLOW:
                self._findings.write(json.dumps(finding) + "\n")
        said = {
            "item": row["item"],
            "sha256": row["sha256"].hex() if row["sha256"] else None,
            "origin": row["origin"],
            "list": None,
            "type": "separation",
            "partition": row["partition"],
            "rule": row["rule"],
            "reasons": list(placed.placement.reasons),
            "cluster": row["cluster"],
            "action": row["action"],
            "drill": row["drill"],
            "shard": entry.shard.id,
            "row": entry.place,
        }
        self._findings.write(json.dumps(said) + "\n")

    def _attend(self, entry: Entry, row: Mapping[str, Any]) -> None:
        """Write why an item was not seen, or not in whole."""
        observation, examined = entry.observation, entry.row.examined if entry.row else None
        if observation is None:
            status, code = "unexamined", "shard_lost"
        elif observation.problem is not None:
            status = "unexamined" if examined is not None and examined.problem else "not_shown"
            code = observation.problem
        elif observation.flags & {"damaged", "partial"}:
            status, code = "damaged", sorted(observation.flags)[0]
        else:
            return
        said = {
            "item": row["item"],
            "sha256": row["sha256"].hex() if row["sha256"] else None,
            "status": status,
            "code": code,
            "message": examined.problem.message if examined is not None and examined.problem else None,
        }
        self._attention.write(json.dumps(said) + "\n")

    def _add_scores(self, entry: Entry, row: Mapping[str, Any]) -> None:
        if entry.observation is None:
            return
        parts = (("item", entry.observation.answers), ("caption", entry.observation.captions))
        for part, answers in parts:
            for name, result in answers.items():
                said = {
                    "item": row["item"],
                    "sha256": row["sha256"],
                    "detector": name,
                    "part": part,
                    "status": result.status.value,
                }
                pairs: list[tuple[str | None, float | None]] = [*sorted(result.labels.items())] or [(None, None)]
                self._score_rows += [said | {"label": label, "score": score} for label, score in pairs]

    def _flush(self) -> None:
        import pyarrow as pa

        self._partitions.write_batch(pa.RecordBatch.from_pylist(self._rows, schema=_partitions_schema()))
        self._scores.write_batch(pa.RecordBatch.from_pylist(self._score_rows, schema=_scores_schema()))
        self._rows, self._score_rows = [], []


def _scan_action(held: Mapping[str, Any] | None) -> Action:
    """Return what the scan's policy does with an item; canaries, which the partition speaks for, left out."""
    if held is None:
        return Action.ALLOW
    if not held["drill"]:
        return Action(held["action"])
    return Action.REVIEW if held["states"] else Action.ALLOW


def _partitions_schema() -> Any:
    import pyarrow as pa

    origin = [(name, pa.int64() if name == "offset" else pa.string()) for name in Origin.__slots__]
    return pa.schema(
        [
            ("item", pa.string()),
            ("sha256", pa.binary()),
            ("size", pa.int64()),
            ("medium", pa.string()),
            ("partition", pa.string()),
            ("rule", pa.string()),
            ("cluster", pa.int64()),
            ("action", pa.string()),
            ("drill", pa.bool_()),
            ("origin", pa.struct(origin)),
        ]
    )


def _scores_schema() -> Any:
    import pyarrow as pa

    names = ("item", "detector", "part", "status", "label")
    columns = [(name, pa.string()) for name in names]
    return pa.schema([columns[0], ("sha256", pa.binary()), *columns[1:], ("score", pa.float64())])
