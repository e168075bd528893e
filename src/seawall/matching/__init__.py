"""Matching: the exact index, hash lists and banks, and looking values up in several lists at once."""

from seawall.matching.lists import HashList, ImportReport, ListStore, Provenance, Purpose
from seawall.matching.matcher import Match, Matcher, MatchSource

__all__ = ["HashList", "ImportReport", "ListStore", "Match", "MatchSource", "Matcher", "Provenance", "Purpose"]
