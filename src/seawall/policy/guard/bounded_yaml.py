"""YAML from strangers, bounded: so long, so deep, so many values, no aliases, no key twice. Plain data come out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seawall.policy.guard.errors import GuardPolicyError

MOST_BYTES = 1 << 20
MOST_DEPTH = 32
MOST_VALUES = 50_000


def read_text(path: Path) -> str:
    """Return the text of a small file.

    Raises:
        GuardPolicyError: If it cannot be read, is too long, or is no text.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise GuardPolicyError(f"{path} is too long for a policy")
        return data.decode("utf-8")
    except (OSError, ValueError) as error:
        raise GuardPolicyError(f"cannot read {path}: {type(error).__name__}") from None


def read_yaml(text: str, name: str) -> Any:
    """Return the plain data of a YAML text; `name` is what errors call it.

    Raises:
        GuardPolicyError: If it is no YAML, or too much of it.
    """
    import yaml

    if len(text) > MOST_BYTES:
        raise GuardPolicyError(f"{name} is too long for a policy")
    depth = values = 0
    try:
        # Events come before anything is built: what is too deep or repeats itself is refused while it is small.
        for event in yaml.parse(text, yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise GuardPolicyError(f"{name}{_line(event.start_mark)}: aliases are not allowed")
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            values += 1
            if depth > MOST_DEPTH or values > MOST_VALUES:
                raise GuardPolicyError(f"{name}{_line(event.start_mark)}: nested too deeply, or too long")
        return yaml.load(text, _strict(name))  # noqa: S506 (made of a SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise GuardPolicyError(f"{name}{_line(error.problem_mark)}: this is not YAML") from None
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError):
        raise GuardPolicyError(f"{name} is not YAML") from None


def _line(mark: Any) -> str:
    return f": line {mark.line + 1}" if mark is not None else ""


def _strict(name: str) -> Any:
    import yaml

    class _Strict(yaml.SafeLoader):
        """YAML in which a key that is given twice is an error, and a number has a bounded length."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            keys = [str(key.value) for key, _ in node.value]
            if len(set(keys)) != len(keys):
                raise GuardPolicyError(f"{name}{_line(node.start_mark)}: a key is given twice")
            return super().construct_mapping(node, deep)

    return _Strict
