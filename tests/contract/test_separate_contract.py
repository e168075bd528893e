"""`seawall separate` as outside checks see it: known canary compositions land where the contract says."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seawall.canary.draw import draw
from seawall.canary.pack import Pack
from seawall.demo_photos import paths

SIDES = ("child_depiction", "adult_sexual", "sexual_age_unknown", "neither", "both", "unknown")


def _pictures(folder: Path, concepts: list[str], count: int, seed: int = 5, **options: Any) -> list[Path]:
    drawn = draw(concepts, count=count, seed=seed, out=folder, **options)
    (folder / "manifest.jsonl").unlink()
    return drawn


def _counts(summary: dict[str, Any]) -> dict[str, int]:
    return {side: number for side, number in summary["partitions"].items() if number}


@pytest.mark.parametrize(
    ("concepts", "side"),
    [
        (["a"], "child_depiction"),
        (["b", "c"], "adult_sexual"),
        (["b"], "sexual_age_unknown"),
        (["a", "b"], "both"),
        (["a", "b", "c"], "both"),
        (["c"], "neither"),
        ([], "neither"),
    ],
)
def test_every_composition_is_on_its_side(
    seawall: Callable[..., Any], tmp_path: Path, concepts: list[str], side: str
) -> None:
    _pictures(tmp_path / "canaries", concepts, 24)
    ran = seawall("separate", tmp_path / "canaries", "--detectors", "canary", "--out", tmp_path / "out", "--json")
    summary = ran.json()
    assert _counts(summary) == {side: 24}, ran.err
    assert summary["items"] == 24 == sum(summary["partitions"].values())
    assert set(summary["partitions"]) == set(SIDES)
    assert (summary["errors"], summary["unexamined"], summary["findings"]) == (0, 0, 0)
    assert ran.code == (1 if concepts else 0)


def test_a_figure_out_of_focus_is_a_person_of_unknown_age(seawall: Callable[..., Any], tmp_path: Path) -> None:
    seawall("canary", "draw", "--concepts", "b,c", "--blurred", "--n", "12", "--seed", "3", "--out", tmp_path / "in")
    (tmp_path / "in" / "manifest.jsonl").unlink()
    ran = seawall("separate", tmp_path / "in", "--detectors", "canary", "--out", tmp_path / "out", "--json")
    assert _counts(ran.json()) == {"sexual_age_unknown": 12}


def test_summary_and_files_agree(seawall: Callable[..., Any], tmp_path: Path) -> None:
    for concepts, count in ((["a"], 7), (["b", "c"], 5), (["b"], 3), ([], 9), (["a", "b"], 2)):
        _pictures(tmp_path / "in" / ("".join(concepts) or "none"), concepts, count)
    out = tmp_path / "out"
    ran = seawall("separate", tmp_path / "in", "--detectors", "canary", "--out", out, "--json")
    summary = ran.json()
    assert summary == json.loads((out / "summary.json").read_text())
    for key in ("clusters", "abstentions", "skipped", "errors"):
        assert isinstance(summary[key], int)
    assert _counts(summary) == {
        "child_depiction": 7,
        "adult_sexual": 5,
        "sexual_age_unknown": 3,
        "neither": 9,
        "both": 2,
    }
    rows = pq.read_table(out / "partitions.parquet").to_pylist()
    assert len(rows) == 26
    assert all(row["drill"] == (row["partition"] != "neither") or row["partition"] == "neither" for row in rows)
    findings = [json.loads(line) for line in (out / "findings.jsonl").read_text().splitlines()]
    assert {row["partition"] for row in findings} == {"both", "sexual_age_unknown"}
    assert all(row["drill"] for row in findings)
    image = summary["modalities"]["image"]
    assert (image["items"], image["judged"]) == (26, 26)


def test_a_second_run_asks_no_detector_and_changes_nothing(seawall: Callable[..., Any], tmp_path: Path) -> None:
    _pictures(tmp_path / "in", ["a"], 4)
    arguments = ("separate", tmp_path / "in", "--detectors", "canary", "--out", tmp_path / "out", "--json")
    first, second = seawall(*arguments).json(), seawall(*arguments).json()
    assert second["resumed"] == 4
    assert first["partitions"] == second["partitions"]
    fresh = seawall(*arguments, "--fresh").json()
    assert fresh["resumed"] == 0


def test_near_duplicates_share_the_worst_side(seawall: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "in"
    first, *_ = _pictures(folder, ["a"], 1)
    shutil.copy(first, folder / "copy.png")
    table = pa.table(
        {
            "image": [first.read_bytes(), sorted(paths())[0].read_bytes()],
            "caption": [Pack.load().prompt(["b"]), Pack.load().prompt([])],
        }
    )
    pq.write_table(table, folder / "rows.parquet")
    out = tmp_path / "out"
    summary = seawall("separate", folder, "--detectors", "canary", "--out", out, "--json").json()
    assert _counts(summary) == {"both": 3, "neither": 1}
    assert (summary["clusters"], summary["largest_cluster"]) == (1, 3)
    rows = {row["item"]: row for row in pq.read_table(out / "partitions.parquet").to_pylist()}
    assert rows["copy.png"]["cluster"] == rows["rows.parquet::0"]["cluster"]


def test_a_sample_of_a_tar_is_one_group(seawall: Callable[..., Any], tmp_path: Path) -> None:
    photo = sorted(paths())[0].read_bytes()
    with tarfile.open(tmp_path / "shard.tar", "w") as tar:
        for name, data in (
            ("0.jpg", photo),
            ("0.txt", Pack.load().prompt(["a"]).encode()),
            ("1.txt", Pack.load().prompt(["b"], "de").encode()),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    out = tmp_path / "out"
    summary = seawall("separate", tmp_path / "shard.tar", "--detectors", "canary", "--out", out, "--json").json()
    rows = {row["item"].partition("::")[2]: row for row in pq.read_table(out / "partitions.parquet").to_pylist()}
    assert rows["0.jpg"]["partition"] == rows["0.txt"]["partition"] == "child_depiction"
    assert rows["0.jpg"]["cluster"] == rows["0.txt"]["cluster"]
    assert rows["1.txt"]["partition"] == "sexual_age_unknown"
    assert summary["modalities"]["text"]["items"] == 2


def test_what_cannot_be_judged_is_never_neither(seawall: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "sound.wav").write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(24))
    (folder / "blob.bin").write_bytes(bytes(range(256)))
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and nothing more")
    shutil.copy(sorted(paths())[0], folder / "photo.jpg")
    ran = seawall("separate", folder, "--detectors", "canary", "--out", tmp_path / "out", "--json")
    summary = ran.json()
    assert _counts(summary) == {"unknown": 3, "neither": 1}
    assert summary["modalities"]["audio"]["unsupported"] == 1
    assert summary["modalities"]["other"]["unsupported"] == 1
    assert ran.code == 3
    matrix = seawall("separate", folder, "--detectors", "canary", "--out", tmp_path / "out").out
    assert "unsupported" in matrix
    assert "audio" in matrix


def test_without_weights_everything_is_unknown_and_said_so(seawall: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(sorted(paths())[0], folder)
    none = {"SEAWALL_WEIGHTS": str(tmp_path / "empty")}
    ran = seawall("separate", folder, "--out", tmp_path / "out", "--json", env=none)
    summary = ran.json()
    assert _counts(summary) == {"unknown": 1}
    assert ran.code == 3
    assert summary["answers"]["open-nsfw"] == {"unsupported": 1}


def test_what_a_list_has_is_both_and_seen_by_no_detector(seawall: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    photos = sorted(paths())[:3]
    for photo in photos:
        shutil.copy(photo, folder)
    value = seawall("hash", photos[1], "--type", "pdq", "--json").lines()[0]["value"]
    (tmp_path / "list.txt").write_text(value + "\n")
    out = tmp_path / "out"
    arguments = ("--detectors", "canary", "--list", tmp_path / "list.txt", "--out", out, "--json")
    ran = seawall("separate", folder, *arguments)
    summary = ran.json()
    assert _counts(summary) == {"both": 1, "neither": 2}
    assert (summary["matched"], summary["findings"], summary["drill"], ran.code) == (1, 1, 0, 1)
    assert summary["answers"]["canary"] == {"ok": 2}
    rows = [json.loads(line) for line in (out / "findings.jsonl").read_text().splitlines()]
    assert [row["type"] for row in rows] == ["pdq", "separation"]
    assert {row["item"] for row in rows} == {photos[1].name}


def test_the_attestation_is_signed_and_about_these_files(seawall: Callable[..., Any], tmp_path: Path) -> None:
    _pictures(tmp_path / "in", ["a"], 3)
    out, key = tmp_path / "out", tmp_path / "key.pem"
    seawall("separate", tmp_path / "in", "--detectors", "canary", "--out", out)
    key.write_text(seawall("ledger", "key").out)
    assert seawall("separate", "verify", out, "--key", key).code == 0
    facts = json.loads((out / "attestation.json").read_text())
    assert facts["partitions"]["child_depiction"] == 3
    assert facts["detectors"][0]["id"] == "canary"
    assert facts["policy"]["hash"]
    assert facts["leakage"] is None
    (out / "attestation.json").write_text(json.dumps(facts | {"items": 4}))
    assert seawall("separate", "verify", out, "--key", key).code == 1
    other = seawall("ledger", "key", env={"SEAWALL_HOME": str(tmp_path / "other")}).out
    key.write_text(other)
    assert seawall("separate", "verify", out, "--key", key).code == 1


def test_text_corpora_are_separated_by_words(seawall: Callable[..., Any], tmp_path: Path) -> None:
    pack = Pack.load()
    texts = [pack.prompt(["a"]), pack.prompt(["b"]), pack.prompt(["a", "b"], "fr"), pack.prompt([]), pack.prompt(["c"])]
    (tmp_path / "corpus.txt").write_text("\n".join(texts))
    pq.write_table(pa.table({"text": texts}), tmp_path / "corpus.parquet")
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    for suffix in ("txt", "parquet", "jsonl"):
        out = tmp_path / f"out-{suffix}"
        ran = seawall("separate", tmp_path / f"corpus.{suffix}", "--detectors", "canary", "--out", out, "--json")
        summary = ran.json()
        assert _counts(summary) == {"child_depiction": 1, "sexual_age_unknown": 1, "both": 1, "neither": 2}, suffix


def test_nothing_to_separate_and_unknown_detectors_are_usage_errors(
    seawall: Callable[..., Any], tmp_path: Path
) -> None:
    assert seawall("separate", "--out", tmp_path / "out").code == 2
    _pictures(tmp_path / "in", ["a"], 1)
    ran = seawall("separate", tmp_path / "in", "--detectors", "no-such", "--out", tmp_path / "other")
    assert ran.code == 2
    assert "no-such" in ran.err
