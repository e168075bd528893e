"""Recognising the canaries: the detector that proves every path with harmless stand-ins."""

from seawall.detectors.canary._detector import Canary

__all__ = ["Canary"]
