"""A file of settings that an operator wrote: bounded YAML, checked against a model; faults name the place, no value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from seawall.errors import SeawallError
from seawall.policy.guard.bounded_yaml import read_text, read_yaml
from seawall.policy.guard.errors import GuardPolicyError

_M = TypeVar("_M", bound=BaseModel)


def read_data(path: Path, fault: Callable[[str], SeawallError]) -> Any:
    """Return the plain data of a file; an empty mapping if there is none.

    Args:
        path: The file.
        fault: Makes the error that is raised if it cannot be read.
    """
    if not path.exists():
        return {}
    try:
        return read_yaml(read_text(path), path.name) or {}
    except GuardPolicyError as found:
        raise fault(found.message) from None


def checked(data: Any, name: str, kind: type[_M], fault: Callable[[str], SeawallError]) -> _M:
    """Return data as the model that they must be.

    Args:
        data: Plain data.
        name: What the file is called.
        kind: The model.
        fault: Makes the error that is raised if they are none: with the place, and no value.
    """
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])[:200]
        raise fault(f"{name}: {where}: {first['msg']}") from None
