"""From locations to shards: the same data give the same plan, and nothing of it is lost.

Directories are walked one at a time, in the order of names; a plan is a stream, and never a list of everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from seawall.develop.dataset.readers.columns import Columns
from seawall.develop.dataset.readers.entries import Entry, EntryKind
from seawall.develop.dataset.readers.folder import Run
from seawall.develop.dataset.readers.names import printable
from seawall.develop.dataset.readers.places import Place, check_protocol, open_place
from seawall.develop.dataset.readers.problems import EXPECTED, problem_of
from seawall.develop.dataset.readers.registry import FILES, PROBLEM, container_of, is_manifest, reader_of_location
from seawall.develop.dataset.readers.source import MIB, PlanLimits, SourceFile
from seawall.develop.dataset.shards import ShardSpec
from seawall.errors import NotFound


def plan(
    locations: Sequence[str],
    *,
    shard_items: int = 256,
    shard_bytes: int = 256 * MIB,
    exclude: Sequence[Path] = (),
    columns: Columns | None = None,
    allow_http: bool = False,
) -> Iterator[ShardSpec]:
    """Divide datasets into shards.

    Args:
        locations: Folders, archives, tables, JSONL manifests, single files, or fsspec URLs of these.
        shard_items: Loose files, or rows of a manifest, per shard at most.
        shard_bytes: Bytes per shard, where a source can be divided.
        exclude: Local directories or files that are no part of the dataset.
        columns: Names of columns, where they cannot be told.
        allow_http: Whether http and https locations are read.

    Yields:
        Shards, in an order that never changes. A part of a source that cannot be planned is a shard whose one item
        says why.

    Raises:
        NotFound: If a location does not exist.
        UsageError: If a location is a URL that is not read.
    """
    limits = PlanLimits(max(1, shard_items), max(1, shard_bytes), columns or Columns())
    excluded = frozenset(path.resolve() for path in exclude)
    for location in _without_overlap([_locate(location, allow_http=allow_http) for location in locations]):
        yield from _Planner(location, limits, excluded).shards()


@dataclass(frozen=True, slots=True)
class _Location:
    """One location: a folder (`name` is empty), or a file in its folder.

    Attributes:
        place: Where it is.
        name: Name of the file, or "".
        given: The location as the operator gave it, without secrets.
        prefix: What the keys of its items begin with.
        entry: The file.
        problem: Why it cannot be read, though it may be there.
    """

    place: Place
    name: str
    given: str
    prefix: str
    entry: Entry | None = None
    problem: Exception | None = None


def _locate(text: str, *, allow_http: bool) -> _Location:
    if "://" in text and not text.startswith(("file://", "local://")):
        check_protocol(text, allow_http=allow_http)
        return _locate_remote(text)
    path = Path(text.partition("://")[2] if "://" in text else text).expanduser().absolute()
    try:
        is_folder = path.is_dir()
        if is_folder:
            return _Location(open_place(str(path)), "", printable(text), "")
        place = open_place(str(path.parent))
        return _Location(place, path.name, printable(text), "", place.describe(path.name))
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"{printable(text)} does not exist") from None
    except EXPECTED as error:
        return _Location(open_place(str(path.parent)), path.name, printable(text), "", problem=error)


def _locate_remote(url: str) -> _Location:
    parent, _, name = url.rstrip("/").rpartition("/")
    public = printable(_without_secrets(url))
    whole = open_place(url)
    try:
        entry = whole.describe("")
    except FileNotFoundError:
        raise NotFound(f"{public} does not exist") from None
    except EXPECTED as error:
        return _Location(whole, "", public, "", problem=error)
    if entry.kind is EntryKind.FOLDER:
        return _Location(whole, "", public, "")
    return _Location(open_place(parent), name, public, "", Entry(name, entry.kind, entry.size, entry.stamp))


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _without_overlap(locations: Sequence[_Location]) -> Iterator[_Location]:
    """Give each location the beginning of its keys; leave out what another location holds.

    Keys are relative: to the folder itself if there is one location, else to what all local locations share.
    """
    roots = {_real(each) for each in locations if not each.name}
    kept: dict[str, _Location] = {}
    for each in locations:
        real = _real(each)
        held = any(parent in roots for parent in _parents(real))
        if real in kept or (held and not is_manifest(each.name)):
            continue
        kept[real] = each
    if len(kept) == 1:
        yield from kept.values()
        return
    shared = _shared([Path(real) for real in kept if "://" not in real])
    for real, each in kept.items():
        where = real if "://" not in real else _without_secrets(each.place.location.rstrip("/"))
        if "://" not in real:
            folder = Path(real).parent if each.name else Path(real)
            where = str(folder.relative_to(shared))
        prefix = "" if where == "." else printable(where) + "/"
        yield _Location(each.place, each.name, each.given, prefix, each.entry, each.problem)


def _real(location: _Location) -> str:
    path = location.place.path(location.name)
    if path is None:
        base = location.place.location.rstrip("/")
        return f"{base}/{location.name}" if location.name else base
    return str(path.resolve())


def _parents(real: str) -> Iterator[str]:
    while "/" in real.partition("://")[2] or ("://" not in real and real not in ("/", "")):
        real = real.rpartition("/")[0]
        yield real or "/"


def _shared(paths: Sequence[Path]) -> Path:
    """Return the deepest directory above all of the paths."""
    first = paths[0].parent if paths else Path("/")
    for folder in (first, *first.parents):
        if all(path.parent.is_relative_to(folder) for path in paths):
            return folder
    return Path("/")


class _Planner:
    """Plans one location."""

    def __init__(self, location: _Location, limits: PlanLimits, excluded: frozenset[Path]) -> None:
        self._at = location
        self._limits = limits
        self._excluded = excluded

    def shards(self) -> Iterator[ShardSpec]:
        """Yield the location's shards."""
        at = self._at
        if at.problem is not None:
            file = self._file(Entry(at.name, EntryKind.FILE))
            yield PROBLEM.plan_problem(file, at.problem)
        elif at.entry is not None:
            yield from self._single(at.entry)
        else:
            yield from self._folder()

    def _file(self, entry: Entry) -> SourceFile:
        at = self._at
        key = at.prefix + printable(entry.name) if entry.name else at.prefix.rstrip("/") or at.given
        return SourceFile(at.place, entry.name, key, at.given, entry.size, entry.stamp)

    def _single(self, entry: Entry) -> Iterator[ShardSpec]:
        file = self._file(entry)
        reader = reader_of_location(entry.name) or container_of(file) or FILES
        try:
            yield from reader.plan(file, self._limits)
        except EXPECTED as error:
            yield PROBLEM.plan_problem(file, error)

    def _folder(self) -> Iterator[ShardSpec]:
        run = Run(self._at.place, self._at.given, self._at.prefix, self._limits)
        for entry in self._walk():
            file = self._file(entry)
            reader = container_of(file) if entry.kind is EntryKind.FILE else None
            if reader is None:
                yield from run.add(entry)
                continue
            try:
                yield from reader.plan(file, self._limits)
            except EXPECTED as error:
                yield PROBLEM.plan_problem(file, error)
        yield from run.flush()

    def _walk(self) -> Iterator[Entry]:
        """Yield everything under the location but folders themselves; a folder that cannot be listed is a problem."""
        open_folders = [self._list("")]
        while open_folders:
            entry = next(open_folders[-1], None)
            if entry is None:
                open_folders.pop()
            elif self._left_out(entry):
                continue
            elif entry.kind is EntryKind.FOLDER:
                open_folders.append(self._list(entry.name))
            else:
                yield entry

    def _list(self, folder: str) -> Iterator[Entry]:
        try:
            yield from self._at.place.entries(folder)
        except EXPECTED as error:
            problem = problem_of(error)
            yield Entry(folder, EntryKind.PROBLEM, problem=(problem.code, problem.message))

    def _left_out(self, entry: Entry) -> bool:
        if not self._excluded:
            return False
        path = self._at.place.path(entry.name)
        if path is None:
            return False
        return any(path.name == other.name and path.resolve() == other for other in self._excluded)
