"""Media that the guard examines: what lists know, what detectors see, and what nobody could look at."""

from __future__ import annotations

import hashlib
import io
import os
import random
import signal
import threading
import time
import wave
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seawall.content.sandbox import SandboxLimits
from seawall.deploy.guard.lists import LiveLists
from seawall.deploy.guard.media import MediaExaminer, MediaLimits, MemoryMedia, SpooledMedia, picture_detectors
from seawall.deploy.guard.media.pool import LIMITS, DecodePool
from seawall.deploy.guard.seen import Seen
from seawall.detectors.contract import Modality, Result, Task
from seawall.matching import ListStore, Purpose
from seawall.policy.guard import State
from seawall.policy.separation import Partition, Signs, join, load_separation_policy, rule
from seawall.settings import Settings
from seawall.testing import StandInDetector

_SPEC = util.spec_from_file_location("media_for_guard", Path(__file__).with_name("media_for_guard.py"))
assert _SPEC is not None and _SPEC.loader is not None
made = util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(made)

ADULT = {"adult_sexual": 0.9, "child_depiction": 0.0, "under_21": 0.01, "persons": 1.0, "persons_abstained": 0.0}
CHILD = {"adult_sexual": 0.0, "child_depiction": 0.9, "under_21": 0.95, "persons": 1.0, "persons_abstained": 0.0}
NOTHING = {"adult_sexual": 0.0, "child_depiction": 0.0, "under_21": 0.0, "persons": 0.0, "persons_abstained": 0.0}
POLICY = load_separation_policy()
PATIENCE = 60.0

Examine = Callable[..., MediaExaminer]


@pytest.fixture
def settings(seawall_home: Path) -> Settings:
    return Settings(seawall_home, "")


@pytest.fixture
def store(settings: Settings) -> ListStore:
    return ListStore(settings.home / "lists")


@pytest.fixture
def lists(settings: Settings) -> Iterator[LiveLists]:
    with LiveLists(settings, poll=0.02) as live:
        yield live


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """A decode process that tests share: starting one takes longer than most of them."""
    shared = DecodePool(1)
    yield shared
    shared.close()


@pytest.fixture
def examiner(lists: LiveLists, pool: DecodePool) -> Iterator[Examine]:
    """`examiner(detector, ...)` examines with these detectors; without any by lists alone."""
    opened: list[MediaExaminer] = []

    def open_it(*detectors: object, scorer: object = None, **options: object) -> MediaExaminer:
        stubs = scorer or (made.Stubs(*detectors) if detectors else None)
        if "limits" not in options:
            options["pool"] = pool
        opened.append(MediaExaminer(lists, None if stubs is None else lambda: stubs, **options))  # type: ignore[arg-type]
        return opened[-1]

    yield open_it
    for each in opened:
        each.close()


@pytest.fixture
def listed(store: ListStore, lists: LiveLists, tmp_path: Path) -> Callable[..., None]:
    """`listed("alpha", "sha256", value)` puts values on a list."""

    def write(name: str, type: str, *values: str, purpose: Purpose = Purpose.CSAM, label: str = "some-label") -> None:
        path = tmp_path / f"{name}-list.txt"
        path.write_text("\n".join(values) + "\n")
        store.import_file(path, name=name, purpose=purpose, type=type, labels=[label])
        lists.refresh()

    return write


def seen_by(examiner: MediaExaminer, data: bytes, name: str = "file") -> Seen:
    return examiner.examine(MemoryMedia(data), name)


def side(signs: Signs | None) -> Partition:
    return rule(POLICY, signs or Signs(text=True)).partition


def turned(data: bytes) -> bytes:
    """The picture, rotated and stored again."""
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).rotate(90, expand=True).save(out, "JPEG", quality=90)
    return out.getvalue()


def pdq_of(data: bytes) -> str:
    import seawall

    return seawall.pdq(data).value


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


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


# What detectors see


def test_what_detectors_see_is_what_the_joint_rule_is_given(examiner: Examine, listed: Callable[..., None]) -> None:
    listed("alpha", "sha256", sha256_of(b"something else"))
    for answer, expected in ((ADULT, Partition.ADULT_SEXUAL), (CHILD, Partition.CHILD_DEPICTION)):
        seen = seen_by(examiner(made.stand_in(answer)), made.photo())
        assert (side(seen.real), seen.states, seen.canary) == (expected, frozenset(), None)
    both = [seen_by(examiner(made.stand_in(answer)), made.photo()).real for answer in (ADULT, CHILD)]
    assert side(join(both)) is Partition.BOTH


