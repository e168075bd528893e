"""A clean as a caller runs it, with a sink in memory, and the gate after it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from seawall.develop.dataset.clean import CleanOptions, Verdict, clean, verify_manifest
from seawall.develop.dataset.readers import plan, read
from seawall.ledger import open_ledger
from seawall.settings import Settings


class MemorySink:
    """Keeps removed bytes by key."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.calls = 0

    def put(self, stream: BinaryIO, *, key: str, sha256: bytes) -> None:
        self.calls += 1
        if key in self.kept:
            return
        data = stream.read()
        assert hashlib.sha256(data).digest() == sha256
        self.kept[key] = data

    def close(self) -> None:
        pass


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def finding(item: str, data: bytes | None, **more: Any) -> dict[str, Any]:
    digest = None if data is None else sha256(data)
    return {"item": item, "sha256": digest, "list": "known", "type": "pdq", "action": "quarantine"} | more


class Cleaner:
    """Runs cleans of one dataset into one output."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.data.mkdir()
        self.out = folder / "out"
        self.sink = MemorySink()

    def findings(self, rows: Iterable[dict[str, Any]], name: str = "findings.jsonl") -> Path:
        path = self.folder / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    def run(
        self,
        rows: Iterable[dict[str, Any]] = (),
        *,
        sources: Sequence[str | Path] | None = None,
        remove: Sequence[Path] | None = None,
        out: str | Path | None = None,
        policy: Any = None,
        **more: Any,
    ) -> dict[str, Any]:
        remove = [self.findings(rows)] if remove is None else remove
        options = CleanOptions(out=out or self.out, remove=remove, workers=1, **more)
        sink = self.sink
        return clean([str(each) for each in sources or (self.data,)], options, make_sink=lambda: sink, policy=policy)

    def verify(self, dataset: str | Path | None = None, manifest: str | Path | None = None, **more: Any) -> Verdict:
        return verify_manifest(
            manifest or self.out / "clean-manifest.jsonl",
            dataset or self.out,
            more.pop("key", None) or self.pem(),
            **more,
        )

    def pem(self) -> str:
        with open_ledger(Settings.from_env()) as ledger:
            return ledger.public_key().to_pem()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.out / "clean-manifest.jsonl").read_text().splitlines()]

    @property
    def evidence(self) -> set[bytes]:
        return set(self.sink.kept.values())


def contents(*locations: str | Path) -> dict[str, bytes | None]:
    """Every item that the readers see; None for one that cannot be read."""
    found: dict[str, bytes | None] = {}
    for spec in plan([str(each) for each in locations]):
        for item in read(spec):
            if item.open is None:
                found[item.key] = None
                continue
            with item.open() as stream:
                found[item.key] = stream.read()
    return found


@pytest.fixture
def cleaner(tmp_path: Path) -> Cleaner:
    return Cleaner(tmp_path)
