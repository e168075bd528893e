"""The hash lists of a home: importing, banks of the operator's own, listing, checking and deleting."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from seawall.clock import Clock, system_clock
from seawall.errors import ListConflict, ListFormatError, NotFound, UsageError
from seawall.hashing.registry import SignalTypes
from seawall.matching.lists.batch import Batch
from seawall.matching.lists.formats import Format, read_list
from seawall.matching.lists.hashlist import HashList
from seawall.matching.lists.keys import FileKey, KeyProvider
from seawall.matching.lists.lock import writing
from seawall.matching.lists.manifest import FILE_NAME, Manifest
from seawall.matching.lists.purpose import Provenance, Purpose
from seawall.matching.lists.report import ImportReport, notes_for
from seawall.matching.lists.rows import ListRow, Tally, ValueBlock
from seawall.matching.lists.storage import private_directory, recording, replace_file
from seawall.matching.lists.writer import ListWriter, Origin, Published

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LABEL = re.compile(r"[^\s,\"\x00-\x1f\x7f]{1,100}")
_PROGRESS_ROWS = 1 << 16

Progress = Callable[[int], None]
"""Called now and then with the number of rows read so far."""


class ListStore:
    """Hash lists under one directory, each in a directory of its name.

    Args:
        root: Directory of the lists, `HOME/lists`; created when the first list is.
        types: Known signal types; built-ins and plug-ins by default.
        keys: Secret that protects labels; `keys/labels.key` beside `root` by default.
        clock: Tells the time of versions.
    """

    def __init__(
        self,
        root: Path,
        *,
        types: SignalTypes | None = None,
        keys: KeyProvider | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self.root = root
        self.types = SignalTypes.installed() if types is None else types
        self.keys = FileKey(root.parent / "keys" / "labels.key") if keys is None else keys
        self._clock = clock

    def import_file(
        self,
        path: Path,
        *,
        name: str,
        purpose: Purpose,
        format: Format | None = None,
        type: str | None = None,
        replace: bool = False,
        source: str | None = None,
        labels: Sequence[str] = (),
        own: bool = False,
        identity: str | None = None,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Read a file into a list, which is created if need be; nothing changes unless the whole file can be read.

        Args:
            path: The file.
            name: Name of the list.
            purpose: What a match means; a list never changes its purpose.
            format: Format of the file; told from the content by default.
            type: Signal type of every value of a plain list; told from the length by default.
            replace: The file is the whole list: withdraw the entries that it does not hold.
            source: Where it came from, for the record; the name of the file by default.
            labels: Labels for every entry, besides those of the file.
            own: The values are the operator's own, so that they may be exported.
            identity: Identity of the list if it is created; random by default.
            progress: Told how many rows have been read.

        Raises:
            NotFound: If there is no such file.
            ListFormatError: If it is not a hash list, is cut, or holds no readable row at all.
            ListConflict: If the list has another purpose or provenance, is being changed, or if `replace` would leave
                nothing of it.
            StorageFull: If there is no space left; the list is as it was.
        """
        provenance = Provenance.OPERATOR if own else Provenance.RECEIVED
        tally = Tally()
        chosen, rows = read_list(path, self.types, tally, format=format, type=type)
        with writing(self.root, checked_name(name)):
            writer = self._writer(name, purpose, provenance, identity)
            batch = Batch(self.types, writer.key, checked_labels(labels))
            _take(batch, rows, progress)
            if not batch.rows and tally.bad:
                raise ListFormatError(
                    f"{path.name} has no readable row: {tally.bad.total()} are bad",
                    hint="say what it is with --format and --type",
                )
            origin = Origin(source if source is not None else path.name, _sha256(path))
            published = writer.apply(batch, origin, replace=replace)
        return _report(published, batch, tally, chosen)

    def create_bank(self, name: str, purpose: Purpose) -> None:
        """Create an empty bank of the operator's own.

        Raises:
            ListConflict: If there is a list of that name.
        """
        with writing(self.root, checked_name(name)):
            if (self.root / name / FILE_NAME).exists():
                raise ListConflict(f"there is a list {name} already")
            writer = self._writer(name, purpose, Provenance.OPERATOR)
            writer.apply(Batch(self.types, writer.key), Origin("bank"))

    def add(
        self,
        name: str,
        rows: Iterable[ListRow],
        *,
        replace: bool = False,
        source: str = "bank",
        labels: Sequence[str] = (),
    ) -> ImportReport:
        """Add entries to a bank of the operator's own.

        Args:
            name: Name of the bank.
            rows: The entries.
            replace: They are everything: withdraw the others.
            source: Where they come from, for the record.
            labels: Labels for every entry, besides its own.

        Raises:
            NotFound: If there is no such bank.
            ListConflict: If the list was received, or is being changed.
            UsageError: If a value or label is malformed.
        """
        with writing(self.root, checked_name(name)):
            writer = self._writer(name, None, Provenance.OPERATOR)
            batch = Batch(self.types, writer.key, checked_labels(labels))
            for row in rows:
                checked_labels(row.labels)
                batch.take(row)
            published = writer.apply(batch, Origin(source), replace=replace)
        return _report(published, batch, Tally(), None)

    def remove(
        self,
        name: str,
        *,
        entries: Sequence[int | str] = (),
        values: Sequence[tuple[str, bytes]] = (),
        source: str = "bank",
    ) -> int:
        """Withdraw entries: from a bank of the operator's own, or a received list's entries for this home alone.

        Args:
            name: Name of the list.
            entries: Entry ids.
            values: (signal type, value) pairs; every entry of such a value goes.
            source: Why, for the record.

        Returns:
            Number of entries withdrawn; ids and values that are not there are ignored.

        Raises:
            NotFound: If there is no such bank.
            ListConflict: If the list was received, or is being changed.
            UsageError: If an entry id is not a number.
        """
        ids = [_entry_id(entry) for entry in entries]
        with writing(self.root, checked_name(name)):
            writer = self._writer(name, None, self.manifest(name).provenance)
            for type_name, value in values:
                ids.extend(writer.find(type_name, value).tolist())
            return writer.withdraw(np.array(ids, np.uint64), Origin(source)).withdrawn

    def names(self) -> list[str]:
        """Return the names of all lists, sorted."""
        if not self.root.is_dir():
            return []
        return sorted(path.name for path in self.root.iterdir() if (path / FILE_NAME).is_file() and path.name[0] != ".")

    def manifest(self, name: str) -> Manifest:
        """Return what is published of a list, without opening its tables.

        Raises:
            NotFound: If there is no such list.
        """
        return Manifest.read(self._existing(name))

    def open(self, name: str, version: int | None = None) -> HashList:
        """Open a list for matching; see `HashList.open`."""
        return HashList.open(self._existing(name), self.types, self.keys, version)

    def delete(self, name: str) -> None:
        """Delete a list with all its versions.

        Raises:
            NotFound: If there is no such list.
            ListConflict: If it is being changed.
        """
        with writing(self.root, checked_name(name)):
            folder = self._existing(name)
            # Renamed first, so that a half deleted list is never seen.
            doomed = self.root / f".deleted-{name}"
            shutil.rmtree(doomed, ignore_errors=True)
            folder.rename(doomed)
            shutil.rmtree(doomed)

    def verify(self, name: str) -> HashList:
        """Read every byte of a list.

        Returns:
            The list.

        Raises:
            NotFound: If there is no such list.
            IndexCorrupt: If anything is damaged.
        """
        found = self.open(name)
        found.verify()
        return found

    def export(self, name: str, path: Path) -> int:
        """Write the entries of a bank of the operator's own as CSV, in the columns that `threatexchange` uses.

        Returns:
            Number of entries written.

        Raises:
            NotFound: If there is no such bank.
            ListConflict: If the list was received, or the file exists.
        """
        bank = self.open(name)
        items = bank.items()
        if path.exists():
            raise ListConflict(f"{path.name} exists already", hint="name another file")
        text = io.StringIO(newline="")
        table = csv.writer(text, lineterminator="\n")
        table.writerow(("signal_type", "signal_str", "collab", "category", "tags"))
        for entry, type_name, value in items:
            tags = " ".join(bank.labels_of(entry))
            table.writerow((type_name, self.types[type_name].format(value), name, "", tags))
        with recording(name):
            replace_file(path, text.getvalue().encode())
        return len(items)

    def _existing(self, name: str) -> Path:
        folder = self.root / checked_name(name)
        if not (folder / FILE_NAME).is_file():
            raise NotFound(f"no list {name}", hint="'seawall lists ls' shows them")
        return folder

    def _writer(
        self, name: str, purpose: Purpose | None, provenance: Provenance, identity: str | None = None
    ) -> ListWriter:
        private_directory(self.root)
        writer = ListWriter(self.root / name, self.types, self.keys, self._clock)
        try:
            manifest = writer.open(name, purpose, provenance, identity=identity)
        except NotFound as problem:
            raise NotFound(f"no list {name}", hint="create a bank with 'seawall lists create'") from problem
        if manifest is None:
            return writer
        if manifest.provenance is not provenance:
            raise ListConflict(
                f"the list {name} is {_WHOSE[manifest.provenance]}, not {_WHOSE[provenance]}",
                hint="use another name: the two are never mixed",
            )
        if purpose is not None and manifest.purpose is not purpose:
            raise ListConflict(
                f"the list {name} has the purpose {manifest.purpose}, not {purpose}", hint="use another name"
            )
        return writer


