"""Hundreds of canaries of known composition, in every container: each side has exactly the items that belong there."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from seawall.canary.draw import draw
from seawall.canary.pack import Pack
from seawall.canary.scenes import draw_scene
from seawall.develop.dataset.separate import separate

# What is drawn, how many of it, and where that belongs. Each is drawn with a seed of its own.
COMPOSITIONS: Sequence[tuple[tuple[str, ...], bool, int, str]] = (
    ((), False, 31, "neither"),
    (("c",), False, 23, "neither"),
    (("a",), False, 29, "child_depiction"),
    (("a", "c"), False, 19, "child_depiction"),
    (("b",), False, 17, "sexual_age_unknown"),
    (("b", "c"), False, 37, "adult_sexual"),
    (("b", "c"), True, 11, "sexual_age_unknown"),
    (("a", "b"), False, 13, "both"),
    (("a", "b", "c"), False, 20, "both"),
)
EXPECTED = Counter[str]()
for _, _, number, side in COMPOSITIONS:
    EXPECTED[side] += number


@pytest.fixture(scope="module")
def canaries(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bytes, str]]:
    """Two hundred pictures: name, bytes, side."""
    found = []
    for seed, (concepts, blurred, count, side) in enumerate(COMPOSITIONS):
        folder = tmp_path_factory.mktemp("drawn")
        for path in draw(list(concepts), count=count, seed=seed, out=folder, blurred=blurred):
            found.append((f"{seed}-{path.name}", path.read_bytes(), side))
    return found


def _folder(root: Path, items: Sequence[tuple[str, bytes, str]]) -> None:
    for name, data, _ in items:
        (root / name).write_bytes(data)


def _tar(root: Path, items: Sequence[tuple[str, bytes, str]]) -> None:
    with tarfile.open(root / "shard.tar", "w") as archive:
        for name, data, _ in items:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def _zip(root: Path, items: Sequence[tuple[str, bytes, str]]) -> None:
    with zipfile.ZipFile(root / "pictures.zip", "w") as archive:
        for name, data, _ in items:
            archive.writestr(name, data)


def _parquet(root: Path, items: Sequence[tuple[str, bytes, str]]) -> None:
    pq.write_table(pa.table({"image": [data for _, data, _ in items]}), root / "rows.parquet", row_group_size=10)


def _rows(out: Path) -> list[dict[str, Any]]:
    return pq.read_table(out / "partitions.parquet").to_pylist()


def _sides(summary: dict[str, Any]) -> dict[str, int]:
    return {side: number for side, number in summary["partitions"].items() if number}


def _separate(sources: Path, out: Path, **options: Any) -> dict[str, Any]:
    return separate(sources, **{"out": out, "detectors": ("canary",), "workers": 1, "shard_items": 40, **options})


def test_hundreds_of_variants_in_four_containers_are_each_on_their_side(
    canaries: list[tuple[str, bytes, str]], tmp_path: Path
) -> None:
    root = tmp_path / "in"
    root.mkdir()
    for place, put in enumerate((_folder, _tar, _zip, _parquet)):
        put(root, canaries[place::4])
    summary = _separate(root, tmp_path / "out")
    assert _sides(summary) == dict(EXPECTED)
    assert summary["items"] == len(canaries) == 200
    assert summary["modalities"]["image"] == {
        "items": 200,
        "judged": 189,
        "abstained": 11,
        **EXPECTED,
        "damaged": 0,
        "error": 0,
        "unsupported": 0,
    }
    by_bytes = {data: side for _, data, side in canaries}
    sides = {hashlib.sha256(data).digest(): side for data, side in by_bytes.items()}
    assert all(row["partition"] == sides[row["sha256"]] for row in _rows(tmp_path / "out"))


def test_the_same_picture_in_every_container_is_one_group_on_the_worst_side(tmp_path: Path) -> None:
    """A child in a folder, the same turned in a tar, cut smaller in a zip, and in a row whose caption says more."""
    root = tmp_path / "in"
    root.mkdir()
    scene = draw_scene(["a"], 6)
    other = draw_scene([], 5)
    turned, smaller = scene.transpose(Image.Transpose.ROTATE_90), scene.resize((300, 225))
    _folder(root, [("one.png", _png(scene), ""), ("other.png", _png(other), "")])
    _tar(root, [("two.png", _png(turned), "")])
    _zip(root, [("three.png", _png(smaller), "")])
    caption = Pack.load().prompt(["b"], "es")
    pq.write_table(pa.table({"image": [_png(scene)], "caption": [caption]}), root / "rows.parquet")
    summary = _separate(root, tmp_path / "out", shard_items=1)
    assert _sides(summary) == {"both": 4, "neither": 1}
    assert (summary["clusters"], summary["largest_cluster"]) == (1, 4)
    groups = Counter(row["cluster"] for row in _rows(tmp_path / "out"))
    assert sorted(groups.values()) == [1, 4]


@pytest.mark.parametrize("language", ["en", "fr", "de", "es", "zh"])
def test_captions_in_many_languages_are_joined_with_their_picture(tmp_path: Path, language: str) -> None:
    pack = Pack.load()
    if language not in pack.concepts["a"].words:
        language = sorted(pack.concepts["a"].words)[-1]
    said = [(["a"], []), (["b", "c"], ["a"]), ([], ["b"]), ([], ["a", "b"]), ([], ["a"]), ([], [])]
    images = [_png(draw_scene(concepts, place)) for place, (concepts, _) in enumerate(said)]
    captions = [pack.prompt(words, language) for _, words in said]
    pq.write_table(pa.table({"image": images, "caption": captions}), tmp_path / "rows.parquet")
    _separate(tmp_path / "rows.parquet", tmp_path / "out")
    placed = [row["partition"] for row in _rows(tmp_path / "out")]
    expected = ["child_depiction", "both", "sexual_age_unknown", "both", "child_depiction", "neither"]
    assert placed == expected


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


def _video(path: Path, first: int, *scenes: Sequence[str]) -> None:
    """Three seconds of each scene, one after another; their numbers follow `first`."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=8)
        stream.width, stream.height, stream.pix_fmt, stream.time_base = 640, 480, "yuv420p", Fraction(1, 8)
        stream.bit_rate = 4_000_000
        for place, concepts in enumerate(scenes):
            picture = (
                draw_scene(list(concepts), first + place if concepts else 100 * first + place)
                .convert("RGB")
                .resize((640, 480))
            )
            for _ in range(24):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")))
        container.mux(stream.encode(None))


