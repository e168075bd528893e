"""Where reports go, whether anything is sent there, and why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from seawall.errors import SeawallError
from seawall.maintain.authorities.credentials import read_credentials
from seawall.maintain.authorities.ncmec.environment import EnvironmentName
from seawall.maintain.authorities.reports import Reports, pausing
from seawall.maintain.authorities.switch import ProductionSwitch
from seawall.settings import Settings

NCMEC = "ncmec"


@dataclass(frozen=True, slots=True)
class Destination:
    """An environment of an authority.

    Attributes:
        authority, environment: Which.
        sends: Whether reports are sent there.
        why: Why not.
    """

    authority: str
    environment: str
    sends: bool
    why: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {"authority": self.authority, "environment": self.environment, "sends": self.sends, "why": self.why}


def overview(settings: Settings, reports: Reports) -> list[Destination]:
    """Return where reports go."""
    found = []
    for name in (EnvironmentName.TEST, EnvironmentName.PRODUCTION):
        why = _why(settings, reports, name)
        found.append(Destination(NCMEC, name.value, why is None, why))
    return found


def _why(settings: Settings, reports: Reports, name: EnvironmentName) -> str | None:
    """Return why nothing is sent to an environment; None if reports are."""
    options = reports.options.ncmec
    if not options.sends(name):
        return f"authorities.yaml says {options.environment.value}"
    try:
        if read_credentials(settings, NCMEC, name) is None:
            return "there are no credentials: 'seawall authorities credentials'"
        allowed = name is not EnvironmentName.PRODUCTION or ProductionSwitch(reports.store, reports.ledger).on
        if not allowed:
            return "two people have not switched it on: 'seawall authorities production on'"
        options.place(name, production_allowed=allowed)
    except SeawallError as problem:
        return problem.message
    with reports.store.read() as connection:
        paused = pausing.paused(connection, NCMEC, name.value)
    return None if paused is None else f"it is stopped ({paused}): look, then 'seawall authorities resume'"
