"""Rotating the vault's key: everything stays open all the while, and older keys go when nothing needs them."""

from __future__ import annotations

import base64
import io
import json
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from seawall.cli.keys import app
from seawall.errors import UsageError
from seawall.ledger import Event
from seawall.settings import Settings
from seawall.vault import (
    EnvKeyProvider,
    FileKeyProvider,
    ObjectDestroyed,
    Vault,
    VaultKeyError,
    VaultObject,
    forget,
    key_provider,
    open_vault,
    rotate,
)

Make = Callable[..., Vault]
Keep = Callable[..., VaultObject]
ONE, OTHER = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))


def content(vault: Vault, item: VaultObject) -> bytes:
    with vault.open(item.id, person="bob", purpose="test") as stream:
        return stream.read()


def keys_of(tmp_path: Path) -> FileKeyProvider:
    return FileKeyProvider(tmp_path / "keys" / "vault.key")


def age(path: Path, **length: float) -> None:
    """Let a file be as old as that on the clock of the tests' store."""
    at = (datetime(2026, 1, 1, 12, tzinfo=UTC) - timedelta(**length)).timestamp()
    os.utime(path, (at, at))


def test_a_new_key_wraps_every_object_and_no_file_is_touched(
    vault: Vault, make: Make, keep: Keep, root: Path, tmp_path: Path
) -> None:
    items = [keep(b"%d" % number) for number in range(5)]
    gone = vault.destroy(items[0].id, person="ada", reason="test")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    steps: list[tuple[int, int]] = []
    done = rotate(vault, lambda *step: steps.append(step))
    assert (done.renewed, done.rewrapped, done.kept) == (True, 4, (items[0].key_id,))
    assert steps[-1] == (4, 4)
    assert done.key_id == keys_of(tmp_path).key_id() != items[0].key_id
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    for one in (vault, make()):
        assert [content(one, item) for item in items[1:]] == [b"1", b"2", b"3", b"4"]
        assert {item.key_id for item in one.objects(destroyed=False)} == {done.key_id}
        with pytest.raises(ObjectDestroyed):
            content(one, items[0])
    assert make().get(items[0].id).destroyed == gone
    assert make().verify().ok


def test_a_process_that_runs_meanwhile_wraps_with_the_new_key_and_opens_what_the_old_one_wrapped(
    vault: Vault, make: Make, tmp_path: Path
) -> None:
    other = make()
    old = other.put(io.BytesIO(b"old"), purpose="canary", person="ada")
    new_id = keys_of(tmp_path).renew()
    between = other.put(io.BytesIO(b"between"), purpose="canary", person="ada")
    assert between.key_id == new_id != old.key_id
    assert [content(other, each) for each in (old, between)] == [b"old", b"between"]
    done = rotate(vault)
    assert (done.renewed, done.rewrapped, done.key_id) == (False, 1, new_id), "an interrupted rotation is finished"
    assert [content(other, each) for each in (old, between)] == [b"old", b"between"]
    assert rotate(vault).renewed


def test_the_kept_key_is_its_owners_alone_and_others_are_refused(vault: Vault, keep: Keep, tmp_path: Path) -> None:
    item = keep()
    kept = keys_of(tmp_path).kept(item.key_id)
    rotate(vault)
    assert stat.S_IMODE(kept.stat().st_mode) == stat.S_IMODE((tmp_path / "keys" / "vault.key").stat().st_mode) == 0o600
    kept.chmod(0o644)
    with pytest.raises(VaultKeyError, match="0644"):
        keys_of(tmp_path).has(item.key_id)


def test_a_file_under_the_name_of_another_key_opens_nothing(
    vault: Vault, make: Make, keep: Keep, tmp_path: Path
) -> None:
    item = keep()
    keys = keys_of(tmp_path)
    keys.renew()
    keys.kept(item.key_id).replace(keys.kept("0" * 16))
    assert not keys_of(tmp_path).has("0" * 16)
    with pytest.raises(VaultKeyError, match=item.key_id):
        content(make(), item)


