"""What says which items go: findings, whole outputs of scans and separations, and the policy over partitions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seawall.develop.dataset.clean import DataChanged, PartitionsRefused
from seawall.errors import NotFound, UsageError
from seawall.policy.separation import Partition, load_separation_policy
from tests.develop.dataset.clean.conftest import Cleaner, finding, sha256

ITEMS = {"n.bin": "neither", "c.bin": "child_depiction", "a.bin": "adult_sexual", "u.bin": "unknown", "b.bin": "both"}
ACTIONS = load_separation_policy().actions


class Allows:
    """A policy that allows what it is told to."""

    hash = load_separation_policy().hash
    actions = ACTIONS

    def __init__(self, *sets: set[str]) -> None:
        self._sets = sets

    def may_share(self, partitions: Sequence[Partition]) -> bool:
        return any(set(partitions) <= allowed for allowed in self._sets)


@pytest.fixture
def separated(cleaner: Cleaner) -> Path:
    """A separation's output over one file of each side; the bytes of a file are its name."""
    out = cleaner.folder / "separated"
    out.mkdir()
    rows = []
    for number, (name, partition) in enumerate(ITEMS.items()):
        (cleaner.data / name).write_bytes(name.encode())
        digest = bytes.fromhex(sha256(name.encode()))
        action = ACTIONS[Partition(partition)].value
        rows.append(
            {"item": name, "sha256": digest, "size": 5, "medium": "other", "partition": partition, "cluster": number}
            | {"action": action}
        )
    _write(out, rows)
    (out / "summary.json").write_text(json.dumps({"policy": Allows.hash, "lists": [], "detectors": [{"id": "canary"}]}))
    (out / "attestation.json").write_text("{}")
    return out


def _write(out: Path, rows: list[dict[str, Any]]) -> None:
    types = {"item": pa.string(), "sha256": pa.binary(32), "size": pa.int64(), "medium": pa.string()}
    types |= {"partition": pa.string(), "cluster": pa.int64(), "action": pa.string()}
    schema = pa.schema(types)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), out / "partitions.parquet")
    findings = [
        finding(row["item"], row["item"].encode(), action=row["action"], type="separation", partition=row["partition"])
        for row in rows
        if row["action"] != "allow"
    ]
    (out / "findings.jsonl").write_text("".join(json.dumps(row) + "\n" for row in findings))


def _kept(cleaner: Cleaner) -> set[str]:
    return {path.name for path in cleaner.out.iterdir()} - {"clean-manifest.jsonl"}


def test_only_the_partitions_named_stay_and_the_manifest_says_which(cleaner: Cleaner, separated: Path) -> None:
    summary = cleaner.run(remove=[separated], partitions=["neither", "child_depiction"])
    assert _kept(cleaner) == {"n.bin", "c.bin"}
    assert summary["removed"]["partition"] == 3
    assert summary["partitions"] == ["child_depiction", "neither"]
    header = cleaner.lines()[0]
    assert header["partitions"] == ["child_depiction", "neither"]
    assert header["inputs"][0]["detectors"] == [{"id": "canary", "version": None, "model_digest": None}]
    assert len(header["inputs"][0]["attestation"]) == 64
    assert cleaner.verify().as_signed


def test_without_partitions_a_separation_keeps_neither_alone(cleaner: Cleaner, separated: Path) -> None:
    cleaner.run(remove=[separated])
    assert _kept(cleaner) == {"n.bin"}


def test_adult_content_may_be_kept_though_policy_warns_of_it(cleaner: Cleaner, separated: Path) -> None:
    cleaner.run(remove=[separated], partitions=["neither", "adult_sexual"])
    assert _kept(cleaner) == {"n.bin", "a.bin"}


def test_a_findings_file_uses_the_partitions_beside_it(cleaner: Cleaner, separated: Path) -> None:
    cleaner.run(remove=[separated / "findings.jsonl"], partitions=["neither", "child_depiction"])
    assert _kept(cleaner) == {"n.bin", "c.bin"}


def test_a_separations_findings_never_mix_the_sides(cleaner: Cleaner, separated: Path) -> None:
    cleaner.run(remove=[separated / "findings.jsonl"])
    assert _kept(cleaner) == {"n.bin"}
    (separated / "partitions.parquet").unlink()
    with pytest.raises(UsageError, match="separation"):
        cleaner.run(remove=[separated / "findings.jsonl"], fresh=True)


@pytest.mark.parametrize("names", [["child_depiction", "adult_sexual"], ["both"], ["neither", "unknown"]])
def test_partitions_that_policy_keeps_apart_are_refused(cleaner: Cleaner, separated: Path, names: list[str]) -> None:
    with pytest.raises(PartitionsRefused) as error:
        cleaner.run(remove=[separated], partitions=names)
    assert error.value.exit_code == 2
    assert not cleaner.out.exists()


