"""A policy as data: read, checked, and named by the hash of its meaning.

The hash is of the parsed rules in canonical JSON, so that a comment does not change it and an edit of a rule does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from seawall.errors import SeawallError
from seawall.policy.actions import Action


class PolicyError(SeawallError):
    """The policy cannot be read."""

    code = "policy"


_CONDITIONS = {"purpose", "list", "type", "label", "max_distance"}
_DEFAULTS = ("otherwise", "unexamined", "damaged", "abstained", "benign_bank_softens")
_PURPOSES = {"csam", "exploitative", "ncii_adult", "benign", "canary", "source"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: when a finding fits every condition given, its action holds.

    Attributes:
        id: Name of the rule, cited by decisions.
        action: What to do.
        purpose: Purpose of the list that matched.
        list: Name of the list that matched.
        type: Signal type that matched.
        label: A label of the entry that matched.
        max_distance: Largest distance that fits.
    """

    id: str
    action: Action
    purpose: str | None = None
    list: str | None = None
    type: str | None = None
    label: str | None = None
    max_distance: float | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """A versioned set of rules.

    Attributes:
        name: Name of the policy.
        version: Its version, as its author counts.
        rules: In order; the first that fits a finding decides for it.
        defaults: Actions for `otherwise`, `unexamined`, `damaged`, `abstained`, `benign_bank_softens`.
        hash: SHA-256 of the canonical JSON of all of the above.
        text: The policy as written, for people.
    """

    name: str
    version: int
    rules: tuple[Rule, ...]
    defaults: Mapping[str, Action]
    hash: str
    text: str


def load_policy(path: Path | None = None) -> Policy:
    """Read a policy from a YAML file, or the one that ships with seawall.

    Raises:
        PolicyError: If it cannot be read or is not a policy; the message names the place.
    """
    try:
        text = (files(__package__) / "default.yaml").read_text("utf-8") if path is None else path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"cannot read the policy {path}: {type(error).__name__}") from None
    return parse_policy(text, str(path or "default policy"))


def parse_policy(text: str, name: str) -> Policy:
    """Read a policy from YAML text; `name` is what errors call it."""
    import yaml

    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError:
        raise PolicyError(f"{name} is not YAML") from None
    if not isinstance(data, dict):
        raise PolicyError(f"{name} is not a policy")
    unknown = set(data) - {"policy", "version", "rules", *_DEFAULTS}
    if unknown:
        raise PolicyError(f"{name}: unknown key {sorted(map(str, unknown))[0]!r}")
    if not isinstance(data.get("policy"), str) or not isinstance(data.get("version"), int):
        raise PolicyError(f"{name}: a policy has a name ('policy') and a whole number ('version')")
    if not isinstance(data.get("rules"), list):
        raise PolicyError(f"{name}: 'rules' is a list")
    rules = tuple(_rule(rule, f"{name}: rule {place}") for place, rule in enumerate(data["rules"], 1))
    if len({rule.id for rule in rules}) != len(rules):
        raise PolicyError(f"{name}: two rules have one id")
    defaults = {key: _action(data.get(key), f"{name}: {key}") for key in _DEFAULTS}
    for key in ("otherwise", "unexamined"):
        if defaults[key] is Action.ALLOW:
            raise PolicyError(f"{name}: {key} cannot be 'allow': missing evidence never allows")
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return Policy(data["policy"], data["version"], rules, defaults, digest, text)


def _action(value: Any, place: str) -> Action:
    try:
        return Action(value)
    except ValueError:
        raise PolicyError(f"{place} names no action", hint="one of " + ", ".join(Action)) from None


def _rule(data: Any, place: str) -> Rule:
    if not isinstance(data, dict) or set(data) - {"id", "when", "action"} or not isinstance(data.get("id"), str):
        raise PolicyError(f"{place} has an id, a 'when' and an action")
    when = data.get("when", {})
    if not isinstance(when, dict) or set(when) - _CONDITIONS:
        raise PolicyError(f"{place}: 'when' knows {', '.join(sorted(_CONDITIONS))}")
    if when.get("purpose") is not None and when["purpose"] not in _PURPOSES:
        raise PolicyError(f"{place}: unknown purpose", hint="one of " + ", ".join(sorted(_PURPOSES)))
    if not isinstance(when.get("max_distance", 0), int | float):
        raise PolicyError(f"{place}: max_distance is a number")
    return Rule(data["id"], _action(data.get("action"), place), **when)
