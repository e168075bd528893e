"""What was shown to whom: recorded first, only ever growing, never beyond the clock, and true of what was seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from seawall.content.media import Medium
from seawall.errors import NotFound, UsageError
from seawall.ledger import Event, KeyFile, Ledger
from seawall.store import Store
from seawall.store.tables import exposure, exposure_beacon
from seawall.vault.derivatives import FactBook, MediumFacts, Rung
from seawall.vault.viewing import Span, Viewed, ViewingRecord, added, length
from tests.vault.vault_content import Keep

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
FILE, OBJECT = "ab" * 32, "cd" * 16


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(store: Store) -> Clock:
    clock = Clock()
    store.clock = clock
    return clock


@pytest.fixture
def record(store: Store, tmp_path: Path, clock: Clock) -> ViewingRecord:
    return ViewingRecord(store, Ledger.open(store, KeyFile(tmp_path / "keys")))


@pytest.fixture
def show(record: ViewingRecord) -> Callable[..., str]:
    def shown(rung: Rung = Rung.FULL, user: str = "ada", sha256: str = FILE) -> str:
        return record.shown(OBJECT, sha256, user=user, case="c-1", task="t-1", rung=rung, severity=3)

    return shown


Show = Callable[..., str]


def _known(store: Store, medium: Medium, **rest: object) -> None:
    FactBook(store).note(FILE, MediumFacts(medium, "x", **rest))  # type: ignore[arg-type]


def _rows(store: Store) -> tuple[int, int]:
    with store.read() as connection:
        return tuple(  # type: ignore[return-value]
            connection.execute(select(func.count()).select_from(table)).scalar()
            for table in (exposure, exposure_beacon)
        )


def test_a_showing_is_durable_and_in_the_ledger_before_anything_else_happens(
    record: ViewingRecord, show: Show, events: Callable[[str], list[Event]]
) -> None:
    identity = show(Rung.TILE)
    (event,) = events("exposure.shown")
    assert (event.body["exposure"], event.body["rung"], event.body["person"]) == (identity, "tile", "ada")
    (found,) = record.exposures("ada", NOON)
    assert (found.id, found.object, found.sha256, found.severity) == (identity, OBJECT, FILE, 3)
    assert (found.visible_ms, found.spans, found.sound) == (0, (), False)


def test_a_showing_that_cannot_be_recorded_raises(record: ViewingRecord, store: Store) -> None:
    for wrong in (
        {"severity": 9},
        {"user": "a\nb"},
        {"case": ""},
        {"rung": "huge"},
    ):
        good = {"user": "ada", "case": "c-1", "task": None, "rung": Rung.TILE, "severity": 1}
        with pytest.raises((UsageError, ValueError)):
            record.shown(OBJECT, FILE, **(good | wrong))  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        record.shown("x", FILE, user="ada", case="c", task=None, rung=Rung.TILE, severity=1)
    with pytest.raises(UsageError):
        record.shown(OBJECT, "x", user="ada", case="c", task=None, rung=Rung.TILE, severity=1)
    assert _rows(store) == (0, 0)


def test_a_beacon_counts_no_more_than_the_clock_on_the_wall_allows(
    record: ViewingRecord, show: Show, clock: Clock
) -> None:
    identity = show()
    record.seen(identity, 5000)
    assert record.exposure(identity).visible_ms == 0
    clock.wait(2)
    record.seen(identity, 5000, spans=[(0, 3600)])
    found = record.exposure(identity)
    assert (found.visible_ms, found.spans) == (2000, ((0.0, 5.0),)), "two and a half times as fast as time, at most"


def test_a_beacon_again_changes_nothing_and_one_that_says_less_takes_nothing_away(
    record: ViewingRecord, show: Show, clock: Clock, store: Store, events: Callable[[str], list[Event]]
) -> None:
    identity = show()
    clock.wait(60)
    for _ in range(3):
        record.seen(identity, 900, spans=[(1, 2), (0, 1.5)], sound=True)
    record.seen(identity, 10)
    record.seen(identity, 0, spans=[(0.5, 0.75)])
    assert _rows(store) == (1, 1)
    record.seen(identity, 1000, spans=[(5, 6)])
    found = record.exposure(identity)
    assert (found.visible_ms, found.spans, found.sound) == (1000, ((0.0, 2.0), (5.0, 6.0)), True)
    assert _rows(store) == (1, 2)
    Ledger.open(store, record._ledger._keys)
    assert [event.body["visible_ms"] for event in events("exposure.seen")] == [900, 1000]


def test_beacons_of_others_or_of_nothing_are_refused(record: ViewingRecord, show: Show) -> None:
    identity = show()
    with pytest.raises(NotFound):
        record.seen(identity, 1, user="eve")
    with pytest.raises(NotFound):
        record.seen("0" * 32, 1)
    with pytest.raises(UsageError):
        record.seen(identity, -1)
    with pytest.raises(UsageError):
        record.seen(identity, 1, spans=[(0, 1)] * 5000)


def test_spans_that_make_no_sense_are_passed_over(record: ViewingRecord, show: Show, clock: Clock) -> None:
    identity = show()
    clock.wait(100)
    record.seen(identity, 100, spans=[(float("nan"), 3), (5, 4), (-3, 1), (2, float("inf")), (8, 9)])
    assert record.exposure(identity).spans == ((0.0, 1.0), (8.0, 9.0))


def test_words_about_a_file_are_no_view_of_it(record: ViewingRecord, show: Show) -> None:
    assert record.viewed(FILE) is Viewed.UNVIEWED
    show(Rung.METADATA)
    show(Rung.CAPTION)
    assert record.viewed(FILE) is Viewed.UNVIEWED
    show(Rung.TILE)
    assert record.viewed(FILE) is Viewed.REDUCED


def test_a_picture_is_viewed_in_full_once_it_was_visible_as_it_is(
    record: ViewingRecord, show: Show, store: Store, clock: Clock
) -> None:
    _known(store, Medium.IMAGE, frames=1)
    grey = show(Rung.GREY_FULL)
    clock.wait(9)
    record.seen(grey, 5000)
    full = show(Rung.FULL)
    assert record.viewed(FILE, user="ada") is Viewed.REDUCED, "nobody knows that it was visible"
    clock.wait(1)
    record.seen(full, 400)
    assert record.viewed(FILE, user="ada") is Viewed.FULL_IMAGE
    assert record.viewed(FILE).entire
    assert record.viewed(FILE, user="bob") is Viewed.UNVIEWED


@pytest.mark.parametrize("facts", [None, {"frames": 7}, {"frames": None}], ids=["unknown", "animation", "uncertain"])
def test_in_doubt_a_picture_was_not_viewed_in_full(
    record: ViewingRecord, show: Show, store: Store, clock: Clock, facts: dict[str, object] | None
) -> None:
    if facts is not None:
        _known(store, Medium.IMAGE, **facts)
    full = show(Rung.FULL)
    clock.wait(5)
    record.seen(full, 5000)
    assert record.viewed(FILE) is Viewed.REDUCED


def test_a_video_is_viewed_in_full_once_every_part_of_it_was_played_to_one_person(
    record: ViewingRecord, show: Show, store: Store, clock: Clock
) -> None:
    _known(store, Medium.VIDEO, duration=60.0)
    first, other = show(user="ada"), show(user="bob")
    clock.wait(60)
    record.seen(first, 60_000, spans=[(0, 31)])
    record.seen(other, 60_000, spans=[(30, 60)])
    assert record.viewed(FILE) is Viewed.REDUCED, "what two people saw is not added up"
    again = show(user="ada")
    clock.wait(30)
    record.seen(again, 30_000, spans=[(30.5, 59.4)])
    assert record.viewed(FILE, user="ada") is Viewed.REDUCED
    record.seen(again, 30_000, spans=[(59.4, 59.6)])
    assert record.viewed(FILE, user="ada") is Viewed.FULL_DURATION
    assert record.viewers(FILE) == {"ada": Viewed.FULL_DURATION, "bob": Viewed.REDUCED}


def test_a_video_that_played_out_of_sight_or_of_unknown_length_was_not_viewed_in_full(
    record: ViewingRecord, show: Show, store: Store, clock: Clock
) -> None:
    _known(store, Medium.VIDEO, duration=60.0)
    hidden = show()
    clock.wait(60)
    record.seen(hidden, 1000, spans=[(0, 60)])
    assert record.viewed(FILE) is Viewed.REDUCED
    FactBook(store).note("ef" * 32, MediumFacts(Medium.VIDEO, "x"))
    unknown = show(sha256="ef" * 32)
    clock.wait(60)
    record.seen(unknown, 60_000, spans=[(0, 60)])
    assert record.viewed("ef" * 32) is Viewed.REDUCED


def test_a_sound_must_have_been_heard(record: ViewingRecord, show: Show, store: Store, clock: Clock) -> None:
    _known(store, Medium.AUDIO, duration=10.0)
    muted = show()
    clock.wait(10)
    record.seen(muted, 10_000, spans=[(0, 10)])
    assert record.viewed(FILE) is Viewed.REDUCED
    record.seen(muted, 10_000, sound=True)
    assert record.viewed(FILE) is Viewed.FULL_DURATION


def test_reduced_frames_of_a_whole_video_are_no_full_view(
    record: ViewingRecord, show: Show, store: Store, clock: Clock
) -> None:
    _known(store, Medium.VIDEO, duration=3.0)
    grey = show(Rung.GREY_FULL)
    clock.wait(10)
    record.seen(grey, 9000, spans=[(0, 3)], sound=True)
    assert record.viewed(FILE) is Viewed.REDUCED


def test_a_file_is_named_by_its_digest_or_by_an_object_that_holds_it(record: ViewingRecord, keep: Keep) -> None:
    one, copy = keep(b"the same"), keep(b"the same")
    record.shown(one.id, one.sha256, user="ada", case="c-1", task=None, rung=Rung.TILE, severity=0)
    assert record.viewed(copy.id) is record.viewed(one.sha256) is Viewed.REDUCED
    assert record.viewed("0" * 32) is Viewed.UNVIEWED


def test_exposures_are_of_one_person_since_a_moment(record: ViewingRecord, show: Show, clock: Clock) -> None:
    show(user="ada")
    clock.wait(3600)
    late, _ = show(Rung.TILE, user="ada"), show(user="bob")
    assert [each.id for each in record.exposures("ada", NOON + timedelta(minutes=30))] == [late]
    assert len(record.exposures("ada", "2026-01-01T00:00:00.000000Z")) == 2


SPANS = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)).map(lambda pair: (pair[0] / 10, pair[1] / 10)))


def _covered(spans: object) -> set[int]:
    result: set[int] = set()
    for start, end in spans:  # type: ignore[attr-defined]
        result |= set(range(round(start * 10), round(end * 10)))
    return result


@given(SPANS, SPANS)
def test_added_spans_are_the_union_of_both_in_any_order(one: list[Span], other: list[Span]) -> None:
    union = added(tuple(one), tuple(other))
    assert _covered(union) == _covered(one) | _covered(other)
    assert union == added(tuple(other), tuple(one)) == added(union, tuple(one))
    assert all(first[1] < second[0] for first, second in pairwise(union))
    assert length(union) == pytest.approx(len(_covered(union)) / 10)


@given(SPANS, SPANS, st.integers(0, 30_000))
def test_spans_never_grow_beyond_what_there_was_time_for_and_never_shrink(
    one: list[Span], other: list[Span], most: int
) -> None:
    from seawall.vault.viewing.spans import grown, merged, total, whole

    known = merged(whole(one))
    result = grown(known, whole(other), most)
    assert total(result) <= max(total(known), most)
    assert _covered([(a / 1000, b / 1000) for a, b in known]) <= _covered([(a / 1000, b / 1000) for a, b in result])
    assert result == merged(result)
    assert grown(result, whole(other), total(result)) == result
    if most >= 100_000:
        assert total(result) == total(merged([*known, *whole(other)]))


def test_facts_of_a_file_that_were_found_first_stay(store: Store) -> None:
    book = FactBook(store)
    book.note(FILE, MediumFacts(Medium.VIDEO, "mp4", 640, 480, None, 12.3456))
    book.note(FILE, MediumFacts(Medium.IMAGE, "png"))
    assert book.get(FILE) == MediumFacts(Medium.VIDEO, "mp4", 640, 480, None, 12.346)
    assert book.get("00" * 32) is None
