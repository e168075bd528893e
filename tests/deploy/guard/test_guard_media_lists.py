"""Media that the guard examines: what lists know of them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from seawall.deploy.guard.lists import LiveLists
from seawall.deploy.guard.media import SpooledMedia
from seawall.matching import ListStore, Purpose
from seawall.policy.guard import State
from seawall.policy.separation import Partition
from tests.deploy.guard import media_for_guard as made
from tests.deploy.guard.media_examined import ADULT, NOTHING, Examine, seen_by, sha256_of, side


def turned(data: bytes) -> bytes:
    """The picture, rotated and stored again."""
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).rotate(90, expand=True).save(out, "JPEG", quality=90)
    return out.getvalue()


def pdq_of(data: bytes) -> str:
    import seawall

    return seawall.pdq(data).value


# What lists know


def test_a_listed_file_is_shown_to_no_detector(examiner: Examine, listed: Callable[..., None]) -> None:
    data = made.photo()
    stubs = made.Stubs(made.stand_in(ADULT))
    listed("alpha", "sha256", sha256_of(data))
    seen = seen_by(examiner(scorer=stubs), data)
    assert [(match.list, match.exact, match.labels, match.purpose) for match in seen.matches] == [
        ("alpha", True, ("some-label",), "csam")
    ]
    assert side(seen.real) is Partition.BOTH
    assert (stubs.asked, seen.states, dict(seen.checks)["stand-in"]) == ([], frozenset(), "skipped")


def test_a_copy_that_was_turned_is_known_by_its_look(examiner: Examine, listed: Callable[..., None]) -> None:
    data = made.photo()
    listed("alpha", "pdq", pdq_of(data))
    seen = seen_by(examiner(made.stand_in(NOTHING)), turned(data))
    assert [(match.type, match.exact) for match in seen.matches] == [("pdq", False)]
    assert 0 <= (seen.matches[0].distance or 0) <= 31
    assert side(seen.real) is Partition.BOTH


def test_what_looks_like_something_listed_never_leaves_the_host(examiner: Examine, listed: Callable[..., None]) -> None:
    data = made.photo()
    stubs = made.Stubs(made.stand_in(NOTHING))
    listed("alpha", "pdq", pdq_of(data))
    looking = examiner(scorer=stubs)
    seen_by(looking, turned(data))
    seen_by(looking, made.photo(2))
    assert stubs.asked == [(1, False), (1, True)]


def test_a_look_that_a_negative_bank_knows_too_is_left_to_policy(
    examiner: Examine, listed: Callable[..., None]
) -> None:
    data = made.photo()
    listed("alpha", "pdq", pdq_of(data))
    listed("ours", "pdq", pdq_of(data), purpose=Purpose.BENIGN)
    seen = seen_by(examiner(made.stand_in(NOTHING)), data)
    assert {match.purpose for match in seen.matches} == {"csam", "benign"}
    assert side(seen.real) is Partition.NEITHER


def test_an_intimate_picture_of_an_adult_is_a_match_and_no_more(examiner: Examine, listed: Callable[..., None]) -> None:
    data = made.photo()
    listed("intimate", "md5", hashlib.md5(data, usedforsecurity=False).hexdigest(), purpose=Purpose.NCII_ADULT)
    seen = seen_by(examiner(made.stand_in(NOTHING)), data)
    assert [match.purpose for match in seen.matches] == ["ncii_adult"]
    assert not seen.real.hash_match


def test_an_entry_that_was_found_not_to_belong_is_no_reason(examiner: Examine, listed: Callable[..., None]) -> None:
    data = made.photo()
    listed("alpha", "sha256", sha256_of(data), label="NEGATIVE_CLASS")
    seen = seen_by(examiner(made.stand_in(NOTHING)), data)
    assert len(seen.matches) == 1
    assert not seen.real.hash_match
    assert dict(seen.checks)["stand-in"] == "ok"


def test_a_list_that_needs_another_digest_is_served_at_once(examiner: Examine, listed: Callable[..., None]) -> None:
    data = made.photo()
    looking = examiner(made.stand_in(NOTHING))
    assert seen_by(looking, data).matches == ()
    listed("alpha", "sha1", hashlib.sha1(data, usedforsecurity=False).hexdigest())
    assert [match.type for match in seen_by(looking, data).matches] == ["sha1"]


def test_a_video_is_known_by_its_frames(examiner: Examine, listed: Callable[..., None], vectors: Path) -> None:
    data = (vectors / "vpdq/test-padded-dimensions.mp4").read_bytes()
    rows = [line.split(",") for line in (vectors / "vpdq/test-padded-dimensions.txt").read_text().split()]
    good = [value for _, quality, value, _ in rows if int(quality) >= 50]
    listed("frames", "pdq", *good[::10])
    seen = seen_by(examiner(), data)
    assert {(match.type, match.exact) for match in seen.matches} == {("pdq", False)}
    assert side(seen.real) is Partition.BOTH


def test_a_video_that_came_in_pieces_is_decoded_where_it_lies(
    examiner: Examine, listed: Callable[..., None], vectors: Path
) -> None:
    data = (vectors / "vpdq/test-padded-dimensions.mp4").read_bytes()
    listed("videos", "video_md5", hashlib.md5(data, usedforsecurity=False).hexdigest())
    with SpooledMedia.create(len(data)) as media:
        for start in range(0, len(data), 100_000):
            media.write(data[start : start + 100_000])
        seen = examiner(made.stand_in(NOTHING)).examine(media.seal(), "file")
    assert [(match.type, match.exact) for match in seen.matches] == [("video_md5", True)]
    assert (seen.sha256, seen.states) == (sha256_of(data), frozenset())


def test_no_list_at_all_is_a_question_that_nobody_answers(examiner: Examine) -> None:
    seen = seen_by(examiner(made.stand_in(NOTHING)), made.photo())
    assert seen.states == {State.UNCOVERED}
    assert dict(seen.checks)["lists"] == "not_configured"


def test_a_damaged_list_is_a_failure_and_the_others_still_count(
    examiner: Examine, listed: Callable[..., None], store: ListStore, lists: LiveLists
) -> None:
    data = made.photo()
    listed("alpha", "sha256", sha256_of(b"something else"))
    listed("beta", "sha256", sha256_of(data))
    manifest = store.root / "alpha" / "manifest.json"
    manifest.write_bytes(b"{")
    lists.refresh()
    looking = examiner(made.stand_in(NOTHING))
    seen = seen_by(looking, data)
    assert [match.list for match in seen.matches] == ["beta"]
    assert State.FAILED in seen.states
    assert State.FAILED in looking.examine_digest(sha256_of(b"unknown"), "attachment.0").states
