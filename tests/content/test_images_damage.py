"""Damaged files: what decodes is given and flagged; the rest is one clear error, and never another exception."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from seawall.content.images import open_images
from seawall.content.limits import Limits
from seawall.errors import MediaError, TooLarge, UnsupportedMedia

Encode = Callable[..., bytes]


def outcome(data: bytes) -> tuple[list[np.ndarray[Any, Any]], frozenset[str]]:
    with open_images(data) as reader:
        shown = [np.concatenate(list(frame.strips())) for frame in reader.frames()]
    return shown, reader.flags


@pytest.mark.parametrize(
    ("format_name", "options"),
    [
        ("JPEG", {"quality": 90}),
        ("JPEG", {"quality": 90, "progressive": True}),
        ("PNG", {}),
        ("GIF", {"interlace": 0}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("PPM", {}),
    ],
)
def test_the_first_half_of_a_file_gives_the_top_of_the_picture(
    format_name: str, options: dict[str, Any], photo: Image.Image, encode: Encode
) -> None:
    if format_name == "TIFF":
        # The directory must come first, so that it survives the cut.
        data = tiff_with_directory_first(photo, compress=bool(options))
    else:
        data = encode(photo, format_name, **options)
    (shown,), flags = outcome(data[: len(data) * 6 // 10])
    assert flags == {"damaged"}
    gray = shown if shown.ndim == 2 else shown.mean(2)
    wanted = np.asarray(photo.convert("L"), float)
    rows = slice(0, 100) if format_name != "BMP" else slice(200, 300)
    if options.get("progressive"):
        assert np.corrcoef(gray[rows].ravel(), wanted[rows].ravel())[0, 1] > 0.9
    else:
        assert np.abs(gray[rows] - wanted[rows]).mean() < 12


def tiff_with_directory_first(photo: Image.Image, *, compress: bool) -> bytes:
    rows = np.asarray(photo.convert("L"))
    per_strip = 10
    strips = [rows[at : at + per_strip].tobytes() for at in range(0, len(rows), per_strip)]
    if compress:
        strips = [zlib.compress(strip) for strip in strips]
    count = len(strips)
    tags = 9
    after = 8 + 2 + 12 * tags + 4
    offsets_at, counts_at, body_at = after, after + 4 * count, after + 8 * count
    offsets = np.cumsum([body_at, *(len(strip) for strip in strips[:-1])])
    entries = [
        (256, 4, 1, photo.width),
        (257, 4, 1, photo.height),
        (258, 3, 1, 8),
        (259, 3, 1, 8 if compress else 1),
        (262, 3, 1, 1),
        (273, 4, count, offsets_at),
        (277, 3, 1, 1),
        (278, 4, 1, per_strip),
        (279, 4, count, counts_at),
    ]
    data = b"II*\0" + struct.pack("<IH", 8, tags) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    data += bytes(4) + struct.pack(f"<{count}I", *offsets) + struct.pack(f"<{count}I", *map(len, strips))
    return data + b"".join(strips)


def test_broken_lzw_data_keeps_what_came_before_it(photo: Image.Image, encode: Encode) -> None:
    data = bytearray(encode(photo, "GIF"))
    middle = len(data) * 6 // 10
    data[middle : middle + 200] = b"\xff" * 200
    shown, flags = outcome(bytes(data))
    assert len(shown) == 1
    assert flags <= {"damaged"}


def test_broken_compressed_data_in_a_png_is_flagged(photo: Image.Image, encode: Encode) -> None:
    data = bytearray(encode(photo, "PNG"))
    data[len(data) // 2] ^= 0x55
    (shown,), flags = outcome(bytes(data))
    assert shown.shape == (300, 400, 3)
    assert flags == {"damaged"}


@pytest.mark.parametrize("spoiled", [b"tEXt", b"pHYs", b"IHDR", b"IEND"])
def test_a_png_with_a_wrong_checksum_is_shown_by_viewers_and_hashed_here(
    spoiled: bytes, photo: Image.Image, encode: Encode
) -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("note", "text")
    data = bytearray(encode(photo, "PNG", pnginfo=notes, dpi=(72, 72)))
    at = data.index(spoiled)
    (length,) = struct.unpack_from(">I", data, at - 4)
    data[at + 4 + length] ^= 0xFF
    (shown,), flags = outcome(bytes(data))
    assert np.array_equal(shown, np.asarray(photo))
    assert flags <= {"damaged"}


def test_a_corrupt_scan_in_a_jpeg_is_flagged(photo: Image.Image, encode: Encode) -> None:
    data = bytearray(encode(photo, "JPEG", quality=90))
    data[len(data) // 2 : len(data) // 2 + 4] = b"\xff\xd3\x00\x11"
    (shown,), flags = outcome(bytes(data))
    assert shown.shape == (300, 400)
    assert flags == {"damaged"}


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP", "ICO", "PPM", "JPEG2000", "AVIF"])
def test_every_short_cut_of_a_file_is_frames_or_a_media_error(
    format_name: str, photo: Image.Image, encode: Encode
) -> None:
    data = encode(photo.resize((40, 30)), format_name)
    for length in {*range(0, min(len(data), 120), 7), *range(0, len(data), max(1, len(data) // 25))}:
        try:
            outcome(data[:length])
        except MediaError as error:
            assert error.message
            assert "\n" not in error.message
            assert "b'" not in error.message


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8\xff", b"not a picture at all", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"%PDF-1.7\n", b"<svg/>"]
)
def test_what_is_no_picture_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(MediaError):
        list(open_images(data).frames())


def test_pictures_of_formats_that_are_not_decoded_are_unsupported() -> None:
    for data in (b"8BPS\x00\x01" + bytes(100), b"\0\0\0\x18ftypheic" + bytes(100)):
        with pytest.raises(UnsupportedMedia):
            open_images(data)


def test_an_error_names_no_content(photo: Image.Image, encode: Encode) -> None:
    data = bytearray(encode(photo, "PNG"))
    data[12:16] = b"SECR"
    with pytest.raises(MediaError) as caught:
        list(open_images(bytes(data)).frames())
    assert "SECR" not in str(caught.value)


def png_header(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = b"IDAT" + zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in (header, body)
    )


def jpeg_header(width: int, height: int) -> bytes:
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"


def patched(data: bytes, at: int, layout: str, *values: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into(layout, changed, at, *values)
    return bytes(changed)


def webp_canvas(width: int, height: int) -> bytes:
    chunk = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + chunk
    return b"RIFF" + struct.pack("<I", len(body)) + body


def icon_of(picture: bytes) -> bytes:
    return struct.pack("<HHH", 0, 1, 1) + struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, len(picture), 22) + picture


def dib_header(width: int, height: int) -> bytes:
    return struct.pack("<IiiHHIIiiII", 40, width, 2 * height, 1, 32, 0, 0, 0, 0, 0, 0) + bytes(64)


def bombs(small: Image.Image, encode: Encode) -> dict[str, bytes]:
    side = 20_000
    tiff = encode(small, "TIFF")
    for tag in (256, 257):
        at = tiff.index(struct.pack("<HH", tag, 4)) if struct.pack("<HH", tag, 4) in tiff else -1
        at = at if at >= 0 else tiff.index(struct.pack("<HH", tag, 3))
        tiff = patched(tiff, at, "<HHII", tag, 4, 1, side)
    jp2 = encode(small, "JPEG2000")
    jp2 = patched(jp2, jp2.index(b"ihdr") + 4, ">II", side, side)
    avif = encode(small, "AVIF")
    avif = patched(avif, avif.index(b"ispe") + 8, ">II", 16_000, 16_000)
    return {
        "png": png_header(side, side),
        "jpeg": jpeg_header(65_500, 65_500),
        "gif": patched(encode(small, "GIF"), 6, "<HH", 65_000, 65_000),
        "bmp": patched(encode(small, "BMP"), 18, "<ii", side, side),
        "tiff": tiff,
        "webp": webp_canvas(16_000, 16_000),
        "webp lossy": patched(encode(small, "WEBP"), 26, "<HH", 16_000, 16_000),
        "pnm": f"P6 {side} {side} 255\n".encode() + bytes(100),
        "jp2": jp2,
        "avif": avif,
        "qoi": patched(encode(small, "QOI"), 4, ">II", side, side),
        "icon with png": icon_of(png_header(side, side)),
        "icon with bitmap": icon_of(dib_header(side, side)),
    }


NAMES = [
    *("png", "jpeg", "gif", "bmp", "tiff", "webp", "webp lossy", "pnm", "jp2", "avif", "qoi"),
    *("icon with png", "icon with bitmap"),
]


@pytest.mark.parametrize("name", NAMES)
def test_a_header_bomb_is_refused_before_memory_is_taken(name: str, photo: Image.Image, encode: Encode) -> None:
    import resource

    data = bombs(photo.resize((16, 16)), encode)[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TooLarge), open_images(data) as reader:
        list(reader.frames())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_a_side_may_be_too_long_by_itself(encode: Encode) -> None:
    data = encode(Image.new("L", (70_000, 1)), "PNG")
    with pytest.raises(TooLarge):
        list(open_images(data).frames())
    assert len(list(open_images(data, limits=Limits(max_side=70_000)).frames())) == 1


def test_the_pixel_limit_is_inclusive(photo: Image.Image, encode: Encode) -> None:
    for format_name in ("JPEG", "PNG", "WEBP", "GIF"):
        data = encode(photo, format_name)
        assert len(list(open_images(data, limits=Limits(max_pixels=120_000)).frames())) == 1
        with pytest.raises(TooLarge):
            list(open_images(data, limits=Limits(max_pixels=119_999)).frames())


def test_a_picture_large_enough_for_pillow_to_warn_about_decodes_in_silence(encode: Encode) -> None:
    data = encode(Image.new("1", (9_600, 10_000)), "PNG")
    (frame,) = open_images(data).frames()
    assert next(frame.strips()).shape == (109, 9_600)


def test_an_icon_with_one_broken_picture_gives_the_others(photo: Image.Image, encode: Encode) -> None:
    data = bytearray(encode(photo.resize((64, 64)), "ICO", sizes=[(16, 16), (32, 32), (64, 64)]))
    struct.pack_into("<I", data, 6 + 12, 2**31)
    with open_images(bytes(data)) as reader:
        assert len(list(reader.frames())) == 2
    assert reader.flags == {"damaged"}


def test_the_source_of_a_picture_is_read_in_place() -> None:
    from seawall.content.images._stream import MemoryFile

    file = MemoryFile(memoryview(b"0123456789"))
    assert file.read(3) == b"012"
    assert file.seek(-2, io.SEEK_END) == 8
    assert file.read() == b"89"
    assert file.read() == b""
    assert bytes(file.getvalue()) == b"0123456789"
    with pytest.raises((ValueError, OSError)):
        file.seek(-1)
