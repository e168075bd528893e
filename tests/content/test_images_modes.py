"""Every pixel mode of every format hashes like its 8-bit RGB twin, and strips have the promised form."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from mmap import mmap
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from seawall.content.images import RECIPE, Frame, open_images
from seawall.content.media import Medium, Sniffed

Encode = Callable[..., bytes]
HashOf = Callable[[Any], int]

NEAR = 8
SAME_PICTURE = 31


def distance(one: int, other: int) -> int:
    return (one ^ other).bit_count()


def only_frame(data: bytes) -> Frame:
    frames = list(open_images(data).frames())
    assert len(frames) == 1
    return frames[0]


def lab(picture: Image.Image) -> Image.Image:
    converted = ImageCms.profileToProfile(
        picture, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert converted is not None
    return converted


def luma(picture: Image.Image, dtype: Any, scale: float) -> Image.Image:
    return Image.fromarray((np.asarray(picture.convert("L"), np.float64) * scale).astype(dtype))


NEAR_TWINS: dict[str, Callable[[Image.Image, Encode], bytes]] = {
    "jpeg 4:2:0": lambda im, encode: encode(im, "JPEG", quality=90),
    "jpeg 4:4:4": lambda im, encode: encode(im, "JPEG", quality=95, subsampling=0),
    "jpeg 4:4:0": lambda im, encode: encode(im, "JPEG", quality=95, subsampling="4:2:2"),
    "jpeg progressive": lambda im, encode: encode(im, "JPEG", quality=90, progressive=True),
    "jpeg gray": lambda im, encode: encode(im.convert("L"), "JPEG", quality=90),
    "jpeg rgb": lambda im, encode: encode(im, "JPEG", quality=95, keep_rgb=True, subsampling=0),
    "jpeg cmyk": lambda im, encode: encode(im.convert("CMYK"), "JPEG", quality=95, subsampling=0),
    "jpeg ycck": lambda im, encode: ycck(im, encode),
    "png rgb": lambda im, encode: encode(im, "PNG"),
    "png gray": lambda im, encode: encode(im.convert("L"), "PNG"),
    "png gray alpha": lambda im, encode: encode(im.convert("LA"), "PNG"),
    "png rgba": lambda im, encode: encode(im.convert("RGBA"), "PNG"),
    "png palette": lambda im, encode: encode(im.quantize(256), "PNG"),
    "png 16-bit gray": lambda im, encode: encode(luma(im, np.uint16, 257), "PNG"),
    "png 16-bit rgb": lambda im, encode: png_rgb16(im),
    "bmp": lambda im, encode: encode(im, "BMP"),
    "bmp palette": lambda im, encode: encode(im.quantize(256), "BMP"),
    "bmp gray": lambda im, encode: encode(im.convert("L"), "BMP"),
    "tiff": lambda im, encode: encode(im, "TIFF"),
    "tiff lzw": lambda im, encode: encode(im, "TIFF", compression="tiff_lzw"),
    "tiff deflate": lambda im, encode: encode(im, "TIFF", compression="tiff_adobe_deflate"),
    "tiff jpeg": lambda im, encode: encode(im, "TIFF", compression="jpeg"),
    "tiff rgba": lambda im, encode: encode(im.convert("RGBA"), "TIFF"),
    "tiff gray alpha": lambda im, encode: encode(im.convert("LA"), "TIFF"),
    "tiff palette": lambda im, encode: encode(im.quantize(256), "TIFF"),
    "tiff cmyk": lambda im, encode: encode(im.convert("CMYK"), "TIFF"),
    "tiff cmyk lzw": lambda im, encode: encode(im.convert("CMYK"), "TIFF", compression="tiff_lzw"),
    "tiff ycbcr": lambda im, encode: encode(im.convert("YCbCr"), "TIFF"),
    "tiff lab": lambda im, encode: encode(lab(im), "TIFF"),
    "tiff 16-bit": lambda im, encode: encode(luma(im, np.uint16, 257), "TIFF"),
    "tiff 16-bit big-endian": lambda im, encode: encode(luma(im, np.dtype(">u2"), 257), "TIFF"),
    "tiff 32-bit 0..255": lambda im, encode: encode(luma(im, np.int32, 1), "TIFF"),
    "tiff 32-bit wide": lambda im, encode: encode(luma(im, np.int32, 8_000_000), "TIFF"),
    "tiff float 0..1": lambda im, encode: encode(luma(im, np.float32, 1 / 255), "TIFF"),
    "tiff float 0..255": lambda im, encode: encode(luma(im, np.float32, 1), "TIFF"),
    "tiff float wide": lambda im, encode: encode(luma(im, np.float32, 1e6), "TIFF"),
    "webp": lambda im, encode: encode(im, "WEBP", quality=90),
    "webp lossless": lambda im, encode: encode(im, "WEBP", lossless=True),
    "webp rgba": lambda im, encode: encode(im.convert("RGBA"), "WEBP", lossless=True),
    "avif": lambda im, encode: encode(im, "AVIF", quality=90, speed=10),
    "jp2": lambda im, encode: encode(im, "JPEG2000"),
    "jp2 codestream": lambda im, encode: encode(im, "JPEG2000", no_jp2=True),
    "jp2 gray": lambda im, encode: encode(im.convert("L"), "JPEG2000"),
    "jp2 rgba": lambda im, encode: encode(im.convert("RGBA"), "JPEG2000"),
    "ppm": lambda im, encode: encode(im, "PPM"),
    "ppm plain": lambda im, encode: ppm_plain(im),
    "pgm": lambda im, encode: encode(im.convert("L"), "PPM"),
    "pgm 16-bit": lambda im, encode: encode(luma(im, np.int32, 257), "PPM"),
    "pfm": lambda im, encode: encode(luma(im, np.float32, 1 / 255), "PPM"),
    "qoi": lambda im, encode: encode(im, "QOI"),
}
FAR_TWINS: dict[str, Callable[[Image.Image, Encode], bytes]] = {
    "gif": lambda im, encode: encode(im, "GIF"),
    "gif gray": lambda im, encode: encode(im.convert("L"), "GIF"),
    "png 1-bit": lambda im, encode: encode(im.convert("1"), "PNG"),
    "png palette of 32": lambda im, encode: encode(im.quantize(32), "PNG"),
    "tiff fax": lambda im, encode: encode(im.convert("1"), "TIFF", compression="group4"),
    "bmp 1-bit": lambda im, encode: encode(im.convert("1"), "BMP"),
    "pbm": lambda im, encode: encode(im.convert("1"), "PPM"),
}


def ycck(picture: Image.Image, encode: Encode) -> bytes:
    """Store YCC of the inverted picture and no black, as Adobe does; the file's transform byte says so."""
    planes = [*ImageOps.invert(picture).convert("YCbCr").split(), Image.new("L", picture.size, 255)]
    stored = Image.merge("CMYK", [ImageOps.invert(plane) for plane in planes])
    data = bytearray(encode(stored, "JPEG", quality=95, subsampling=0))
    data[data.index(b"Adobe") + 11] = 2
    return bytes(data)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_rgb16(picture: Image.Image) -> bytes:
    rows = np.asarray(picture).astype(">u2") * np.array(257, ">u2")
    raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", *picture.size, 16, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def ppm_plain(picture: Image.Image) -> bytes:
    samples = " ".join(str(sample) for sample in np.asarray(picture).ravel())
    return f"P3\n# a comment\n{picture.width} {picture.height}\n255\n{samples}\n".encode()


