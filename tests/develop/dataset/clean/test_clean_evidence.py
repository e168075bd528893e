"""Removed bytes are in the vault and nowhere else; the ledger says what was done, in counts and digests."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from seawall.develop.dataset.clean import CleanOptions, clean
from seawall.errors import UsageError
from seawall.ledger import open_ledger, verify_export
from seawall.settings import Settings
from seawall.vault import open_vault
from tests.develop.dataset.clean.conftest import Cleaner, finding

BAD = os.urandom(16) * 8
"""Bytes that are found by searching, and by nothing else."""


def _holding(folder: Path, data: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and data in path.read_bytes()]


def _events(folder: Path) -> list[dict[str, object]]:
    with open_ledger(Settings.from_env()) as ledger:
        ledger.export(folder / "export.jsonl")
        pem = ledger.public_key().to_pem()
    assert verify_export(folder / "export.jsonl", pem).ok
    lines = [json.loads(line) for line in (folder / "export.jsonl").read_text().splitlines()]
    return [line for line in lines if str(line.get("kind", "")).startswith("clean.")]


def test_removed_bytes_are_in_the_vault_and_nowhere_else(cleaner: Cleaner, seawall_home: Path) -> None:
    for name, data in (("a.bin", b"one"), ("bad.bin", BAD), ("copy.bin", BAD)):
        (cleaner.data / name).write_bytes(data)
    findings = cleaner.findings([finding("bad.bin", BAD)])
    options = CleanOptions(out=cleaner.out, remove=[findings], workers=1)
    summary = clean([str(cleaner.data)], options)
    assert (summary["evidence"], summary["stored"]) == ("vault", 2)
    with open_vault(Settings.from_env()) as vault:
        (kept,) = vault.objects()
        assert (kept.purpose, kept.person) == ("removed", "seawall clean")
        with vault.open(kept.id, person="a test", purpose="a test") as stream:
            assert stream.read() == BAD
    assert not _holding(cleaner.out, BAD)
    assert not _holding(seawall_home, BAD)
    assert {path.name for path in _holding(cleaner.folder, BAD)} == {"bad.bin", "copy.bin"}
    clean([str(cleaner.data)], options)
    with open_vault(Settings.from_env()) as vault:
        assert len(list(vault.objects())) == 1, "running again adds nothing"


def test_discarding_needs_a_reason_and_the_ledger_keeps_it(cleaner: Cleaner) -> None:
    (cleaner.data / "bad.bin").write_bytes(BAD)
    findings = cleaner.findings([finding("bad.bin", BAD)])
    with pytest.raises(UsageError):
        clean([str(cleaner.data)], CleanOptions(out=cleaner.out, remove=[findings], workers=1, discard=" "))
    why = "a drill; the source is kept"
    options = CleanOptions(out=cleaner.out, remove=[findings], workers=1, discard=why)
    assert clean([str(cleaner.data)], options)["evidence"] == "discarded"
    with open_vault(Settings.from_env()) as vault:
        assert not list(vault.objects())
    assert [event["body"]["reason"] for event in _events(cleaner.folder) if event["kind"] == "clean.started"] == [why]  # type: ignore[index]
    assert cleaner.verify().as_signed
    assert cleaner.lines()[0]["evidence"] == "discarded"


def test_the_ledger_holds_each_event_once_and_the_manifests_digest(cleaner: Cleaner) -> None:
    (cleaner.data / "secret-name.bin").write_bytes(BAD)
    (cleaner.data / "s.txt").write_bytes(b"kept")
    rows = [finding("secret-name.bin", BAD)]
    summary = cleaner.run(rows)
    cleaner.run(rows)
    events = _events(cleaner.folder)
    assert [event["kind"] for event in events] == ["clean.started", "clean.shard", "clean.closed"]
    closed = events[-1]
    assert closed["id"] == summary["event"] == cleaner.verify().event
    assert closed["body"]["manifest"] == summary["manifest_sha256"]  # type: ignore[index]
    assert closed["body"]["removed"]["list"] == 1  # type: ignore[index]
    assert "secret-name" not in json.dumps(events)
