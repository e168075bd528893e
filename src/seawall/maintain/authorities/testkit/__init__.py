"""Authorities for tests, on this machine: they refuse what the real ones refuse, and fail on order. For anybody."""

from seawall.maintain.authorities.testkit.faults import Fault, FaultPlan
from seawall.maintain.authorities.testkit.ispws import Ispws
from seawall.maintain.authorities.testkit.server import TestKit, serve

__all__ = ["Fault", "FaultPlan", "Ispws", "TestKit", "serve"]
