"""Engines: how shards are spread over processes. The work is the same function whichever runs it."""

from seawall.engine.base import Engine, Lost, Outcome
from seawall.engine.inline import InlineEngine
from seawall.engine.pool import ProcessEngine

__all__ = ["Engine", "InlineEngine", "Lost", "Outcome", "ProcessEngine"]
