"""Decisions: every answer of the guard, recorded durably before it is given."""

from seawall.decisions.record import DecisionRecord

__all__ = ["DecisionRecord"]
