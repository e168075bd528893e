"""Flags of a local build: kept without content and without a network, exported signed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.deploy.local import Flag, FlagBook, FlagKind, FlagRefused, FlagsDamaged, export_flags, read_export
from seawall.errors import NotFound, UsageError
from seawall.ledger import PublicKey, VerificationFailed, open_ledger
from seawall.settings import Settings

DIGEST = "ab" * 32
DECISION = "0190a1b2c3d47e5f8091a2b3c4d5e6f7"


@pytest.fixture
def settings() -> Settings:
    return Settings.from_env()


@pytest.fixture
def book(settings: Settings) -> FlagBook:
    return FlagBook(settings, lambda: datetime(2026, 1, 2, tzinfo=UTC))


def _key(settings: Settings) -> PublicKey:
    with open_ledger(settings) as ledger:
        return ledger.public_key()


def test_flags_are_kept_in_the_order_of_time(book: FlagBook, settings: Settings) -> None:
    first = book.add("lora", "nudifier", model="m", model_version="2", model_sha256=DIGEST, app="app", app_version="1")
    second = book.add(FlagKind.OUTPUT, "csae", decision_id=DECISION, sha256=DIGEST, note="seen in a gallery")
    assert [each.id for each in book] == sorted([first.id, second.id])
    assert list(FlagBook(settings)) == sorted([first, second], key=lambda each: each.id)
    assert first.at == "2026-01-02T00:00:00.000000Z"


def test_there_are_no_flags_at_first(book: FlagBook) -> None:
    assert list(book) == book.verified() == []


def test_a_flag_is_private_and_in_the_ledger_by_its_digest_alone(book: FlagBook, settings: Settings) -> None:
    flag = book.add("prompt", "csae", note="a private remark")
    file = settings.home / "local/flags" / f"{flag.id}.json"
    assert file.stat().st_mode & 0o077 == 0
    with open_ledger(settings) as ledger:
        event = ledger.prove(f"local.flag/{flag.id}").event
    assert event.kind == "local.flag"
    assert set(event.body) == {"flag", "kind", "sha256"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "zorblax"},
        {"reason": ""},
        {"reason": "Two Words"},
        {"reason": "x" * 65},
        {"decision_id": "none"},
        {"sha256": "AB" * 32},
        {"model": ""},
        {"model": "two\nlines"},
        {"model": "m" * 257},
        {"note": "n" * 501},
        {"note": ""},
        {"app": 7},
        {"model_sha256": DIGEST[:-1]},
    ],
)
def test_a_flag_that_could_carry_something_else_is_refused(book: FlagBook, wrong: dict[str, Any]) -> None:
    with pytest.raises(FlagRefused) as raised:
        book.add(**{"kind": "model", "reason": "csae", **wrong})
    assert "zorblax" not in str(raised.value)
    assert list(book) == []


def test_an_export_is_signed_and_read_again(book: FlagBook, settings: Settings, tmp_path: Path) -> None:
    flags = [book.add("model", "csae", model="m", note="mine"), book.add("workflow", "csae", note="mine too")]
    out = tmp_path / "flags.json"
    assert export_flags(settings, out) == 2
    read = read_export(out, _key(settings))
    assert [each.id for each in read] == sorted(each.id for each in flags)
    assert all(each.note is None for each in read)
    assert b"mine" not in out.read_bytes()
    assert out.stat().st_mode & 0o077 == 0
    with pytest.raises(UsageError):
        export_flags(settings, out)
    export_flags(settings, tmp_path / "notes.json", notes=True)
    assert [each.note for each in read_export(tmp_path / "notes.json", _key(settings))] == [
        each.note for each in sorted(flags, key=lambda each: each.id)
    ]


def test_an_export_that_was_changed_or_is_anothers_is_refused(
    book: FlagBook, settings: Settings, tmp_path: Path
) -> None:
    book.add("model", "csae")
    out = tmp_path / "flags.json"
    export_flags(settings, out)
    key = _key(settings)
    other = Settings(tmp_path / "other", f"sqlite:///{tmp_path / 'other' / 'seawall.db'}")
    with pytest.raises(VerificationFailed):
        read_export(out, _key(other))
    whole = out.read_bytes()
    out.write_bytes(whole.replace(b"csae", b"safe"))
    with pytest.raises(VerificationFailed):
        read_export(out, key)
    out.write_bytes(whole)
    assert read_export(out, key)
    signature = tmp_path / "flags.json.sig"
    signature.write_text("not base64!")
    with pytest.raises(VerificationFailed):
        read_export(out, key)
    signature.unlink()
    with pytest.raises(NotFound):
        read_export(out, key)


@pytest.mark.parametrize("data", [b"[]", b"{}", b"not json", b'{"schema": "seawall/local-flags/1", "flags": {}}'])
def test_what_is_signed_and_no_export_is_refused(settings: Settings, tmp_path: Path, data: bytes) -> None:
    out = tmp_path / "flags.json"
    out.write_bytes(data)
    with open_ledger(settings) as ledger:
        ledger.public_key()
        signature = ledger.sign("local-flags", data)
    (tmp_path / "flags.json.sig").write_bytes(base64.b64encode(signature))
    with pytest.raises(FlagRefused):
        read_export(out, _key(settings))


def test_a_flag_that_was_changed_later_is_not_exported(book: FlagBook, settings: Settings, tmp_path: Path) -> None:
    flag = book.add("model", "csae")
    file = settings.home / "local/flags" / f"{flag.id}.json"
    file.write_bytes(file.read_bytes().replace(b"csae", b"fine"))
    with pytest.raises(FlagsDamaged):
        export_flags(settings, tmp_path / "flags.json")
    assert not (tmp_path / "flags.json").exists()
    file.write_bytes(b"{")
    with pytest.raises(FlagsDamaged):
        list(book)


def test_a_flag_that_a_crash_kept_out_of_the_ledger_is_recorded_later(book: FlagBook, settings: Settings) -> None:
    flag = book.add("model", "csae")
    folder = settings.home / "local/flags"
    late = Flag(f"{int(flag.id, 16) + 1:032x}", flag.at, FlagKind.MODEL, "csae")
    (folder / f"{late.id}.json").write_text(json.dumps(late.to_dict()))
    assert book.verified() == [flag, late]
    with open_ledger(settings) as ledger:
        assert ledger.prove(f"local.flag/{late.id}").event.kind == "local.flag"


def test_the_command_line_flags_lists_exports_and_verifies(seawall: Callable[..., Any], tmp_path: Path) -> None:
    model = tmp_path / "private name.safetensors"
    model.write_bytes(b"weights")
    ran = seawall(
        "local", "flag", "--kind", "lora", "--reason", "nudifier", "--model", "m", "--model-file", model, "--json"
    )
    assert ran.code == 0, ran.err
    flag = ran.json()
    assert flag["model"] == "m"
    assert len(flag["model_sha256"]) == 64
    assert "private name" not in ran.out
    listed = seawall("local", "flags", "ls", "--json")
    assert listed.lines() == [flag]
    assert flag["id"] in seawall("local", "flags", "ls").out
    out = tmp_path / "flags.json"
    assert seawall("local", "flags", "export", out, "--json").json()["flags"] == 1
    key = tmp_path / "key.pem"
    key.write_text(seawall("ledger", "key").out)
    assert seawall("local", "flags", "verify", out, "--key", key, "--json").lines() == [flag]
    out.write_bytes(out.read_bytes() + b" ")
    assert seawall("local", "flags", "verify", out, "--key", key).code != 0


_NAMES = st.none() | st.text(max_size=20)


@given(
    st.dictionaries(
        st.sampled_from(["id", "at", "kind", "reason", "decision_id", "sha256", "model", "note", "decision", "x"]),
        st.sampled_from([DECISION, DIGEST, "2026-01-02T00:00:00Z", "model", "csae", None, 7, {}, []]) | _NAMES,
    )
)
def test_any_object_is_a_flag_or_refused(data: dict[str, Any]) -> None:
    try:
        flag = Flag.from_dict(data)
    except FlagRefused:
        return
    assert Flag.from_dict(flag.to_dict()) == flag
