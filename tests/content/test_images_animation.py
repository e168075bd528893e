"""Animations, pages and their limits: every frame as a viewer would show it, never more than was agreed."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import GifImagePlugin, Image

from seawall.content.images import open_images
from seawall.content.limits import Limits
from seawall.errors import TooLarge

Array = np.ndarray[Any, Any]
Encode = Callable[..., bytes]
FramesOf = Callable[..., list[Array]]


def scenes(photo: Image.Image, count: int = 4) -> list[Image.Image]:
    """Return a picture in which a part of another one moves."""
    ground = photo.resize((120, 90))
    patch = photo.rotate(90).resize((30, 40))
    shown = []
    for index in range(count):
        scene = ground.copy()
        scene.paste(patch, (10 + 20 * index, 15 + 5 * index))
        shown.append(scene)
    return shown


def near(one: Array, other: Array) -> float:
    """Return the mean difference of two pictures, gray or not."""
    pair = [each if each.ndim == 3 else np.repeat(each[:, :, None], 3, 2) for each in (one, other)]
    return float(np.abs(pair[0].astype(int) - pair[1].astype(int)).mean())


@pytest.mark.parametrize(
    ("format_name", "options"),
    [
        ("GIF", {"disposal": 0}),
        ("GIF", {"disposal": 1}),
        ("GIF", {"disposal": 2}),
        ("GIF", {"optimize": True}),
        ("PNG", {}),
        ("PNG", {"disposal": 1, "blend": 0}),
        ("PNG", {"disposal": 2, "blend": 1}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"quality": 80, "allow_mixed": True}),
        ("AVIF", {"quality": 90, "speed": 10}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {}),
    ],
)
def test_every_frame_is_what_was_drawn(
    format_name: str, options: dict[str, Any], photo: Image.Image, encode: Encode, frames_of: FramesOf
) -> None:
    drawn = scenes(photo)
    data = encode(drawn[0], format_name, save_all=True, append_images=drawn[1:], duration=100, **options)
    shown = frames_of(data)
    assert len(shown) == len(drawn)
    for one, other in zip(shown, drawn, strict=True):
        assert near(one, np.asarray(other)) < 6


def gif(size: tuple[int, int], frames: list[tuple[int, tuple[int, int], Image.Image]]) -> bytes:
    """Write a GIF of (disposal, place, palette picture); all share the first picture's palette."""
    palette = (frames[0][2].getpalette() or [])[: 3 * 256]
    data = b"GIF89a" + struct.pack("<HHBBB", *size, 0xF7, 0, 0) + bytes(palette).ljust(768, b"\0")
    for disposal, place, picture in frames:
        data += b"\x21\xf9\x04" + struct.pack("<BHB", disposal << 2, 10, 0) + b"\0"
        data += b"".join(GifImagePlugin.getdata(picture, place))
    return data + b";"


def flat(colour: int, size: tuple[int, int]) -> Image.Image:
    picture = Image.new("P", size, colour)
    picture.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    return picture


def test_partial_gif_frames_are_composited_by_their_disposal(frames_of: FramesOf) -> None:
    red, green, blue = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    data = gif(
        (8, 8),
        [
            (1, (0, 0), flat(1, (8, 8))),  # stays
            (3, (0, 0), flat(2, (4, 4))),  # gives way to what was before
            (1, (4, 4), flat(3, (4, 4))),
            (2, (0, 4), flat(2, (4, 4))),  # gives way to the background
            (1, (4, 0), flat(2, (2, 2))),
        ],
    )
    shown = frames_of(data)
    assert len(shown) == 5
    assert [tuple(pixel) for pixel in (shown[1][0, 0], shown[1][7, 7])] == [green, red]
    assert [tuple(pixel) for pixel in (shown[2][0, 0], shown[2][7, 7])] == [red, blue]
    assert [tuple(pixel) for pixel in (shown[3][7, 0], shown[3][7, 7])] == [green, blue]
    assert tuple(shown[4][7, 0]) not in (green, red)
    assert [tuple(pixel) for pixel in (shown[4][0, 4], shown[4][7, 7])] == [green, blue]


def test_a_gif_frame_beyond_the_screen_widens_it_within_the_limits(frames_of: FramesOf) -> None:
    data = gif((8, 8), [(1, (0, 0), flat(1, (8, 8))), (1, (4, 4), flat(2, (12, 12)))])
    assert [frame.shape[:2] for frame in frames_of(data)] == [(8, 8), (16, 16)]
    with open_images(data, limits=Limits(max_side=12)) as reader:
        assert len(list(reader.frames())) == 1
    assert reader.flags == {"partial"}


def test_more_frames_than_the_limit_are_cut_and_said_to_be(photo: Image.Image, encode: Encode) -> None:
    drawn = scenes(photo, 5)
    for format_name in ("GIF", "PNG", "WEBP", "TIFF"):
        data = encode(drawn[0], format_name, save_all=True, append_images=drawn[1:])
        for limits in (Limits(max_frames=3), Limits(max_total_pixels=3 * 120 * 90)):
            with open_images(data, limits=limits) as reader:
                assert [frame.index for frame in reader.frames()] == [0, 1, 2]
            assert reader.flags == {"partial"}
        with open_images(data, limits=Limits(max_frames=5)) as reader:
            assert len(list(reader.frames())) == 5
        assert not reader.flags


def test_no_frame_is_begun_after_the_time_is_up(photo: Image.Image, encode: Encode) -> None:
    drawn = scenes(photo)
    data = encode(drawn[0], "GIF", save_all=True, append_images=drawn[1:])
    with open_images(data, limits=Limits(max_seconds=-1)) as reader:
        assert len(list(reader.frames())) == 1
    assert reader.flags == {"partial"}


def test_the_first_frame_alone_decides_whether_a_file_is_refused(photo: Image.Image) -> None:
    pages = [photo.resize((20, 20)), photo.resize((200, 200)), photo.resize((20, 20))]
    target = io.BytesIO()
    pages[0].save(target, "TIFF", save_all=True, append_images=pages[1:])
    with open_images(target.getvalue(), limits=Limits(max_pixels=10_000)) as reader:
        assert len(list(reader.frames())) == 1
    assert reader.flags == {"partial"}
    target = io.BytesIO()
    pages[1].save(target, "TIFF", save_all=True, append_images=pages[2:])
    with open_images(target.getvalue(), limits=Limits(max_pixels=10_000)) as reader, pytest.raises(TooLarge):
        list(reader.frames())


def test_one_broken_page_does_not_hide_the_others(photo: Image.Image, encode: Encode) -> None:
    drawn = scenes(photo, 3)
    data = bytearray(encode(drawn[0], "TIFF", save_all=True, append_images=drawn[1:], compression="tiff_adobe_deflate"))
    second = Image.open(io.BytesIO(data))
    second.seek(1)
    at = second.tag_v2[273][0]  # type: ignore[attr-defined]  # a TIFF has it
    data[at : at + 8] = b"\xff" * 8
    with open_images(bytes(data)) as reader:
        indexes = [frame.index for frame in reader.frames()]
    assert indexes[0] == 0
    assert indexes[-1] == 2
    assert "damaged" in reader.flags


def test_an_animation_that_promises_more_frames_than_it_has_is_damaged(photo: Image.Image, encode: Encode) -> None:
    drawn = scenes(photo)
    data = encode(drawn[0], "PNG", save_all=True, append_images=drawn[1:])
    cut = data[: data.rindex(b"fcTL") - 4]
    with open_images(cut) as reader:
        assert 1 <= len(list(reader.frames())) < 4
    assert "damaged" in reader.flags
