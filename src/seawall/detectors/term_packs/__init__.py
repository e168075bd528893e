"""The detector of terms: the operator's sealed packs, neutral age references and canary words."""

from seawall.detectors.term_packs._detector import ID, TermPacks

__all__ = ["ID", "TermPacks"]
