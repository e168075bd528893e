"""A program of the operator's as a detector: it stays alive and answers line by line."""

from seawall.detectors.adapters.command._detector import CommandDetector, read

__all__ = ["CommandDetector", "read"]
