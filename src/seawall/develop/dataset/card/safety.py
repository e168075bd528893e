"""What the ledger says of one run: the only source of the numbers in a dataset card.

The run's directory says which events are meant; the events say what happened. Where the directory's own summary says
something else, no card is written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seawall.errors import NotFound, SeawallError
from seawall.ledger import Ledger


class CardDisagrees(SeawallError):
    """The ledger and the directory do not say the same."""

    code = "card_disagrees"
    hint = "run the scan or the separation again"


@dataclass(frozen=True, slots=True)
class SafetyFacts:
    """One run, as the ledger has it.

    Attributes:
        kind: `scan` or `separate`.
        started: Facts of the event that began it.
        closed: Facts of the event that ended it.
        at: When it ended, RFC 3339.
        lists: Name, version, entries and purpose of each list.
        leakage: The leakage bound of the attestation, if people have audited a sample.
        event: Key of the closing event.
        leaf: Its place in the ledger.
        size: Size of the ledger under the checkpoint that proves it.
        key_id: The ledger's key.
    """

    kind: str
    started: Mapping[str, Any]
    closed: Mapping[str, Any]
    at: str
    lists: tuple[Mapping[str, Any], ...]
    leakage: Mapping[str, Any] | None
    event: str
    leaf: int
    size: int
    key_id: str

    @property
    def real_lists(self) -> tuple[Mapping[str, Any], ...]:
        """The lists besides the canaries."""
        return tuple(each for each in self.lists if each["purpose"] != "canary")


def safety_facts(directory: Path, ledger: Ledger) -> SafetyFacts:
    """Return the facts of the run in a directory, each proven to be in the ledger.

    Args:
        directory: Output directory of a scan or a separation.
        ledger: The ledger of this home.

    Raises:
        NotFound: If the directory holds no finished run, or the ledger does not have it.
        CardDisagrees: If the summary says something else than the ledger.
    """
    summary = _read(directory / "summary.json")
    kind, event = _event(directory)
    proof = ledger.prove(event)
    prefix = event.rpartition("/closed/")[0]
    closed = proof.event.body
    for name, value in closed.items():
        if name in summary and summary[name] != value:
            raise CardDisagrees(f"the summary in {directory} says another number of {name} than the ledger")
    return SafetyFacts(
        kind=kind,
        started=ledger.prove(f"{prefix}/started").event.body,
        closed=closed,
        at=proof.event.at,
        lists=tuple(summary["lists"]),
        leakage=_read(directory / "attestation.json").get("leakage") if kind == "separate" else None,
        event=event,
        leaf=proof.leaf,
        size=proof.size,
        key_id=ledger.public_key().key_id,
    )


def _event(directory: Path) -> tuple[str, str]:
    if (directory / "attestation.json").exists():
        return "separate", str(_read(directory / "attestation.json")["ledger"]["event"])
    return "scan", str(_read(directory / "report-data.json")["ledger"]["event"])


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise NotFound(
            f"{path.parent} holds no finished run", hint="give the --out of a scan or a separation"
        ) from None
    except ValueError:
        raise NotFound(f"{path} is damaged", hint="run the scan or the separation again") from None
    if not isinstance(data, dict):
        raise NotFound(f"{path} is damaged", hint="run the scan or the separation again")
    return data
