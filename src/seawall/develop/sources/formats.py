"""Files of source rules as experts send them: plain lists, CSV, JSON and YAML.

A row that cannot be understood is counted with its line and never guessed at; what the file does not say of a rule
comes from the command.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seawall.develop.sources.errors import RegisterFormat
from seawall.develop.sources.normal import normal_domain, normal_name, normal_url
from seawall.develop.sources.rules import Action, Kind, Rule, Terms
from seawall.errors import NotFound, UsageError

MAX_FILE_BYTES = 512 << 20
"""Longest file that is read; it is read whole."""
_SHOWN = 5
_VALUE_FIELDS = ("value", "domain", "url", "collection", "dataset", "host", "entry")
_NORMAL = {
    Kind.DOMAIN: normal_domain,
    Kind.URL: normal_url,
    Kind.COLLECTION: normal_name,
    Kind.DATASET: normal_name,
}


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for every rule of a file that does not say otherwise."""

    action: Action | None = None
    kind: Kind | None = None
    expert: str | None = None
    version: str | None = None
    reason: str | None = None


@dataclass(slots=True)
class Parsed:
    """The rules of a file.

    Attributes:
        rules: Those that were understood.
        bad: Rows left out, by reason.
        bad_lines: The first of them, by reason.
    """

    rules: list[Rule] = field(default_factory=list)
    bad: Counter[str] = field(default_factory=Counter)
    bad_lines: dict[str, list[int]] = field(default_factory=dict)

    def leave_out(self, reason: str, line: int) -> None:
        """Count a row that was not understood."""
        self.bad[reason] += 1
        shown = self.bad_lines.setdefault(reason, [])
        if len(shown) < _SHOWN:
            shown.append(line)


def parse_file(path: Path, defaults: Defaults) -> Parsed:
    """Read a file of rules; its ending says how it is written, anything else is a plain list.

    Args:
        path: The file.
        defaults: What the file need not say.

    Raises:
        NotFound: If there is no such file.
        RegisterFormat: If the file as a whole is not what its ending says, or holds no rule.
        UsageError: If neither file nor command says who the expert is, or what the rules do.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise RegisterFormat(f"{path.name} is longer than {MAX_FILE_BYTES >> 20} MiB")
        body = path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"{path} does not exist") from None
    except OSError as error:
        raise RegisterFormat(f"{path.name} cannot be read") from error
    try:
        said = body.decode("utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        raise RegisterFormat(f"{path.name} is not text") from None
    parsed = Parsed()
    known: dict[Terms, Terms] = {}
    for line, row in _rows(path, said, parsed):
        _take(parsed, known, line, row, defaults)
    if not parsed.rules:
        raise RegisterFormat(f"{path.name} holds no rule that can be understood")
    return parsed


def _rows(path: Path, said: str, parsed: Parsed) -> Iterator[tuple[int, Mapping[str, Any]]]:
    suffix = path.suffix.lower()
    if suffix in (".yaml", ".yml"):
        return _documents(_yaml(path, said), path, parsed)
    if suffix == ".json":
        return _documents(_json(path, said), path, parsed)
    if suffix in (".jsonl", ".ndjson"):
        return _json_lines(said, parsed)
    if suffix in (".csv", ".tsv"):
        return _table(said.splitlines(), "\t" if suffix == ".tsv" else ",")
    return _plain(said)


def _plain(said: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Read a value per line; `#` begins a comment at the start of a line or after a space. Hosts files are read too."""
    for number, line in enumerate(said.splitlines(), 1):
        value = "" if line.lstrip().startswith("#") else line.partition(" #")[0].partition("\t#")[0].strip()
        first, _, rest = value.partition(" ")
        if first in ("0.0.0.0", "127.0.0.1") and rest.strip():  # noqa: S104  # a hosts file, nothing is bound
            value = rest.strip()
        if value:
            yield number, {"value": value}


def _table(lines: list[str], delimiter: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Read a table with a header, or of one column without."""
    rows = csv.reader(lines, delimiter=delimiter)
    try:
        first = next(rows, [])
        header = [name.strip().lower() for name in first]
        if not set(header) & set(_VALUE_FIELDS):
            header = ["value"]
            yield 1, dict(zip(header, first, strict=False))
        for row in rows:
            if any(cell.strip() for cell in row):
                yield rows.line_num, dict(zip(header, row, strict=False))
    except csv.Error:
        raise RegisterFormat("the table is not CSV") from None


def _json_lines(said: str, parsed: Parsed) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(said.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict | str):
            yield number, {"value": row} if isinstance(row, str) else row
        else:
            parsed.leave_out("not a rule", number)


def _json(path: Path, said: str) -> Any:
    try:
        return json.loads(said)
    except (ValueError, RecursionError):
        raise RegisterFormat(f"{path.name} is not JSON") from None


def _yaml(path: Path, said: str) -> Any:
    import yaml

    try:
        return yaml.load(said, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  # both are safe
    except (yaml.YAMLError, RecursionError, ValueError):
        raise RegisterFormat(f"{path.name} is not YAML") from None


def _documents(data: Any, path: Path, parsed: Parsed) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Read a list of rules, or an object that says once what holds for all of its `rules`."""
    shared: Mapping[str, Any] = {}
    if isinstance(data, dict):
        shared = {key: value for key, value in data.items() if key != "rules"}
        data = data.get("rules")
    if not isinstance(data, list):
        raise RegisterFormat(f"{path.name} is not a list of rules", hint="see docs/sources.md for the forms")
    for number, row in enumerate(data, 1):
        if isinstance(row, dict | str):
            yield number, {**shared, **({"value": row} if isinstance(row, str) else row)}
        else:
            parsed.leave_out("not a rule", number)


def _take(parsed: Parsed, known: dict[Terms, Terms], line: int, row: Mapping[str, Any], defaults: Defaults) -> None:
    said = next(((name, row[name]) for name in _VALUE_FIELDS if row.get(name)), None)
    if said is None or not isinstance(said[1], str):
        parsed.leave_out("no value", line)
        return
    implied = Kind(said[0]) if said[0] in set(Kind) else None
    try:
        action = Action(str(row["action"]).strip().lower()) if row.get("action") else defaults.action
        kind = Kind(str(row["kind"]).strip().lower()) if row.get("kind") else implied or defaults.kind
    except ValueError:
        parsed.leave_out("unknown action or kind", line)
        return
    terms = _terms(row, action, kind, defaults)
    terms = known.setdefault(terms, terms)
    try:
        value = _NORMAL[terms.kind](said[1])
    except ValueError:
        parsed.leave_out(f"not a {terms.kind}", line)
        return
    parsed.rules.append(Rule(terms, value))


def _terms(row: Mapping[str, Any], action: Action | None, kind: Kind | None, defaults: Defaults) -> Terms:
    expert = _text(row.get("expert")) or defaults.expert
    version = _text(row.get("version")) or defaults.version
    if action is None:
        raise _unsaid("--action")
    if kind is None:
        raise _unsaid("--kind")
    if expert is None:
        raise _unsaid("--expert")
    if version is None:
        raise _unsaid("--version")
    return Terms(action, kind, expert, version, _text(row.get("reason")) or defaults.reason)


def _unsaid(option: str) -> UsageError:
    return UsageError(f"the file does not say it for every rule: pass {option}")


def _text(value: Any) -> str | None:
    said = "" if value is None else str(value).strip()
    return said or None