def test_an_older_key_is_forgotten_when_it_wrapped_nothing_for_a_day(
    vault: Vault, make: Make, keep: Keep, tmp_path: Path, events: Callable[[str], list[Event]]
) -> None:
    item = keep()
    keys = keys_of(tmp_path)
    keys.renew()
    kept = keys.kept(item.key_id)
    age(kept, days=2)
    assert forget(vault) == [], "it still wraps an object"
    rotate(vault)
    age(kept, hours=23)
    assert forget(vault) == [], "a server may have begun to write with it"
    age(kept, hours=25)
    assert forget(vault) == [item.key_id]
    assert not kept.exists()
    assert content(make(), item) == b"blue glass heron"
    assert forget(vault) == []
    assert [each.body["key_id"] for each in events("vault.key_renewed")] == [keys.key_id()]
    assert [each.body["key_id"] for each in events("vault.key_forgotten")] == [item.key_id]


def test_without_a_key_that_wrapped_nothing_is_renewed(vault: Vault, make: Make, keep: Keep, tmp_path: Path) -> None:
    keep()
    (tmp_path / "keys" / "vault.key").unlink()
    with pytest.raises(VaultKeyError):
        rotate(make())
    assert not keys_of(tmp_path).older()


def test_a_key_in_the_environment_is_rotated_by_giving_the_one_before(make: Make, tmp_path: Path) -> None:
    nowhere = Settings(tmp_path / "nowhere", "")
    first = make(keys=key_provider(nowhere, {"SEAWALL_VAULT_KEY": ONE}))
    item = first.put(io.BytesIO(b"x"), purpose="canary", person="ada")
    with pytest.raises(UsageError, match="SEAWALL_VAULT_KEY"):
        rotate(first)
    both = make(keys=key_provider(nowhere, {"SEAWALL_VAULT_KEY": OTHER, "SEAWALL_VAULT_KEY_PREVIOUS": ONE}))
    assert content(both, item) == b"x"
    done = rotate(both)
    assert (done.renewed, done.rewrapped, done.kept) == (False, 1, ())
    assert done.key_id == EnvKeyProvider({"SEAWALL_VAULT_KEY": OTHER}).key_id()
    assert content(make(keys=key_provider(nowhere, {"SEAWALL_VAULT_KEY": OTHER})), item) == b"x"
    with pytest.raises(VaultKeyError):
        content(make(keys=key_provider(nowhere, {"SEAWALL_VAULT_KEY": ONE})), item)
    assert rotate(both).rewrapped == 0


def test_the_previous_key_is_refused_like_the_key_if_it_is_none(tmp_path: Path) -> None:
    with pytest.raises(VaultKeyError, match="SEAWALL_VAULT_KEY_PREVIOUS") as refused:
        key_provider(Settings(tmp_path, ""), {"SEAWALL_VAULT_KEY": ONE, "SEAWALL_VAULT_KEY_PREVIOUS": "zorblax"})
    assert "zorblax" not in str(refused.value)


def called(*arguments: str) -> Any:
    done = CliRunner().invoke(app, ["rotate", *arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_command_rotates_the_vaults_key_and_deletes_the_older_when_asked(seawall_home: Path) -> None:
    with open_vault(Settings.from_env()) as vault:
        item = vault.put(io.BytesIO(b"a grey stone owl"), purpose="canary", person="ada")
    told = called()
    assert told["rewrapped"] == 1
    assert told["renewed"]
    assert told["kept"] == [item.key_id]
    assert not told["forgotten"]
    kept = seawall_home / "keys" / f"vault-{item.key_id}.key"
    os.utime(kept, (0, 0))
    again = called("--forget")
    assert again["forgotten"] == [item.key_id]
    assert again["kept"] == [told["key_id"]], "what wrapped until now is kept for a day"
    assert not kept.exists()
    with open_vault(Settings.from_env()) as vault:
        assert content(vault, item) == b"a grey stone owl"
    plain = CliRunner().invoke(app, ["rotate"])
    assert plain.exit_code == 0
    assert "older keys" in plain.stderr


@pytest.mark.parametrize("wrong", [("--overlap", "1h"), ("--expires", "9d"), ("app", "--forget")])
def test_options_of_the_other_kind_of_key_are_refused(wrong: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        CliRunner().invoke(app, ["rotate", *wrong], catch_exceptions=False)