def test_another_policy_may_refuse_more(cleaner: Cleaner, separated: Path) -> None:
    with pytest.raises(PartitionsRefused):
        cleaner.run(remove=[separated], partitions=["neither", "child_depiction"], policy=Allows({"neither"}))
    cleaner.run(remove=[separated], policy=Allows({"neither"}))
    assert _kept(cleaner) == {"n.bin"}


def test_a_separation_by_another_policy_is_refused(cleaner: Cleaner, separated: Path) -> None:
    (separated / "summary.json").write_text(json.dumps({"policy": "2" * 64}))
    with pytest.raises(PartitionsRefused):
        cleaner.run(remove=[separated])


def test_partitions_need_a_separation_and_exist(cleaner: Cleaner, separated: Path) -> None:
    with pytest.raises(UsageError) as error:
        cleaner.run([], partitions=["neither"])
    assert "separate" in error.value.hint
    with pytest.raises(UsageError):
        cleaner.run(remove=[separated], partitions=["everything"])


def test_what_a_separation_did_not_see_goes_and_what_it_saw_otherwise_stops(cleaner: Cleaner, separated: Path) -> None:
    (cleaner.data / "new.bin").write_bytes(b"new")
    summary = cleaner.run(remove=[separated])
    assert (_kept(cleaner), summary["removed"]["not_kept"]) == ({"n.bin"}, 1)
    (cleaner.data / "n.bin").write_bytes(b"changed")
    with pytest.raises(DataChanged, match=r"n\.bin"):
        cleaner.run(remove=[separated], fresh=True)


def test_an_item_of_a_kept_side_that_the_scan_holds_back_goes(cleaner: Cleaner, separated: Path) -> None:
    rows = pq.read_table(separated / "partitions.parquet").to_pylist()
    for row in rows:
        row["action"] = "review" if row["item"] == "c.bin" else row["action"]
    _write(separated, rows)
    cleaner.run(remove=[separated], partitions=["neither", "child_depiction"])
    assert _kept(cleaner) == {"n.bin"}


def test_a_list_finding_removes_an_item_of_a_kept_side(cleaner: Cleaner, separated: Path) -> None:
    with (separated / "findings.jsonl").open("a") as file:
        file.write(json.dumps(finding("n.bin", b"n.bin")) + "\n")
    summary = cleaner.run(remove=[separated])
    assert (_kept(cleaner), summary["removed"]["list"]) == (set(), 1)


def test_a_scans_output_removes_all_that_its_manifest_does_not_keep(cleaner: Cleaner) -> None:
    for name in ("kept", "found", "held", "copy-of-held", "unseen"):
        (cleaner.data / name).write_bytes(b"held" if "held" in name else name.encode())
    out = cleaner.folder / "scan"
    out.mkdir()
    rows = [{"item": name, "sha256": bytes.fromhex(sha256(data))} for name, data in (("kept", b"kept"),)]
    rows.append({"item": "copy-of-held", "sha256": bytes.fromhex(sha256(b"held"))})
    pq.write_table(pa.Table.from_pylist(rows), out / "manifest.parquet")
    (out / "findings.jsonl").write_text(json.dumps(finding("found", b"found")) + "\n")
    (out / "attention.jsonl").write_text(json.dumps({"item": "held", "sha256": sha256(b"held"), "code": "x"}) + "\n")
    summary = cleaner.run(remove=[out])
    assert _kept(cleaner) == {"kept"}
    assert (summary["removed"]["list"], summary["removed"]["not_kept"]) == (1, 3)


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[1]",
        '{"item": "x"}',
        '{"action": "block"}',
        '{"item": 1, "action": "block"}',
        '{"item": "x", "action": "block", "sha256": "zz"}',
    ],
)
def test_findings_that_cannot_be_read_stop_the_clean(cleaner: Cleaner, text: str) -> None:
    path = cleaner.folder / "findings.jsonl"
    path.write_text(text + "\n")
    with pytest.raises(UsageError) as error:
        cleaner.run(remove=[path])
    assert error.value.code == "bad_findings"


def test_findings_that_contradict_each_other_stop_the_clean(cleaner: Cleaner) -> None:
    with pytest.raises(UsageError, match="two digests"):
        cleaner.run([finding("n.bin", b"one"), finding("n.bin", b"two")])


def test_removals_that_do_not_exist_or_are_no_results_are_refused(cleaner: Cleaner) -> None:
    with pytest.raises(NotFound):
        cleaner.run(remove=[cleaner.folder / "gone.jsonl"])
    with pytest.raises(UsageError):
        cleaner.run(remove=[cleaner.data])