@pytest.mark.parametrize(
    ("answer", "state", "status"),
    [
        (Result.error("crashed"), State.FAILED, "error"),
        (Result.error("timeout"), State.TIMED_OUT, "timed_out"),
        (Result.abstain("too_small"), State.ABSTAINED, "abstain"),
        (Result.unsupported("weights_missing"), State.UNCOVERED, "not_configured"),
        (Result.unsupported("medium"), State.UNCOVERED, "unsupported"),
        (Result.ok({"adult_sexual": 0.1}), State.FAILED, "ok"),
    ],
)
def test_a_detector_that_gives_no_score_is_a_state_and_never_a_zero(
    examiner: Examine, listed: Callable[..., None], answer: Result, state: State, status: str
) -> None:
    listed("alpha", "sha256", sha256_of(b"something else"))
    seen = seen_by(examiner(made.stand_in(answer)), made.photo())
    assert seen.states == {state}
    assert dict(seen.checks)["stand-in"] == status
    assert side(seen.real) is Partition.NEITHER, "what was not looked at is told by the state alone"


def test_what_one_detector_sees_counts_though_another_fails(examiner: Examine) -> None:
    broken = StandInDetector(lambda item: Result.error("crashed"), id="broken")
    seen = seen_by(examiner(broken, made.stand_in(CHILD)), made.photo())
    assert side(seen.real) is Partition.CHILD_DEPICTION
    assert State.FAILED in seen.states


def test_a_question_that_no_detector_answers_is_named(examiner: Examine) -> None:
    nsfw = StandInDetector(
        lambda item: {"adult_sexual": 0.0}, labels=["adult_sexual"], modalities=[Modality.IMAGE], id="only-nsfw"
    )
    seen = seen_by(examiner(nsfw), made.photo())
    assert dict(seen.checks)["pictures:age"] == "not_configured"
    assert "pictures:adult_sexual" not in dict(seen.checks)
    assert State.UNCOVERED in seen.states


def test_classes_of_an_operators_model_are_passed_on(examiner: Examine) -> None:
    own = StandInDetector(lambda item: {"zorblax": 0.7, "csem.zorblax": 0.6}, labels=["zorblax", "csem.zorblax"])
    seen = seen_by(examiner(own), made.photo())
    assert seen.scores == {"zorblax": 0.7, "csem.zorblax": 0.6}
    assert side(seen.real) is Partition.BOTH, "a model that names the joint fact itself"


def test_a_stranger_in_one_frame_of_a_video_is_not_covered_by_an_adult_in_another(
    examiner: Examine, vectors: Path
) -> None:
    turn = iter(range(1_000_000))

    def by_turns(item: object) -> dict[str, float]:
        return ADULT if next(turn) % 2 else ADULT | {"persons": 0.0}

    data = (vectors / "vpdq/test-padded-dimensions.mp4").read_bytes()
    assert side(seen_by(examiner(made.stand_in(ADULT)), data).real) is Partition.ADULT_SEXUAL
    assert side(seen_by(examiner(made.stand_in(by_turns)), data).real) is Partition.SEXUAL_AGE_UNKNOWN


def test_detectors_that_break_down_fail_and_those_that_hang_time_out(examiner: Examine) -> None:
    freed = threading.Event()

    class Broken(made.Stubs):  # type: ignore[name-defined,misc]
        def score(self, items: object, *, hashed: bool) -> object:
            raise RuntimeError

    class Hung(made.Stubs):  # type: ignore[name-defined,misc]
        def score(self, items: object, *, hashed: bool) -> object:
            freed.wait(PATIENCE)
            return super().score(items, hashed=hashed)

    seen = seen_by(examiner(scorer=Broken(made.stand_in(CHILD))), made.photo())
    assert State.FAILED in seen.states
    hung = examiner(scorer=Hung(made.stand_in(CHILD)), limits=MediaLimits(seconds=1.0, processes=1))
    seen = seen_by(hung, made.photo())
    assert State.TIMED_OUT in seen.states
    assert dict(seen.checks)["stand-in"] == "timed_out"
    freed.set()


