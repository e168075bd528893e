"""Choosing an engine: this process, this machine's cores, or a cluster. The work is the same whichever it is."""

from __future__ import annotations

from seawall.engine.base import Engine
from seawall.engine.inline import InlineEngine
from seawall.engine.pool import ProcessEngine, processors
from seawall.engine.ray_engine import RayEngine


def engine_for(*, workers: int | None = None, cluster: str | None = None) -> Engine:
    """Return the engine that a caller's options call for.

    Args:
        workers: Processes; None for one per core that may be used.
        cluster: `local` for a private Ray cluster on this machine, or the address of one to join; None for none.

    Raises:
        ClusterMissing: If a cluster is asked for, and Ray is not installed.
    """
    if cluster is not None:
        return RayEngine(cluster, workers=workers)
    count = workers or processors()
    return InlineEngine() if count == 1 else ProcessEngine(count)
