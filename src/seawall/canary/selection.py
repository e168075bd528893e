"""Which lists are in force: those that were chosen, and always the canaries.

Canaries are active in every mode, so every door that matches content chooses its lists here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from seawall.errors import NotFound, UsageError
from seawall.matching import ListStore, MatchSource, Purpose
from seawall.matching.lists import HashList
from seawall.settings import Settings

CANARY_LIST = "canary"


@dataclass(frozen=True, slots=True)
class Selection:
    """Lists to match against.

    Attributes:
        sources: Where each list is, for `Matcher.open`.
        described: name, version, entries and purpose of each, for people and the ledger.
        real: Whether there is any list besides the canaries.
    """

    sources: tuple[MatchSource, ...]
    described: list[dict[str, Any]]
    real: bool


def select_lists(
    settings: Settings,
    chosen: Sequence[str] = (),
    *,
    since: str | None = None,
    without: bool = False,
) -> Selection:
    """Choose lists.

    Args:
        settings: Where imported lists are.
        chosen: Names of imported lists or paths of list files; empty for every imported list.
        since: `LIST@VERSION`: that list alone, and only what was added to it after VERSION.
        without: No list but the canaries.

    Raises:
        NotFound: If a chosen list is neither imported nor a file.
        ListFormatError: If a list file is not a hash list.
        UsageError: If `since` does not read `LIST@VERSION`, or other lists are chosen beside it.
    """
    store = ListStore(settings.home / "lists")
    if since is not None:
        if chosen:
            raise UsageError("--since names the list by itself", hint="leave out --list")
        sources = [_since(store, since)]
    elif without:
        if chosen:
            raise UsageError("--hash-only matches no list", hint="leave out --list")
        sources = []
    else:
        names = chosen or [name for name in sorted(store.names()) if name != CANARY_LIST]
        sources = [_source(store, name, settings) for name in dict.fromkeys(names)]
    real = bool(sources)
    sources.append(canary_source(store, settings))
    return Selection(tuple(sources), [_describe(store, source) for source in sources], real)


def canary_source(store: ListStore, settings: Settings) -> MatchSource:
    """Return the list of canaries that ships with seawall, imported once."""
    with as_file(files("seawall.canary") / "canary_list.csv") as path:
        source = _from_file(store, path, settings, Purpose.CANARY)
    return replace(source, name=CANARY_LIST)


def _since(store: ListStore, text: str) -> MatchSource:
    name, _, version = text.rpartition("@")
    if not name or not version.isdecimal():
        raise UsageError(f"--since takes LIST@VERSION, not {text!r}", hint="see 'seawall lists show LIST'")
    return MatchSource.from_store(store, name, since=int(version))


def _source(store: ListStore, name: str, settings: Settings) -> MatchSource:
    if name in store.names():
        return MatchSource.from_store(store, name)
    if Path(name).exists():
        return _from_file(store, Path(name), settings, Purpose.CSAM)
    raise NotFound(f"no list and no file {name!r}", hint="'seawall lists ls' shows what is imported")


def _from_file(store: ListStore, path: Path, settings: Settings, purpose: Purpose) -> MatchSource:
    settings.directory()
    directory = settings.home / "file-lists"
    return MatchSource.from_file(path, directory, types=store.types, keys=store.keys, purpose=purpose)


def _describe(store: ListStore, source: MatchSource) -> dict[str, Any]:
    opened = HashList.open(Path(source.path), store.types, store.keys, source.version)
    return {
        "name": source.name,
        "version": source.version,
        "entries": opened.manifest.version(source.version).entries,
        "purpose": source.purpose.value,
    }