def test_uploads_that_come_together_are_scored_together(examiner: Examine) -> None:
    entered, go = threading.Event(), threading.Event()

    class Slow(made.Stubs):  # type: ignore[name-defined,misc]
        def score(self, items: object, *, hashed: bool) -> object:
            entered.set()
            go.wait(PATIENCE)
            return super().score(items, hashed=hashed)

    slow = Slow(made.stand_in(lambda item: {**NOTHING, "adult_sexual": float(item.pixels.mean() / 255)}))
    looking = examiner(scorer=slow, limits=MediaLimits(seconds=PATIENCE, processes=2))
    photos = [made.photo(seed) for seed in range(6)]
    with ThreadPoolExecutor(6) as threads:
        waiting = [threads.submit(seen_by, looking, photos[0])]
        assert entered.wait(PATIENCE)
        waiting += [threads.submit(seen_by, looking, data) for data in photos[1:]]
        ends = time.monotonic() + PATIENCE
        while looking._desk._waiting.qsize() < 5 and time.monotonic() < ends:
            threading.Event().wait(0.01)
        go.set()
        together = [each.result(PATIENCE).real.sexual for each in waiting]
    assert [number for number, _ in slow.asked] == [1, 5]
    alone = examiner(scorer=Slow(made.stand_in(slow._detectors[0]._answer)))
    assert together == [seen_by(alone, data).real.sexual for data in photos], "each gets its own answer"


# Canaries


@pytest.mark.parametrize(
    ("concepts", "expected"),
    [
        ("a", Partition.CHILD_DEPICTION),
        ("b", Partition.SEXUAL_AGE_UNKNOWN),
        ("bc", Partition.ADULT_SEXUAL),
        ("ab", Partition.BOTH),
        ("c", Partition.NEITHER),
    ],
)
def test_canaries_stand_apart_from_what_was_really_seen(examiner: Examine, concepts: str, expected: Partition) -> None:
    seen = seen_by(examiner(made.stand_in(NOTHING)), made.canary(concepts))
    assert side(seen.canary) is expected
    assert side(seen.real) is Partition.NEITHER
    assert {match.purpose for match in seen.matches} == {"canary"}


def test_a_blurred_figure_is_a_person_of_unknown_age(examiner: Examine) -> None:
    seen = seen_by(examiner(), made.canary("bc", blurred=True))
    assert side(seen.canary) is Partition.SEXUAL_AGE_UNKNOWN


def test_a_canary_that_is_on_a_real_list_is_real(examiner: Examine, listed: Callable[..., None]) -> None:
    data = made.canary("a")
    listed("alpha", "sha256", sha256_of(data))
    seen = seen_by(examiner(made.stand_in(NOTHING)), data)
    assert {match.purpose for match in seen.matches} == {"csam", "canary"}
    assert side(seen.real) is Partition.BOTH


def test_what_a_canary_detector_sees_does_not_count_as_having_looked(examiner: Examine) -> None:
    drill = StandInDetector(lambda item: ADULT, id="drill", task=Task.CANARY)
    seen = seen_by(examiner(drill), made.photo())
    assert side(seen.canary) is Partition.ADULT_SEXUAL
    assert side(seen.real) is Partition.NEITHER
    assert dict(seen.checks)["pictures:age"] == "not_configured"


def test_the_shipped_canary_detector_runs_beside_the_others(settings: Settings, lists: LiveLists) -> None:
    with MediaExaminer(lists, picture_detectors(settings, ["canary"]), limits=MediaLimits(processes=1)) as looking:
        looking.warm()
        seen = seen_by(looking, made.canary("ab", 3))
        assert side(seen.canary) is Partition.BOTH
        assert dict(seen.checks)["canary"] == "ok"


# What nobody could look at


@pytest.mark.parametrize(
    ("data", "states"),
    [
        (b"", {State.UNEXAMINED}),
        (bytes(range(256)) * 40, {State.UNEXAMINED}),
        (b"%PDF-1.7\n" + bytes(1000), {State.UNEXAMINED}),
        (b"\xff\xd8\xff" + bytes(2000), {State.UNEXAMINED}),
        (made.photo()[:4000], {State.DAMAGED}),
        (made.png_of_a_size(60_000), {State.UNEXAMINED}),
        (b"\x1aE\xdf\xa3" + bytes(5000), {State.UNEXAMINED}),
    ],
    ids=["empty", "garbage", "document", "no jpeg", "cut jpeg", "bomb header", "no video"],
)
def test_what_cannot_be_read_is_said(
    examiner: Examine, listed: Callable[..., None], data: bytes, states: set[State]
) -> None:
    listed("alpha", "sha256", sha256_of(b"something else"))
    seen = seen_by(examiner(made.stand_in(NOTHING)), data)
    assert seen.states == states
    assert side(seen.real) is Partition.NEITHER
    assert seen.sha256 == sha256_of(data)


