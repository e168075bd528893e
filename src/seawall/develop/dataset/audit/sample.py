"""A sample as it was drawn: who drew it from what, and the items, by number.

Rows name items by path and digest; there is no content in them. The header is written last and carries the digest of
the rows, so that a sample is whole or is not there.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from seawall.develop.dataset.audit.errors import NoSample, SampleDamaged
from seawall.files import write_whole
from seawall.policy.separation import Partition

HEADER = "sample.json"
ROWS = "sample.jsonl"
VERDICTS = "verdicts.jsonl"
FOLDER = "audit"
SCHEMA = "seawall/audit-sample/1"
_DOMAIN = b"seawall audit sample 1\n"


@dataclass(frozen=True, slots=True)
class Drawn:
    """One item of a sample.

    Attributes:
        number: Its number in the sample, from 1, in random order.
        row: Its row in the table of partitions, from 0.
        item: Its key in the dataset.
        sha256: Digest of its bytes, if known.
        partition: The side on which it was put.
        cluster: Its near-duplicate cluster, as the table names it.
        origin: Its source chain.
    """

    number: int
    row: int
    item: str
    sha256: str | None
    partition: Partition
    cluster: str | None = None
    origin: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """A simple random sample without replacement.

    Attributes:
        partitions: The sides that it stands for, sorted.
        population: Number of items on these sides.
        commitment: The value, fixed before the draw, that the choice follows from.
        nonce: What the auditor added to it.
        source: SHA-256 of the table of partitions.
        seed: SHA-256 over all of the above but the population; the sample follows from it alone.
        draw: Which draw it is, from 1.
        by: Who drew it.
        at: When, RFC 3339.
        entries: The items.
    """

    partitions: tuple[Partition, ...]
    population: int
    commitment: str
    nonce: str
    source: str
    seed: str
    draw: int
    by: str
    at: str
    entries: tuple[Drawn, ...] = field(repr=False)

    @property
    def size(self) -> int:
        """Number of items in the sample."""
        return len(self.entries)

    @property
    def id(self) -> str:
        """SHA-256 of the sample's header, which carries the digest of its rows."""
        return hashlib.sha256(_dump(self.to_dict())).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return the header: facts, digests and counts, no items."""
        return {
            "schema": SCHEMA,
            "partitions": [side.value for side in self.partitions],
            "population": self.population,
            "size": self.size,
            "commitment": self.commitment,
            "nonce": self.nonce,
            "source": self.source,
            "seed": self.seed,
            "draw": self.draw,
            "by": self.by,
            "at": self.at,
            "rows": hashlib.sha256(self._rows()).hexdigest(),
        }

    def write(self, folder: Path) -> None:
        """Write the sample; the header last."""
        write_whole(folder / ROWS, self._rows())
        write_whole(folder / HEADER, _dump(self.to_dict()) + b"\n")

    def _rows(self) -> bytes:
        return b"".join(_dump(asdict(entry)) + b"\n" for entry in self.entries)


def seed_of(partitions: Sequence[Partition], commitment: str, nonce: str, source: str) -> str:
    """Return the seed that these values give."""
    sides = [side.value for side in partitions]
    return hashlib.sha256(
        _DOMAIN + _dump({"commitment": commitment, "nonce": nonce, "partitions": sides, "source": source})
    ).hexdigest()


def open_sample(out: Path) -> Sample:
    """Read the sample of a separation's output directory.

    Raises:
        NoSample: If none was drawn.
        SampleDamaged: If it is not what was written.
    """
    folder = out / FOLDER
    if not (folder / HEADER).exists():
        raise NoSample(f"no sample has been drawn in {folder}")
    try:
        header = json.loads((folder / HEADER).read_bytes())
        rows = (folder / ROWS).read_bytes()
        sample = Sample(
            partitions=tuple(Partition(side) for side in header["partitions"]),
            entries=tuple(_entry(json.loads(line)) for line in rows.splitlines()),
            **{key: _of(kind, header[key]) for key, kind in _KINDS.items()},
        )
        seed = seed_of(sample.partitions, sample.commitment, sample.nonce, sample.source)
        sound = sample.to_dict() == header and hashlib.sha256(rows).hexdigest() == header["rows"]
        sound = (
            sound and sample.seed == seed and {entry.partition for entry in sample.entries} <= set(sample.partitions)
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise SampleDamaged(f"{folder / HEADER} or {ROWS} cannot be read") from None
    numbers = [entry.number for entry in sample.entries]
    if not sound or numbers != list(range(1, len(numbers) + 1)) or len(numbers) > sample.population:
        raise SampleDamaged(f"{folder / ROWS} is not the sample that {HEADER} describes")
    return sample


_KINDS: dict[str, type] = {
    "population": int,
    "commitment": str,
    "nonce": str,
    "source": str,
    "seed": str,
    "draw": int,
    "by": str,
    "at": str,
}


def _of(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError
    return value


def _entry(data: Mapping[str, Any]) -> Drawn:
    sha256 = data["sha256"]
    if sha256 is not None and not re.fullmatch("[0-9a-f]{64}", sha256):
        raise ValueError
    return Drawn(
        _of(int, data["number"]),
        _of(int, data["row"]),
        _of(str, data["item"]),
        sha256,
        Partition(data["partition"]),
        data["cluster"],
        dict(data["origin"]),
    )


def _dump(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode()
