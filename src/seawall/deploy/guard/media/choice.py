"""Which detectors look at pictures: seawall's own, the operator's, and always the canary detector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from seawall.detectors.contract import Modality
from seawall.detectors.host import open_detectors
from seawall.detectors.selection import DetectorSet, HostLimits
from seawall.settings import Settings

if TYPE_CHECKING:
    from seawall.deploy.guard.parts import Scorer

SHIPPED = ("open-nsfw", "image-safety", "apparent-age")
"""The picture detectors that are asked where nobody chose; one without its model file answers nothing, and says so."""

CANARY = "canary"

LIMITS = HostLimits(seconds_per_call=15.0, seconds_to_load=60.0, cool_down=10.0)


def picture_detectors(
    settings: Settings, names: Sequence[str] = (), *, limits: HostLimits = LIMITS
) -> Callable[[], Scorer]:
    """Return what opens the picture detectors.

    Args:
        settings: Where the operator's configuration is.
        names: Ids of detectors, of which those of other media are left out; empty for the shipped ones and every
            picture model that the operator configured; `canary` alone for a rehearsal.
        limits: What each is granted.

    Raises:
        UsageError: If a name is not known.
        DetectorUnusable: If one cannot be made.
        DetectorRefused: If one does not pass the provenance gate.
        ConfigurationError: If the operator's configuration is not as it must be.
    """
    chosen = DetectorSet(_chosen(settings, names), str(settings.home), limits=limits)
    chosen.registry().chosen(chosen.names)
    return lambda: open_detectors(chosen)


def _chosen(settings: Settings, names: Sequence[str]) -> tuple[str, ...]:
    registry = DetectorSet((), str(settings.home)).registry()
    if names:
        found = [registry[name] for name in dict.fromkeys(names)]
    else:
        found = [registry[name] for name in SHIPPED]
        found += [registry[each.info.id] for each in registry.configuration.detectors]
    pictured = [each.info.id for each in found if Modality.IMAGE in each.info.modalities]
    return tuple(dict.fromkeys([*pictured, CANARY]))
