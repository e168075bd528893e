"""Reading ladders from files: YAML of bounded size, checked before anything is done with it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import yaml

from seawall.accounts import Ladder, LadderInvalid, parse_ladder
from seawall.errors import NotFound

_MOST_BYTES = 256 * 1024


def load_ladder(path: Path) -> Ladder:
    """Read and check a ladder.

    Raises:
        NotFound: If there is no such file.
        LadderInvalid: If it is no ladder; the message names the place.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise NotFound(f"no such file: {path}") from None
    return _parse(data)


def shipped_ladder() -> Ladder:
    """Return the ladder that ships."""
    return _parse(resources.files(__package__).joinpath("ladder.yaml").read_bytes())


def _parse(data: bytes) -> Ladder:
    if len(data) > _MOST_BYTES:
        raise LadderInvalid(f"the ladder is longer than {_MOST_BYTES // 1024} KiB")
    try:
        return parse_ladder(yaml.load(data, Loader=_Loader))  # noqa: S506 (a safe loader that repeats no key)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise LadderInvalid(f"the ladder is not YAML{line}") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise LadderInvalid("the ladder is not YAML") from None


class _Loader(yaml.SafeLoader):
    """Plain values; no aliases, which can make a small file large, and no key twice."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise LadderInvalid("the ladder uses a YAML alias: write it out")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        keys = [key.value for key, _ in node.value]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise LadderInvalid(f"line {node.start_mark.line + 1}: a name is given twice")
        return super().construct_mapping(node, deep)
