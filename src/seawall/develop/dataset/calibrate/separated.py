"""Scores from the output directory of a finished `seawall separate`: no media are read again.

Items whose bytes could not be had are no part of the sample. A match with a real hash list ends the calibration;
canaries are left out, unless nothing but canary detectors and term packs was asked (a drill).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

from seawall.develop.dataset.calibrate.calibrate import MOST_ITEMS, models_of
from seawall.develop.dataset.calibrate.errors import NotBenign, NotScored
from seawall.develop.dataset.calibrate.scores import Asked, Said, Scored
from seawall.policy.separation import Answer, Described, Part, RuleId

_BATCH = 16_384
_REHEARSAL = ("canary", "terms")
_PARTS = {"image": Part.PICTURE, "video": Part.PICTURE, "text": Part.TEXT}


@dataclass(frozen=True)
class Separated:
    """The scores in a separation's output directory."""

    out: Path

    @cached_property
    def models(self) -> Sequence[Mapping[str, Any]]:
        """What the detectors ran with."""
        return models_of(self._described)

    @cached_property
    def detectors(self) -> Mapping[str, Described]:
        """Every detector that was asked, as the summary describes it."""
        found: dict[str, Described] = {}
        for each in self._described:
            try:
                found[str(each["id"])] = Asked(
                    str(each["task"]), frozenset(each["modalities"]), tuple(map(str, each["labels"]))
                )
            except (KeyError, TypeError):
                raise NotScored(f"{self.out / 'summary.json'} does not describe its detectors") from None
        if not found:
            raise NotScored(f"{self.out / 'summary.json'} names no detector")
        return found

    def items(self) -> Iterator[Scored]:
        """Yield every item that was read and scored.

        Raises:
            NotBenign: If a real hash list knows items.
            NotScored: If the files are not those of a finished separation.
        """
        media = self._media()
        seen: set[str] = set()
        for item, rows in groupby(self._rows("scores.parquet", _SCORES), key=lambda row: str(row["item"])):
            if item in seen:
                raise NotScored(f"{self.out / 'scores.parquet'} gives one item in two places")
            seen.add(item)
            kept = list(rows)
            if item in media and kept[0]["sha256"]:
                answers = _answers(kept, media[item])
                if answers:
                    yield Scored(item, _hex(kept[0]["sha256"]), answers)

    @cached_property
    def _described(self) -> Sequence[Mapping[str, Any]]:
        try:
            described = json.loads((self.out / "summary.json").read_bytes())["detectors"]
        except (OSError, ValueError, KeyError, TypeError):
            raise NotScored(f"{self.out / 'summary.json'} does not name its detectors") from None
        if not isinstance(described, list) or not all(isinstance(each, dict) for each in described):
            raise NotScored(f"{self.out / 'summary.json'} does not name its detectors")
        return described

    def _media(self) -> Mapping[str, Part]:
        """Return what each item is; items that detectors cannot look at, and canaries, are left out."""
        rehearsal = all(info.task in _REHEARSAL for info in self.detectors.values())
        media: dict[str, Part] = {}
        known = 0
        for row in self._rows("partitions.parquet", _PARTITIONS):
            known += row["rule"] == RuleId.HASH_MATCH and not row["drill"]
            if row["medium"] in _PARTS and (rehearsal or not row["drill"]):
                media[str(row["item"])] = _PARTS[row["medium"]]
            if len(media) > MOST_ITEMS:
                raise NotScored(f"a sample has at most {MOST_ITEMS:,} items")
        if known:
            raise NotBenign(f"hash lists know {known:,} items of the sample")
        return media

    def _rows(self, name: str, columns: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        with _opened(self.out / name, columns) as file:
            for batch in file.iter_batches(batch_size=_BATCH, columns=list(columns)):
                yield from batch.to_pylist()


_SCORES = ("item", "sha256", "detector", "part", "status", "label", "score")
_PARTITIONS = ("item", "medium", "rule", "drill")


@contextmanager
def _opened(path: Path, columns: Sequence[str]) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            missing = sorted(set(columns) - set(file.schema_arrow.names))
            if missing:
                raise NotScored(f"{path} has no column {missing[0]!r}")
            yield file
    except (pa.ArrowException, OSError):
        raise NotScored(f"{path} cannot be read") from None


def _answers(rows: Sequence[Mapping[str, Any]], medium: Part) -> Mapping[Part, Mapping[str, Answer]]:
    """Return the answers for each part; of several rows for one label, the largest score counts."""
    found: dict[Part, dict[str, tuple[str, dict[str, float]]]] = {}
    for row in rows:
        part = Part.CAPTION if row["part"] == "caption" else medium
        status, labels = found.setdefault(part, {}).setdefault(row["detector"], (row["status"], {}))
        if status != row["status"]:
            # A detector that failed for one picture of an item failed for the item.
            found[part][row["detector"]] = (row["status"] if status == "ok" else status, labels)
        if row["label"] is not None and row["score"] is not None:
            labels[row["label"]] = max(row["score"], labels.get(row["label"], row["score"]))
    return {part: {name: Said(*said) for name, said in answers.items()} for part, answers in found.items()}


def _hex(sha256: Any) -> str:
    return sha256.hex() if isinstance(sha256, bytes) else str(sha256)
