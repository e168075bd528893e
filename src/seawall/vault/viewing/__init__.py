"""The record of viewing: what was shown to whom, written before the bytes leave, and what somebody therefore saw."""

from seawall.vault.viewing.model import Exposure, Viewed
from seawall.vault.viewing.record import ViewingRecord
from seawall.vault.viewing.spans import Span, added, length

__all__ = ["Exposure", "Span", "Viewed", "ViewingRecord", "added", "length"]
