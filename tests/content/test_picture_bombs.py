"""Files that are made to hurt: refused or flagged, never taken as whole, and the decode process is ready again."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from seawall.content.item import Item
from seawall.content.origin import Origin
from seawall.content.pictures import PICTURE_SIDE, PictureReader, Shown
from seawall.content.pictures.show import ENTRY
from seawall.content.sandbox import Sandbox
from seawall.errors import DecoderDied, MediaError, SeawallError, TooLarge


@pytest.fixture(scope="module")
def reader() -> Iterator[PictureReader]:
    with Sandbox(ENTRY) as sandbox:
        pictures = PictureReader(sandbox)
        yield pictures
        pictures.close()


def _item(data: bytes) -> Item:
    return Item("item", Origin(), lambda: io.BytesIO(data), size=len(data))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_bomb(side: int) -> bytes:
    """A one-bit picture of `side` x `side` zeros, compressed to next to nothing."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    packed = b"".join(packer.compress(row * 1000) for _ in range(side // 1000)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def gif_bomb(frames: int, side: int = 16) -> bytes:
    """An animation of many frames, each one flat."""
    picture = b"\x2c" + struct.pack("<HHHHB", 0, 0, side, side, 0)
    pixels = Image.new("P", (side, side))
    buffer = io.BytesIO()
    pixels.save(buffer, "GIF")
    whole = buffer.getvalue()
    start = whole.index(picture[:1], 13 + 3 * 2)
    return whole[:start] + whole[start:-1] * frames + b"\x3b"


def jpeg_bomb(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64)).save(buffer, "JPEG")
    data = bytearray(buffer.getvalue())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


BOMBS = {
    "png-30000": lambda: png_bomb(30_000),
    "png-60000": lambda: png_bomb(60_000),
    "jpeg-65500": lambda: jpeg_bomb(65_500, 65_500),
    "jpeg-65500-wide": lambda: jpeg_bomb(65_500, 1_000),
}


@pytest.mark.parametrize("name", BOMBS)
def test_pictures_beyond_the_limits_are_refused_by_their_header(reader: PictureReader, name: str) -> None:
    with pytest.raises(TooLarge):
        reader.show(_item(BOMBS[name]()))
    assert _works(reader)


def test_an_animation_of_ten_thousand_frames_is_seen_in_part_and_says_so(reader: PictureReader) -> None:
    shown = reader.show(_item(gif_bomb(10_000)))
    assert "partial" in shown.flags
    assert 0 < len(shown.pictures) <= 8


def test_a_jpeg_that_lies_about_its_size_is_never_whole(reader: PictureReader) -> None:
    data = jpeg_bomb(6000, 6000)
    try:
        assert "damaged" in reader.show(_item(data)).flags
    except SeawallError as error:
        assert isinstance(error, (MediaError, DecoderDied))
    assert _works(reader)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"])
def test_truncated_files_are_refused_or_flagged(reader: PictureReader, form: str) -> None:
    data = _encoded(form)
    for share in (0.02, 0.3, 0.6, 0.9):
        shown = _shown(reader, data[: int(len(data) * share)])
        assert shown is None or "damaged" in shown.flags, (form, share)
    assert _works(reader)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"])
def test_mutated_files_give_small_pictures_or_a_clear_error(reader: PictureReader, form: str) -> None:
    chance = random.Random(form)
    data = _encoded(form)
    for _ in range(40):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 12)):
            changed[chance.randrange(len(changed) if chance.random() < 0.5 else 64)] = chance.randrange(256)
        shown = _shown(reader, bytes(changed))
        for picture in shown.pictures if shown is not None else ():
            assert 0 < max(picture.pixels.shape[:2]) <= PICTURE_SIDE
    assert _works(reader)


PLAYLISTS = (
    b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
    b"ffconcat version 1.0\nfile /etc/hostname\n",
    b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'></MPD>",
    b"[playlist]\nFile1=file:///etc/hostname\nNumberOfEntries=1\n",
)


@pytest.mark.parametrize("playlist", PLAYLISTS)
def test_playlists_are_not_followed(reader: PictureReader, playlist: bytes) -> None:
    from seawall.content.media import Medium, Sniffed

    for kind in (None, Sniffed(Medium.VIDEO, "mp4"), Sniffed(Medium.VIDEO, "mkv")):
        item = Item("item", Origin(), lambda: io.BytesIO(playlist), size=len(playlist), kind=kind)
        with pytest.raises(SeawallError):
            reader.show(item)
    assert _works(reader)


def _encoded(form: str) -> bytes:
    noise = np.random.default_rng(2).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).resize((480, 360)).save(buffer, form)
    return buffer.getvalue()


def _shown(reader: PictureReader, data: bytes) -> Shown | None:
    try:
        return reader.show(_item(data))
    except SeawallError:
        return None


def _works(reader: PictureReader) -> bool:
    return bool(reader.show(_item(_encoded("PNG"))).pictures)
