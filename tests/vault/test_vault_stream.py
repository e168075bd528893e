"""The file format: what comes out is a prefix of what went in, and the end is an end only if it is the true one."""

import io
from typing import BinaryIO

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.vault import ObjectCut, ObjectDamaged, VaultError
from seawall.vault.stream import HEADER_BYTES, TAG_BYTES, SealedReader, seal

BITS = 16
CHUNK = 1 << BITS
STEP = CHUNK + TAG_BYTES
KEY = bytes(range(32))
BINDING = b"0" * 32 + b"canary"
SIZES = st.builds(lambda chunks, extra: max(0, chunks * CHUNK + extra), st.integers(0, 3), st.integers(-2, 2))


class Trickle(io.RawIOBase):
    """Gives out fewer bytes than it is asked for."""

    def __init__(self, data: bytes, most: int) -> None:
        self._data = io.BytesIO(data)
        self._most = most

    def read(self, size: int = -1) -> bytes:
        return self._data.read(min(size, self._most))


def _pattern(size: int) -> bytes:
    return (b"%08d" * (size // 8 + 1) % tuple(range(size // 8 + 1)))[:size]


def _seal(data: bytes) -> bytes:
    sink = io.BytesIO()
    assert seal(io.BytesIO(data), sink, KEY, BINDING, chunk_bits=BITS).size == len(data)
    return sink.getvalue()


def _reader(sealed: bytes, key: bytes = KEY, binding: bytes = BINDING) -> SealedReader:
    return SealedReader(io.BytesIO(sealed), key, binding, "the object")


def _read_until_refused(sealed: bytes) -> tuple[bytes, ObjectDamaged | None]:
    out = bytearray()
    try:
        reader = _reader(sealed)
        while data := reader.read(5000):
            out += data
    except ObjectDamaged as error:
        return bytes(out), error
    return bytes(out), None


@given(SIZES, st.sampled_from([1000, CHUNK - 1, CHUNK, CHUNK + 1, 1 << 20]))
@settings(max_examples=40, deadline=None)
def test_what_goes_in_comes_out(size: int, most: int) -> None:
    data = _pattern(size)
    sink = io.BytesIO()
    seal(Trickle(data, most), sink, KEY, BINDING, chunk_bits=BITS)
    chunks = max(1, -(-size // CHUNK))
    assert len(sink.getvalue()) == HEADER_BYTES + size + chunks * TAG_BYTES
    assert _reader(sink.getvalue()).read() == data


def _as_the_page_says(sealed: bytes) -> bytes:
    """Reads the format with nothing but its description."""
    header, body = sealed[:49], sealed[49:]
    assert header[:9] == b"SEAVAULT\x01"
    step = (1 << header[9]) + 16
    salt, prefix = header[10:42], header[42:]
    key = AESGCM(HKDF(SHA256(), 32, salt, b"seawall/vault/stream/1").derive(KEY))
    out = b""
    for number, start in enumerate(range(0, len(body), step)):
        nonce = prefix + number.to_bytes(4, "big") + bytes([start + step >= len(body)])
        out += key.decrypt(nonce, body[start : start + step], header + BINDING)
    return out


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_the_format_is_the_one_that_is_written_down(size: int) -> None:
    assert _as_the_page_says(_seal(_pattern(size))) == _pattern(size)


@given(SIZES, st.lists(st.tuples(st.integers(0, 2), st.integers(-3 * CHUNK, 4 * CHUNK), st.integers(0, CHUNK + 3))))
@settings(max_examples=40, deadline=None)
def test_seeking_and_reading_are_those_of_a_plain_file(size: int, steps: list[tuple[int, int, int]]) -> None:
    data = _pattern(size)
    plain: BinaryIO = io.BytesIO(data)
    opened = io.BufferedReader(_reader(_seal(data)))
    for whence, offset, count in steps:
        base = (0, plain.tell(), len(data))[whence]
        if base + offset >= 0:
            assert opened.seek(offset, whence) == plain.seek(base + offset)
        assert opened.read(count) == plain.read(count)
        assert opened.tell() == plain.tell()


DATA = _pattern(3 * CHUNK + 100)
SEALED = _seal(DATA)


@pytest.mark.parametrize("place", range(HEADER_BYTES))
def test_a_change_of_any_byte_of_the_header_is_seen_before_the_first_byte_is_given_out(place: int) -> None:
    changed = bytearray(SEALED)
    changed[place] ^= 1
    out, error = _read_until_refused(bytes(changed))
    assert (out, type(error)) == (b"", ObjectDamaged)


@given(st.integers(HEADER_BYTES, len(SEALED) - 1), st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_a_flipped_bit_is_seen_in_its_chunk(place: int, bit: int) -> None:
    changed = bytearray(SEALED)
    changed[place] ^= 1 << bit
    out, error = _read_until_refused(bytes(changed))
    assert type(error) is ObjectDamaged
    assert out == DATA[: (place - HEADER_BYTES) // STEP * CHUNK]


@given(st.integers(0, len(SEALED) - 1))
@settings(max_examples=60, deadline=None)
def test_a_file_cut_anywhere_gives_out_a_prefix_and_then_says_so(length: int) -> None:
    out, error = _read_until_refused(SEALED[:length])
    assert error is not None
    assert DATA.startswith(out)


@pytest.mark.parametrize("chunks", [1, 2, 3])
def test_a_file_cut_between_two_chunks_is_called_cut(chunks: int) -> None:
    out, error = _read_until_refused(SEALED[: HEADER_BYTES + chunks * STEP])
    assert type(error) is ObjectCut
    assert out == DATA[: (chunks - 1) * CHUNK]


@pytest.mark.parametrize("length", [0, 1, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + TAG_BYTES - 1])
def test_a_file_that_ends_within_its_header_or_first_tag_is_called_cut(length: int) -> None:
    with pytest.raises(ObjectCut, match="the object"):
        _reader(SEALED[:length])


@given(st.binary(min_size=1, max_size=300))
@settings(max_examples=20, deadline=None)
def test_appended_bytes_are_seen(extra: bytes) -> None:
    out, error = _read_until_refused(SEALED + extra)
    assert error is not None
    assert out == DATA[: 3 * CHUNK]


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 2, 1), (0, 0, 1), (0, 1), (1, 2)])
def test_chunks_that_are_moved_repeated_or_missing_are_seen(order: tuple[int, ...]) -> None:
    chunks = [SEALED[HEADER_BYTES + number * STEP : HEADER_BYTES + (number + 1) * STEP] for number in range(4)]
    out, error = _read_until_refused(SEALED[:HEADER_BYTES] + b"".join(chunks[one] for one in order) + chunks[3])
    assert error is not None
    assert DATA.startswith(out)


def test_another_key_or_another_owner_opens_nothing() -> None:
    for key, binding in ((bytes(32), BINDING), (KEY, b"1" + BINDING[1:]), (KEY, BINDING + b"x")):
        with pytest.raises(ObjectDamaged):
            _reader(SEALED, key, binding).read(1)


def test_two_files_under_one_key_share_no_bytes_to_compare() -> None:
    other = _seal(DATA)
    assert other[HEADER_BYTES:][:64] != SEALED[HEADER_BYTES:][:64]


def test_who_stops_reading_before_the_damage_is_told_nothing() -> None:
    with _reader(SEALED[:-1]) as reader:
        assert reader.read(CHUNK) == DATA[:CHUNK]


def test_after_a_refusal_every_read_is_refused_and_none_looks_like_an_end() -> None:
    reader = _reader(SEALED[: HEADER_BYTES + STEP])
    for _ in range(3):
        with pytest.raises(ObjectCut):
            reader.read(10)
    reader.seek(0)
    with pytest.raises(ObjectCut):
        reader.read(10)


def test_a_seek_from_a_false_end_is_refused() -> None:
    with pytest.raises(ObjectCut):
        _reader(SEALED[: HEADER_BYTES + 2 * STEP]).seek(0, io.SEEK_END)


def test_a_read_far_behind_a_false_end_is_refused() -> None:
    reader = _reader(SEALED[: HEADER_BYTES + 2 * STEP])
    reader.seek(100 * CHUNK)
    with pytest.raises(ObjectCut):
        reader.read(1)


def test_a_stream_that_is_not_ready_is_refused() -> None:
    class NotReady(io.RawIOBase):
        def read(self, size: int = -1) -> None:  # type: ignore[override]
            return None

    with pytest.raises(VaultError, match="not ready"):
        seal(NotReady(), io.BytesIO(), KEY, BINDING)  # type: ignore[arg-type]
