"""One dataset in every form that a dataset comes in: the same findings, each with its source chain."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import seawall
from seawall.develop.dataset.scan.receipts import Folder
from seawall.develop.sources.formats import Defaults, parse_file
from seawall.develop.sources.rules import Action, Kind
from seawall.develop.sources.store import RegisterStore
from seawall.errors import StorageFull, UsageError

Scan = Callable[..., tuple[dict[str, Any], list[dict[str, Any]]]]
URL = "https://images.example/coffee.jpg"


@pytest.fixture
def photos() -> dict[str, bytes]:
    from seawall.demo_photos import paths

    return {path.name: path.read_bytes() for path in paths()[:6]}


@pytest.fixture
def known(photos: dict[str, bytes], tmp_path: Path) -> Path:
    path = tmp_path / "known.txt"
    path.write_text(seawall.pdq(photos["coffee.jpg"]).value + "\n")
    return path


@pytest.fixture
def scan(known: Path, tmp_path: Path) -> Scan:
    def run(*sources: str | Path | tuple[()], **options: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        out = tmp_path / "out"
        chosen = {"lists": [str(known)], "workers": 1} | options
        places = [source for source in sources if source]
        summary = seawall.scan(places, seawall.ScanOptions(out=out, **chosen))
        return summary, [json.loads(line) for line in (out / "findings.jsonl").read_text().splitlines()]

    return run


def _tar(photos: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in photos.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def _shard(photos: dict[str, bytes], name: str) -> bytes:
    if name.endswith(".zip"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, data in photos.items():
                archive.writestr(member, data)
        return buffer.getvalue()
    tar = _tar(photos)
    if name.endswith(".gz"):
        return gzip.compress(tar)
    if name.endswith(".zst"):
        return bytes(pa.compress(tar, "zstd", asbytes=True))
    return tar


@pytest.mark.parametrize("name", ["00000.tar", "00000.tar.gz", "00000.tar.zst", "00000.zip"])
def test_archives(scan: Scan, photos: dict[str, bytes], tmp_path: Path, name: str) -> None:
    shard = tmp_path / "data" / name
    shard.parent.mkdir()
    shard.write_bytes(_shard(photos, name))
    summary, (finding,) = scan(shard.parent)
    assert (summary["items"], summary["unexamined"]) == (6, 0)
    assert finding["item"].endswith("coffee.jpg")
    assert finding["origin"]["shard"].endswith(name)
    assert finding["origin"]["url"] is None


def test_a_cut_tar_loses_nothing_that_came_before(scan: Scan, photos: dict[str, bytes], tmp_path: Path) -> None:
    shard = tmp_path / "cut.tar"
    shard.write_bytes(_tar(dict(reversed(photos.items())))[:-40_000])
    summary, findings = scan(shard)
    assert summary["unexamined"] >= 1
    assert summary["examined"] >= 4
    assert len(findings) == 1


def test_a_table_with_bytes_and_a_source_chain(scan: Scan, photos: dict[str, bytes], tmp_path: Path) -> None:
    rows = [
        {"image": {"bytes": data, "path": name}, "url": f"https://images.example/{name}", "license": "Example Stock"}
        for name, data in photos.items()
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "part.parquet", row_group_size=2)
    summary, (finding,) = scan(tmp_path / "part.parquet")
    assert summary["items"] == 6
    assert finding["origin"]["url"] == URL
    assert finding["origin"]["licensor"] == "Example Stock"
    data = json.loads((tmp_path / "out/report-data.json").read_text())
    assert data["origins"]["actionable"] == 1


def test_a_manifest_with_files_and_addresses(scan: Scan, photos: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "coffee.jpg").write_bytes(photos["coffee.jpg"])
    manifest = tmp_path / "rows.jsonl"
    rows: list[dict[str, Any]] = [
        {"path": "coffee.jpg", "url": URL},
        {"url": "https://images.example/other.jpg"},
        {"path": "../../etc/hostname"},
    ]
    manifest.write_text("\n".join(map(json.dumps, rows)) + "\nnot json\n")
    summary, findings = scan(manifest)
    codes = [json.loads(line)["code"] for line in (tmp_path / "out/attention.jsonl").read_text().splitlines()]
    assert (summary["items"], summary["unexamined"]) == (4, 3)
    assert sorted(codes) == ["bad_row", "not_fetched", "path_escapes"]
    assert len(findings) == 1


def test_an_object_store_by_url(scan: Scan, photos: dict[str, bytes]) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/bucket/shard.tar", _tar(photos))
    try:
        summary, (finding,) = scan("memory://bucket/shard.tar")
    finally:
        memory.rm("/bucket", recursive=True)
    assert summary["items"] == 6
    assert finding["item"].endswith("coffee.jpg")


def test_a_denied_source_is_a_finding_that_cites_its_expert(
    scan: Scan, photos: dict[str, bytes], tmp_path: Path, seawall_home: Path
) -> None:
    listed = tmp_path / "domains.txt"
    listed.write_text("images.example\n")
    rules = parse_file(listed, Defaults(Action.DENY, Kind.DOMAIN, "Example Hotline", "7", None)).rules
    RegisterStore(seawall_home).save("hotline", rules, source="test")
    (tmp_path / "flower.jpg").write_bytes(next(iter(photos.values())))
    (tmp_path / "rows.jsonl").write_text(json.dumps({"path": "flower.jpg", "url": URL}) + "\n")
    summary, (finding,) = scan(tmp_path / "rows.jsonl")
    assert summary["findings"] == 1
    assert (finding["type"], finding["list"], finding["list_version"]) == ("source", "hotline", "7")
    assert finding["expert"] == "Example Hotline"
    assert finding["action"] == "quarantine"


def test_a_negative_bank_keeps_what_is_known_to_be_fine(
    scan: Scan, photos: dict[str, bytes], tmp_path: Path, seawall_home: Path
) -> None:
    from seawall.matching import ListStore, Purpose
    from seawall.matching.lists import ListRow

    store = ListStore(seawall_home / "lists")
    store.create_bank("fine", Purpose.BENIGN)
    store.add("fine", [ListRow("pdq", bytes.fromhex(seawall.pdq(photos["coffee.jpg"]).value))])
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "coffee.jpg").write_bytes(photos["coffee.jpg"])
    summary, findings = scan(folder, lists=["fine"])
    assert (summary["findings"], summary["known_fine"], findings) == (0, 1, [])
    summary, findings = scan(folder, lists=["fine", str(tmp_path / "known.txt")])
    assert {finding["action"] for finding in findings} == {"review", "allow"}


def test_video_and_sound_are_matched(scan: Scan, vectors: Path, tmp_path: Path, needs_fpcalc: None) -> None:
    from seawall.canary.sound import melody

    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(vectors / "vpdq/test-padded-dimensions.mp4", folder / "clip.mp4")
    (folder / "tune.wav").write_bytes(melody(["c"]))
    summary, findings = scan(folder, lists=[str(vectors / "vpdq/test-padded-dimensions.txt")])
    assert (summary["items"], summary["unexamined"]) == (2, 0)
    (finding,) = findings
    assert (finding["item"], finding["type"]) == ("clip.mp4", "vpdq")
    assert finding["frames_matched"] == finding["frames_hashed"] == 5
    assert finding["list"] == "test-padded-dimensions.txt"


def test_a_full_disk_is_named_and_the_same_scan_finishes_later(
    scan: Scan, photos: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    folder = tmp_path / "data"
    folder.mkdir()
    for name, data in photos.items():
        (folder / name).write_bytes(data)

    def full(*_: object, **__: object) -> None:
        raise StorageFull("no space left") from OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "commit", full)
        with pytest.raises(StorageFull):
            scan(folder)
    summary, findings = scan(folder)
    assert (summary["items"], len(findings)) == (6, 1)


@pytest.fixture
def postgres(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("SEAWALL_DATABASE_URL", postgres_url)
    yield postgres_url


def test_the_ledger_of_a_scan_may_be_in_postgresql(
    scan: Scan, photos: dict[str, bytes], tmp_path: Path, postgres: str
) -> None:
    (tmp_path / "coffee.jpg").write_bytes(photos["coffee.jpg"])
    summary, _ = scan(tmp_path / "coffee.jpg")
    assert summary["findings"] == 1
    assert len(summary["ledger_root"]) == 64


def test_the_library_matches_as_the_command_line_does(photos: dict[str, bytes], known: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.jpg").write_bytes(photos["coffee.jpg"])
    (line,) = seawall.match(tmp_path / "copy.jpg", lists=[known])
    (found,) = line["matches"]
    assert (found["list"], found["distance"], found["orientation"]) == ("known.txt", 0, "original")


def test_stored_hashes_with_more_digests_serve_and_with_fewer_do_not(
    scan: Scan, photos: dict[str, bytes], tmp_path: Path, seawall_home: Path
) -> None:
    import hashlib

    from seawall.matching import ListStore, Purpose

    folder = tmp_path / "data"
    folder.mkdir()
    for name, data in photos.items():
        (folder / name).write_bytes(data)
    sha1 = tmp_path / "sha1.txt"
    sha1.write_text(hashlib.sha1(photos["brick.jpg"], usedforsecurity=False).hexdigest() + "\n")
    assert scan(folder)[0]["resumed"] == 0
    store = ListStore(seawall_home / "lists")
    store.import_file(sha1, name="sums", purpose=Purpose.CSAM)
    store.import_file(tmp_path / "known.txt", name="sums", purpose=Purpose.CSAM)
    with pytest.raises(UsageError, match="sha1"):
        scan((), lists=[], since="sums@1")
    summary, findings = scan(folder, lists=["sums"])
    assert (summary["resumed"], len(findings)) == (0, 2)
    assert scan(folder)[0]["resumed"] == 6, "hashes with sha1 serve a scan that does not need it"
    summary, findings = scan((), lists=[], since="sums@1")
    assert summary["resumed"] == 6
    assert [finding["type"] for finding in findings] == ["pdq"]


def test_a_delta_takes_items_out_of_the_manifest_and_puts_none_back(
    scan: Scan, photos: dict[str, bytes], tmp_path: Path, seawall_home: Path
) -> None:
    from seawall.matching import ListStore, Purpose
    from seawall.matching.lists import ListRow

    folder, out = tmp_path / "data", tmp_path / "out"
    folder.mkdir()
    for name, data in photos.items():
        (folder / name).write_bytes(data)

    def kept() -> set[str]:
        return set(pq.read_table(out / "manifest.parquet")["item"].to_pylist())

    store = ListStore(seawall_home / "lists")
    store.create_bank("bank", Purpose.CSAM)
    for version, name in enumerate(("brick.jpg", "coffee.jpg", "camera.jpg"), start=1):
        store.add("bank", [ListRow("pdq", bytes.fromhex(seawall.pdq(photos[name]).value))])
        summary, findings = (
            scan(folder, lists=["bank"]) if version == 1 else scan((), lists=[], since=f"bank@{version}")
        )
        assert [finding["item"] for finding in findings] == [name]
        assert (len(kept()), summary["kept"]) == (6 - version, 6 - version)
    assert kept() == set(photos) - {"brick.jpg", "coffee.jpg", "camera.jpg"}
    full = [json.loads(line)["item"] for line in (out / "full/findings.jsonl").read_text().splitlines()]
    assert full == ["brick.jpg"]
