"""Benign photographs for the demo; sources and licences are in LICENCES.md."""

from __future__ import annotations

from pathlib import Path


def paths() -> list[Path]:
    """Return the photographs, by name."""
    return sorted(Path(__file__).parent.glob("*.jpg"))
