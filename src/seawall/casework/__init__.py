"""Casework: where the wings meet, so that what any door finds becomes a case that people decide."""

from __future__ import annotations

from seawall.casework.installation import Casework, open_casework

__all__ = ["Casework", "open_casework"]
