"""Running an operator's model file: the very bytes that were digested, no other file, no code, one thread by default.

Operators that a plain runtime does not know are refused by it; nothing registers any.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from seawall.detectors.adapters.errors import ModelRefused
from seawall.detectors.errors import WeightsMissing, WeightsRefused
from seawall.detectors.onnx_session import ModelFailed
from seawall.detectors.weights import LARGEST_MODEL, has_outside_data

Values = npt.NDArray[Any]

_ERRORS_ONLY = 3
_TYPES: Final[Mapping[str, type[np.generic]]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
}


class ModelFile:
    """A model with one input that is a picture.

    Args:
        path: The file.
        sha256: Its digest.
        threads: Threads that it may use.
        input_name: Name of the input; the model's only one if None.
        output: Name or place of the output.

    Raises:
        WeightsMissing: If there is no such file.
        WeightsRefused: If its digest is another, or it cannot be run here.
        ModelRefused: If it has no such input or output.
    """

    def __init__(self, path: Path, sha256: str, *, threads: int, input_name: str | None, output: str | int) -> None:
        import onnxruntime

        data = _read(path, sha256)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = False
        options.log_severity_level = _ERRORS_ONLY
        self._failures = _failures()
        try:
            self._session: Any = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except self._failures:
            raise WeightsRefused(f"{path.name} is not a model that can be run here", hint="") from None
        inputs = {each.name: each.type for each in self._session.get_inputs()}
        if input_name is None and len(inputs) == 1:
            input_name = next(iter(inputs))
        if input_name not in inputs:
            raise ModelRefused(f"{path.name} has {len(inputs)} inputs, and not the one named", hint="give 'input'")
        if len(inputs) > 1 or inputs[input_name] not in _TYPES:
            raise ModelRefused(f"{path.name} takes more than one picture of numbers")
        self._input = input_name
        self._type = _TYPES[inputs[input_name]]
        self._output = self._named(output, path)

    def run(self, tensor: Values) -> Values:
        """Return the output.

        Raises:
            ModelFailed: If the model cannot take the input, or fails on it.
        """
        try:
            given = np.rint(tensor).clip(0, 255) if self._type is np.uint8 else tensor
            result = self._session.run([self._output], {self._input: given.astype(self._type)})[0]
        except self._failures:
            raise ModelFailed from None
        if not isinstance(result, np.ndarray) or result.dtype.kind != "f":
            raise ModelFailed
        return result

    def _named(self, output: str | int, path: Path) -> str:
        names = [each.name for each in self._session.get_outputs()]
        if isinstance(output, int) and output < len(names):
            return str(names[output])
        if output in names:
            return str(output)
        raise ModelRefused(f"{path.name} has no output of that name or number")


def _read(path: Path, sha256: str) -> bytes:
    """Return the file's bytes, which are the only ones that are used: what is on disk later does not matter."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_MODEL + 1)
    except FileNotFoundError:
        raise WeightsMissing(f"there is no model file {path}", hint="check its path") from None
    except OSError as error:
        raise WeightsRefused(f"the model file {path} cannot be read: {error.strerror}", hint="") from None
    if len(data) > LARGEST_MODEL:
        raise WeightsRefused(f"the model file {path.name} is larger than 2 GB", hint="")
    if hashlib.sha256(data).hexdigest() != sha256:
        raise WeightsRefused(f"the model file {path.name} is not the one that detectors.yaml pins", hint="")
    try:
        outside = has_outside_data(data)
    except ValueError:
        raise WeightsRefused(f"{path.name} is no model file", hint="") from None
    if outside:
        raise WeightsRefused(f"the model file {path.name} keeps values in another file", hint="")
    return data


def _failures() -> tuple[type[Exception], ...]:
    """Return what the runtime raises: classes without a common base of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    found = [value for value in vars(state).values() if isinstance(value, type) and issubclass(value, Exception)]
    return (*found, RuntimeError, ValueError, MemoryError)
