"""What may link two accounts, as data: weights, lifetimes, and how many sharers make a token worthless."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from seawall.accounts.errors import LinkError
from seawall.accounts.ladder import duration
from seawall.accounts.links.forms import FORMS


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of identifier.

    Attributes:
        name: Its name.
        weight: How much a shared one says by itself, 0 to 1.
        seconds: How long a token is kept after it was last seen.
        fan_out: A token that more accounts share says nothing.
        form: How a value is written before it is keyed.
    """

    name: str
    weight: float
    seconds: int
    fan_out: int
    form: str

    def canonical(self, value: str) -> str:
        """Return the one way to write a value.

        Raises:
            LinkError: If it is none of this kind; the message does not repeat it.
        """
        return FORMS[self.form](value)


@dataclass(frozen=True, slots=True)
class Kinds:
    """Every kind, and what makes a suggestion.

    Attributes:
        kinds: By name.
        suggest_at: The score from which on a link is suggested.
        strong_from: The weight from which on a kind is strong.
        suggestion_seconds: How long a suggestion waits for a person.
    """

    kinds: Mapping[str, Kind]
    suggest_at: float
    strong_from: float
    suggestion_seconds: int

    def get(self, name: str) -> Kind:
        """Return a kind.

        Raises:
            LinkError: If there is none of that name.
        """
        if name not in self.kinds:
            raise LinkError(f"there is no kind {name[:64]!r}", hint=f"the kinds are {', '.join(sorted(self.kinds))}")
        return self.kinds[name]


@cache
def shipped_kinds() -> Kinds:
    """Return the kinds that ship."""
    return read_kinds(resources.files(__package__).joinpath("kinds.yaml").read_bytes())


def read_kinds(data: bytes) -> Kinds:
    """Read kinds from YAML.

    Raises:
        LinkError: If it cannot be used.
    """
    try:
        said: dict[str, Any] = yaml.safe_load(data)
        kinds = {
            name: Kind(
                name,
                float(terms["weight"]),
                duration(terms["expires"], f"kinds.{name}.expires"),
                int(terms["fan_out"]),
                str(terms["form"]),
            )
            for name, terms in said["kinds"].items()
        }
        found = Kinds(
            kinds,
            float(said["suggest_at"]),
            float(said["strong_from"]),
            duration(said["suggestion_expires"], "suggestion_expires"),
        )
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise LinkError("the kinds of identifiers are not written as they must be") from None
    for kind in kinds.values():
        if not (0 < kind.weight < 1 and kind.fan_out >= 2 and kind.form in FORMS):
            raise LinkError(f"the kind {kind.name} has a weight, fan-out or form that makes no sense")
    return found
