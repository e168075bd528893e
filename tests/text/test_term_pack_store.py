"""Packs of a home: private, whole, and opened or refused, never left out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from seawall.errors import NotFound
from seawall.settings import Settings
from seawall.text.errors import (
    PackError,
    PackExpired,
    PackFormat,
    PackKeyError,
    PackRefused,
    PackUntrusted,
)
from seawall.text.packs import (
    HomeKeys,
    Pack,
    PackStore,
    installed_packs,
    read_key,
    read_public_key,
    seal,
)
from tests.text.sealed_packs import PACK, SIGNER, TERMS, Signer


def _store(home: Path, *, now: datetime | None = None, env: dict[str, str] | None = None) -> PackStore:
    moment = now or datetime(2026, 1, 1, tzinfo=UTC)
    return PackStore(home, clock=lambda: moment, env=env or {})


def _sealed(store: PackStore, pack: Pack = PACK) -> bytes:
    return seal(pack, SIGNER, store.keys.own())


def test_an_installed_pack_is_private_and_given_to_matchers(seawall_home: Path) -> None:
    store = PackStore(seawall_home)
    pack = Pack("our-words", "3", "us", date(9999, 1, 1), TERMS)
    store.install(_sealed(store, pack), signer=SIGNER.public_key)
    assert installed_packs(Settings.from_env()) == (pack,)
    for path in seawall_home.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_home_without_packs_has_none(seawall_home: Path) -> None:
    assert installed_packs(Settings.from_env()) == ()
    assert not seawall_home.exists()


def test_a_pack_that_is_refused_replaces_nothing(tmp_path: Path) -> None:
    store = _store(tmp_path)
    store.install(_sealed(store), signer=SIGNER.public_key)
    before = store.path("our-words").read_bytes()
    for bad in (b"", before[:-1], seal(PACK, Signer(), store.keys.own())):
        with pytest.raises(PackError):
            store.install(bad)
    assert store.path("our-words").read_bytes() == before
    assert store.names() == ["our-words"]


def test_a_refused_install_trusts_and_keeps_nothing(tmp_path: Path) -> None:
    store = _store(tmp_path)
    with pytest.raises(PackExpired):
        late = _store(tmp_path, now=datetime(2027, 1, 1, tzinfo=UTC))
        late.install(seal(PACK, SIGNER, b"s" * 32), signer=SIGNER.public_key, key=b"s" * 32)
    assert store.trusted.all() == frozenset()
    assert not (tmp_path / "keys" / "packs").exists()


def test_an_expired_or_damaged_pack_stops_everything_rather_than_be_left_out(seawall_home: Path) -> None:
    store = PackStore(seawall_home)
    old = Pack("old-words", "1", "us", date(2020, 1, 1), TERMS)
    _store(seawall_home, now=datetime(2019, 1, 1, tzinfo=UTC)).install(_sealed(store, old), signer=SIGNER.public_key)
    store.install(_sealed(store, Pack("our-words", "1", "us", date(9999, 1, 1), TERMS)))
    with pytest.raises(PackExpired):
        installed_packs(Settings.from_env())
    assert [type(each.error) for each in store.all()] == [PackExpired, type(None)]
    store.remove("old-words")
    assert len(installed_packs(Settings.from_env())) == 1
    store.path("our-words").write_bytes(b"")
    with pytest.raises(PackFormat):
        installed_packs(Settings.from_env())


def test_a_pack_under_anothers_name_or_a_shipped_one_is_refused(tmp_path: Path) -> None:
    store = _store(tmp_path)
    store.install(_sealed(store), signer=SIGNER.public_key)
    store.path("our-words").rename(store.path("other"))
    assert [type(each.error) for each in store.all()] == [PackFormat]
    with pytest.raises(PackFormat):
        store.install(_sealed(store, Pack("seawall-ages", "1", "us", date(9999, 1, 1), TERMS)))


def test_a_pack_sealed_elsewhere_opens_with_the_key_and_the_signer_that_came_with_it(tmp_path: Path) -> None:
    shared = b"s" * 32
    data = seal(PACK, SIGNER, shared)
    store = _store(tmp_path)
    with pytest.raises(PackRefused):
        store.open(data)
    with pytest.raises(PackUntrusted):
        store.open(data, key=shared)
    store.install(data, signer=SIGNER.public_key, key=shared)
    (installed,) = _store(tmp_path).all()
    assert installed.opened is not None and installed.opened.pack == PACK


def test_removing_what_is_not_there_says_so(tmp_path: Path) -> None:
    for name in ("our-words", "../keys/packs", ""):
        with pytest.raises(NotFound):
            _store(tmp_path).remove(name)


def test_the_key_can_come_from_the_environment(tmp_path: Path) -> None:
    env = {"SEAWALL_PACKS_KEY": "ab" * 32}
    assert HomeKeys(tmp_path, env).own() == b"\xab" * 32
    assert not tmp_path.joinpath("keys").exists()
    for bad in ("zz" * 32, "ab", "ab" * 33):
        with pytest.raises(PackKeyError) as caught:
            HomeKeys(tmp_path, {"SEAWALL_PACKS_KEY": bad}).own()
        assert bad not in str(caught.value)


def test_the_key_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    keys = HomeKeys(tmp_path, {})
    assert keys.own() == HomeKeys(tmp_path, {}).own()
    path = tmp_path / "keys" / "packs.key"
    assert read_key(path) == keys.own()
    path.chmod(0o640)
    with pytest.raises(PackKeyError):
        keys.own()
    path.chmod(0o600)
    path.write_text("short")
    with pytest.raises(PackKeyError):
        keys.own()


def test_a_lost_key_is_said_and_not_replaced_by_another_for_old_packs(tmp_path: Path) -> None:
    store = _store(tmp_path)
    store.install(_sealed(store), signer=SIGNER.public_key)
    (tmp_path / "keys" / "packs.key").unlink()
    assert [type(each.error) for each in store.all()] == [PackRefused]


def test_only_ed25519_public_keys_can_be_trusted(tmp_path: Path) -> None:
    assert read_public_key(SIGNER.pem(tmp_path / "key.pem")) == SIGNER.public_key
    (tmp_path / "no.pem").write_text("zorblax")
    for path in (tmp_path / "no.pem", tmp_path / "missing.pem", tmp_path):
        with pytest.raises(PackUntrusted):
            read_public_key(path)
