"""Bytes under way: bounded one by one and together, readable by many, and changed by nobody."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.deploy.guard.errors import GuardBusy
from seawall.deploy.guard.media import MediaBudget, MemoryMedia, SpooledMedia
from seawall.errors import TooLarge

MIB = 1 << 20


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_what_was_written_is_read(pieces: list[bytes]) -> None:
    with SpooledMedia.create(2000) as media:
        for piece in pieces:
            media.write(piece)
        whole = b"".join(pieces)
        assert media.seal().size == len(whole)
        with media.open() as one, media.open() as other:
            assert one.read() == whole
            assert other.read(5) == whole[:5]
            one.seek(2)
            assert one.read() == whole[2:]


def test_bytes_in_memory_are_read_again_and_again() -> None:
    media = MemoryMedia(b"some bytes")
    assert media.size == 10
    assert [media.open().read() for _ in range(2)] == [b"some bytes"] * 2


def test_an_upload_over_its_limit_is_refused() -> None:
    with SpooledMedia.create(10) as media:
        media.write(b"0123456789")
        with pytest.raises(TooLarge):
            media.write(b"x")


def test_a_sealed_upload_cannot_be_changed() -> None:
    with SpooledMedia.create(100) as media:
        media.write(b"as it was")
        media.seal()
        with pytest.raises(ValueError, match="sealed"):
            media.write(b"x")
        with media.open() as stream:
            with pytest.raises(OSError):
                os.write(stream.fileno(), b"x")
            assert stream.read() == b"as it was"


def test_an_upload_is_not_read_before_it_is_whole_nor_after_it_is_gone() -> None:
    media = SpooledMedia.create(100)
    media.write(b"half")
    with pytest.raises(ValueError, match="not there"):
        media.open()
    stream = media.seal().open()
    media.close()
    media.close()
    with pytest.raises(ValueError, match="not there"):
        media.open()
    with stream:
        assert stream.read() == b"half", "a stream that is open stays good"


def test_all_uploads_together_are_bounded_and_give_back_what_they_held() -> None:
    budget = MediaBudget(3 * MIB)
    one = SpooledMedia.create(10 * MIB, budget)
    two = SpooledMedia.create(10 * MIB, budget)
    one.write(bytes(2 * MIB))
    two.write(bytes(10))
    with pytest.raises(GuardBusy):
        two.write(bytes(2 * MIB))
    assert budget.used == 3 * MIB
    one.close()
    two.write(bytes(2 * MIB - 10))
    two.close()
    assert budget.used == 0


def test_an_upload_that_is_forgotten_gives_its_memory_back() -> None:
    budget = MediaBudget(MIB)
    media = SpooledMedia.create(MIB, budget)
    media.write(b"x")
    assert budget.used == MIB
    del media
    gc.collect()
    assert budget.used == 0


def test_a_system_without_anonymous_memory_keeps_uploads_in_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    with SpooledMedia.create(100) as media:
        media.write(b"some ")
        media.write(memoryview(b"bytes"))
        assert media.seal().open().read() == b"some bytes"
