"""Reading and writing separation policies: strict, so that a slip of the pen is an error and never a milder rule.

Every key is known and given once, every value is of its kind, and the file is small.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from seawall.policy.actions import Action
from seawall.policy.separation.partitions import Partition
from seawall.policy.separation.policy import (
    AbstainedPerson,
    LeaveOut,
    SeparationPolicy,
    SeparationPolicyError,
    Skipped,
    Thresholds,
)

_MOST_BYTES = 256 * 1024
_LONGEST_NAME = 200
_REQUIRED = (
    "separation",
    "version",
    "thresholds",
    "near_duplicates",
    "skipped",
    "abstained_person",
    "text_only_sexual",
    "minor_reference_alone",
    "training_sets",
    "actions",
)
_OPTIONAL = ("detectors", "cascades", "calibration")

_Choice = TypeVar("_Choice", bound=StrEnum)


def load_separation_policy(path: Path | None = None) -> SeparationPolicy:
    """Read a separation policy from a YAML file, or the one that ships with seawall.

    Raises:
        SeparationPolicyError: If it cannot be read or is not one; the message names the place.
    """
    if path is None:
        return parse_separation_policy((files(__package__) / "default.yaml").read_text("utf-8"), "default policy")
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SeparationPolicyError(f"cannot read the policy {path}: {type(error).__name__}") from None
    return parse_separation_policy(text, str(path))


def parse_separation_policy(text: str, name: str = "policy") -> SeparationPolicy:
    """Read a separation policy from YAML text; `name` is what errors call it.

    Raises:
        SeparationPolicyError: If it is not one.
    """
    if len(text) > _MOST_BYTES:
        raise SeparationPolicyError(f"{name} is too long for a policy")
    data = _keys(_yaml(text, name), _REQUIRED, _OPTIONAL, name)
    limits = _keys(data["thresholds"], tuple(Thresholds.__slots__), (), f"{name}: thresholds")
    near = _keys(data["near_duplicates"], ("type", "radius"), (), f"{name}: near_duplicates")
    alone = _keys(data["minor_reference_alone"], ("caption", "text"), (), f"{name}: minor_reference_alone")
    if near["type"] != "pdq":
        raise SeparationPolicyError(f"{name}: near-duplicates are found by pdq")
    try:
        return SeparationPolicy(
            name=_word(data["separation"], f"{name}: separation"),
            version=_whole(data["version"], f"{name}: version"),
            thresholds=Thresholds(**{key: _number(value, f"{name}: {key}") for key, value in limits.items()}),
            radius=_whole(near["radius"], f"{name}: radius"),
            skipped=_choice(Skipped, data["skipped"], f"{name}: skipped"),
            abstained_person=_choice(AbstainedPerson, data["abstained_person"], f"{name}: abstained_person"),
            text_only_sexual=_choice(Partition, data["text_only_sexual"], f"{name}: text_only_sexual"),
            minor_reference_caption=_choice(Partition, alone["caption"], f"{name}: minor_reference_alone: caption"),
            minor_reference_text=_choice(Partition, alone["text"], f"{name}: minor_reference_alone: text"),
            training_sets=_sets(data["training_sets"], f"{name}: training_sets"),
            actions=_actions(data["actions"], f"{name}: actions"),
            detectors=_words(data.get("detectors", []), f"{name}: detectors"),
            cascades=_cascades(data.get("cascades", []), f"{name}: cascades"),
            calibration=_plain(data.get("calibration", {}), f"{name}: calibration"),
            text=text,
        )
    except SeparationPolicyError as error:
        prefix = "" if error.message.startswith(name) else f"{name}: "
        raise SeparationPolicyError(prefix + error.message, hint=error.hint) from None


def render_separation_policy(policy: SeparationPolicy, comment: str = "") -> str:
    """Write a policy as YAML text that reads back to the same hash."""
    import yaml

    lines = "".join(f"# {line}".rstrip() + "\n" for line in comment.splitlines())
    return lines + yaml.safe_dump(policy.to_dict(), sort_keys=False, allow_unicode=True)


def _yaml(text: str, name: str) -> Any:
    import yaml

    class _Strict(yaml.SafeLoader):
        """YAML in which a key that is given twice is an error."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            keys = [key.value for key, _ in node.value]
            if len(set(map(str, keys))) != len(keys):
                raise SeparationPolicyError(f"{name}: a key is given twice near line {node.start_mark.line + 1}")
            return super().construct_mapping(node, deep)

    try:
        return yaml.load(text, _Strict)  # noqa: S506 (a SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        raise SeparationPolicyError(f"{name} is not YAML") from None


def _keys(data: Any, required: tuple[str, ...], optional: tuple[str, ...], place: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise SeparationPolicyError(f"{place} is a mapping with the keys {', '.join(required)}")
    missing = [key for key in required if key not in data]
    if missing:
        raise SeparationPolicyError(f"{place} lacks {missing[0]!r}")
    unknown = sorted(str(key) for key in data if key not in (*required, *optional))
    if unknown:
        raise SeparationPolicyError(f"{place}: unknown key {unknown[0][:40]!r}")
    return data


def _number(value: Any, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise SeparationPolicyError(f"{place} is a number")
    return float(value)


def _whole(value: Any, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise SeparationPolicyError(f"{place} is a whole number")
    return value


def _word(value: Any, place: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_NAME:
        raise SeparationPolicyError(f"{place} is a name")
    return value


def _words(value: Any, place: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise SeparationPolicyError(f"{place} is a list of names")
    return tuple(_word(each, place) for each in value)


def _choice(kind: type[_Choice], value: Any, place: str) -> _Choice:
    if isinstance(value, str) and value in set(kind):
        return kind(value)
    raise SeparationPolicyError(f"{place} is none of its words", hint="one of " + ", ".join(kind))


def _cascades(value: Any, place: str) -> tuple[LeaveOut, ...]:
    if not isinstance(value, list):
        raise SeparationPolicyError(f"{place} is a list")
    found = []
    for each in value:
        data = _keys(each, tuple(LeaveOut.__slots__), (), place)
        names = {key: _word(data[key], f"{place}: {key}") for key in ("detector", "after", "label")}
        found.append(LeaveOut(**names, below=_number(data["below"], f"{place}: below")))
    return tuple(found)


def _sets(value: Any, place: str) -> tuple[frozenset[Partition], ...]:
    if not isinstance(value, list) or not all(isinstance(each, list) for each in value):
        raise SeparationPolicyError(f"{place} is a list of lists of sides")
    return tuple(frozenset(_choice(Partition, side, place) for side in each) for each in value)


def _actions(value: Any, place: str) -> Mapping[Partition, Action]:
    data = _keys(value, tuple(Partition), (), place)
    return {side: _choice(Action, data[side], f"{place}: {side}") for side in Partition}


def _plain(value: Any, place: str) -> Mapping[str, Any]:
    """Return what JSON can carry, and nothing else."""
    if not isinstance(value, dict):
        raise SeparationPolicyError(f"{place} is a mapping")
    try:
        return dict(json.loads(json.dumps(value, allow_nan=False)))
    except (TypeError, ValueError, RecursionError):
        raise SeparationPolicyError(f"{place} holds what is no plain value") from None
