"""Any service that takes JSON and answers JSON, and the two shapes that are known by name."""

from seawall.detectors.adapters.http_json._detector import HttpJson, read

__all__ = ["HttpJson", "read"]
