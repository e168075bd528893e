"""The provenance gate: which detectors are refused until the operator allows them by name, and why."""

from __future__ import annotations

import re

from seawall.detectors.contract import Info, Runs
from seawall.detectors.errors import DetectorError

_DIGEST = re.compile(r"[0-9a-f]{64}")
_NO_LICENCE = frozenset({"", "none", "noassertion", "unknown", "unlicensed"})


class DetectorRefused(DetectorError):
    """The detector's provenance is not one that seawall accepts by default."""

    code = "detector_refused"


def objection(info: Info) -> str | None:
    """Return why a detector is refused by default, or None."""
    if _none(info.code_licence):
        return "its code has no licence"
    if "agpl" in (info.weights_licence or "").lower():
        return "its weights are under the AGPL"
    if not info.weights:
        # A model behind a service or a program has no file here that could be digested.
        here = info.offline and info.runs is Runs.CONFINED
        return "its weights have no digest" if here and (info.weights_licence or info.weights_origin) else None
    if any(not _DIGEST.fullmatch(digest) for digest in info.weights.values()):
        return "its weights have no digest"
    return "its weights have no licence" if _none(info.weights_licence) else None


def check_provenance(info: Info, allowed: frozenset[str]) -> None:
    """Refuse a detector that has an objection against it, unless it is among those allowed.

    Raises:
        DetectorRefused: If it is refused.
    """
    reason = objection(info)
    if reason is not None and info.id not in allowed:
        raise DetectorRefused(
            f"the detector {info.id} is refused: {reason}",
            hint=f"'allow_licence: [{info.id}]' in detectors.yaml of seawall's home allows it",
        )


def _none(licence: str | None) -> bool:
    return (licence or "").strip().lower() in _NO_LICENCE
