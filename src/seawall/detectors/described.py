"""What is written down of detectors beside every result that relies on them: attestations, cards, `detectors show`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from seawall.detectors.contract import Info
from seawall.detectors.registry import Source
from seawall.detectors.selection import Cascade

READY = "ready"
"""State of a detector whose model files are there."""

_IDENTITY = ("id", "version", "weights", "labels", "languages", "state", "may_leave_host")


def model_digest(weights: Mapping[str, str]) -> str | None:
    """Return one digest for a detector's model files: the file's own, or of the sorted digests of several; or None."""
    if len(weights) < 2:
        return next(iter(weights.values()), None)
    lines = sorted(f"{digest}  {name}\n" for name, digest in weights.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def described(info: Info, source: Source, state: str) -> dict[str, Any]:
    """Return what a detector says of itself, as plain values.

    Args:
        info: What it says.
        source: Where it comes from.
        state: `ready`, or the reason that it answers with for every item.
    """
    return {
        "id": info.id,
        "version": info.version,
        "task": info.task.value,
        "source": source.value,
        "state": state,
        "modalities": sorted(modality.value for modality in info.modalities),
        "labels": list(info.labels),
        "score_kind": info.score_kind.value,
        "code_licence": info.code_licence,
        "weights_licence": info.weights_licence,
        "weights": dict(sorted(info.weights.items())),
        "model_digest": model_digest(info.weights),
        "weights_origin": info.weights_origin,
        "training_data_note": info.training_data_note,
        "known_incidents": list(info.known_incidents),
        "languages": list(info.languages),
        "input_spec": info.input_spec,
        "limits_note": info.limits_note,
        "offline": info.offline,
        "sends_content_off_host": info.sends_content_off_host,
        "requires_human_review": info.requires_human_review,
        "deterministic": info.deterministic,
        "runs": info.runs.value,
    }


def fingerprint(each: Sequence[Mapping[str, Any]], cascades: Sequence[Cascade]) -> str:
    """Return the identity of what detectors are asked: another one means that stored answers do not serve.

    A detector whose model files are missing has another fingerprint than the same one with them.
    """
    parts = [
        [
            one["id"],
            one["version"],
            one["weights"],
            one["labels"],
            one["languages"],
            one["state"],
            one["may_leave_host"],
        ]
        for one in sorted(each, key=lambda one: str(one["id"]))
    ]
    left_out = [[each.detector, each.after, each.label, each.below] for each in cascades]
    return hashlib.sha256(json.dumps([parts, left_out], sort_keys=True).encode()).hexdigest()
