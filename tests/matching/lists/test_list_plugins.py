"""Signal types of plug-ins: values that no index understands go from import to match all the same."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import pytest

from seawall.errors import UsageError
from seawall.hashing.builtin import builtin_signal_types
from seawall.hashing.registry import SignalTypes
from seawall.hashing.signal import BadSignal, Comparison
from seawall.matching import ListStore, Matcher, MatchSource, Purpose


@dataclass(frozen=True)
class StandIn:
    """144 numbers compared by Euclidean distance, as a licensed photodna would be."""

    name: str = "photodna"
    comparison: Comparison = Comparison.DISTANCE
    width: int | None = 144
    threshold: float = 20.0

    def parse(self, text: str) -> bytes:
        try:
            value = bytes.fromhex(text.strip())
        except ValueError:
            raise BadSignal("not hexadecimal") from None
        if len(value) != 144:
            raise BadSignal("a photodna value has 144 bytes")
        return value

    def format(self, value: bytes) -> str:
        return value.hex()

    def distance(self, left: bytes, right: bytes) -> float:
        return math.dist(left, right)

    def weak(self, value: bytes) -> bool:
        return len(set(value)) < 3


@dataclass(frozen=True)
class Words:
    """Words of any length; the distance is the difference of their lengths."""

    name: str = "words"
    comparison: Comparison = Comparison.DISTANCE
    width: int | None = None
    threshold: float = 1

    def parse(self, text: str) -> bytes:
        if not text.strip():
            raise BadSignal("no word")
        return text.strip().encode()

    def format(self, value: bytes) -> str:
        return value.decode()

    def distance(self, left: bytes, right: bytes) -> float:
        return float(abs(len(left) - len(right)))

    def weak(self, value: bytes) -> bool:
        return len(value) < 2


def vector(seed: int, shift: int = 0) -> bytes:
    value = bytearray((seed * 37 + place * place) % 200 for place in range(144))
    value[7] += shift
    return bytes(value)


@pytest.fixture
def types() -> SignalTypes:
    return SignalTypes([*builtin_signal_types(), StandIn(), Words()])


def test_a_distance_type_is_imported_matched_withdrawn_and_exported(tmp_path: Path, types: SignalTypes) -> None:
    store = ListStore(tmp_path / "lists", types=types)
    path = tmp_path / "list.txt"
    rows = [f"photodna {vector(n).hex()}" for n in (1, 2, 3)]
    path.write_text("\n".join([*rows, rows[0], f"photodna {'00' * 144}", "photodna zz", "words lantern", "words x"]))
    report = store.import_file(path, name="mine", purpose=Purpose.CSAM, own=True)
    assert (report.added, report.duplicates, report.quarantined, report.bad) == (
        4,
        1,
        {"weak": 2},
        {"malformed value": 1},
    )

    def matches(*signals: tuple[str, bytes]) -> list[list[tuple[str, float]]]:
        source = MatchSource.from_store(store, "mine")
        matcher = Matcher.open([source], types, key_provider=store.keys, max_distance=0)
        return [[(match.entry, match.distance) for match in found] for found in matcher.match(signals)]

    assert matches(("photodna", vector(2, 15)), ("photodna", vector(2, 25)), ("words", b"herons!!")) == [
        [("1", 15.0)],
        [],
        [("3", 1.0)],
    ]
    assert store.remove("mine", entries=["1"]) == 1
    assert matches(("photodna", vector(2))) == [[]]
    assert store.verify("mine").types == ("photodna", "words")
    assert store.export("mine", tmp_path / "out.csv") == 3
    again = store.import_file(tmp_path / "out.csv", name="mine", purpose=Purpose.CSAM, own=True)
    assert (again.added, again.duplicates) == (0, 3)


def test_only_entries_since_a_version_are_compared(tmp_path: Path, types: SignalTypes) -> None:
    store = ListStore(tmp_path / "lists", types=types)
    path = tmp_path / "list.txt"
    for number in (1, 2):
        path.write_text(f"photodna {vector(number).hex()}\n")
        store.import_file(path, name="p", purpose=Purpose.CSAM)
    matcher = Matcher.open([MatchSource.from_store(store, "p", since=1)], types, key_provider=store.keys)
    found = matcher.match([("photodna", vector(1)), ("photodna", vector(2))])
    assert [[match.entry for match in matches] for matches in found] == [[], ["1"]]


def test_a_list_whose_plug_in_is_gone_cannot_be_matched_by_accident(tmp_path: Path, types: SignalTypes) -> None:
    store = ListStore(tmp_path / "lists", types=types)
    path = tmp_path / "list.txt"
    path.write_text(f"photodna {vector(1).hex()}\n")
    store.import_file(path, name="p", purpose=Purpose.CSAM)
    bare = SignalTypes.installed()
    with pytest.raises(UsageError, match="p holds values of a signal type that is not installed: photodna"):
        Matcher.open([MatchSource.from_store(store, "p")], bare, key_provider=store.keys)
    assert ListStore(tmp_path / "lists").manifest("p").current.entries == 1


def test_ncmec_pdna_is_read_once_photodna_is_installed(tmp_path: Path, types: SignalTypes) -> None:
    store = ListStore(tmp_path / "lists", types=types)
    path = tmp_path / "page.xml"
    path.write_text(
        '<queryResult><images><image><member id="1"/><id>x</id><fingerprints>'
        f"<pdna>{vector(4).hex()}</pdna></fingerprints></image></images></queryResult>"
    )
    assert store.import_file(path, name="n", purpose=Purpose.CSAM).added == 1


def test_a_value_of_the_wrong_length_is_refused(tmp_path: Path, types: SignalTypes) -> None:
    store = ListStore(tmp_path / "lists", types=types)
    path = tmp_path / "list.txt"
    path.write_text(
        f"photodna {vector(1).hex()}\npdq {'f162eb9daab170c0' * 3}{'0567fe3632d9a554'}\nmd5 {'1234567a' * 3}0000000b\n"
    )
    store.import_file(path, name="p", purpose=Purpose.CSAM)
    matcher = Matcher.open([MatchSource.from_store(store, "p")], types, key_provider=store.keys)
    for name in ("photodna", "pdq", "md5"):
        for value in (b"", b"abc", bytes(500)):
            with pytest.raises(UsageError, match="bytes"):
                matcher.match([(name, value)])
