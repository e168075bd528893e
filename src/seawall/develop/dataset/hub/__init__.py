"""Hosting other people's datasets: a verdict on every push within a deadline, and a second look when lists change."""

from .hosted import Hosted, HostedDatasets
from .verdict import Outcome, Verdict, push, rescan

__all__ = ["Hosted", "HostedDatasets", "Outcome", "Verdict", "push", "rescan"]
