"""Custody of the wrapping key: a private file made once, or the environment; and its rotation."""

import base64
import io
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from seawall.settings import Settings
from seawall.vault import (
    EnvKeyProvider,
    Fault,
    FileKeyProvider,
    KeyRing,
    ObjectDestroyed,
    Vault,
    VaultKeyError,
    VaultObject,
    WrappedKey,
    key_provider,
    open_vault,
)

Make = Callable[..., Vault]
Keep = Callable[..., VaultObject]
ONE = base64.b64encode(bytes(32)).decode()
OTHER = base64.b64encode(bytes(range(32))).decode()


def _env(key: str) -> EnvKeyProvider:
    return EnvKeyProvider({"SEAWALL_VAULT_KEY": key})


def _content(vault: Vault, item: VaultObject) -> bytes:
    with vault.open(item.id, person="bob", purpose="test") as stream:
        return stream.read()


def test_the_key_file_is_made_at_the_first_use_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "vault.key"
    keys = FileKeyProvider(path)
    assert keys.key_id() is None
    assert not path.parent.exists()
    created = keys.create()
    assert created == keys.create() == FileKeyProvider(path).key_id()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["vault.key"]


def test_all_who_make_the_key_at_once_get_the_same(tmp_path: Path) -> None:
    start, ids = threading.Barrier(6), set()

    def make() -> None:
        keys = FileKeyProvider(tmp_path / "vault.key")
        start.wait()
        ids.add(keys.create())

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(ids) == 1


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vault.key"
    FileKeyProvider(path).create()
    path.chmod(0o640)
    with pytest.raises(VaultKeyError, match="mode 0640"):
        FileKeyProvider(path).key_id()


@pytest.mark.parametrize("text", ["", "c2hvcnQ=", "not base64!" * 4, "é" * 43, ONE + "AAAA"])
def test_what_is_no_key_is_refused_without_repeating_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "vault.key"
    path.write_text(text)
    path.chmod(0o600)
    for provider in (lambda: FileKeyProvider(path).key_id(), lambda: _env(text)):
        with pytest.raises(VaultKeyError, match="does not hold 32 bytes") as raised:
            provider()
        assert not text or text not in str(raised.value)


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    settings = Settings.from_env({"SEAWALL_HOME": str(tmp_path)})
    assert isinstance(key_provider(settings, {"SEAWALL_VAULT_KEY": ONE}), EnvKeyProvider)
    assert isinstance(key_provider(settings, {}), FileKeyProvider)
    with pytest.raises(VaultKeyError, match="is not set"):
        EnvKeyProvider({})


