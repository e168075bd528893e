"""A cascade, where the operator asks for one: what is left out is recorded, and counts as not judged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from seawall.demo_photos import paths
from seawall.develop.dataset.separate import separate
from seawall.errors import UsageError
from seawall.policy.separation import SeparationPolicyError, load_separation_policy, parse_separation_policy

CASCADE = "cascades: [{detector: faces, after: canary, label: adult_sexual, below: 0.5}]\n"


def _policy(folder: Path, *, skipped: str = "unknown", cascade: str = CASCADE) -> Path:
    text = load_separation_policy().text.replace("skipped: unknown", f"skipped: {skipped}") + cascade
    path = folder / f"policy-{skipped}.yaml"
    path.write_text(text)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(sorted(paths())[1], folder)
    return folder


def test_a_detector_that_is_left_out_is_recorded_and_leaves_the_item_unknown(photos: Path, tmp_path: Path) -> None:
    chosen = {"detectors": ("canary", "faces"), "workers": 1}
    summary = separate(photos, out=tmp_path / "out", policy=_policy(tmp_path), **chosen)
    assert summary["skipped"] == 1
    assert summary["answers"]["faces"] == {"skipped": 1}
    assert summary["partitions"]["unknown"] == 1


def test_a_cascade_of_detectors_that_were_not_chosen_is_refused(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cascade"):
        separate(photos, out=tmp_path / "out", policy=_policy(tmp_path), detectors=("canary",), workers=1)


@pytest.mark.parametrize(
    "cascade",
    [
        "cascades: 7\n",
        "cascades: [{detector: a}]\n",
        "cascades: [{detector: a, after: a, label: x, below: 0.5}]\n",
        "cascades: [{detector: a, after: b, label: x, below: 0}]\n",
    ],
)
def test_a_cascade_that_makes_no_sense_is_no_policy(cascade: str) -> None:
    with pytest.raises(SeparationPolicyError):
        parse_separation_policy(load_separation_policy().text + cascade)


def test_a_cascade_changes_the_policy_hash(tmp_path: Path) -> None:
    assert load_separation_policy(_policy(tmp_path)).hash != load_separation_policy().hash
