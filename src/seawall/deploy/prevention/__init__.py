"""Prevention: words and services for those who are refused, and what they change; never a prompt or a name."""

from __future__ import annotations

from seawall.deploy.prevention.audience import Audience, MessageId
from seawall.deploy.prevention.counts import read_counts
from seawall.deploy.prevention.directory import Directory, check_directory
from seawall.deploy.prevention.door import Choice, PreventionDoor
from seawall.deploy.prevention.effect import Counts, report
from seawall.deploy.prevention.errors import DirectoryInvalid, OptionsInvalid, TextsInvalid
from seawall.deploy.prevention.lint import Complaint, lint
from seawall.deploy.prevention.messenger import PreventionMessenger, prevention_secret
from seawall.deploy.prevention.meter import PreventionMeter
from seawall.deploy.prevention.options import Options
from seawall.deploy.prevention.texts import Catalogue, Texts

__all__ = [
    "Audience",
    "Catalogue",
    "Choice",
    "Complaint",
    "Counts",
    "Directory",
    "DirectoryInvalid",
    "MessageId",
    "Options",
    "OptionsInvalid",
    "PreventionDoor",
    "PreventionMessenger",
    "PreventionMeter",
    "Texts",
    "TextsInvalid",
    "check_directory",
    "lint",
    "prevention_secret",
    "read_counts",
    "report",
]