def test_with_a_key_in_the_environment_no_key_file_is_made(seawall_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_VAULT_KEY", ONE)
    with open_vault(Settings.from_env()) as vault:
        item = vault.put(io.BytesIO(b"x"), purpose="canary", person="ada")
        assert _content(vault, item) == b"x"
    assert not list(seawall_home.rglob("vault.key"))


def test_a_wrapped_key_opens_for_its_object_and_its_key_alone() -> None:
    one, other = _env(ONE), _env(OTHER)
    wrapped = one.wrap(bytes(range(32)), b"object")
    assert one.unwrap(wrapped, b"object") == bytes(range(32))
    assert wrapped.key_id == one.key_id() != other.key_id()
    short = WrappedKey(wrapped.key_id, b"short")
    changed = WrappedKey(wrapped.key_id, wrapped.data[:-1] + bytes([wrapped.data[-1] ^ 1]))
    for bad, binding in ((wrapped, b"other object"), (short, b"object"), (changed, b"object")):
        with pytest.raises(VaultKeyError, match="not authentic"):
            one.unwrap(bad, binding)
    with pytest.raises(VaultKeyError, match=wrapped.key_id):
        other.unwrap(wrapped, b"object")
    with pytest.raises(VaultKeyError, match="not authentic"):
        other.unwrap(WrappedKey(other.key_id(), wrapped.data), b"object")


def test_a_key_shows_nothing_of_itself() -> None:
    keys = _env(OTHER)
    shown = repr(keys) + repr(vars(keys)) + str(keys.key_id())
    assert OTHER not in shown
    assert bytes(range(32)).hex() not in shown


def test_another_key_opens_nothing_and_verify_says_which_objects(make: Make) -> None:
    item = make(keys=_env(ONE)).put(io.BytesIO(b"x"), purpose="canary", person="ada")
    stranger = make(keys=_env(OTHER))
    with pytest.raises(VaultKeyError, match=item.key_id):
        _content(stranger, item)
    assert [(one.fault, one.where) for one in stranger.verify().problems] == [(Fault.KEY, item.id)]


def test_a_lost_key_is_not_replaced(make: Make, keep: Keep, tmp_path: Path) -> None:
    item = keep()
    (tmp_path / "keys" / "vault.key").unlink()
    for keys in (None, _env(ONE)):
        with pytest.raises(VaultKeyError, match=item.key_id):
            make(keys=keys).put(io.BytesIO(b"x"), purpose="canary", person="ada")
    assert not (tmp_path / "keys" / "vault.key").exists()


def test_a_new_key_may_follow_when_everything_is_destroyed(vault: Vault, make: Make, keep: Keep) -> None:
    vault.destroy(keep().id, person="ada", reason="test")
    other = make(keys=_env(ONE))
    assert _content(other, other.put(io.BytesIO(b"x"), purpose="canary", person="ada")) == b"x"


def test_rewrapping_changes_the_key_of_all_and_the_file_of_none(
    vault: Vault, make: Make, keep: Keep, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seawall.vault._rows.PAGE", 2)
    items = [keep(b"%d" % number) for number in range(5)]
    gone = vault.destroy(items[0].id, person="ada", reason="test")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert vault.rewrap(_env(ONE)) == 4
    assert vault.rewrap(_env(ONE)) == 0
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    renewed = make(keys=_env(ONE))
    for one in (vault, renewed):
        assert [_content(one, item) for item in items[1:]] == [b"1", b"2", b"3", b"4"]
        with pytest.raises(ObjectDestroyed):
            _content(one, items[0])
    assert renewed.get(items[0].id).destroyed == gone
    assert {item.key_id for item in renewed.objects(destroyed=False)} == {_env(ONE).key_id()}
    with pytest.raises(VaultKeyError):
        _content(make(), items[1])


def test_during_a_rotation_a_ring_opens_what_either_key_wrapped(make: Make, keep: Keep, tmp_path: Path) -> None:
    old = keep(b"old")
    file_keys = FileKeyProvider(tmp_path / "keys" / "vault.key")
    ring = make(keys=KeyRing(_env(ONE), file_keys))
    new = ring.put(io.BytesIO(b"new"), purpose="canary", person="ada")
    assert new.key_id == _env(ONE).key_id() != old.key_id
    assert (_content(ring, old), _content(ring, new)) == (b"old", b"new")
    assert ring.verify().ok
    assert ring.rewrap(_env(ONE)) == 1
    assert _content(make(keys=_env(ONE)), old) == b"old"


def test_a_ring_refuses_what_none_of_its_keys_wrapped(make: Make, keep: Keep) -> None:
    item = keep()
    with pytest.raises(VaultKeyError, match=item.key_id):
        _content(make(keys=KeyRing(_env(ONE), _env(OTHER))), item)


def test_a_rewrapping_never_brings_a_destroyed_object_back(vault: Vault, make: Make, keep: Keep) -> None:
    item = keep()

    class Slow(EnvKeyProvider):
        def wrap(self, data_key: bytes, binding: bytes) -> WrappedKey:
            make().destroy(item.id, person="eve", reason="meanwhile")
            return super().wrap(data_key, binding)

    assert vault.rewrap(Slow({"SEAWALL_VAULT_KEY": ONE})) == 0
    assert vault.get(item.id).destroyed is not None
