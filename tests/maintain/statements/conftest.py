"""The office of the appeals' tests: real cases over both databases."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any


def _load() -> Any:
    name = "appeals_office_for_statements"
    spec = spec_from_file_location(name, Path(__file__).parents[1] / "appeals" / "conftest.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


_office = _load()
hands, make_office, office = _office.hands, _office.make_office, _office.office
