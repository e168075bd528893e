"""Media that the guard examines: what nobody could look at is said, and never passed over."""

from __future__ import annotations

import io
import os
import random
import signal
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from seawall.deploy.guard.media import MediaLimits, MemoryMedia
from seawall.deploy.guard.media.pool import LIMITS
from seawall.policy.guard import State
from seawall.policy.separation import Partition
from tests.deploy.guard import media_for_guard as made
from tests.deploy.guard.media_examined import NOTHING, Examine, seen_by, sha256_of, side


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