_WHOSE = {Provenance.RECEIVED: "a received list", Provenance.OPERATOR: "a bank of your own"}


def checked_name(name: str) -> str:
    """Return the name of a list.

    Raises:
        UsageError: If it is not letters, digits, dots, underscores and hyphens, starting with a letter or digit.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            "a list's name has 1 to 64 letters, digits, '.', '_' or '-', and starts with a letter or digit"
        )
    return name


def checked_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """Return labels that an operator gives.

    Raises:
        UsageError: If one is empty, longer than 100 characters, or holds blanks, commas or quotes.
    """
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise UsageError("a label has 1 to 100 characters, without blanks, commas or quotes")
    return tuple(dict.fromkeys(labels))


def _entry_id(entry: int | str) -> int:
    text = str(entry)
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise UsageError("an entry id is a number, as matches show it")
    return int(text)


def _take(batch: Batch, rows: Iterable[ListRow | ValueBlock], progress: Progress | None) -> None:
    told = 0
    for row in rows:
        batch.take(row)
        if progress is not None and batch.rows - told >= _PROGRESS_ROWS:
            told = batch.rows
            progress(told)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _report(published: Published, batch: Batch, tally: Tally, format: Format | None) -> ImportReport:
    manifest = published.manifest
    return ImportReport(
        name=manifest.name,
        purpose=manifest.purpose.value,
        version=manifest.current.version,
        format=format.value if format else "",
        entries=manifest.current.entries,
        rows=batch.rows + tally.bad.total() + tally.unsupported.total(),
        added=published.added,
        duplicates=published.duplicates + batch.duplicates,
        superseded=batch.superseded,
        withdrawals=batch.withdrawals,
        withdrawn=published.withdrawn,
        relabelled=published.relabelled,
        quarantined=dict(batch.quarantined),
        bad=dict(tally.bad),
        bad_lines=tally.lines,
        unsupported=dict(tally.unsupported),
        inferred=dict(tally.inferred),
        notes=notes_for(tally.inferred),
        first_entry=None if published.first_entry is None else str(published.first_entry),
    )
