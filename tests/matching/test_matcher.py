"""Looking values up: exactly what brute force finds, over several lists, deltas and files."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from seawall.errors import IndexCorrupt, ListFormatError, NotFound, UsageError
from seawall.hashing.registry import SignalTypes
from seawall.matching import ListStore, Match, Matcher, MatchSource, Purpose
from seawall.matching.lists import ListRow

TYPES = SignalTypes.installed()


def lines(path: Path) -> list[bytes]:
    return [bytes.fromhex(line) for line in path.read_text().split()]


@pytest.fixture
def store(tmp_path: Path) -> ListStore:
    return ListStore(tmp_path / "home" / "lists")


@pytest.fixture
def haystack(store: ListStore, vectors: Path) -> ListStore:
    store.import_file(vectors / "lists" / "haystack.txt", name="hay", purpose=Purpose.CSAM)
    return store


def opened(store: ListStore, *names: str, max_distance: int | None = None, since: int | None = None) -> Matcher:
    sources = [MatchSource.from_store(store, name, since=since) for name in names]
    return Matcher.open(sources, TYPES, max_distance=max_distance, key_provider=store.keys)


def as_entries(found: list[list[Match]]) -> list[list[str]]:
    return [[match.entry for match in matches] for matches in found]


@pytest.mark.parametrize("radius", [0, 15, 31, 63])
def test_every_needle_finds_what_brute_force_finds(haystack: ListStore, vectors: Path, radius: int) -> None:
    with (vectors / "lists" / "expected_matches.csv").open() as file:
        expected = {
            (int(row["needle_line"]), row["haystack_line"], float(row["distance"]))
            for row in csv.DictReader(file)
            if int(row["radius"]) == radius
        }
    needles = lines(vectors / "lists" / "needles.txt")
    matcher = opened(haystack, "hay", max_distance=radius)
    found = matcher.match([("pdq", needle) for needle in needles])
    assert {(n, match.entry, match.distance) for n, matches in enumerate(found) for match in matches} == expected
    assert sum(map(len, found)) == len(expected)
    for matches in found:
        assert [match.distance for match in matches] == sorted(match.distance for match in matches)


def test_the_threshold_is_the_types_own_unless_told(haystack: ListStore, vectors: Path) -> None:
    queries = [("pdq", needle) for needle in lines(vectors / "lists" / "needles.txt")]
    default = opened(haystack, "hay").match(queries)
    assert default == opened(haystack, "hay", max_distance=31).match(queries)
    assert max(match.distance for matches in default for match in matches) <= 31


def test_several_lists_and_types_answer_in_one_call(haystack: ListStore, vectors: Path) -> None:
    store, values = haystack, lines(vectors / "lists" / "haystack.txt")
    md5 = bytes(range(16))
    store.create_bank("fine", Purpose.BENIGN)
    store.add("fine", [ListRow("pdq", values[5], labels=("logo",)), ListRow("md5", md5), ListRow("vpdq", values[6])])
    matcher = opened(store, "fine", "hay", max_distance=0)
    found = matcher.match(
        [("pdq", values[5]), ("md5", md5), ("vpdq", values[6]), ("sha1", bytes(20)), ("nonsense", b"")]
    )
    assert found[0] == [
        Match("fine", 2, "0", "pdq", 0.0, ("logo",), Purpose.BENIGN),
        Match("hay", 1, "5", "pdq", 0.0, (), Purpose.CSAM),
    ]
    assert as_entries(found[1:]) == [["1"], ["2"], [], []]
    assert matcher.match([]) == []
    assert matcher.types() == {"pdq", "md5", "vpdq"}
    assert matcher.digest_types() == {"md5"}
    assert opened(store, "hay").digest_types() == set()


def test_added_values_match_and_removed_ones_stop(store: ListStore, vectors: Path) -> None:
    value = lines(vectors / "lists" / "haystack.txt")[0]
    store.create_bank("bank", Purpose.CSAM)
    assert as_entries(opened(store, "bank").match([("pdq", value)])) == [[]]
    store.add("bank", [ListRow("pdq", value)])
    assert as_entries(opened(store, "bank").match([("pdq", value)])) == [["0"]]
    store.remove("bank", entries=["0"])
    assert as_entries(opened(store, "bank").match([("pdq", value)])) == [[]]


def test_a_delta_holds_only_what_came_after_a_version(haystack: ListStore, vectors: Path, tmp_path: Path) -> None:
    values = lines(vectors / "lists" / "long256.dat")
    haystack.import_file(vectors / "lists" / "long256.dat", name="hay", purpose=Purpose.CSAM)
    old = lines(vectors / "lists" / "haystack.txt")[0]
    delta = opened(haystack, "hay", since=1)
    assert as_entries(delta.match([("pdq", old), ("pdq", values[0])])) == [[], ["1350"]]
    assert as_entries(opened(haystack, "hay", since=2).match([("pdq", values[0])])) == [[]]
    with pytest.raises(NotFound, match="no version 7"):
        opened(haystack, "hay", since=7)


def test_sources_are_plain_values_and_pin_their_version(haystack: ListStore, vectors: Path) -> None:
    source = MatchSource.from_store(haystack, "hay")
    copy = MatchSource.from_dict(json.loads(json.dumps(source.as_dict())))
    assert copy == source
    haystack.import_file(vectors / "lists" / "long256.dat", name="hay", purpose=Purpose.CSAM)
    new = lines(vectors / "lists" / "long256.dat")[0]
    pinned = Matcher.open([copy], TYPES, key_provider=haystack.keys)
    assert as_entries(pinned.match([("pdq", new)])) == [[]]
    assert as_entries(opened(haystack, "hay").match([("pdq", new)])) == [["1350"]]
    for fields in ({}, {**source.as_dict(), "purpose": "other"}, {**source.as_dict(), "more": 1}):
        with pytest.raises(UsageError, match="describe"):
            MatchSource.from_dict(fields)


def test_a_source_that_is_not_what_it_was_is_refused(haystack: ListStore, vectors: Path) -> None:
    source = MatchSource.from_store(haystack, "hay")
    haystack.delete("hay")
    with pytest.raises(NotFound):
        Matcher.open([source], TYPES, key_provider=haystack.keys)
    haystack.import_file(vectors / "lists" / "long256.dat", name="hay", purpose=Purpose.BENIGN)
    with pytest.raises(IndexCorrupt, match="purpose"):
        Matcher.open([source], TYPES, key_provider=haystack.keys)


@pytest.mark.parametrize("distance", [-1, 64])
def test_a_distance_out_of_range_is_refused(haystack: ListStore, distance: int) -> None:
    with pytest.raises(UsageError, match="between 0 and 63"):
        opened(haystack, "hay", max_distance=distance)


def test_the_fingerprint_tells_runs_apart(haystack: ListStore, vectors: Path) -> None:
    first = opened(haystack, "hay").fingerprint()
    assert len(first) == 64
    assert opened(haystack, "hay").fingerprint() == first
    assert opened(haystack, "hay", max_distance=5).fingerprint() != first
    assert opened(haystack, "hay", since=1).fingerprint() != first
    haystack.import_file(vectors / "lists" / "long256.dat", name="hay", purpose=Purpose.CSAM)
    assert opened(haystack, "hay").fingerprint() != first


def test_a_file_serves_as_a_list_and_is_imported_once(store: ListStore, vectors: Path, tmp_path: Path) -> None:
    directory = tmp_path / "files"
    path = vectors / "lists" / "haystack.txt"
    source = MatchSource.from_file(path, directory, types=TYPES, keys=store.keys)
    again = MatchSource.from_file(path, directory, types=TYPES, keys=store.keys)
    assert source == again
    assert (source.name, source.purpose, source.version) == ("haystack.txt", Purpose.CSAM, 1)
    matcher = Matcher.open([source], TYPES, key_provider=store.keys)
    found = matcher.match([("pdq", lines(path)[7])])
    assert (found[0][0].list, found[0][0].entry) == ("haystack.txt", "7")
    assert matcher.fingerprint() == Matcher.open([again], TYPES, key_provider=store.keys).fingerprint()
    benign = MatchSource.from_file(path, directory, types=TYPES, keys=store.keys, purpose=Purpose.BENIGN)
    digests = MatchSource.from_file(path, directory, types=TYPES, keys=store.keys, type="sha256")
    assert len({source.path, benign.path, digests.path}) == 3
    assert Matcher.open([digests], TYPES, key_provider=store.keys).digest_types() == {"sha256"}
    with pytest.raises(ListFormatError):
        MatchSource.from_file(vectors / "images" / "misc" / "c.png", directory, types=TYPES, keys=store.keys)
    with pytest.raises(NotFound):
        MatchSource.from_file(tmp_path / "none", directory, types=TYPES, keys=store.keys)


def test_matching_needs_no_database_library() -> None:
    code = "import sys, seawall.matching; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
