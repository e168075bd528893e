"""What is played in parts, and what counts as seen: told by the page, bounded by the clock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seawall.cases.model import ItemKind
from seawall.vault.viewing import Viewed
from tests.vault.picture_samples import sound, video
from tests.web.console_bench import (
    Bench,
    Person,
    benign,
    open_bench,
    picture,
)


@pytest.fixture
def bench(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Bench]:
    with open_bench(migrated_sqlite, tmp_path) as opened:
        yield opened


def begun(bench: Bench, *, who: str = "rita", **case: Any) -> tuple[Person, str, str]:
    """Open a case of one picture, and let somebody take it."""
    person = bench.person(who)
    (item,) = bench.ids(bench.open(bench.item(picture(1)), **case))
    return person, person.take(), item


def _full(bench: Bench, data: bytes, kind: ItemKind) -> tuple[Person, str, str]:
    (item,) = bench.ids(bench.open(bench.item(data, kind)))
    rita = bench.person("rita")
    task = rita.take()
    reduced = rita.look(task, item, "tile")
    return rita, reduced, rita.look(task, item, "full")


def test_a_player_gets_parts_of_the_original_and_each_is_recorded(bench: Bench) -> None:
    data = video(1.0)
    rita, _, place = _full(bench, data, ItemKind.VIDEO)
    page = rita.get(f"/review/tasks/{bench.events('exposure.shown')[0].body['task']}?e={place.rpartition('/')[2]}")
    assert 'data-how="player"' in page.text
    assert "media-src 'self'" in page.headers["content-security-policy"]
    size, step, parts = len(data), len(data) // 3 + 1, b""
    for start in range(0, size, step):
        answer = rita.get(place, headers={"range": f"bytes={start}-{start + step - 1}"})
        end = min(size, start + step) - 1
        assert (answer.status_code, answer.headers["content-range"]) == (206, f"bytes {start}-{end}/{size}")
        assert answer.headers["content-type"] == "video/mp4"
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["cache-control"] == "no-store"
        assert "sandbox" in answer.headers["content-security-policy"]
        parts += answer.content
    assert parts == data
    opened = [each for each in bench.events("vault.opened") if each.body["purpose"] == "shown: full"]
    assert len(opened) == 3
    assert rita.get(place, headers={"range": "bytes=0-"}).content == data


def test_parts_beyond_the_end_or_of_no_form_are_no_parts(bench: Bench) -> None:
    data = sound(0.2)
    rita, reduced, place = _full(bench, data, ItemKind.AUDIO)
    for wanted in (f"bytes={len(data)}-", "bytes=9-3"):
        answer = rita.get(place, headers={"range": wanted})
        assert (answer.status_code, answer.content) == (416, b"")
        assert answer.headers["content-range"] == f"bytes */{len(data)}"
    for wanted in ("bytes=-5", "lines=1-2", "bytes=0-1,3-4", "bytes=a-b", "bytes=" + "9" * 30 + "-"):
        answer = rita.get(place, headers={"range": wanted})
        assert (answer.status_code, answer.content == data) == (200, True), wanted
    # Of a reduced form there are no parts, least of all of the original.
    answer = rita.get(reduced, headers={"range": "bytes=0-9"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert data[:40] not in answer.content


def test_parts_end_with_the_quarter_of_an_hour(bench: Bench) -> None:
    rita, _, place = _full(bench, sound(0.2), ItemKind.AUDIO)
    bench.moment.pass_by(minutes=16)
    answer = rita.get(place, headers={"range": "bytes=0-9"})
    assert answer.status_code == 404


def viewed(bench: Bench, rita: Person, item: str) -> Viewed:
    vault = bench.casework.cases.items(bench.casework.cases.list()[0].id)[0].vault
    assert vault is not None and item
    return bench.casework.viewing.viewed(vault, user=rita.id)


def test_what_somebody_saw_follows_from_what_was_shown_and_told(bench: Bench) -> None:
    rita, task, item = begun(bench)
    seen = [viewed(bench, rita, item)]
    for rung in ("caption", "tile", "full"):
        place = rita.look(task, item, rung)
        rita.get(place)
        seen.append(viewed(bench, rita, item))
    bench.moment.pass_by(seconds=3)
    assert rita.post(f"{place}/seen", {"ms": "1500", "spans": "[]", "sound": "0"}).status_code == 204
    seen.append(viewed(bench, rita, item))
    assert seen == [Viewed.UNVIEWED, Viewed.UNVIEWED, Viewed.REDUCED, Viewed.REDUCED, Viewed.FULL_IMAGE]
    assert "You saw the original." in rita.get(f"/review/tasks/{task}").text


def test_a_page_cannot_state_what_was_seen(bench: Bench) -> None:
    rita, task, item = begun(bench)
    place = rita.look(task, item, "tile")
    bench.moment.pass_by(seconds=3)
    claims = {"viewed": "full_image", "rung": "full", "full": "1", "ms": "2000"}
    assert rita.post(f"{place}/seen", claims).status_code == 204
    assert viewed(bench, rita, item) is Viewed.REDUCED
    rita.decide(task, benign(item, **{f"viewed-{item}": "full_image", "viewed": "full_image"}))
    assert bench.casework.viewing.exposures(rita.id, "2026-01-01T00:00:00.000000Z")[0].rung.value == "tile"


def test_nobody_saw_for_longer_than_time_has_passed(bench: Bench) -> None:
    rita, task, item = begun(bench)
    rita.look(task, item, "tile")
    place = rita.look(task, item, "full")
    rita.post(f"{place}/seen", {"ms": "86400000"})
    assert viewed(bench, rita, item) is Viewed.REDUCED
    bench.moment.pass_by(seconds=2)
    rita.post(f"{place}/seen", {"ms": "99999999999999999999"})
    assert bench.casework.viewing.exposure(place.rpartition("/")[2]).visible_ms == 2000
    # Less, told later, takes nothing back.
    rita.post(f"{place}/seen", {"ms": "-7"})
    assert bench.casework.viewing.exposure(place.rpartition("/")[2]).visible_ms == 2000


def test_a_video_counts_as_seen_in_full_when_all_of_it_was_played(bench: Bench) -> None:
    (item,) = bench.ids(bench.open(bench.item(video(2.0), ItemKind.VIDEO)))
    rita = bench.person("rita")
    task = rita.take()
    rita.look(task, item, "tile")
    place = rita.look(task, item, "full")
    rita.get(place, headers={"range": "bytes=0-"})
    bench.moment.pass_by(seconds=1)
    rita.post(f"{place}/seen", {"ms": "1000", "spans": "[[0, 1]]", "sound": "1"})
    assert viewed(bench, rita, item) is Viewed.REDUCED
    bench.moment.pass_by(seconds=2)
    rita.post(f"{place}/seen", {"ms": "2500", "spans": "[[0, 1], [1, 2]]", "sound": "1"})
    assert viewed(bench, rita, item) is Viewed.FULL_DURATION


GARBAGE: tuple[dict[str, str], ...] = (
    {"ms": "soon"},
    {"ms": "1.5"},
    {"ms": "9" * 5000},
    {"ms": "1", "spans": "{"},
    {"ms": "1", "spans": "5"},
    {"ms": "1", "spans": "null"},
    {"ms": "1", "spans": "[5]"},
    {"ms": "1", "spans": "[[1]]"},
    {"ms": "1", "spans": "[[1, 2, 3]]"},
    {"ms": "1", "spans": '[["a", "b"]]'},
    {"ms": "1", "spans": "[[null, 1]]"},
    {"ms": "1", "spans": "[" * 20_000},
    {"ms": "1", "spans": json.dumps([[n, n + 0.5] for n in range(2100)])},
)


NO_TIME = ("[[0, NaN]]", "[[0, Infinity]]", "[[0, 1e999]]", "[[-5, -1]]", "[[3, 1]]")


def test_garbage_from_a_page_is_refused_and_changes_nothing(bench: Bench) -> None:
    rita, task, item = begun(bench)
    place = rita.look(task, item, "tile")
    bench.moment.pass_by(seconds=3)
    for told in GARBAGE:
        assert 400 <= rita.post(f"{place}/seen", told).status_code < 500, told
    assert bench.events("exposure.seen") == []
    for spans in NO_TIME:
        assert rita.post(f"{place}/seen", {"ms": "1", "spans": spans}).status_code in (204, 400, 422), spans
    assert bench.casework.viewing.exposure(place.rpartition("/")[2]).spans == ()


def test_a_number_that_no_clock_has_is_refused_as_other_garbage_is(bench: Bench) -> None:
    rita, task, item = begun(bench)
    place = rita.look(task, item, "tile")
    assert 400 <= rita.post(f"{place}/seen", {"ms": "1", "spans": f"[[0, 1{'0' * 400}]]"}).status_code < 500
