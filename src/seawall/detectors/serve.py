"""What runs in a detector process: load a detector when it is first asked, then answer one question after another.

The process has no network, reads no file but its program and the models that it was given, and holds no secret.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from seawall.detectors.contract import Detector, LoadContext
from seawall.detectors.errors import WeightsMissing, WeightsRefused
from seawall.detectors.making import Making
from seawall.detectors.wire import take, to_plain

ENTRY = "seawall.detectors.serve:Server"
"""The detector process's entry point, as `Sandbox` takes it."""

LOAD_FAILED = "load_failed"
Shared = TypeVar("Shared")


class GivenWeights:
    """The model files that the host looked up and digested. Implements `WeightStore`, and lets detectors share models.

    Args:
        paths: Path by digest.
    """

    def __init__(self, paths: Mapping[str, str]) -> None:
        self.paths = dict(paths)
        self._shared: WeakValueDictionary[str, Any] = WeakValueDictionary()

    def path(self, name: str, sha256: str) -> Path:
        """Return the file of this digest.

        Raises:
            WeightsMissing: If it was not given.
        """
        try:
            return Path(self.paths[sha256])
        except KeyError:
            raise WeightsMissing(f"the model file {name} was not given") from None

    def shared(self, key: str, make: Callable[[], Shared]) -> Shared:
        """Return what was made under this key while somebody still holds it, or make it."""
        found: Shared | None = self._shared.get(key)
        if found is None:
            self._shared[key] = found = make()
        return found


class Server:
    """Answers questions; one for each process."""

    def __init__(self) -> None:
        self._weights = GivenWeights({})
        self._loaded: dict[str, Detector | str] = {}

    def __call__(self, data: memoryview, params: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        """Answer one question.

        Args:
            data: The shared memory.
            params: `detector`: how it is made; `weights`: paths by digest; `threads`; `places`: where each item is, or
                nothing to load it only.
            fds: None are needed.

        Returns:
            `failed`: why it did not load; `raised`: the kind of what `score` raised; or `results` and `ms`.

        Raises:
            MemoryError: If there is not enough.
        """
        detector = self._detector(params)
        if isinstance(detector, str):
            return {"failed": detector}
        items = take(params["places"], data)
        began = time.perf_counter()
        try:
            results = [to_plain(each) for each in detector.score(items)] if items else []
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 (whatever a detector raises is its own failure, and is told)
            return {"raised": type(error).__name__[:64]}
        return {"results": results, "ms": 1000 * (time.perf_counter() - began)}

    def _detector(self, params: Mapping[str, Any]) -> Detector | str:
        making = Making.from_plain(params["detector"])
        if making.id not in self._loaded:
            self._weights.paths.update(params["weights"])
            self._loaded[making.id] = self._load(making, params["threads"])
        return self._loaded[making.id]

    def _load(self, making: Making, threads: int) -> Detector | str:
        """Return a detector that is ready, or why it is not."""
        try:
            detector = making.make()
            detector.load(LoadContext(self._weights, threads))
        except WeightsMissing as error:
            return error.code
        except WeightsRefused as error:
            return error.code
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 (a plug-in's module may raise anything)
            return LOAD_FAILED
        return detector
