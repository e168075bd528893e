"""Sealed packs: what is refused, what is never said, and what opens exactly as it was sealed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.settings import Settings
from seawall.text import Matcher, View
from seawall.text.errors import (
    PackError,
    PackExpired,
    PackFormat,
    PackRefused,
    PackUntrusted,
)
from seawall.text.packs import (
    CONTEXT,
    Pack,
    Term,
    open_sealed,
    seal,
    source_of,
)
from tests.text.sealed_packs import KEYS, PACK, SIGNER, Keys, Signer

TODAY = date(2026, 1, 1)


def _open(data: bytes, *, today: date = TODAY, signer: Signer = SIGNER, keys: Keys = KEYS) -> Pack:
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
    assert isinstance(_refusal(_SEALED, keys=Keys(b"x" * 32)), PackRefused)
    assert isinstance(_refusal(_SEALED, signer=Signer()), PackUntrusted)
    assert isinstance(_refusal(_SEALED, today=date(2026, 7, 1)), PackExpired)
    assert _open(_SEALED, today=date(2026, 6, 30)) == PACK


def test_a_signature_by_a_trusted_key_over_something_else_does_not_count() -> None:
    class Forger(Signer):
        public_key = SIGNER.public_key

        def __init__(self) -> None:
            self.other = Signer()

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
