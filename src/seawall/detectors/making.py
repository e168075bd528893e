"""How a detector is made, as a value that can be handed to its own process: an import path, or an operator's model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from seawall.detectors.contract import Detector
from seawall.detectors.errors import DetectorError
from seawall.settings import Settings


class NotADetector(DetectorError):
    """What was named does not keep to the detector contract."""

    code = "no_detector"


@dataclass(frozen=True, slots=True)
class Making:
    """How to make a detector.

    Attributes:
        id: Its id.
        target: `package.module:callable`; None for a model that the operator configured.
        home: seawall's home, for a detector that reads its configuration there; empty for any other.
    """

    id: str
    target: str | None = None
    home: str = ""

    def make(self) -> Detector:
        """Make it.

        Raises:
            NotADetector: If what is made is none, or has another id.
            Exception: Whatever the import or the callable raises.
        """
        detector = self._configured() if self.target is None else _called(self.target, self.home)
        if not isinstance(detector, Detector):
            raise NotADetector(f"{self.id} does not keep to the detector contract")
        if detector.info.id != self.id:
            raise NotADetector(f"the detector that is named {self.id} calls itself otherwise")
        return detector

    def to_plain(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"id": self.id, "target": self.target, "home": self.home}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Making:
        """Return what plain values write."""
        return cls(plain["id"], plain["target"], plain["home"])

    def _configured(self) -> Detector:
        from seawall.detectors.adapters import configured

        for detector in configured(Settings(Path(self.home), "")):
            if detector.info.id == self.id:
                return detector
        raise NotADetector(f"no model {self.id} is configured")


def _called(target: str, home: str) -> Any:
    module, _, name = target.partition(":")
    made: Any = import_module(module)
    for part in name.split("."):
        made = getattr(made, part)
    return made(Path(home)) if home else made()
