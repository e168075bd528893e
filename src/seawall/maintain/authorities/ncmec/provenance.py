"""What a finding rests on, in a text that people read and programs read back: the schema has no place for it.

A header with a version, then a line for each fact. It goes into `additionalInfo`, before or after other words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from seawall.errors import UsageError

HEADER = "seawall-provenance: 1"
KEYS = (
    "event-class",
    "matched-list",
    "matched-list-version",
    "matched-member",
    "match-distance",
    "detector",
    "detector-version",
    "policy",
    "decision-id",
    "model",
    "model-version",
    "generation-id",
    "generation-evidence",
    "output",
    "dataset",
    "shard",
    "source-url",
    "crawled-at",
    "licensor",
    "still-live",
    "notice-received-at",
    "notice-channel",
    "reviewed",
    "file-sha256",
)
"""What can be said, in the order in which it is written."""

_END = "end-of-provenance"
_LINE = re.compile(r"(?P<key>[a-z][a-z0-9-]*): (?P<value>.*)")
_MOST = 2000


def write_provenance(facts: Mapping[str, str]) -> str:
    """Write facts as a block.

    Args:
        facts: By key; those that are empty are left out.

    Raises:
        UsageError: If there is no such key, or a fact is too long.
    """
    unknown = sorted(set(facts) - set(KEYS))
    if unknown:
        raise UsageError(f"there is no fact {unknown[0][:40]!r} of provenance")
    if any(len(each) > _MOST for each in facts.values()):
        raise UsageError(f"a fact of provenance has at most {_MOST:,} characters")
    lines = [f"{key}: {_escaped(facts[key])}" for key in KEYS if facts.get(key)]
    return "\n".join((HEADER, *lines, _END))


def read_provenance(text: str) -> dict[str, str] | None:
    """Return the facts of the first block in a text; None if there is none that is whole."""
    lines = text.split("\n")
    if HEADER not in lines:
        return None
    found: dict[str, str] = {}
    for line in lines[lines.index(HEADER) + 1 :]:
        if line == _END:
            return found
        matched = _LINE.fullmatch(line)
        if matched is None or matched["key"] not in KEYS or matched["key"] in found:
            return None
        found[matched["key"]] = _unescaped(matched["value"])
    return None


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n")


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "r": "\r"}.get(found[1], found[1]), text, flags=re.DOTALL)
