"""Packs: what is refused, what is never said, and what opens exactly as it was sealed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from seawall.errors import NotFound
from seawall.ledger.signatures import signed_text
from seawall.settings import Settings
from seawall.text import Matcher, View
from seawall.text.errors import (
    PackError,
    PackExpired,
    PackFormat,
    PackKeyError,
    PackRefused,
    PackUntrusted,
)
from seawall.text.packs import (
    CONTEXT,
    HomeKeys,
    Pack,
    PackStore,
    Term,
    installed_packs,
    open_sealed,
    pack_of,
    read_key,
    read_public_key,
    read_source,
    seal,
    source_of,
)

TODAY = date(2026, 1, 1)
TERMS = (
    Term("csem.grooming", "zorblax", "en", 0.75),
    Term("adult_sexual", "vexnog plim", whole_word=True),
    Term("own.words", "línea", exact=True),
    Term("own.words", "灯笼", "zh"),
)
PACK = Pack("our-words", "3", "trust and safety", date(2026, 6, 30), TERMS)


class _Signer:
    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.public_key = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, context: str, data: bytes) -> bytes:
        return self._key.sign(signed_text(context, data))

    def pem(self, path: Path) -> Path:
        path.write_bytes(self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        return path


class _Keys:
    def __init__(self, key: bytes = b"k" * 32) -> None:
        self.key = key

    def own(self) -> bytes:
        return self.key

    def find(self, key_id: str) -> bytes | None:
        from seawall.text.packs import key_id_of

        return self.key if key_id_of(self.key) == key_id else None


SIGNER, KEYS = _Signer(), _Keys()


def _open(data: bytes, *, today: date = TODAY, signer: _Signer = SIGNER, keys: _Keys = KEYS) -> Pack:
    return open_sealed(data, keys, {signer.public_key}, today=today).pack


def _refusal(data: bytes, **options: object) -> PackError:
    with pytest.raises(PackError) as caught:
        _open(data, **options)  # type: ignore[arg-type]  # whatever the test gives
    return caught.value


@given(
    st.lists(
        st.builds(
            Term,
            st.sampled_from(["minor_reference", "adult_sexual", "csem.grooming", "own"]),
            st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12),
            st.sampled_from([None, "en", "zh-Hant"]),
            st.floats(0.001, 1),
            st.sampled_from([None, True, False]),
            st.booleans(),
            st.lists(st.text(st.characters(categories=["L"]), min_size=1, max_size=5), max_size=2).map(tuple),
        ),
        max_size=5,
    )
)
def test_a_pack_opens_exactly_as_it_was_sealed(terms: list[Term]) -> None:
    pack = Pack("our-words", "3", "trust and safety", date(2026, 6, 30), tuple(terms))
    assert _open(seal(pack, SIGNER, KEYS.key)) == pack


@given(st.data())
def test_a_sealed_pack_that_was_changed_anywhere_is_refused(data: st.DataObject) -> None:
    sealed = bytearray(_SEALED)
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    assert isinstance(_refusal(bytes(sealed)), PackFormat | PackRefused)


_SEALED = seal(PACK, SIGNER, KEYS.key)


@given(st.integers(0, len(_SEALED) - 1) | st.binary(max_size=200))
def test_a_sealed_pack_that_was_cut_and_bytes_that_are_none_are_refused(what: int | bytes) -> None:
    data = _SEALED[:what] if isinstance(what, int) else what
    assert isinstance(_refusal(data), PackFormat | PackRefused)


def test_a_sealed_pack_is_refused_without_its_key_its_signer_or_its_date() -> None:
    assert isinstance(_refusal(_SEALED, keys=_Keys(b"x" * 32)), PackRefused)
    assert isinstance(_refusal(_SEALED, signer=_Signer()), PackUntrusted)
    assert isinstance(_refusal(_SEALED, today=date(2026, 7, 1)), PackExpired)
    assert _open(_SEALED, today=date(2026, 6, 30)) == PACK


def test_a_signature_by_a_trusted_key_over_something_else_does_not_count() -> None:
    class Forger(_Signer):
        public_key = SIGNER.public_key

        def __init__(self) -> None:
            self.other = _Signer()

        def sign(self, context: str, data: bytes) -> bytes:
            return SIGNER.sign("attestation", data)

    assert isinstance(_refusal(seal(PACK, Forger(), KEYS.key)), PackRefused)


def test_the_ledgers_key_signs_packs(seawall_home: Path) -> None:
    from seawall.ledger import open_ledger

    with open_ledger(Settings.from_env()) as ledger:

        class Own:
            public_key = ledger.public_key().raw

            def sign(self, context: str, data: bytes) -> bytes:
                return ledger.sign(context, data)

        data = seal(PACK, Own(), KEYS.key)
        assert open_sealed(data, KEYS, {Own.public_key}, today=TODAY).pack == PACK
    assert CONTEXT == "pack"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:40],
        lambda data: data[:-1] + b"\0",
        lambda data: b"seawall pack 02\n" + data[16:],
        lambda data: b"",
    ],
)
def test_no_refusal_repeats_a_term(spoil: Callable[[bytes], bytes]) -> None:
    error = _refusal(spoil(_SEALED))
    assert "zorblax" not in str(error) + repr(error) + repr(error.__cause__)


def test_a_sealed_pack_holds_no_term_that_can_be_read() -> None:
    for data in (_SEALED, seal(PACK, SIGNER, KEYS.key, blind=True)):
        for word in ("zorblax", "grooming", "our-words", "trust"):
            assert word.encode() not in data


# Blind packs


def test_a_blind_pack_finds_exact_words_in_every_view_but_the_bare() -> None:
    pack = _open(seal(PACK, SIGNER, KEYS.key, blind=True))
    matcher = Matcher([pack])
    texts = [
        "The Zorblax!",
        "zórblax",
        "\u202exalbroz\u202c",
        "VEXNOG-plim",
        "línea",
        "linea",
        "z0rblax",
        "zorblaxes",
        "灯笼",
    ]
    found = [[(hit.category, hit.view) for hit in each.hits] for each in matcher.match(texts)]
    assert found == [
        [("csem.grooming", View.RAW)],
        [("csem.grooming", View.FOLDED)],
        [("csem.grooming", View.BIDI)],
        [("adult_sexual", View.RAW)],
        [("own.words", View.RAW)],
        [],
        [],
        [],
        [("own.words", View.RAW)],
    ]
    assert texts[0][matcher.match(texts)[0].hits[0].start :].startswith("Zorblax")


def test_a_blind_pack_holds_no_term_even_when_it_is_open() -> None:
    pack = _open(seal(PACK, SIGNER, KEYS.key, blind=True))
    assert pack.terms == ()
    assert pack.counts() == PACK.counts()
    assert pack.size == PACK.size
    assert pack.blind is not None
    assert not any(word in repr(pack.blind.grams) for word in ("zorblax", "vexnog"))
    assert "zorblax" not in source_of(pack)


def test_the_same_terms_have_other_digests_in_another_blind_pack() -> None:
    one, other = (_open(seal(PACK, SIGNER, KEYS.key, blind=True)).blind for _ in range(2))
    assert one is not None and other is not None
    assert not set(one.grams) & set(other.grams)


@pytest.mark.parametrize("term", [Term("own", "a b c d e"), Term("own", "!!"), Term("own", "b c", not_after=("a",))])
def test_what_cannot_be_blinded_is_refused_before_it_is_sealed(term: Term) -> None:
    with pytest.raises(PackFormat):
        seal(Pack("p", "1", "o", TODAY, (term,)), SIGNER, KEYS.key, blind=True)


def test_a_term_of_which_nothing_is_left_and_a_pack_without_end_are_not_sealed() -> None:
    with pytest.raises(PackFormat):
        seal(Pack("p", "1", "o", TODAY, (Term("own", "\x01"),)), SIGNER, KEYS.key)
    with pytest.raises(PackFormat):
        seal(Pack("p", "1", "o", None, (Term("own", "zorblax"),)), SIGNER, KEYS.key)


# Sources


def _fields(**changes: object) -> dict[str, object]:
    fields: dict[str, object] = {
        "name": "our-words",
        "version": 3,
        "owner": "us",
        "expires": "2026-06-30",
        "terms": [{"category": "own", "term": "zorblax"}],
    }
    return {key: value for key, value in (fields | changes).items() if value is not ...}


def _term(**changes: object) -> dict[str, object]:
    return _fields(terms=[{"category": "own", "term": "zorblax"} | changes])


def test_a_source_reads_the_same_as_yaml_and_as_json(tmp_path: Path) -> None:
    import yaml

    (tmp_path / "a.yaml").write_text(yaml.safe_dump(_fields(expires=date(2026, 6, 30))))
    (tmp_path / "a.json").write_text(json.dumps(_fields()))
    one, other = read_source(tmp_path / "a.yaml"), read_source(tmp_path / "a.json", name="other")
    assert one.terms == other.terms == (Term("own", "zorblax"),)
    assert (one.name, other.name, one.version) == ("our-words", "other", "3")


def test_a_source_written_out_reads_as_the_same_pack(tmp_path: Path) -> None:
    path = tmp_path / "source.yaml"
    path.write_text(source_of(PACK), "utf-8")
    assert read_source(path) == PACK


@pytest.mark.parametrize(
    "fields",
    [
        [],
        "zorblax",
        None,
        {},
        _fields(name=...),
        _fields(name="Our Words"),
        _fields(name="../up"),
        _fields(name="x" * 65),
        _fields(version=...),
        _fields(version=True),
        _fields(version=["zorblax"]),
        _fields(owner=""),
        _fields(owner=7),
        _fields(expires=...),
        _fields(expires="zorblax"),
        _fields(expires=20260630),
        _fields(expires=datetime(2026, 6, 30, tzinfo=UTC)),
        _fields(terms=[]),
        _fields(terms={"zorblax": 1}),
        _fields(terms=["zorblax"]),
        _fields(terms=[["zorblax"]]),
        _fields(zorblax=1),
        _term(category="child_depiction"),
        _term(category="drill"),
        _term(category="Own"),
        _term(category="zorblax zorblax"),
        _term(term=""),
        _term(term="  "),
        _term(term=7),
        _term(term="zorblax" * 40),
        _term(weight=0),
        _term(weight=1.5),
        _term(weight=float("nan")),
        _term(weight=10**400),
        _term(weight="1"),
        _term(weight=True),
        _term(language="zorblax!"),
        _term(language=["en"]),
        _term(whole_word="yes"),
        _term(exact=1),
        _term(not_after="zorblax"),
        _term(not_after=[1]),
        _term(not_after=["x"] * 65),
        _term(other=1),
    ],
)
def test_a_source_that_describes_no_pack_is_refused_without_repeating_it(fields: object) -> None:
    with pytest.raises(PackFormat) as caught:
        pack_of(fields)
    if not isinstance(fields, dict) or "zorblax" not in fields:
        assert "zorblax" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x]\nb: [*a, *a]",
        "a: &a [x, *a]",
        "[" * 5000,
        "{" * 5000 + "}" * 5000,
        "a: [[[[[[[[[[x]]]]]]]]]]",
        '{"name": ' + "[" * 100_000,
        "!!python/object/apply:os.system ['true']",
        "\x00\xff",
        "name: : :",
        "--- a\n--- b",
        "",
    ],
    ids=range(11),
)
def test_a_hostile_source_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "source.yaml"
    path.write_text(text, "latin-1")
    with pytest.raises(PackFormat):
        read_source(path)


def test_a_source_that_is_too_large_or_missing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "source.yaml"
    with path.open("wb") as file:
        file.truncate((32 << 20) + 1)
    for each in (path, tmp_path / "missing", tmp_path):
        with pytest.raises(PackFormat):
            read_source(each)


# The home


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
    for bad in (b"", before[:-1], seal(PACK, _Signer(), store.keys.own())):
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
