"""Running a model file: one thread by default, bounded memory, answers that do not depend on what ran beside them.

A model is a file whose digest was checked; it never reads another file, and no code comes with it.
"""

from __future__ import annotations

from collections.abc import Callable
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from seawall.detectors.errors import DetectorError, WeightsRefused
from seawall.detectors.weights import LARGEST_MODEL, has_outside_data

Tensor = npt.NDArray[np.float32]

_ERRORS_ONLY = 3


class ModelFailed(DetectorError):
    """A model could not be run on an input."""

    code = "model_failed"


class Model(Protocol):
    """What detectors need of a model; tests give one that answers as they choose."""

    def run(self, tensor: Tensor) -> list[Tensor]:
        """Return every output, in the model's order.

        Raises:
            ModelFailed: If the model cannot take the input, or fails on it.
        """
        ...


OpenModel = Callable[[Path, int], Model]
"""Opens a model file, given the number of threads that it may use."""


class OnnxModel:
    """A model with one input.

    Args:
        path: Model file.
        threads: Threads that it may use.

    Raises:
        WeightsRefused: If it is no ONNX model, is larger than 2 GB, or keeps values in another file.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        import onnxruntime

        _look_over(path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        # A plan of the memory is kept for every size of input: 57 MB more for the shipped models, and no faster.
        options.enable_mem_pattern = False
        # The arena stays: without it every run maps its memory anew, and the face model takes up to half longer.
        options.enable_cpu_mem_arena = True
        options.log_severity_level = _ERRORS_ONLY
        self._failures = _failures()
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(path), sess_options=options, providers=["CPUExecutionProvider"]
            )
        except self._failures:
            raise WeightsRefused(f"{path.name} is not a model that can be run here") from None
        self._input = self._session.get_inputs()[0].name

    def run(self, tensor: Tensor) -> list[Tensor]:
        """Return every output, in the model's order.

        Raises:
            ModelFailed: If the model cannot take the input, or fails on it.
        """
        try:
            return list(self._session.run(None, {self._input: tensor}))
        except self._failures:
            raise ModelFailed from None


def open_onnx(path: Path, threads: int) -> Model:
    """Open a model file."""
    return OnnxModel(path, threads)


def _look_over(path: Path) -> None:
    """Refuse what would have to read another file.

    Raises:
        WeightsRefused: If the file is not a model in itself.
    """
    if path.stat().st_size > LARGEST_MODEL:
        raise WeightsRefused(f"the model file {path.name} is larger than 2 GB")
    try:
        with path.open("rb") as file:
            outside = has_outside_data(memoryview(mmap(file.fileno(), 0, access=ACCESS_READ)))
    except ValueError:
        raise WeightsRefused(f"{path.name} is no model file") from None
    if outside:
        raise WeightsRefused(f"the model file {path.name} keeps values in another file")


def _failures() -> tuple[type[Exception], ...]:
    """Return what the runtime raises: classes without a common base of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    found = [value for value in vars(state).values() if isinstance(value, type) and issubclass(value, Exception)]
    return (*found, RuntimeError, ValueError, MemoryError)
