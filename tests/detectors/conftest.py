"""Detectors that tests run in their own process, and small pictures to show them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seawall.content.sandbox import Confinement, Sandbox
from seawall.detectors.contract import Picture
from seawall.detectors.host import Cascade, Detectors, DetectorSet, HostLimits, open_detectors
from seawall.detectors.serve import ENTRY
from seawall.settings import Settings

STAND_INS = "detectors_for_host"


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of the module of stand-in detectors, which child processes can import too."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return STAND_INS


@pytest.fixture
def hosted(stand_ins: str, seawall_home: Path) -> Iterator[Callable[..., Detectors]]:
    """`hosted("bright", "slow")` opens stand-ins by name, and built-ins that are not among them."""
    with ExitStack() as stack:

        def open_them(
            *names: str,
            limits: HostLimits | None = None,
            cascades: tuple[Cascade, ...] = (),
            clock: Callable[[], float] | None = None,
            weights: Any = None,
        ) -> Detectors:
            import importlib

            module = importlib.import_module(stand_ins)
            plugins = [(name, f"{stand_ins}:{name.replace('-', '_')}") for name in names if name in module.NAMES]
            chosen = DetectorSet.chosen(
                names, Settings(seawall_home, ""), limits=limits, cascades=cascades, plugins=plugins
            )
            options: dict[str, Any] = {} if clock is None else {"clock": clock}
            return stack.enter_context(open_detectors(chosen, weights=weights, **options))

        yield open_them


@pytest.fixture(scope="session")
def walls() -> frozenset[Confinement]:
    """The walls that this system offers."""
    with Sandbox(ENTRY) as sandbox:
        return sandbox.confinement


def picture(level: int = 100, *, mark: int = 0, size: tuple[int, int] = (48, 64)) -> Picture:
    """An even picture; `mark` in its first pixel makes some stand-ins misbehave."""
    pixels = np.full((*size, 3), level, np.uint8)
    pixels[0, 0, 0] = mark or level
    return Picture(pixels, size[1], size[0])


@pytest.fixture
def even() -> Callable[..., Picture]:
    """`even(level, mark=...)` gives a picture."""
    return picture
