"""Which detector runs in which process: built-ins share one, every other confined one has its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from seawall.canary.minted import minted_folder
from seawall.detectors.adapters.config import configuration_path
from seawall.detectors.breaker import Breaker
from seawall.detectors.calling import Caller, ConfinedCaller, DirectCaller
from seawall.detectors.contract import Modality, Result, Runs, WeightStore
from seawall.detectors.errors import WeightsMissing, WeightsRefused
from seawall.detectors.making import Making
from seawall.detectors.registry import Registered, Source
from seawall.detectors.selection import DetectorSet
from seawall.detectors.stations import Station

_SHARED_PROCESS = ""
_CANARY = "canary"


@runtime_checkable
class HasFiles(Protocol):
    """An operator's model whose files are where the operator keeps them, in no weight store."""

    @property
    def files(self) -> Mapping[str, Path]:
        """Path by digest; whoever opens one checks it."""
        ...


def stations(chosen: DetectorSet, store: WeightStore, clock: Callable[[], float]) -> dict[str, Station]:
    """Return a station for each chosen detector, in order. No process is started.

    Raises:
        UsageError: If a name is not known.
        DetectorUnusable: If a detector cannot be made.
        DetectorRefused: If one does not pass the provenance gate.
        ConfigurationError: If the operator's configuration is not as it must be.
    """
    registry = chosen.registry()
    found = registry.chosen(chosen.names)
    weights = {each.info.id: weights_of(each, store) for each in found}
    callers = _callers(chosen, found, {name: paths for name, (paths, _) in weights.items()}, store)
    permitted = registry.configuration.allow_off_host
    limits = chosen.limits
    return {
        each.info.id: Station(
            info=each.info,
            source=each.source,
            caller=callers[each.info.id],
            breaker=Breaker(limits.failures, limits.cool_down, clock=clock),
            off_host=frozenset(modality for modality in Modality if permitted.allow(modality, each.info.id)),
            standing=weights[each.info.id][1],
        )
        for each in found
    }


def _callers(
    chosen: DetectorSet, found: Sequence[Registered], paths: Mapping[str, Mapping[str, Path]], store: WeightStore
) -> dict[str, Caller]:
    confined: dict[str, dict[Making, Mapping[str, Path]]] = {}
    for each in found:
        if _confined(each):
            process = _SHARED_PROCESS if each.source is Source.BUILTIN else each.info.id
            confined.setdefault(process, {})[each.making] = paths[each.info.id]
    callers: dict[str, Caller] = {}
    for makings in confined.values():
        operators = any(making.target is None for making in makings)
        readable = [configuration_path(chosen.settings)] if operators else []
        minted = minted_folder(chosen.settings.home)
        if any(making.id == _CANARY for making in makings) and minted.is_dir():
            readable.append(minted)
        caller = ConfinedCaller(makings, readable, chosen.limits)
        callers |= {making.id: caller for making in makings}
    direct = [each.detector for each in found if not _confined(each)]
    return callers | dict.fromkeys((each.info.id for each in direct), DirectCaller(direct, store, chosen.limits))


def _confined(each: Registered) -> bool:
    """Whether a detector runs confined. A plug-in runs in this process only to reach a service beyond this host."""
    if each.source is Source.PLUGIN and not each.info.sends_content_off_host:
        return True
    return each.info.runs is Runs.CONFINED


def weights_of(each: Registered, store: WeightStore) -> tuple[Mapping[str, Path], Result | None]:
    """Return the path of each model file by digest, and what the detector answers if one is not there."""
    paths: dict[str, Path] = {}
    try:
        if each.source is Source.OPERATOR and isinstance(each.detector, HasFiles):
            paths = dict(each.detector.files)
            if not all(path.is_file() for path in paths.values()):
                raise WeightsMissing
        else:
            for name, digest in each.info.weights.items():
                paths[digest] = store.path(name, digest)
    except WeightsMissing as error:
        return {}, Result.unsupported(error.code)
    except WeightsRefused as error:
        return {}, Result.error(error.code)
    return paths, None
