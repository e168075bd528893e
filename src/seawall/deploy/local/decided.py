"""Reading what this installation decided, without opening a guard."""

from __future__ import annotations

from typing import Any

from seawall.decisions import Recorder, decision_secret
from seawall.deploy.local.guard import said_by
from seawall.ledger import KeyFile, Ledger, open_store
from seawall.settings import Settings


def decision_said(settings: Settings, decision_id: str) -> dict[str, Any] | None:
    """Return what a flag keeps of a decision; None if there is none of this id here."""
    with open_store(settings) as store:
        ledger = Ledger(store, KeyFile(settings.home / "keys"))
        return said_by(Recorder(store, ledger, decision_secret(settings)).get(decision_id))
