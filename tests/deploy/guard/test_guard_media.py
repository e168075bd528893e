"""Media that the guard examines: sound and documents, digests of what was judged before, and many at once."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seawall.content.sandbox import SandboxLimits
from seawall.deploy.guard.media import MediaLimits
from seawall.deploy.guard.media.spool import MemoryMedia
from seawall.deploy.guard.seen import Seen
from seawall.detectors.contract import Result
from seawall.policy.guard import State
from seawall.policy.separation import Partition, Signs
from tests.deploy.guard import media_for_guard as made
from tests.deploy.guard.media_examined import CHILD, NOTHING, PATIENCE, Examine, seen_by, sha256_of, side


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


def test_bytes_that_were_judged_before_are_not_decoded_again(
    examiner: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking = examiner(made.stand_in(NOTHING))
    data = made.photo()
    first = looking.examine(MemoryMedia(data), "attachment.0")

    def refused(*_: object) -> None:
        raise AssertionError("it was decoded again")

    monkeypatch.setattr(looking._pool, "lend", refused)
    assert looking.examine(MemoryMedia(data), "attachment.7") == replace(first, name="attachment.7")


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
