"""Making sure beforehand that nothing of a local guard needs a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from seawall.deploy.local.errors import NotOffline
from seawall.detectors.registry import Registry
from seawall.settings import Settings


def local_settings(home: Path | str | None = None) -> Settings:
    """Return settings of an installation whose database is a file of its own, whatever the environment says.

    Args:
        home: Its directory; default: as for every seawall command.
    """
    place = Settings.from_env().home if home is None else Path(home).expanduser().absolute()
    return Settings(place, f"sqlite:///{place / 'seawall.db'}")


def expect_offline(settings: Settings, chosen: Sequence[str] = ()) -> None:
    """Refuse detectors that reach for a network: those that are chosen, and all that the operator configured.

    Raises:
        NotOffline: If there is one.
        ConfigurationError: If the operator's configuration is not as it must be.
    """
    registry = Registry(settings)
    asked = [registry[name].info for name in chosen]
    asked += [each.info for each in registry.configuration.detectors]
    for info in asked:
        if info.sends_content_off_host or not info.offline:
            raise NotOffline(f"the detector {info.id} uses a network")