def test_what_cannot_be_read_is_still_known_by_its_digest(examiner: Examine, listed: Callable[..., None]) -> None:
    data = bytes(range(256)) * 40
    listed("alpha", "sha256", sha256_of(data))
    seen = seen_by(examiner(made.stand_in(NOTHING)), data)
    assert side(seen.real) is Partition.BOTH


def test_ten_thousand_frames_are_not_taken_as_whole(examiner: Examine) -> None:
    seen = seen_by(examiner(made.stand_in(NOTHING)), made.gif_of_many(10_000))
    assert seen.states & {State.DAMAGED, State.UNEXAMINED, State.TIMED_OUT}


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSTOP])
def test_a_decoder_that_dies_or_hangs_is_replaced(examiner: Examine, sign: signal.Signals) -> None:
    looking = examiner(limits=MediaLimits(processes=1, decode=replace(LIMITS, seconds_per_item=1.0)))
    looking.warm()
    slot = looking._pool._free.queue[0]
    os.kill(slot.examiner._sandbox._child._process.pid, sign)  # type: ignore[union-attr]
    struck = seen_by(looking, made.photo(1))
    assert dict(struck.checks)["decode"] == ("ok" if sign is signal.SIGKILL else "error")
    assert (State.UNEXAMINED in struck.states) is (sign is signal.SIGSTOP)
    assert dict(seen_by(looking, made.photo(2)).checks)["decode"] == "ok"


def test_a_decoder_without_memory_costs_its_item_alone(examiner: Examine) -> None:
    small = MediaLimits(processes=1, decode=replace(LIMITS, buffer_bytes=1 << 20))
    looking = examiner(limits=small)
    rng = np.random.default_rng(1)
    out = io.BytesIO()
    Image.fromarray(rng.integers(0, 255, (900, 900, 3), np.uint8)).save(out, "PNG")
    assert State.UNEXAMINED in seen_by(looking, out.getvalue()).states
    assert dict(seen_by(looking, made.photo()).checks)["decode"] == "ok"


def test_a_decode_process_that_cannot_start_is_a_failure(examiner: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    assert State.FAILED in seen_by(examiner(limits=MediaLimits(processes=1)), made.photo()).states


def test_a_medium_that_cannot_be_opened_is_said(examiner: Examine) -> None:
    class Gone(MemoryMedia):
        def open(self) -> io.BytesIO:  # type: ignore[override]
            raise OSError(5, "gone")

    seen = examiner().examine(Gone(b"x"), "file")
    assert seen.states & {State.FAILED, State.UNEXAMINED}


def test_random_bytes_behind_every_magic_never_raise(examiner: Examine) -> None:
    rng = random.Random(7)
    looking = examiner(made.stand_in(NOTHING))
    heads = [
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"RIFF\0\0\0\0WEBP",
        b"\0\0\0\x18ftypmp42",
        b"OggS",
        b"BM",
    ]
    for head in heads:
        data = head + rng.randbytes(rng.randrange(10, 3000))
        assert seen_by(looking, data).states - {State.UNCOVERED}, head


def test_a_flat_picture_says_too_little_for_its_hash(examiner: Examine) -> None:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), (9, 120, 40)).save(out, "PNG")
    seen = seen_by(examiner(made.stand_in(NOTHING)), out.getvalue())
    assert State.ABSTAINED in seen.states
    assert dict(seen.checks)["pdq"] == "abstain"


# Sound and documents


def sound() -> bytes:
    rng = np.random.default_rng(3)
    tones = [np.sin(np.arange(11_025) * rng.uniform(0.05, 0.6)) for _ in range(12)]
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(11_025)
        file.writeframes((np.concatenate(tones) * 20_000).astype("<i2").tobytes())
    return out.getvalue()


@pytest.mark.usefixtures("needs_fpcalc")
def test_sound_is_known_by_its_fingerprint_and_nobody_listens(
    examiner: Examine, listed: Callable[..., None], tmp_path: Path
) -> None:
    from seawall.hashing.chromaprint import fingerprint

    path = tmp_path / "sound.wav"
    path.write_bytes(sound())
    with path.open("rb") as file:
        signal = fingerprint(file.fileno())
    assert signal is not None
    listed("songs", "chromaprint", signal.value.hex())
    seen = seen_by(examiner(made.stand_in(NOTHING)), sound())
    assert [match.type for match in seen.matches] == ["chromaprint"]
    assert seen.states == {State.UNCOVERED}
    assert dict(seen.checks)["sound:content"] == "not_configured"