@pytest.mark.parametrize("name", NEAR_TWINS)
def test_a_mode_that_keeps_the_picture_hashes_nearly_like_rgb(
    name: str, photo: Image.Image, encode: Encode, hash_of: HashOf
) -> None:
    frame = only_frame(NEAR_TWINS[name](photo, encode))
    assert (frame.width, frame.height) == photo.size
    assert distance(hash_of(frame), hash_of(photo)) <= NEAR
    assert not frame.flags
    assert not frame.variants


@pytest.mark.parametrize("name", FAR_TWINS)
def test_a_mode_that_coarsens_the_picture_still_matches_rgb(
    name: str, photo: Image.Image, encode: Encode, hash_of: HashOf
) -> None:
    assert distance(hash_of(only_frame(FAR_TWINS[name](photo, encode))), hash_of(photo)) <= SAME_PICTURE


def test_a_12_bit_tiff_has_the_brightness_of_its_twin(photo: Image.Image) -> None:
    small = np.asarray(photo.convert("L").resize((64, 48)))
    wide = (small.astype(np.uint32) * 4095 // 255).reshape(-1, 2)
    packed = np.stack([wide[:, 0] >> 4, (wide[:, 0] & 15) << 4 | wide[:, 1] >> 8, wide[:, 1] & 255], -1).astype(
        np.uint8
    )
    tags = {256: 64, 257: 48, 258: 12, 259: 1, 262: 1, 273: 8, 277: 1, 278: 48, 279: packed.size}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    data = b"II*\0" + struct.pack("<I", 8 + packed.size) + packed.tobytes()
    data += struct.pack("<H", len(tags)) + entries + bytes(4)
    (strip,) = only_frame(data).strips()
    assert np.abs(strip - small).max() <= 1


def test_an_icon_gives_each_of_its_sizes(photo: Image.Image, encode: Encode, hash_of: HashOf) -> None:
    square = photo.resize((256, 256))
    for options in ({}, {"bitmap_format": "bmp"}):
        data = encode(square, "ICO", sizes=[(32, 32), (128, 128), (256, 256)], **options)
        hashes = {frame.width: hash_of(frame) for frame in open_images(data).frames()}
        assert sorted(hashes) == [32, 128, 256]
        assert distance(hashes[256], hash_of(square)) <= NEAR


def test_strips_have_the_promised_form_and_cover_every_row(photo: Image.Image, encode: Encode) -> None:
    tall = photo.resize((1500, 1100))
    for format_name, mode, channels in (("PNG", "RGB", 3), ("PNG", "L", None), ("TIFF", "I;16", None)):
        picture = luma(tall, np.uint16, 257) if mode == "I;16" else tall.convert(mode)
        strips = list(only_frame(encode(picture, format_name)).strips())
        assert sum(len(strip) for strip in strips) == 1100
        assert all(len(strip) <= 256 and strip.nbytes <= 4 << 20 for strip in strips)
        assert all(strip.shape[1:] == ((1500, channels) if channels else (1500,)) for strip in strips)
        assert {strip.dtype for strip in strips} == {np.dtype(np.float32 if mode == "I;16" else np.uint8)}


def test_bytes_views_and_mappings_decode_alike(photo: Image.Image, encode: Encode, hash_of: HashOf) -> None:
    for data in (encode(photo, "PNG"), encode(photo, "JPEG")):
        mapped = mmap(-1, len(data))
        mapped[:] = data
        hashes = {hash_of(next(open_images(each).frames())) for each in (data, memoryview(data), mapped)}
        assert len(hashes) == 1


def test_the_caller_may_say_what_the_bytes_are(photo: Image.Image, encode: Encode) -> None:
    data = encode(photo, "PNG")
    reader = open_images(data, kind=Sniffed(Medium.IMAGE, "png"))
    assert [frame.index for frame in reader.frames()] == [0]


def test_the_recipe_has_a_name() -> None:
    assert RECIPE == "full-luma/1"


def exif(orientation: int) -> bytes:
    block = Image.Exif()
    block[0x0112] = orientation
    return block.tobytes()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation_is_told_and_not_applied(
    format_name: str, orientation: int, photo: Image.Image, encode: Encode, hash_of: HashOf
) -> None:
    told = {"tiffinfo": {274: orientation}} if format_name == "TIFF" else {"exif": exif(orientation)}
    with open_images(encode(photo, format_name, **told)) as reader:
        (frame,) = reader.frames()
        assert distance(hash_of(frame), hash_of(photo)) <= NEAR
    assert reader.orientation == orientation
    assert reader.flags == (frozenset() if orientation == 1 else {f"orientation={orientation}"})


def half_clear(photo: Image.Image) -> Image.Image:
    picture = photo.convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(photo.size))
    return picture


