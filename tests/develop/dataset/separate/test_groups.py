"""Which items belong together: equal bytes, near pictures in any orientation, members of one sample; and chains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from seawall.canary.scenes import draw_scene
from seawall.content.media import Medium, Sniffed
from seawall.content.origin import Origin
from seawall.develop.dataset.scan.rows import Row
from seawall.develop.dataset.separate.groups import Grouping
from seawall.hashing.examined import Examined
from seawall.hashing.pdq import pdq_array
from seawall.hashing.replies import FrameHash

_RANDOM = np.random.default_rng(7)
_CODES = [_RANDOM.integers(0, 256, 32, np.uint8) for _ in range(6)]


def _row(sha256: bytes, *frames: FrameHash) -> Row:
    examined = Examined({"sha256": sha256.ljust(32, b"\0")}, 1, Sniffed(Medium.IMAGE, "png"), frames)
    return Row("item", Origin(), examined)


def _frame(code: np.ndarray, quality: int = 100) -> FrameHash:
    """A frame whose eight orientations are all the same code."""
    return FrameHash(0, "", quality, code.tobytes() * 8)


def _picture(picture: Image.Image) -> FrameHash:
    hashed = pdq_array(np.asarray(picture.convert("L")))
    return FrameHash(0, "", hashed.quality, b"".join(hashed.dihedral))


def _groups(rows: Sequence[Row], samples: Sequence[str | None] | None = None, radius: int = 31) -> list[int]:
    with Grouping(radius) as grouping:
        for row, sample in zip(rows, samples or [None] * len(rows), strict=True):
            grouping.add(row, sample)
        return [int(group) for group in grouping.groups()]


def test_equal_bytes_are_one_group() -> None:
    assert _groups([_row(b"a"), _row(b"b"), _row(b"a")]) == [0, 1, 0]


def test_a_turned_and_smaller_copy_is_in_the_group_of_its_original() -> None:
    scene = draw_scene(["a"], 3)
    turned = scene.transpose(Image.Transpose.ROTATE_90).resize((240, 320))
    other = draw_scene(["a"], 4)
    rows = [_row(b"1", _picture(scene)), _row(b"2", _picture(other)), _row(b"3", _picture(turned))]
    assert _groups(rows) == [0, 1, 0]


def test_frames_of_low_quality_join_nothing() -> None:
    rows = [_row(b"1", _frame(_CODES[0], 49)), _row(b"2", _frame(_CODES[0], 49))]
    assert _groups(rows) == [0, 1]


def test_members_of_a_sample_are_one_group() -> None:
    assert _groups([_row(b"1"), _row(b"2"), _row(b"3")], ["t::0", "t::0", "t::1"]) == [0, 0, 2]


def test_groups_meet_through_a_third_item() -> None:
    rows = [_row(b"1", _frame(_CODES[0])), _row(b"2", _frame(_CODES[1])), _row(b"1", _frame(_CODES[1]))]
    assert _groups(rows) == [0, 0, 0]


def test_any_frame_of_a_video_can_join_it_to_a_picture() -> None:
    video = _row(b"v", _frame(_CODES[2]), _frame(_CODES[3]))
    assert _groups([_row(b"p", _frame(_CODES[3])), video]) == [0, 0]


def test_lost_items_stand_alone() -> None:
    with Grouping(31) as grouping:
        grouping.add(_row(b"1"), None)
        grouping.add_lost(2)
        grouping.add(_row(b"1"), None)
        assert grouping.groups().tolist() == [0, 1, 2, 0]


def test_no_items_are_no_groups() -> None:
    with Grouping(31) as grouping:
        assert grouping.groups().tolist() == []


def _flip(code: np.ndarray, bits: Sequence[int]) -> np.ndarray:
    unpacked = np.unpackbits(code)
    unpacked[list(bits)] ^= 1
    return np.packbits(unpacked)


@settings(max_examples=60, deadline=None)
@given(
    chosen=st.lists(
        st.tuples(st.integers(0, 3), st.lists(st.integers(0, 255), max_size=24, unique=True), st.integers(0, 5)),
        max_size=14,
    ),
    radius=st.integers(0, 31),
)
def test_groups_are_those_of_all_pairs(chosen: list[tuple[int, list[int], int]], radius: int) -> None:
    codes = [_flip(_CODES[code], bits) for code, bits, _ in chosen]
    digests = [bytes([digest]) for _, _, digest in chosen]
    rows = [_row(digest, _frame(code)) for code, digest in zip(codes, digests, strict=True)]
    expected = list(range(len(rows)))
    changed = True
    while changed:
        changed = False
        for one in range(len(rows)):
            for other in range(one):
                near = int(np.unpackbits(codes[one] ^ codes[other]).sum()) <= radius
                if (near or digests[one] == digests[other]) and expected[one] != expected[other]:
                    expected[one] = expected[other] = min(expected[one], expected[other])
                    changed = True
    assert _groups(rows, radius=radius) == expected
