"""Registers on disk: one private JSON file each under `HOME/sources`, replaced whole.

A file states its own history: which versions there were, when they came, and what they counted.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from seawall.clock import Clock, system_clock, to_iso
from seawall.develop.sources.errors import RegisterDamaged
from seawall.develop.sources.register import SourceRegister
from seawall.develop.sources.rules import Action, Kind, Rule, Terms
from seawall.errors import NotFound, UsageError
from seawall.settings import PRIVATE_DIR, write_private

_FORMAT = "seawall-sources-1"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_HISTORY = 100


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of a register besides its rules.

    Attributes:
        name: Its name.
        revision: How often it was imported.
        at: When it was last imported, RFC 3339.
        versions: Versions of the experts' lists in it.
        experts: The experts.
        counts: Rules by `action kind`.
        entries: Rules.
    """

    name: str
    revision: int
    at: str
    versions: tuple[str, ...]
    experts: tuple[str, ...]
    counts: Mapping[str, int]
    entries: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {
            "name": self.name,
            "revision": self.revision,
            "at": self.at,
            "versions": list(self.versions),
            "experts": list(self.experts),
            "counts": dict(self.counts),
            "entries": self.entries,
        }


class RegisterStore:
    """The registers of one installation.

    Args:
        home: seawall's state directory.
        clock: Source of time.
    """

    def __init__(self, home: Path, *, clock: Clock = system_clock) -> None:
        self._folder = home / "sources"
        self._clock = clock

    def path(self, name: str) -> Path:
        """Return where a register is, or would be.

        Raises:
            UsageError: If it cannot have that name.
        """
        if not _NAME.fullmatch(name) or name.endswith(".new"):
            raise UsageError("a register's name has letters, digits, '.', '_' and '-', 64 at most")
        return self._folder / f"{name}.json"

    def names(self) -> list[str]:
        """Return the names of all registers, sorted."""
        if not self._folder.is_dir():
            return []
        found = (path.stem for path in self._folder.iterdir() if path.suffix == ".json")
        return sorted(name for name in found if _NAME.fullmatch(name))

    def describe(self, name: str) -> Stored:
        """Return what is stored of a register besides its rules.

        Raises:
            NotFound: If there is none of that name.
            RegisterDamaged: If it cannot be read.
        """
        path = self.path(name)
        data, _ = _read(path)
        register = SourceRegister.load(path)
        counts: dict[str, int] = {}
        versions, experts = set(), set()
        for rule in register:
            key = f"{rule.terms.action} {rule.terms.kind}"
            counts[key] = counts.get(key, 0) + 1
            versions.add(rule.terms.version)
            experts.add(rule.terms.expert)
        latest = data["history"][-1]
        return Stored(
            name, data["revision"], latest["at"], tuple(sorted(versions)), tuple(sorted(experts)), counts,
            register.entries,
        )  # fmt: skip

    def revision(self, name: str) -> int:
        """Return how often a register was imported; 0 if there is none."""
        path = self.path(name)
        return int(_read(path)[0]["revision"]) if path.exists() else 0

    def save(self, name: str, rules: Iterable[Rule], *, source: str, add: bool = False) -> SourceRegister:
        """Store a register, at once and whole.

        Args:
            name: Its name.
            rules: Its rules.
            source: Where they came from, for the record.
            add: Keep the rules that it has.

        Raises:
            UsageError: If it cannot have that name.
        """
        path = self.path(name)
        history: list[Any] = []
        revision = 0
        known: list[Rule] = []
        if path.exists():
            data, _ = _read(path)
            history, revision = data["history"], data["revision"]
            known = list(SourceRegister.load(path)) if add else []
        # Rules that come later replace those of the same source that they were imported beside.
        register = SourceRegister.of(name, [*rules, *known])
        event = {"at": to_iso(self._clock()), "source": source, "entries": register.entries, "sha256": register.digest}
        body = {
            "format": _FORMAT,
            "name": name,
            "revision": revision + 1,
            "history": [*history, event][-_HISTORY:],
            "rules": list(_grouped(register)),
        }
        self._publish(path, json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())
        return SourceRegister.load(path)

    def remove(self, name: str) -> None:
        """Delete a register.

        Raises:
            NotFound: If there is none of that name.
        """
        try:
            self.path(name).unlink()
        except FileNotFoundError:
            raise NotFound(f"there is no source register {name}") from None

    def _publish(self, path: Path, body: bytes) -> None:
        home = self._folder.parent
        if not home.exists():
            home.mkdir(parents=True, mode=PRIVATE_DIR)
        self._folder.mkdir(exist_ok=True, mode=PRIVATE_DIR)
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
        try:
            write_private(fresh, body, exclusive=True)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_register(path: Path) -> tuple[str, Iterator[Rule], str]:
    """Read a stored register; return its name, its rules and its digest.

    Raises:
        NotFound: If there is none.
        RegisterDamaged: If the file is not a register.
    """
    data, digest = _read(path)
    return data["name"], _rules(data, path), digest


def _read(path: Path) -> tuple[dict[str, Any], str]:
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"there is no source register {path.stem}") from None
    except OSError as error:
        raise RegisterDamaged(f"the source register {path.stem} cannot be read") from error
    damaged = RegisterDamaged(f"the source register {path.stem} is damaged")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise damaged from None
    if not isinstance(data, dict) or data.get("format") != _FORMAT:
        raise damaged
    shape = (("name", str), ("revision", int), ("history", list), ("rules", list))
    if not all(isinstance(data.get(key), kind) for key, kind in shape) or not data["history"]:
        raise damaged
    if data["name"] != path.stem:
        raise damaged
    return data, hashlib.sha256(json.dumps([data["name"], data["rules"]]).encode()).hexdigest()


def _grouped(register: SourceRegister) -> Iterator[dict[str, Any]]:
    """Yield the rules, those of the same terms together: a million addresses need not repeat who denies them."""
    groups: dict[Terms, list[str]] = {}
    for rule in register:
        groups.setdefault(rule.terms, []).append(rule.value)
    for terms, values in groups.items():
        yield {
            "action": terms.action.value,
            "kind": terms.kind.value,
            "expert": terms.expert,
            "version": terms.version,
            "reason": terms.reason,
            "values": values,
        }


def _rules(data: Mapping[str, Any], path: Path) -> Iterator[Rule]:
    damaged = RegisterDamaged(f"the source register {path.stem} is damaged")
    try:
        for group in data["rules"]:
            reason = group["reason"]
            terms = Terms(Action(group["action"]), Kind(group["kind"]), group["expert"], group["version"], reason)
            values = group["values"]
            if not isinstance(values, list):
                raise damaged
            for said in chain((terms.expert, terms.version, reason or ""), values):
                if not isinstance(said, str):
                    raise damaged
            for value in values:
                yield Rule(terms, value)
    except (KeyError, TypeError, ValueError):
        raise damaged from None
