"""Drawing the sample: every item that would be trained on has the same chance, and nobody can choose.

The order of a draw follows from a seed, and the seed from values that were fixed before: the ledger's root, the table
of partitions, and a word of the auditor. Anyone who has these can draw the same sample again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from seawall.clock import Clock, system_clock, to_iso
from seawall.develop.dataset.audit._past import keep_draw, next_draw
from seawall.develop.dataset.audit._places import audit_lock, named
from seawall.develop.dataset.audit._table import count_items, find_rows, read_items
from seawall.develop.dataset.audit.errors import NotAuditable, SampleDamaged, SampleExists, SampleStale
from seawall.develop.dataset.audit.sample import FOLDER, HEADER, Drawn, Sample, open_sample, seed_of
from seawall.errors import UsageError
from seawall.policy.separation import NEVER_TRAINED, Partition

PARTITIONS = "partitions.parquet"
SUMMARY = "summary.json"
MOST_SAMPLED = 1_000_000
_RANGE = 1 << 256


def draw(
    out: Path,
    *,
    partitions: Iterable[Partition],
    size: int,
    by: str,
    commitment: str | None = None,
    nonce: str = "",
    again: bool = False,
    clock: Clock = system_clock,
) -> Sample:
    """Draw a simple random sample without replacement, and write it to `out/audit`.

    The same call gives the same sample again. Of fewer items than asked for, all are taken.

    Args:
        out: Output directory of a separation.
        partitions: The sides that would be trained on.
        size: Number of items to draw.
        by: Who draws.
        commitment: A value fixed before the draw; by default the ledger's root in the separation's summary.
        nonce: A word that the auditor adds after the commitment was published, so that nobody could foresee the sample.
        again: Put the earlier sample and its verdicts aside and draw another; the new one says which draw it is.
        clock: Says when.

    Raises:
        NotAuditable: If there is no table of partitions, no commitment, or no item on these sides.
        SampleExists: If another sample was drawn here before.
        UsageError: If a side is never trained on, or the size is no size.
    """
    sides = _sides(partitions)
    if not 0 < size <= MOST_SAMPLED:
        raise UsageError(f"a sample has 1 to {MOST_SAMPLED:,} items")
    named(by, "who draws")
    if len(nonce) > 1000:
        raise UsageError("a nonce has at most 1,000 characters")
    with audit_lock(out):
        plan = _Plan.of(out, sides, commitment, nonce)
        earlier = open_sample(out) if (out / FOLDER / HEADER).exists() else None
        if earlier is not None and (earlier.seed, min(size, earlier.population)) == (plan.seed, earlier.size):
            return earlier
        if earlier is not None and not again:
            raise SampleExists(f"a sample of {earlier.size} items has been drawn in {out / FOLDER}")
        if earlier is not None and earlier.seed == plan.seed:
            raise SampleExists("the same seed gives the same items", hint="add another --nonce to draw anew")
        population, entries = plan.take(size)
        if not population:
            raise NotAuditable("no item is on these sides: there is nothing to sample")
        if earlier is not None:
            keep_draw(out, earlier)
        sample = plan.sample(population, entries, draw=next_draw(out), by=by, at=to_iso(clock()))
        sample.write(out / FOLDER)
    return sample


def verify_sample(out: Path) -> Sample:
    """Draw the sample again from the partitions, and compare: for auditors, and before every bound.

    Raises:
        SampleStale: If the partitions are no longer those that it was drawn from.
        SampleDamaged: If the items are not those that the seed gives.
    """
    sample = _check_source(out)
    plan = _Plan.of(out, sample.partitions, sample.commitment, sample.nonce)
    population, entries = plan.take(sample.size)
    again = plan.sample(population, entries, draw=sample.draw, by=sample.by, at=sample.at)
    if again != sample:
        raise SampleDamaged("the sample is not the one that its seed gives")
    return sample


def _check_source(out: Path) -> Sample:
    """Return the sample, after checking that the partitions are those that it was drawn from.

    Raises:
        SampleStale: If they are not, or are gone.
    """
    sample = open_sample(out)
    if not (out / PARTITIONS).is_file() or _digest(out / PARTITIONS) != sample.source:
        raise SampleStale
    return sample


def choose(seed: bytes, size: int, population: int) -> list[int]:
    """Return `size` different numbers below `population`, each set of them with the same chance.

    The first steps of a Fisher-Yates shuffle, with SHA-256 of the seed and a counter as the source of chance.
    """
    moved: dict[int, int] = {}
    chosen = []
    counter = 0
    for place in range(size):
        left = population - place
        while True:
            number = int.from_bytes(hashlib.sha256(seed + counter.to_bytes(16, "big")).digest(), "big")
            counter += 1
            # The last, incomplete stretch of the range would favour small numbers.
            if number < _RANGE - _RANGE % left:
                break
        other = place + number % left
        chosen.append(moved.get(other, other))
        moved[other] = moved.pop(place, place)
    return chosen


@dataclass(frozen=True, slots=True)
class _Plan:
    table: Path
    partitions: tuple[Partition, ...]
    commitment: str
    nonce: str
    source: str
    seed: str

    @classmethod
    def of(cls, out: Path, sides: tuple[Partition, ...], commitment: str | None, nonce: str) -> _Plan:
        table = out / PARTITIONS
        if not table.is_file():
            raise NotAuditable(f"{table} does not exist")
        fixed = commitment if commitment is not None else _root(out)
        named(fixed, "the commitment")
        source = _digest(table)
        return cls(table, sides, fixed, nonce, source, seed_of(sides, fixed, nonce, source))

    def take(self, size: int) -> tuple[int, tuple[Drawn, ...]]:
        """Return the population, and the items that the seed gives, in its order."""
        population = count_items(self.table, self.partitions)
        chosen = choose(bytes.fromhex(self.seed), min(size, population), population)
        return population, read_items(self.table, find_rows(self.table, self.partitions, chosen))

    def sample(self, population: int, entries: tuple[Drawn, ...], *, draw: int, by: str, at: str) -> Sample:
        """Return the sample of these items."""
        return Sample(
            self.partitions,
            population,
            self.commitment,
            self.nonce,
            self.source,
            self.seed,
            draw,
            by,
            at,
            entries,
        )


def _sides(partitions: Iterable[Partition]) -> tuple[Partition, ...]:
    sides = tuple(sorted(set(partitions)))
    if not sides:
        raise UsageError("an audit names at least one side")
    refused = [side for side in sides if side in NEVER_TRAINED]
    if refused:
        raise UsageError(f"{refused[0]} is never trained on: there is nothing to audit")
    return sides


def _root(out: Path) -> str:
    try:
        root = json.loads((out / SUMMARY).read_bytes())["ledger_root"]
    except (OSError, ValueError, KeyError, TypeError):
        root = None
    if not isinstance(root, str) or not root:
        raise NotAuditable(f"{out / SUMMARY} names no ledger root to bind the draw to")
    return root


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
