"""The contract of signal types, and the registry that holds built-ins and plug-ins alike."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.errors import UsageError
from seawall.hashing.digests import DIGESTS, Digester
from seawall.hashing.registry import SignalTypes
from seawall.hashing.signal import BadSignal, SignalType
from seawall.testing import StandInSignal

TYPES = SignalTypes.installed(plugins=[])
FIXED = [each for each in TYPES if each.width is not None]


def test_a_plug_in_takes_the_reserved_name() -> None:
    class Installed:
        def load(self) -> object:
            return StandInSignal

    types = SignalTypes.installed(plugins=[Installed()])  # type: ignore[list-item]
    assert types["photodna"].distance(bytes(144), bytes([3]) + bytes([4]) + bytes(142)) == 5


def test_a_plug_in_cannot_replace_a_built_in() -> None:
    with pytest.raises(UsageError, match="twice"):
        SignalTypes([*TYPES, StandInSignal(name="pdq")])


def test_what_is_not_a_signal_type_is_refused() -> None:
    with pytest.raises(UsageError, match="not a signal type"):
        SignalTypes(["pdq"])  # type: ignore[list-item]


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown signal type 'pdqx'") as caught:
        TYPES["pdqx"]
    assert "pdq" in caught.value.hint


@given(st.sampled_from(FIXED), st.data())
def test_text_and_value_are_the_same(kind: SignalType, data: st.DataObject) -> None:
    value = data.draw(st.binary(min_size=kind.width or 0, max_size=kind.width))
    assert kind.parse(f" {kind.format(value).upper()}\r\n") == value
    assert kind.distance(value, value) == 0


@given(st.sampled_from(FIXED), st.text(max_size=80))
def test_any_text_is_a_value_or_a_named_error_that_does_not_repeat_it(kind: SignalType, text: str) -> None:
    try:
        kind.parse(text)
    except BadSignal as error:
        assert len(text.strip()) < 20 or text.strip() not in str(error)


@pytest.mark.parametrize("kind", FIXED, ids=lambda kind: kind.name)
def test_constant_values_are_weak(kind: SignalType) -> None:
    assert kind.width is not None
    assert kind.weak(bytes(kind.width))
    assert kind.weak(b"\xff" * kind.width)
    assert not kind.weak(hashlib.sha256(b"something").digest()[: kind.width])


def test_the_digest_of_nothing_is_weak() -> None:
    digester = Digester(DIGESTS)
    for name, value in digester.values().items():
        assert TYPES[name].weak(value), name


@given(st.binary(max_size=300), st.integers(0, 300))
def test_digests_do_not_depend_on_how_bytes_arrive(data: bytes, cut: int) -> None:
    whole, parts = Digester(DIGESTS), Digester(DIGESTS)
    whole.update(data)
    parts.update(data[:cut])
    parts.update(memoryview(data)[cut:])
    assert whole.values() == parts.values()
    assert whole.values()["sha256"] == hashlib.sha256(data).digest()
