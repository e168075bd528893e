"""What detectors are given to look at: upright, in colour, small, and of the very bytes that were hashed."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seawall.content.item import Item
from seawall.content.origin import Origin
from seawall.content.pictures import PICTURE_SIDE, PictureReader, Shown
from seawall.content.pictures.show import ENTRY
from seawall.content.sandbox import Sandbox
from seawall.errors import MediaError, TooLarge, UnsupportedMedia


@pytest.fixture(scope="module")
def reader() -> Iterator[PictureReader]:
    with Sandbox(ENTRY) as sandbox:
        pictures = PictureReader(sandbox)
        yield pictures
        pictures.close()


def _item(data: bytes) -> Item:
    return Item("item", Origin(), lambda: io.BytesIO(data), size=len(data))


def _encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def _quarters(width: int, height: int) -> Image.Image:
    """Red, green, blue and white quarters: any turn or flip of it is another picture."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (255, 0, 0)
    pixels[: height // 2, width // 2 :] = (0, 255, 0)
    pixels[height // 2 :, : width // 2] = (0, 0, 255)
    pixels[height // 2 :, width // 2 :] = (255, 255, 255)
    return Image.fromarray(pixels)


def _corners(shown: Shown) -> list[tuple[int, ...]]:
    pixels = shown.pictures[0].pixels
    rows, columns, _ = pixels.shape
    places = [(y, x) for y in (rows // 4, 3 * rows // 4) for x in (columns // 4, 3 * columns // 4)]
    return [tuple(round(v / 255) for v in pixels[y, x]) for y, x in places]


RED, GREEN, BLUE, WHITE = (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"])
def test_a_large_picture_comes_small_in_colour_with_its_true_size(reader: PictureReader, form: str) -> None:
    shown = reader.show(_item(_encoded(_quarters(1600, 1200), form)))
    picture = shown.pictures[0]
    assert (picture.width, picture.height) == (1600, 1200)
    assert picture.pixels.shape == ((450, 600, 3) if form == "JPEG" else (480, PICTURE_SIDE, 3))
    assert _corners(shown) == [RED, GREEN, BLUE, WHITE]
    assert not picture.pixels.flags.writeable


@pytest.mark.parametrize("side", [1, 100, 639, 640, 641, 1000, 1023, 1280, 1283, 1920, 2000, 4000, 6000])
def test_a_jpeg_of_any_size_comes_at_most_640_and_hardly_smaller(reader: PictureReader, side: int) -> None:
    shown = reader.show(_item(_encoded(Image.new("RGB", (max(1, side // 2), side), (9, 90, 200)), "JPEG")))
    long = max(shown.pictures[0].pixels.shape[:2])
    assert min(side, 512) <= long <= min(side, PICTURE_SIDE)
    assert shown.pictures[0].height == side


def test_a_small_picture_is_never_enlarged(reader: PictureReader) -> None:
    shown = reader.show(_item(_encoded(_quarters(90, 40), "PNG")))
    assert shown.pictures[0].pixels.shape == (40, 90, 3)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_exif_says_is_undone(reader: PictureReader, orientation: int, form: str) -> None:
    upright = _quarters(200, 100)
    inverse = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = upright if inverse is None else upright.transpose(inverse)
    exif = Image.Exif()
    exif[0x0112] = orientation
    shown = reader.show(_item(_encoded(stored, form, exif=exif)))
    assert _corners(shown) == [RED, GREEN, BLUE, WHITE]
    assert (shown.pictures[0].width, shown.pictures[0].height) == (200, 100)


def test_transparency_is_shown_on_white(reader: PictureReader) -> None:
    clear = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    assert reader.show(_item(_encoded(clear, "PNG"))).pictures[0].pixels.min() == 255


def test_an_animation_gives_frames_spread_over_all_of_it(reader: PictureReader) -> None:
    frames = [Image.new("L", (32, 32), 4 * number) for number in range(50)]
    data = _encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    shown = reader.show(_item(data))
    assert 4 < len(shown.pictures) <= 8
    assert shown.pictures[0].frame == 0
    assert shown.pictures[-1].frame > 30


def test_sixteen_bits_and_cmyk_have_their_colours(reader: PictureReader) -> None:
    deep = Image.fromarray(np.full((40, 40), 32768, np.uint16))
    assert abs(int(reader.show(_item(_encoded(deep, "PNG"))).pictures[0].pixels.mean()) - 127) <= 1
    four = _quarters(64, 64).convert("CMYK")
    assert _corners(reader.show(_item(_encoded(four, "JPEG", quality=95)))) == [RED, GREEN, BLUE, WHITE]


def test_more_than_fifty_megapixels_are_refused(reader: PictureReader) -> None:
    huge = _encoded(Image.new("1", (9000, 6000)), "PNG")
    with pytest.raises(TooLarge):
        reader.show(_item(huge))
    jpeg = bytearray(_encoded(Image.new("L", (64, 64)), "JPEG"))
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = (9000).to_bytes(2, "big") + (6000).to_bytes(2, "big")
    with pytest.raises(TooLarge):
        reader.show(_item(bytes(jpeg)))


def test_bytes_that_changed_since_they_were_hashed_are_refused(reader: PictureReader) -> None:
    data = _encoded(_quarters(64, 64), "PNG")
    assert reader.show(_item(data), sha256=hashlib.sha256(data).digest()).pictures
    with pytest.raises(MediaError, match="changed"):
        reader.show(_item(data), sha256=hashlib.sha256(b"other").digest())
    assert reader.show(_item(data)).pictures, "the decode process is free again"


def test_damage_is_said(reader: PictureReader) -> None:
    data = _encoded(_quarters(800, 800), "JPEG", quality=95)
    assert "damaged" in reader.show(_item(data[: len(data) * 2 // 3])).flags


def test_what_has_no_pictures_is_refused(reader: PictureReader) -> None:
    with pytest.raises(UnsupportedMedia):
        reader.show(_item(b"plain text"))
    with pytest.raises(MediaError):
        reader.show(_item(b"\x89PNG\r\n\x1a\n and nothing more"))


def _video(path: Path, seconds: int, rate: int = 8, *, gop: int = 12, streams: int = 1, codec: str = "mpeg4") -> None:
    import av

    with av.open(str(path), "w") as container:
        written = [container.add_stream(codec, rate=rate) for _ in range(streams)]
        for stream in written:
            stream.width, stream.height, stream.pix_fmt, stream.time_base = 64, 48, "yuv420p", Fraction(1, rate)
            stream.gop_size = gop
            if codec == "libx264":
                stream.options = {"sc_threshold": "0"}  # or it begins anew where it likes
        for number in range(seconds * rate):
            shade = np.full((48, 64, 3), number * 255 // (seconds * rate), np.uint8)
            for stream in written:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(shade, format="rgb24")))
        for stream in written:
            container.mux(stream.encode(None))


def test_a_video_is_sampled_over_its_whole_length_and_always_alike(reader: PictureReader, tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    _video(path, 40)
    item = Item("video", Origin(), lambda: path.open("rb"), path=path)
    shown = reader.show(item)
    moments = [picture.time_s or 0.0 for picture in shown.pictures]
    assert len(moments) == 20
    assert moments == sorted(moments)
    assert moments[0] < 2.5
    assert moments[-1] > 37
    shades = [int(picture.pixels.mean()) for picture in shown.pictures]
    assert shades == sorted(shades)
    again = reader.show(_item(path.read_bytes()))
    assert [picture.time_s for picture in again.pictures] == [picture.time_s for picture in shown.pictures]


def test_a_short_video_still_gives_several_frames(reader: PictureReader, tmp_path: Path) -> None:
    path = tmp_path / "short.mp4"
    _video(path, 1)
    item = Item("video", Origin(), lambda: path.open("rb"), path=path)
    assert len(reader.show(item).pictures) >= 3


def test_a_video_of_which_parts_cannot_be_reached_says_so(reader: PictureReader, tmp_path: Path) -> None:
    """A minute with one place to begin decoding: what is far from it is not seen, and that is said."""
    path = tmp_path / "sparse.mp4"
    _video(path, 60, rate=30, gop=10_000, codec="libx264")
    assert "partial" in reader.show(_item(path.read_bytes())).flags


def test_a_video_with_a_second_stream_says_that_it_was_not_seen(reader: PictureReader, tmp_path: Path) -> None:
    path = tmp_path / "two.mkv"
    _video(path, 4, streams=2)
    assert "partial" in reader.show(_item(path.read_bytes())).flags


def test_a_video_that_is_longer_than_it_says_is_found_out(reader: PictureReader, tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    _video(path, 60, gop=8)
    data = bytearray(path.read_bytes())
    for name, scale, length in ((b"mvhd", 12, 16), (b"mdhd", 12, 16)):
        at = data.index(name) + 4
        data[at + length : at + length + 4] = data[at + scale : at + scale + 4]  # one second
    at = data.index(b"tkhd") + 4
    data[at + 20 : at + 24] = (1000).to_bytes(4, "big")
    at = data.index(b"elst") + 4
    data[at + 8 : at + 12] = (1000).to_bytes(4, "big")
    assert "partial" not in reader.show(_item(path.read_bytes())).flags
    assert "partial" in reader.show(_item(bytes(data))).flags