@pytest.mark.parametrize("format_name", ["PNG", "WEBP", "TIFF"])
def test_real_transparency_gives_variants_on_white_and_black(
    format_name: str, photo: Image.Image, encode: Encode, hash_of: HashOf
) -> None:
    clear = half_clear(photo)
    options = {"lossless": True, "exact": True} if format_name == "WEBP" else {}
    frame = only_frame(encode(clear, format_name, **options))
    assert frame.flags == {"alpha"}
    assert distance(hash_of(frame), hash_of(photo)) <= NEAR
    for name, shade in (("on_white", "white"), ("on_black", "black")):
        ground = Image.new("RGBA", clear.size, shade)
        ground.alpha_composite(clear)
        shown = np.concatenate(list(frame.variants[name]()))
        assert np.abs(shown.astype(int) - np.asarray(ground.convert("RGB"))).max() <= 2


def test_a_little_transparency_gives_no_variants(photo: Image.Image, encode: Encode) -> None:
    picture = photo.convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 400, 14))
    assert not only_frame(encode(picture, "PNG")).variants
    picture.paste((0, 0, 0, 0), (0, 0, 400, 16))
    assert set(only_frame(encode(picture, "PNG")).variants) == {"on_white", "on_black"}


def test_palette_and_colour_key_transparency_count(photo: Image.Image, encode: Encode) -> None:
    indexed = photo.quantize(64)
    most = max(indexed.getcolors() or [], key=lambda pair: pair[0])[1]
    assert only_frame(encode(indexed, "PNG", transparency=bytes(64))).variants
    assert not only_frame(encode(indexed, "PNG", transparency=63)).variants or most == 63
    flat = Image.new("RGB", (64, 64), (10, 20, 30))
    flat.paste(photo.resize((32, 64)), (0, 0))
    assert only_frame(encode(flat, "PNG", transparency=(10, 20, 30))).variants
    gray = Image.new("L", (64, 64), 9)
    gray.paste(photo.resize((32, 64)).convert("L"), (0, 0))
    assert only_frame(encode(gray, "PNG", transparency=9)).variants


def test_nothing_global_in_pillow_is_changed(photo: Image.Image, encode: Encode) -> None:
    from PIL import GifImagePlugin, ImageFile

    def switches() -> tuple[object, ...]:
        return ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS, GifImagePlugin.LOADING_STRATEGY

    before = switches()
    data = encode(photo, "PNG")
    list(open_images(data[: len(data) // 2]).frames())
    assert switches() == before
