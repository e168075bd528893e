"""Reading small YAML files: plain values only, no key twice, no anchors, bounded in size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seawall.detectors.adapters.errors import ConfigurationError

MOST_BYTES = 256 * 1024
_DEEPEST = 30


def read_yaml(path: Path) -> Any:
    """Return what a YAML file holds.

    Raises:
        FileNotFoundError: If there is none.
        ConfigurationError: If it cannot be read, is too large or is no plain YAML.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ConfigurationError(f"{path} is larger than a configuration may be")
        return parse_yaml(data.decode("utf-8"), str(path))
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read {path}: {type(error).__name__}") from None


def parse_yaml(text: str, name: str) -> Any:
    """Return what YAML text holds; `name` is what errors call it.

    Raises:
        ConfigurationError: If it is no plain YAML.
    """
    import yaml

    class _Strict(yaml.SafeLoader):
        """YAML in which a key that is given twice is an error, and so is an alias, which could multiply itself."""

        _depth = 0

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            keys = [str(key.value) for key, _ in node.value]
            if len(set(keys)) != len(keys):
                raise ConfigurationError(f"{name}: a key is given twice near line {node.start_mark.line + 1}")
            return super().construct_mapping(node, deep)

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                raise ConfigurationError(f"{name}: aliases are not allowed")
            self._depth += 1
            if self._depth > _DEEPEST:
                raise ConfigurationError(f"{name} is too deep for a configuration")
            try:
                return super().compose_node(parent, index)
            finally:
                self._depth -= 1

    try:
        return yaml.load(text, _Strict)  # noqa: S506 (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = f" near line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigurationError(f"{name} is not YAML{line}") from None
    except (yaml.YAMLError, RecursionError, ValueError, TypeError):
        raise ConfigurationError(f"{name} is not YAML") from None
