"""Loose files: everything is an item, nothing is followed out, and plans are stable."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from seawall.content.origin import Origin
from seawall.develop.dataset.readers import plan, read
from seawall.develop.dataset.shards import ShardSpec
from seawall.errors import NotFound, SourceError, UsageError


def _fill(folder: Path, names: list[str]) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def test_every_regular_file_is_an_item_in_order_of_names(readers: Any, tmp_path: Path) -> None:
    names = ["a/1.jpg", "a/2.jpg", "b.txt", "c/deep/er/x", ".hidden", "empty"]
    _fill(tmp_path, names)
    (tmp_path / "empty").write_bytes(b"")
    got = readers.read_all(tmp_path)
    assert [each.key for each in got] == sorted(names)
    assert all(each.item.path == tmp_path / each.key for each in got)
    assert {each.item.origin for each in got} == {Origin(dataset=str(tmp_path))}
    assert readers.by_key(got)["a/1.jpg"].data == b"a/1.jpg"
    assert readers.by_key(got)["empty"].item.size == 0


def test_a_location_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        list(plan([str(tmp_path / "nowhere")]))
    with pytest.raises(NotFound):
        list(plan(["memory://never/was"]))


def test_a_missing_location_stops_the_plan_before_anything_is_planned(tmp_path: Path) -> None:
    _fill(tmp_path, ["a"])
    with pytest.raises(NotFound):
        next(plan([str(tmp_path), str(tmp_path / "nowhere")]))


def test_odd_names_have_printable_unique_keys_and_survive_json(readers: Any, tmp_path: Path) -> None:
    names = [b"new\nline", b"raw\xff\xfe", rb"raw\xff\xfe", b"a::b", b"tab\t", "ünï☃".encode(), b"\xe2\x80\xae", b":x:"]
    for name in names:
        (tmp_path / os.fsdecode(name)).write_bytes(name)
    got = readers.read_all(tmp_path)
    assert {each.data for each in got} == set(names)
    for spec in plan([str(tmp_path)]):
        again = ShardSpec.from_dict(json.loads(json.dumps(spec.to_dict())))
        assert again == spec
        spec.label.encode()


def test_links_are_never_followed(readers: Any, tmp_path: Path) -> None:
    root = tmp_path / "root"
    _fill(root, ["real.jpg", "deep/other.jpg"])
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (root / "same").symlink_to("real.jpg")
    (root / "deep/up").symlink_to(root)
    (root / "out").symlink_to(secret)
    (root / "outdir").symlink_to(tmp_path)
    (root / "gone").symlink_to("nothing")
    (root / "loop").symlink_to("loop")
    got = readers.by_key(readers.read_all(root))
    assert {key: each.code for key, each in got.items()} == {
        "real.jpg": None,
        "deep/other.jpg": None,
        "out": "link",
        "outdir": "link",
        "gone": "link",
        "loop": "link",
    }
    labels = [spec.label for spec in plan([str(root)])]
    assert sum("2 links" in label for label in labels) == 1


def test_pipes_and_sockets_are_never_opened(
    readers: Any, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    os.mkfifo(tmp_path / "shard.tar")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("sock")
        got = readers.by_key(readers.read_all(tmp_path))
    assert {key: each.code for key, each in got.items()} == dict.fromkeys(
        ("pipe.jpg", "shard.tar", "sock"), "special_file"
    )
    (lone,) = readers.read_all(tmp_path / "pipe.jpg")
    assert lone.code == "special_file"


def test_a_file_that_becomes_a_pipe_after_planning_does_not_hang(readers: Any, tmp_path: Path) -> None:
    _fill(tmp_path, ["a.jpg"])
    (spec,) = plan([str(tmp_path)])
    (tmp_path / "a.jpg").unlink()
    os.mkfifo(tmp_path / "a.jpg")
    assert [readers.take(item).code for item in read(spec)] == ["special_file"]


def test_a_directory_that_cannot_be_listed_is_one_problem(
    readers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(tmp_path, ["a/1", "b/2", "c/3"])
    real = os.scandir

    def scandir(path: Any) -> Any:
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    got = readers.read_all(tmp_path)
    assert [(each.key, each.code) for each in got] == [("a/1", None), ("b", "unreadable"), ("c/3", None)]


def test_a_file_that_goes_away_after_planning_is_unreadable(readers: Any, tmp_path: Path) -> None:
    _fill(tmp_path, ["a", "b"])
    (spec,) = plan([str(tmp_path)])
    (tmp_path / "a").unlink()
    assert [readers.take(item).code for item in read(spec)] == ["unreadable", None]


def test_what_is_excluded_is_no_part_of_the_dataset(readers: Any, tmp_path: Path) -> None:
    _fill(tmp_path, ["a", "out/state/x", "deep/out/y"])
    assert [each.key for each in readers.read_all(tmp_path, exclude=[tmp_path / "out"])] == ["a", "deep/out/y"]


def test_planning_twice_gives_the_same_ids(tmp_path: Path) -> None:
    _fill(tmp_path, [f"{number % 7}/{number:04}" for number in range(500)])
    first, second = list(plan([str(tmp_path)], shard_items=16)), list(plan([str(tmp_path)], shard_items=16))
    assert first == second
    assert len({spec.id for spec in first}) == len(first)
    assert max(spec.items or 0 for spec in first) <= 16
    assert sum(spec.items or 0 for spec in first) == 500
    assert sum(spec.size_bytes or 0 for spec in first) == 6 * 500


def test_touching_a_file_changes_only_its_shard(tmp_path: Path) -> None:
    _fill(tmp_path, [f"{number:04}" for number in range(300)])
    before = {spec.id for spec in plan([str(tmp_path)], shard_items=16)}
    os.utime(tmp_path / "0123", ns=(1, 1))
    after = {spec.id for spec in plan([str(tmp_path)], shard_items=16)}
    assert len(after - before) == len(before - after) == 1


@pytest.mark.parametrize("change", ["add", "remove"])
def test_a_file_that_comes_or_goes_leaves_most_shards_as_they_were(tmp_path: Path, change: str) -> None:
    _fill(tmp_path, [f"{number:04}" for number in range(1000)])
    before = {spec.id for spec in plan([str(tmp_path)], shard_items=32)}
    if change == "add":
        (tmp_path / "0000a").touch()
    else:
        (tmp_path / "0000").unlink()
    after = {spec.id for spec in plan([str(tmp_path)], shard_items=32)}
    assert len(after - before) <= len(after) // 4


def test_keys_of_several_locations_are_relative_to_what_they_share(readers: Any, tmp_path: Path) -> None:
    _fill(tmp_path, ["one/data/x", "two/data/x", "two/y.bin"])
    got = readers.read_all(tmp_path / "one/data", tmp_path / "two/data", tmp_path / "two/y.bin")
    assert {each.key for each in got} == {"one/data/x", "two/data/x", "two/y.bin"}


def test_a_location_within_another_is_read_once(readers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill(tmp_path, ["data/a/x", "data/y"])
    (tmp_path / "data/s.tar").write_bytes(readers.tar_bytes([("m", b"m")]))
    monkeypatch.chdir(tmp_path)
    got = readers.read_all("data", "./data/", "data/a", "data/s.tar", "data/a/x")
    assert len(got) == 3


def test_a_link_given_as_a_location_is_followed(readers: Any, tmp_path: Path) -> None:
    _fill(tmp_path, ["data/x"])
    (tmp_path / "link").symlink_to("data")
    assert [each.key for each in readers.read_all(tmp_path / "link")] == ["x"]


def test_a_long_folder_is_planned_as_a_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill(tmp_path, [f"{number}/x" for number in range(20)])
    listed: list[Any] = []
    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (listed.append(path), real(path))[1])
    next(plan([str(tmp_path)], shard_items=2))
    assert len(listed) < 10


def test_containers_without_a_suffix_are_told_by_their_first_bytes(readers: Any, tmp_path: Path) -> None:
    (tmp_path / ("0" * 64)).write_bytes(readers.tar_bytes([("m.bin", b"m")]))
    (tmp_path / ("1" * 64)).write_bytes(readers.zip_bytes([("z.bin", b"z")]))
    (tmp_path / "plain").write_bytes(b"PK is no zip")
    got = readers.read_all(tmp_path)
    assert {each.key for each in got} == {f"{'0' * 64}::m.bin", f"{'1' * 64}::z.bin", "plain"}


def test_locations_that_would_reach_out_are_refused() -> None:
    for location in ("https://example.com/x.tar", "ftp://example.com/x", "simplecache::s3://b/k", "zip://a::s3://b/k"):
        with pytest.raises(UsageError):
            list(plan([location]))


def test_a_damaged_plan_is_refused() -> None:
    spec = ShardSpec.of("files", "/x", {}, label="x").to_dict()
    for change in ({"id": "../../etc"}, {"selector": 3}, {"label": None}):
        with pytest.raises(SourceError):
            ShardSpec.from_dict(spec | change)
    with pytest.raises(SourceError):
        list(read(ShardSpec.from_dict(spec | {"reader": "nosuch"})))
