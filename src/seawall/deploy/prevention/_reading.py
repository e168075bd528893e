"""Reading small YAML files of prevention: strict, bounded, and with errors that name the place and no value."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from seawall.errors import SeawallError
from seawall.policy.guard.bounded_yaml import read_yaml
from seawall.policy.guard.errors import GuardPolicyError

MOST_BYTES = 512 * 1024

_Shape = TypeVar("_Shape", bound=BaseModel)


def read(path: Path, shape: type[_Shape], error: type[SeawallError]) -> _Shape:
    """Read a file.

    Raises:
        error: If it cannot be read or is not of the shape.
        FileNotFoundError: If there is none.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        text = data.decode("utf-8")
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError) as fault:
        raise error(f"cannot read {path}: {type(fault).__name__}") from None
    if len(data) > MOST_BYTES:
        raise error(f"{path} is too large")
    return parse(text, str(path), shape, error)


def parse(text: str, name: str, shape: type[_Shape], error: type[SeawallError]) -> _Shape:
    """Read YAML text; `name` is what errors call it.

    Raises:
        error: If it is not of the shape.
    """
    try:
        return shape.model_validate(read_yaml(text, name))
    except GuardPolicyError as fault:
        raise error(fault.message) from None
    except ValidationError as fault:
        found = fault.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in found["loc"])[:200]
        raise error(f"{name}: {place}: {found['msg']}") from None
