"""The leak test: through the whole life of an object its content is in no file, log line, metric or error text."""

from __future__ import annotations

import base64
import io
import logging
import secrets
import tempfile
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from prometheus_client import generate_latest

from seawall.errors import SeawallError
from seawall.ledger import KeyFile, Ledger
from seawall.settings import Settings
from seawall.store import Store
from seawall.vault import Vault, open_vault
from seawall.vault.derivatives import Derivatives, Mark, Rung
from seawall.vault.retention import Retention
from seawall.vault.retention.purge import Purge
from seawall.vault.viewing import ViewingRecord
from tests.vault import picture_samples as samples
from tests.vault.leaks import holds, leaks

WHO = {"user": "ada", "case": "c-1"}


class _Marker:
    def marks(self, text: str) -> Sequence[Mark]:
        return [Mark(0, len(text) // 2, "canary.a")]


def _later() -> datetime:
    return datetime.now(UTC) + timedelta(days=4000)


@pytest.fixture
def canaries() -> tuple[bytes, bytes]:
    """Words that nobody has written before, and bytes that are no text."""
    return f"heron-{secrets.token_hex(12)}-lantern".encode(), bytes([0xC3, 0x28, *secrets.token_bytes(22)])


@pytest.mark.parametrize("before", [b"", b"x", b"xy", b"xyz"])
def test_a_canary_is_found_in_each_form(before: bytes) -> None:
    canary = b"heron-0123456789-lantern"
    data = before + canary + b" and more"
    written = [data, data.hex().encode(), base64.b64encode(data), base64.urlsafe_b64encode(data), zlib.compress(data)]
    assert [holds(b"--" + each if each[:1] != b"x" else each, [canary]) for each in written] == [True] * len(written)
    assert not holds(base64.b64encode(b"a heron and a lantern"), [canary])


def test_nothing_of_an_object_is_anywhere_but_in_the_vault_from_its_putting_to_its_destruction(
    seawall_home: Path,
    tmp_path: Path,
    canaries: tuple[bytes, bytes],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    watched = tmp_path / "watched"
    watched.mkdir()
    monkeypatch.setenv("TMPDIR", str(watched))
    monkeypatch.setattr(tempfile, "tempdir", None)
    words, blob = canaries
    picture, drawing = samples.labelled(samples.blobs(200, 300), words)
    contents = [
        b"the words " + words + b" are said twice: " + words,
        picture,
        drawing + blob,
        samples.video(1.0) + words + blob,
        samples.sound(1.0) + blob,
        blob * 40,
        b"\x89PNG\r\n\x1a\n" + words * 30,
        b"\0\0\0\x18ftypisom" + words * 30,
    ]
    told: list[str] = []
    # From here on: making the samples is the test's own doing.
    caplog.set_level(logging.DEBUG)

    def clean() -> None:
        assert list(leaks([seawall_home, watched], canaries)) == []

    settings = Settings.from_env()
    with structlog.testing.capture_logs() as logged, open_vault(settings) as vault:
        ids = [vault.put(io.BytesIO(data), purpose="canary", person="ada", key=f"job/{words.decode()}/{number}").id
               for number, data in enumerate(contents)]  # fmt: skip
        clean()
        ledger = Ledger.open(vault.store, KeyFile(settings.home / "keys"))
        record = ViewingRecord(vault.store, ledger)
        with vault.store.begin() as connection:
            Retention(vault.store, ledger).begin(connection, ids, case="c-1", ground="finding: canary")
        with Derivatives(vault, marker=_Marker()) as made:
            for each in ids:
                for rung in Rung:
                    told += _shown(vault, made, record, each, rung)
            clean()
        _refusals(vault, ids, canaries, told)
        clean()
    with Store.open(settings.database_url, clock=_later) as store:
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        with store.begin() as connection:
            Retention(store, ledger).release(connection, ids, case="c-1", at=datetime.now(UTC))
    with open_vault(settings, clock=_later) as vault:
        ledger = Ledger.open(vault.store, KeyFile(settings.home / "keys"))
        assert set(Purge(vault, ledger).run("ada").destroyed) == set(ids)
        assert vault.verify().ok
    clean()
    assert not [path for path in (seawall_home / "vault").rglob("*") if path.is_file()]
    out, err = capfd.readouterr()
    texts = [out, err, caplog.text, repr(logged), *told, generate_latest().decode()]
    assert not [text for text in texts if holds(text.encode("utf-8", "surrogatepass"), canaries)]
    assert any("does not decode" in text for text in told)


def _shown(vault: Vault, made: Derivatives, record: ViewingRecord, object_id: str, rung: Rung) -> list[str]:
    """Show an object as a page does; return every word that was said of it."""
    digest = vault.get(object_id).sha256
    exposure = record.shown(object_id, digest, task=None, rung=rung, severity=1, **WHO)
    try:
        derivative = made.make(object_id, rung, **WHO)
    except SeawallError as error:
        return [str(error), repr(error), repr(error.__cause__), repr(error.__context__)]
    record.seen(exposure, 10)
    return [repr(derivative), repr(vault.get(object_id))]


def _refusals(vault: Vault, ids: list[str], canaries: tuple[bytes, bytes], told: list[str]) -> None:
    """Have the vault refuse things, and keep what it says."""
    words = canaries[0].decode()
    attempts: list[Callable[[], object]] = [
        lambda: vault.destroy(ids[0], person="ada", reason="it is held"),
        lambda: vault.put(io.BytesIO(canaries[0]), purpose="canary", person="ada", sha256=bytes(32)),
        lambda: vault.put(io.BytesIO(canaries[0]), purpose=words.upper(), person="ada"),
        lambda: vault.put(io.BytesIO(b"x"), purpose="evidence", person="ada", key=f"job/{words}/0"),
        lambda: vault.get(words),
    ]
    for attempt in attempts:
        with pytest.raises(SeawallError) as refused:
            attempt()
        told += [str(refused.value), repr(refused.value)]
