"""The detector of the docs page is a real plug-in: installed by its name, run confined, tested by its examples."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from seawall.detectors.contract import Picture, Text
from seawall.detectors.host import DetectorSet, open_detectors
from seawall.detectors.overview import rehearse
from seawall.settings import Settings

PAGE = Path(__file__).parents[2] / "docs/write-a-detector.md"


@pytest.fixture
def chosen(tmp_path: Path, seawall_home: Path, monkeypatch: pytest.MonkeyPatch) -> DetectorSet:
    code = next(iter(re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)))
    (tmp_path / "contrast_plugin.py").write_text(code.partition("\n# ")[0])
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins = [("contrast", "contrast_plugin:Contrast")]
    return DetectorSet.chosen(["contrast"], Settings(seawall_home, ""), plugins=plugins)


def test_the_page_keeps_its_promise_of_twenty_lines() -> None:
    (body,) = re.findall(r"^class Contrast.*?(?=^# )", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len([line for line in body.splitlines() if line.strip()]) <= 20


def test_it_runs_confined_and_answers_its_own_examples(chosen: DetectorSet) -> None:
    (rehearsal,) = rehearse(chosen)
    assert (rehearsal.examples, rehearsal.as_expected, rehearsal.unanswered) == (2, 2, 0)
    grey = Picture(np.full((64, 64, 3), 90, np.uint8), 64, 64)
    with open_detectors(chosen) as detectors:
        pictured, spoken = detectors.score([grey, Text("boat")], hashed=False)
    assert pictured["contrast"].labels == {"contrast": 0.0}
    assert spoken == {}
