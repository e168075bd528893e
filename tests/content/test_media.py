"""What bytes are is told by the bytes; a name is a claim."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, features

from seawall.content.media import HEAD_BYTES, Medium, sniff


@pytest.mark.parametrize(
    ("pillow", "name"),
    [("JPEG", "jpeg"), ("PNG", "png"), ("GIF", "gif"), ("WEBP", "webp"), ("TIFF", "tiff"), ("BMP", "bmp"),
     ("PPM", "pnm"), ("ICO", "ico"), ("JPEG2000", "jp2"), ("AVIF", "avif"), ("QOI", "qoi")],
)  # fmt: skip
def test_what_pillow_writes_is_known(pillow: str, name: str) -> None:
    if pillow == "AVIF":
        assert features.check("avif"), "the pinned Pillow reads AVIF"
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(buffer, pillow)
    kind = sniff(buffer.getvalue()[:HEAD_BYTES])
    assert (kind.medium, kind.format) == (Medium.IMAGE, name)


def test_video_and_sound_are_known(vectors: Path, tmp_path: Path) -> None:
    assert sniff((vectors / "vpdq/doorknob-hd-no-bar.mp4").read_bytes()[:HEAD_BYTES]).medium is Medium.VIDEO
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(200))
    assert sniff((tmp_path / "a.wav").read_bytes()[:HEAD_BYTES]).medium is Medium.AUDIO


@pytest.mark.parametrize("head", [b"", b"\xff", b"plain text", b"{}", b"PK\x03\x04", b"%PDF-1.7", b"BM news", b"P5"])
def test_other_things_are_other(head: bytes) -> None:
    assert sniff(head).medium is Medium.OTHER


@given(st.binary(max_size=HEAD_BYTES))
def test_any_bytes_have_a_kind(head: bytes) -> None:
    assert sniff(head).medium in Medium
