"""Engines: how shards are spread over processes. The work is the same function whichever runs it."""

from seawall.engine.base import MAX_TRIES, Engine, Lost, Outcome
from seawall.engine.choice import engine_for
from seawall.engine.errors import ClusterError, ClusterLost, ClusterMissing
from seawall.engine.inline import InlineEngine
from seawall.engine.pool import ProcessEngine
from seawall.engine.ray_engine import RayEngine

__all__ = [
    "MAX_TRIES",
    "ClusterError",
    "ClusterLost",
    "ClusterMissing",
    "Engine",
    "InlineEngine",
    "Lost",
    "Outcome",
    "ProcessEngine",
    "RayEngine",
    "engine_for",
]
