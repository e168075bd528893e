"""Which detectors are asked, as a value that another process can be handed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path

from seawall.detectors.registry import GROUP, Registry
from seawall.errors import UsageError
from seawall.settings import Settings

DEFAULT = ("open-nsfw", "image-safety", "apparent-age", "term-packs")
"""The detectors that are asked where nobody chose."""

CANARY = ("canary", "term-packs")
"""What the name `canary` stands for when it is chosen alone: no weights, and every path proven on stand-ins."""

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Cascade:
    """A detector that is left out where an earlier one saw nothing; what is left out is recorded as skipped.

    Attributes:
        detector: Whom to leave out.
        after: Who is asked before.
        label: Which of its scores decides.
        below: Under this score the detector is left out; never where the earlier one did not answer.
    """

    detector: str
    after: str
    label: str
    below: float


@dataclass(frozen=True, slots=True)
class HostLimits:
    """What the host grants a detector.

    Attributes:
        seconds_per_call: Wall time of one call of `score`.
        seconds_to_load: Wall time of one call of `load`.
        memory_bytes: Address space of a detector process, its program included.
        failures: Failures in a row after which a detector is left alone.
        cool_down: Seconds after which it is tried again.
        threads: Threads that a model may use.
    """

    seconds_per_call: float = 60.0
    seconds_to_load: float = 120.0
    memory_bytes: int = 2560 * _MIB
    failures: int = 5
    cool_down: float = 30.0
    threads: int = 1


@dataclass(frozen=True, slots=True)
class DetectorSet:
    """A choice of detectors.

    Attributes:
        names: Their ids, in order.
        home: seawall's home.
        cascades: Which of them are left out, and when; none by default.
        limits: What each is granted.
        plugins: Name and target of plug-ins in place of those that are installed, for tests; None for the installed.
    """

    names: tuple[str, ...]
    home: str
    cascades: tuple[Cascade, ...] = ()
    limits: HostLimits = HostLimits()
    plugins: tuple[tuple[str, str], ...] | None = None

    @classmethod
    def chosen(
        cls,
        names: Sequence[str],
        settings: Settings,
        *,
        cascades: Iterable[Cascade] = (),
        limits: HostLimits | None = None,
        plugins: Iterable[tuple[str, str]] | None = None,
    ) -> DetectorSet:
        """Return the choice of these names; the default set for none, and all of `CANARY` for `canary` alone.

        Raises:
            UsageError: If a name is not known, or a cascade names another detector than those chosen.
            DetectorUnusable: If one cannot be made.
            DetectorRefused: If one does not pass the provenance gate.
        """
        wanted = tuple(dict.fromkeys(names)) or DEFAULT
        found = cls(
            _expanded(wanted),
            str(settings.home),
            tuple(cascades),
            limits or HostLimits(),
            None if plugins is None else tuple(plugins),
        )
        found.registry().chosen(found.names)
        found.order()
        return found

    @property
    def settings(self) -> Settings:
        """Where the operator's configuration is; no database is meant."""
        return Settings(Path(self.home), "")

    def registry(self) -> Registry:
        """Return the registry that the names are looked up in."""
        given = self.plugins
        return Registry(
            self.settings, None if given is None else [EntryPoint(name, target, GROUP) for name, target in given]
        )

    def order(self) -> tuple[str, ...]:
        """Return the names so that each comes after those that its cascades look at.

        Raises:
            UsageError: If a cascade names another detector than those chosen, or they go in a circle.
        """
        after = {name: {each.after for each in self.cascades if each.detector == name} for name in self.names}
        if any({each.detector, each.after} - set(self.names) for each in self.cascades):
            raise UsageError("a cascade names a detector that is not among those chosen")
        placed: dict[str, None] = {}
        while len(placed) < len(self.names):
            ready = [name for name in self.names if name not in placed and after[name] <= placed.keys()]
            if not ready:
                raise UsageError("cascades go in a circle")
            placed |= dict.fromkeys(ready)
        return tuple(placed)


def _expanded(names: tuple[str, ...]) -> tuple[str, ...]:
    return CANARY if names == CANARY[:1] else names