def test_a_video_is_judged_by_all_its_frames_together(tmp_path: Path) -> None:
    root = tmp_path / "in"
    root.mkdir()
    scenes: dict[str, tuple[Sequence[str], ...]] = {
        "child-then-adult.mp4": (["a"], ["b"]),
        "adult-then-nothing-then-child.mp4": (["b", "c"], [], ["a"]),
        "owls.mp4": (["c"], ["c"]),
        "nothing.mp4": ([], []),
        "child.mp4": ([], ["a"]),
        "lantern.mp4": (["b"], []),
        "adults.mp4": (["b", "c"], ["b", "c"]),
    }
    for place, (name, shown) in enumerate(scenes.items()):
        _video(root / name, place, *shown)
    summary = _separate(root, tmp_path / "out")
    placed = {row["item"]: row["partition"] for row in _rows(tmp_path / "out")}
    assert placed["child-then-adult.mp4"] == "both"
    assert placed["adult-then-nothing-then-child.mp4"] == "both"
    assert placed["adults.mp4"] == "adult_sexual"
    assert placed["lantern.mp4"] == "sexual_age_unknown"
    assert placed["child.mp4"] == "child_depiction"
    assert placed["owls.mp4"] == placed["nothing.mp4"] == "neither"
    assert summary["modalities"]["video"]["items"] == 7
    assert summary["clusters"] == 0


def test_the_matrix_leaves_nothing_out(tmp_path: Path) -> None:
    root = tmp_path / "in"
    root.mkdir()
    _folder(root, [("picture.png", _png(draw_scene([], 1)), "")])
    half = _png(draw_scene([], 2))
    _folder(root, [("half.png", half[: len(half) // 2], ""), ("nothing.png", half[:40], "")])
    _folder(root, [("sound.wav", b"RIFF\x24\0\0\0WAVEfmt " + bytes(24), ""), ("blob.bin", bytes(range(256)), "")])
    (root / "odd.txt").write_bytes(b"\xff\xfe not UTF-8 \xff")
    (root / "fine.txt").write_text("a garden")
    (root / "drawing.svg").write_text("<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'></svg>")
    (root / "page.html").write_text("<p>a garden</p><img src='DATA:image/png;base64,iVBORw0KGgo='>")
    pq.write_table(
        pa.table({"image": pa.array([None, b"\x89PNG\r\n\x1a\n no more"], pa.binary())}), root / "rows.parquet"
    )
    summary = _separate(root, tmp_path / "out")
    matrix = summary["modalities"]
    sides = {row["item"]: row["partition"] for row in _rows(tmp_path / "out")}
    assert {item for item, side in sides.items() if side == "neither"} == {"picture.png", "fine.txt"}
    assert sum(row["items"] for row in matrix.values()) == summary["items"] == len(sides)
    for counts in matrix.values():
        wrong = sum(counts.get(name, 0) for name in ("abstained", "error", "unsupported", "unread", "damaged"))
        assert counts["items"] == counts.get("judged", 0) + wrong
