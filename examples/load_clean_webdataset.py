"""A WebDataset loader that refuses to start unless the data are exactly what a clean signed.

    python load_clean_webdataset.py DATASET ledger.pem

PyTorch is not needed: samples are dictionaries of bytes. Wrap `samples(...)` in a `torch.utils.data.IterableDataset` to
feed a training loop.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import webdataset

from seawall.develop.dataset.clean import MANIFEST, verify_manifest


class NotAsSigned(Exception):
    """The data are not those that were signed: nothing is loaded."""


def samples(dataset: Path, key: Path) -> Iterator[dict[str, Any]]:
    """Yield the samples of a cleaned dataset, once it has passed the gate.

    Args:
        dataset: What `seawall clean` wrote.
        key: The public key, as `seawall ledger key` printed it on the machine that cleaned.

    Raises:
        NotAsSigned: If anything in the dataset was added, removed or changed since, or another key signed it.
    """
    verdict = verify_manifest(dataset / MANIFEST, dataset, key.read_bytes())
    if not verdict.as_signed:
        first = verdict.differences[0]
        raise NotAsSigned(
            f"{sum(verdict.counts.values())} differences, such as {first.how} {first.key or first.message}"
        )
    shards = sorted(str(path) for path in dataset.rglob("*.tar"))
    yield from webdataset.WebDataset(shards, shardshuffle=False)


def main() -> int:
    """Count the samples, or say why there are none."""
    try:
        sys.stdout.write(f"{sum(1 for _ in samples(Path(sys.argv[1]), Path(sys.argv[2])))} samples\n")
    except NotAsSigned as error:
        sys.stderr.write(f"refused: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
