"""Decisions: every answer of the guard, recorded durably before it is given."""

from seawall.decisions.record import DecisionRecord
from seawall.decisions.recorder import Hook, Recorder, decided, decision_secret, recorded

__all__ = ["DecisionRecord", "Hook", "Recorder", "decided", "decision_secret", "recorded"]
