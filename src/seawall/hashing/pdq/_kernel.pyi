from typing import Any

import numpy as np
import numpy.typing as npt

def add(
    variant: str,
    rows: npt.NDArray[np.uint8] | npt.NDArray[np.float32],
    first_row: int,
    height: int,
    channels: int,
    partial: npt.NDArray[np.floating[Any]],
    grid: npt.NDArray[np.float64],
    /,
) -> None: ...
def hashes(
    grid: npt.NDArray[np.float64], half_basis: npt.NDArray[np.float64], orientations: int, /
) -> tuple[bytes, int]: ...
def variants() -> tuple[str, ...]: ...
