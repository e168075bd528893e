"""Decisions: every answer of the guard, recorded durably before it is given."""

from seawall.decisions.record import DecisionRecord
from seawall.decisions.recorder import Hook, Recorder, decision_secret, recorded

__all__ = ["DecisionRecord", "Hook", "Recorder", "decision_secret", "recorded"]
