"""Speaking with a model behind HTTP: what every such adapter has in common."""

from seawall.detectors.adapters.service.detector import Prepared, Preparing, ServiceDetector
from seawall.detectors.adapters.service.endpoint import Endpoint, read_endpoint
from seawall.detectors.adapters.service.exchange import Exchange, Pacing
from seawall.detectors.adapters.service.failures import Failure, malformed
from seawall.detectors.adapters.service.replies import member, number, parse_json, share, stated_version

__all__ = [
    "Endpoint",
    "Exchange",
    "Failure",
    "Pacing",
    "Prepared",
    "Preparing",
    "ServiceDetector",
    "malformed",
    "member",
    "number",
    "parse_json",
    "read_endpoint",
    "share",
    "stated_version",
]
