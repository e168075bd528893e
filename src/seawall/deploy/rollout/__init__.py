"""Phased release: who may use a model at which stage, a stop rule, and a kill switch that needs nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seawall.deploy.rollout.errors import KillSwitchUnusable, NotAdvanced, PlanInvalid, RolloutRefused
from seawall.deploy.rollout.killswitch import ALL, Kill, KillSwitch
from seawall.deploy.rollout.sequential import BettingTest

if TYPE_CHECKING:
    from seawall.deploy.rollout.book import RolloutBook
    from seawall.deploy.rollout.evidence import Evidence, Opinion, Verdict
    from seawall.deploy.rollout.plan import Plan, parse_plan, read_plan
    from seawall.deploy.rollout.posture import Posture
    from seawall.deploy.rollout.store import ModelStatus, RolloutStore

_HOMES = {
    "Evidence": "evidence",
    "ModelStatus": "store",
    "Opinion": "evidence",
    "Plan": "plan",
    "Posture": "posture",
    "RolloutBook": "book",
    "RolloutStore": "store",
    "Verdict": "evidence",
    "parse_plan": "plan",
    "read_plan": "plan",
}

__all__ = [
    "ALL",
    "BettingTest",
    "Evidence",
    "Kill",
    "KillSwitch",
    "KillSwitchUnusable",
    "ModelStatus",
    "NotAdvanced",
    "Opinion",
    "Plan",
    "PlanInvalid",
    "Posture",
    "RolloutBook",
    "RolloutRefused",
    "RolloutStore",
    "Verdict",
    "parse_plan",
    "read_plan",
]


def __getattr__(name: str) -> Any:
    """Import what needs the database only when it is asked for: the kill switch works without."""
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(f"seawall.deploy.rollout.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
