"""Making a backup: one snapshot of the database, then the files, then the keyring, then the manifest.

Nothing that the manifest names is ever changed: until the new manifest is in place, the folder holds the backup before,
whole. The same folder may be used again and again: only what is new is copied, and a crash leaves nothing behind that
the next backup does not remove.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from seawall.backup import copies
from seawall.backup.errors import BackupDamaged
from seawall.backup.keyring import Keyring, living
from seawall.backup.manifest import Manifest, Part
from seawall.backup.rows import tables_of, write_rows
from seawall.clock import to_iso
from seawall.errors import UsageError
from seawall.ledger import KeyFile, Ledger
from seawall.settings import PRIVATE_DIR, Settings
from seawall.store import Store, migrate

ROWS, FILES, VAULT = "rows", "files", "vault"
Progress = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a backup did.

    Attributes:
        manifest: What the folder holds now.
        rows: Rows written.
        copied: Files copied anew.
        kept: Files that were there already.
        dropped: Files of the backup before that belong to this one no more: those of destroyed objects among them.
    """

    manifest: Manifest
    rows: int
    copied: int
    kept: int
    dropped: int


def back_up(settings: Settings, folder: Path, keyring: Path, *, progress: Progress | None = None) -> Made:
    """Write everything that seawall keeps into a folder, and the wrapped keys into a file that is kept elsewhere.

    Args:
        settings: Where state is.
        folder: Where to; made if it is missing.
        keyring: Where the wrapped keys go, in place of those of the backup before. Not inside `folder`.
        progress: Is told how far it is.

    Raises:
        UsageError: If the keyring would lie in the folder, or the folder in seawall's home.
        StoreError: If the database cannot be read.
        StorageFull: If there is no space; the backup before is still whole.
    """
    told = progress or _silent
    _expect_apart(settings, folder, keyring)
    folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_DIR)
    before = _before(folder)
    number = (before.number if before else 0) + 1
    rows = folder / ROWS / str(number)
    copies.drop(rows)
    rows.mkdir(parents=True, mode=PRIVATE_DIR)
    with Store.open(settings.database_url) as store:
        Ledger.open(store, KeyFile(settings.home / "keys")).append_pending()
        with store.read() as connection:
            schema = migrate.revision(connection) or ""
            tables = tables_of(connection, migrate.VERSION_TABLE)
            counts: dict[str, int] = {}
            for place, table in enumerate(tables):
                told("rows", place, len(tables))
                counts[table.name] = write_rows(connection, table, rows / f"{table.name}.jsonl.gz")
            keys = living(connection)
        at = to_iso(store.clock())
    parts = {path.relative_to(folder).as_posix(): copies.measure(path) for path in sorted(rows.iterdir())}
    copied = _Copied(folder, before.parts if before else {}, parts)
    copied.take(settings.home, sorted(keys), told)
    identity = before.id if before else secrets.token_hex(16)
    key_ids = tuple(sorted({key_id for key_id, _ in keys.values()}))
    release = version("seawall")
    made = Manifest(identity, number, at, release, schema, counts, parts, copied.home, len(keys), key_ids)
    # An object that was destroyed must not come back by an older keyring: the new one is there first.
    Keyring(identity, number, keys).save(keyring)
    made.save(folder)
    _record(settings, made)
    return Made(made, sum(counts.values()), copied.new, copied.kept, _drop_others(folder, parts))


class _Copied:
    """Copies files into the folder, those of the home by their digest; notes which part each is."""

    def __init__(self, folder: Path, known: Mapping[str, Part], parts: dict[str, Part]) -> None:
        self._folder = folder
        self._known = known
        self._parts = parts
        self.home: dict[str, str] = {}
        self.new = 0
        self.kept = 0

    def take(self, home: Path, objects: Sequence[str], told: Progress) -> None:
        files = list(copies.home_files(home))
        every = len(objects) + len(files)
        for place, name in enumerate(objects):
            told("files", place, every)
            self._add(f"{VAULT}/{name[:2]}/{name}", home / VAULT / name[:2] / name)
        for place, path in enumerate(files, len(objects)):
            told("files", place, every)
            # What is replaced or removed at this moment belongs to the next backup.
            with suppress(FileNotFoundError):
                digest = copies.measure(home / path).sha256
                name = f"{FILES}/{digest[:2]}/{digest}"
                if self._add(name, home / path):
                    self.home[path.as_posix()] = name

    def _add(self, name: str, source: Path) -> bool:
        target, there = self._folder / name, self._known.get(name) or self._parts.get(name)
        if there is not None and target.is_file() and target.stat().st_size == there.size:
            self._parts[name] = there
            self.kept += 1
            return True
        try:
            copied = copies.copy(source, target)
        except FileNotFoundError:
            return False
        if name.startswith(f"{FILES}/") and not name.endswith(copied.sha256):
            return False
        self._parts[name] = copied
        self.new += 1
        return True


def _record(settings: Settings, made: Manifest) -> None:
    """Tell the ledger that everything was read."""
    with Store.open(settings.database_url) as store:
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        body: dict[str, object] = {"backup": made.id, "number": made.number, "at": made.at, "objects": made.objects}
        with store.begin() as connection:
            ledger.record(connection, "backup.made", f"backup/{made.id}/{made.number}", body)
        ledger.append_pending()


def _drop_others(folder: Path, parts: Iterable[str]) -> int:
    """Remove what the manifest does not name."""
    named = set(parts)
    dropped = 0
    for top in (ROWS, FILES, VAULT):
        for path in sorted((folder / top).rglob("*"), reverse=True) if (folder / top).is_dir() else ():
            if path.is_dir():
                with suppress(OSError):
                    path.rmdir()
            elif path.relative_to(folder).as_posix() not in named:
                copies.drop(path)
                dropped += top != ROWS
    return dropped


def _before(folder: Path) -> Manifest | None:
    try:
        return Manifest.load(folder)
    except BackupDamaged:
        if any(path.name not in (ROWS, FILES, VAULT) for path in folder.iterdir()):
            raise UsageError(f"{folder} holds something else", hint="name a new folder, or one of a backup") from None
        return None


def _expect_apart(settings: Settings, folder: Path, keyring: Path) -> None:
    inside, home = folder.resolve(), settings.home.resolve()
    if keyring.resolve().is_relative_to(inside):
        raise UsageError("the keyring must not lie in the backup's folder", hint="keep it elsewhere: it is replaced")
    if inside.is_relative_to(home) or home.is_relative_to(inside):
        raise UsageError("the backup's folder and seawall's home must not lie in each other")
    if keyring.is_dir() or not keyring.resolve().parent.is_dir():
        raise UsageError(f"the keyring {keyring} is not a file in a directory that exists")


def _silent(_what: str, _done: int, _all: int) -> None:
    return
