"""What is a drill and what a finding: a canary never hides what lists, detectors or packs say without it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seawall.canary.pack import Pack
from seawall.content.media import Medium, Sniffed
from seawall.content.origin import Origin
from seawall.detectors.contract import Info, Modality, Result, ScoreKind, Task
from seawall.develop.dataset.scan.rows import Row
from seawall.develop.dataset.separate import observation
from seawall.develop.dataset.separate.counts import Counts
from seawall.develop.dataset.separate.evidence import Reader
from seawall.develop.dataset.separate.observation import Observation
from seawall.develop.dataset.separate.settle import Entry
from seawall.develop.dataset.shards import ShardSpec
from seawall.hashing.examined import Examined
from seawall.policy import Action
from seawall.policy.separation import Partition, load_separation_policy

PACK = """
name: nonsense
version: 1
owner: tests
expires: 2099-01-01
terms:
  - {category: adult_sexual, term: zorblax}
  - {category: minor_reference, term: quimpel}
"""


def _info(name: str, task: Task, *labels: str) -> Info:
    image = frozenset({Modality.IMAGE})
    return Info(name, "1", task, image, labels, ScoreKind.PROBABILITY, code_licence="Apache-2.0")


INFOS = {
    "sexual": _info("sexual", Task.ADULT_CONTENT, "adult_sexual"),
    "age": _info("age", Task.APPARENT_AGE, "child_depiction", "under_21", "persons", "persons_abstained"),
}


def _counted(sexual: float, child: float) -> tuple[Partition, Counts]:
    """Place and count a picture with these scores in which the scan has found a canary owl."""
    answers = {
        "sexual": Result.ok({"adult_sexual": sexual}),
        "age": Result.ok({"child_depiction": child, "under_21": child, "persons": 1.0, "persons_abstained": 0.0}),
    }
    finding = {"drill": True, "type": "pdq", "action": "quarantine", "distance": 4, "labels": ["canary.c"]}
    held = {"drill": True, "action": "quarantine", "states": [], "findings": [finding]}
    seen = Observation(observation.Modality.IMAGE, (answers,))
    reader = Reader(INFOS, load_separation_policy())
    placed = reader.place([reader.evidence(seen, held, pictured=True)])
    row = Row("item", Origin(), Examined({"sha256": bytes(32)}, 1, Sniffed(Medium.IMAGE, "png")))
    shard = ShardSpec.of("files", "here", {}, label="shard")
    counts = Counts()
    counts.add(Entry(0, shard, 0, row, seen, held, 0, grouped=False, pictured=True), placed, Action.REVIEW)
    return placed.placement.partition, counts


def test_a_canary_in_a_picture_hides_nothing_that_detectors_say() -> None:
    partition, counts = _counted(sexual=1.0, child=1.0)
    assert (partition, counts.findings, counts.drill) == (Partition.BOTH, 1, 0)


def test_a_canary_alone_is_a_drill() -> None:
    partition, counts = _counted(sexual=0.0, child=0.0)
    assert (partition, counts.findings, counts.drill) == (Partition.NEITHER, 0, 1)


@pytest.mark.parametrize("detectors", ["term-packs", "canary"])
def test_words_of_an_operators_pack_are_findings_and_canary_words_a_drill(
    seawall: Callable[..., Any], tmp_path: Path, detectors: str
) -> None:
    (tmp_path / "pack.yaml").write_text(PACK)
    assert seawall("packs", "seal", tmp_path / "pack.yaml").code == 0
    (tmp_path / "corpus.txt").write_text("a zorblax beside a quimpel\n" + Pack.load().prompt(["a", "b"]) + "\na boat\n")
    arguments = ("--detectors", detectors, "--out", tmp_path / "out", "--json")
    summary = seawall("separate", tmp_path / "corpus.txt", *arguments).json()
    assert summary["partitions"]["neither"] == 1
    if detectors == "canary":
        assert (summary["partitions"]["both"], summary["findings"], summary["drill"]) == (2, 1, 1)
    else:
        assert summary["findings"] >= 1
