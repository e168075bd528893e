"""Model files: what ships, where it is, and how it comes there. Only `fetch` downloads, and only when asked to."""

from seawall.detectors.weights._fetch import Installed, fetch
from seawall.detectors.weights._graph import has_outside_data
from seawall.detectors.weights._manifest import LARGEST_MODEL, Pinned, Weight, shipped_weight, shipped_weights
from seawall.detectors.weights._store import (
    InstalledWeights,
    SharingStore,
    installed_weights,
    weights_directories,
)

__all__ = [
    "LARGEST_MODEL",
    "Installed",
    "InstalledWeights",
    "Pinned",
    "SharingStore",
    "Weight",
    "fetch",
    "has_outside_data",
    "installed_weights",
    "shipped_weight",
    "shipped_weights",
    "weights_directories",
]
