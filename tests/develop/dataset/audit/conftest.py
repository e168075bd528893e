"""A separation to audit."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.develop.dataset.audit.separated_data import P, separated


@pytest.fixture
def out(tmp_path: Path) -> Path:
    chance = random.Random(1)
    return separated(tmp_path / "out", chance.choices(list(P), k=400))