def test_sound_without_its_program_is_unexamined(examiner: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seawall.hashing.chromaprint.shutil.which", lambda name: None)
    assert {State.UNEXAMINED, State.UNCOVERED} <= seen_by(examiner(), sound()).states


def test_the_text_of_a_document_is_examined_as_text(examiner: Examine, listed: Callable[..., None]) -> None:
    listed("alpha", "sha256", sha256_of(b"something else"))
    asked: list[str] = []

    def texts(given: list[str]) -> list[Seen]:
        asked.extend(given)
        return [Seen("text", Signs(text=True, sexual_text=0.9), checks=(("term-packs", "ok"),)) for _ in given]

    looking = examiner(texts=texts)
    seen = seen_by(looking, b"zorblax in a file\n")
    assert asked == ["zorblax in a file\n"]
    assert (seen.name, seen.real.sexual_text, seen.states) == ("file", 0.9, frozenset())
    drawing = seen_by(looking, b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    assert drawing.states == {State.UNEXAMINED}, "nobody sees what a drawing shows"
    assert seen_by(looking, b"a" * (1 << 21)).states == {State.UNEXAMINED}
    assert seen_by(looking, "zorblax".encode("utf-16")).states == {State.UNEXAMINED}


# Digests


def test_a_digest_alone_is_known_by_lists_and_by_what_was_judged_before(
    examiner: Examine, listed: Callable[..., None]
) -> None:
    listed("alpha", "sha256", sha256_of(b"listed"))
    looking = examiner(made.stand_in(CHILD))
    known = looking.examine_digest(sha256_of(b"listed"), "attachment.0")
    assert (side(known.real), known.states, known.name) == (Partition.BOTH, frozenset(), "attachment.0")
    data = made.photo()
    assert looking.examine_digest(sha256_of(data), "attachment.1").states == {State.UNEXAMINED}
    first = seen_by(looking, data)
    assert looking.examine_digest(sha256_of(data), "attachment.2") == replace(first, name="attachment.2")


def test_what_was_judged_is_forgotten_once_lists_change(examiner: Examine, listed: Callable[..., None]) -> None:
    looking = examiner(made.stand_in(CHILD))
    data = made.photo()
    seen_by(looking, data)
    assert State.UNEXAMINED not in looking.examine_digest(sha256_of(data), "attachment.0").states
    listed("alpha", "sha256", sha256_of(b"listed"))
    assert looking.examine_digest(sha256_of(data), "attachment.0").states == {State.UNEXAMINED}


def test_what_is_remembered_is_bounded_and_never_a_failure(examiner: Examine) -> None:
    looking = examiner(made.stand_in(Result.error("crashed")))
    data = made.photo()
    seen_by(looking, data)
    assert State.UNEXAMINED in looking.examine_digest(sha256_of(data), "attachment.0").states
    small = examiner(made.stand_in(NOTHING), limits=MediaLimits(processes=1, remembered=2))
    photos = [made.photo(seed) for seed in range(3)]
    for each in photos:
        seen_by(small, each)
    known = [State.UNEXAMINED not in small.examine_digest(sha256_of(each), "x").states for each in photos]
    assert known == [False, True, True]


# Many at once


def test_more_uploads_than_processes_wait_their_turn(examiner: Examine) -> None:
    looking = examiner(made.stand_in(NOTHING), limits=MediaLimits(seconds=PATIENCE, processes=2))
    photos = [made.photo(seed) for seed in range(12)]
    with ThreadPoolExecutor(12) as threads:
        seen = list(threads.map(lambda data: seen_by(looking, data), photos))
    assert [each.sha256 for each in seen] == [sha256_of(data) for data in photos]
    assert all(dict(each.checks)["decode"] == "ok" for each in seen)


def test_an_upload_that_finds_no_free_process_has_timed_out(examiner: Examine) -> None:
    looking = examiner(limits=MediaLimits(seconds=0.2, processes=1, decode=SandboxLimits()))
    with looking._pool.lend(frozenset(), 1.0):
        seen = seen_by(looking, made.photo())
    assert seen.states == {State.TIMED_OUT}


def test_an_examiner_that_was_closed_examines_nothing(examiner: Examine) -> None:
    looking = examiner(made.stand_in(NOTHING), limits=MediaLimits(processes=1))
    looking.close()
    assert seen_by(looking, made.photo()).states & {State.TIMED_OUT, State.FAILED}
