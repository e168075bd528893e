"""The registry of detectors: built-ins, installed plug-ins and the operator's own models in one place.

A plug-in names, in the entry-point group `seawall.detectors`, a callable that returns a `Detector`; the entry point's
name is the detector's id. A plug-in may not replace a built-in. One that does not import is reported, and costs nobody
else anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from seawall.detectors.contract import Detector, Info
from seawall.detectors.errors import DetectorError
from seawall.detectors.gate import check_provenance
from seawall.detectors.making import Making
from seawall.errors import SeawallError, UsageError
from seawall.settings import Settings

if TYPE_CHECKING:
    from seawall.detectors.adapters import Configuration

GROUP = "seawall.detectors"

BUILTINS: Mapping[str, str] = {
    "open-nsfw": "seawall.detectors.open_nsfw:OpenNsfw",
    "image-safety": "seawall.detectors.image_safety:ImageSafety",
    "faces": "seawall.detectors.faces:Faces",
    "apparent-age": "seawall.detectors.apparent_age:ApparentAge",
    "term-packs": "seawall.detectors.term_packs:TermPacks",
    "canary": "seawall.detectors.canary:Canary",
}
"""Built-in detectors by id: each is imported when it is first asked for."""


_READS_HOME = frozenset({"canary", "term-packs"})


class Source(StrEnum):
    """Where a detector comes from."""

    BUILTIN = "builtin"
    PLUGIN = "plugin"
    OPERATOR = "operator"


class DetectorUnusable(DetectorError):
    """The detector cannot be made."""

    code = "detector_unusable"


@dataclass(frozen=True, slots=True)
class Registered:
    """A detector that can be used.

    Attributes:
        info: What it says of itself.
        source: Where it comes from.
        making: How its process makes it.
        detector: The one of this process, not loaded.
    """

    info: Info
    source: Source
    making: Making
    detector: Detector


@dataclass(frozen=True, slots=True)
class Problem:
    """A detector that is installed or configured, and cannot be used.

    Attributes:
        name: Its name.
        message: Why, in one line.
    """

    name: str
    message: str


class Registry:
    """Detectors by id.

    Args:
        settings: Where the operator's configuration is.
        plugins: Entry points of plug-ins; default: those that are installed.
    """

    def __init__(self, settings: Settings, plugins: Iterable[EntryPoint] | None = None) -> None:
        self._settings = settings
        self._plugins: dict[str, str] = {}
        self._problems: list[Problem] = []
        for entry in entry_points(group=GROUP) if plugins is None else plugins:
            if entry.name in BUILTINS or entry.name in self._plugins:
                self._problems.append(Problem(entry.name, "a plug-in may not replace another detector"))
            else:
                self._plugins[entry.name] = entry.value

    def __iter__(self) -> Iterator[Registered]:
        """Yield every detector that can be made; `problems` then says which cannot."""
        try:
            names = self.names
        except SeawallError as error:
            self._problems.append(Problem("detectors.yaml", error.message))
            names = (*BUILTINS, *self._plugins)
        for name in names:
            try:
                yield self[name]
            except DetectorError as error:
                self._problems.append(Problem(name, error.message))

    @cached_property
    def configuration(self) -> Configuration:
        """What the operator configured and allowed.

        Raises:
            ConfigurationError: If `detectors.yaml` is not as it must be.
        """
        from seawall.detectors.adapters import load_configuration

        return load_configuration(self._settings, frozenset((*BUILTINS, *self._plugins, "image", "text")))

    @property
    def names(self) -> tuple[str, ...]:
        """Every id that there is.

        Raises:
            ConfigurationError: If `detectors.yaml` is not as it must be.
        """
        return (*BUILTINS, *self._plugins, *(each.info.id for each in self.configuration.detectors))

    def chosen(self, names: Sequence[str]) -> list[Registered]:
        """Return detectors in order, each past the provenance gate.

        Raises:
            UsageError: If there is none of a name.
            DetectorUnusable: If one cannot be made.
            DetectorRefused: If one does not pass the gate.
            ConfigurationError: If `detectors.yaml` is not as it must be.
        """
        found = [self[name] for name in names]
        for each in found:
            check_provenance(each.info, self.configuration.allow_licence)
        return found

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was found that cannot be used, so far as it has been asked for."""
        return tuple(dict.fromkeys(self._problems))

    def __getitem__(self, name: str) -> Registered:
        """Return a detector.

        Raises:
            UsageError: If there is none of this name.
            DetectorUnusable: If it cannot be made.
            ConfigurationError: If it may be the operator's, and `detectors.yaml` is not as it must be.
        """
        if name in BUILTINS:
            home = str(self._settings.home) if name in _READS_HOME else ""
            return _made(Making(name, BUILTINS[name], home), Source.BUILTIN)
        if name in self._plugins:
            return _made(Making(name, self._plugins[name]), Source.PLUGIN)
        for detector in self.configuration.detectors:
            if detector.info.id == name:
                making = Making(name, None, str(self._settings.home))
                return Registered(detector.info, Source.OPERATOR, making, detector)
        raise UsageError(f"unknown detector {name!r}", hint="known: " + ", ".join(sorted(self.names)))


def _made(making: Making, source: Source) -> Registered:
    try:
        detector = making.make()
        return Registered(detector.info, source, making, detector)
    except SeawallError as error:
        raise DetectorUnusable(f"the detector {making.id} cannot be used: {error.message}") from error
    except Exception as error:
        kind = type(error).__name__
        raise DetectorUnusable(f"the detector {making.id} cannot be used: {kind} when it was made") from error
