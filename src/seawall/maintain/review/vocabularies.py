"""Vocabularies for classification, as an organisation receives them: imported, versioned, never changed.

INHOPE's own list is not shipped: its members import it. Errors name the place of a term, never the term.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seawall.clock import to_iso
from seawall.errors import NotFound
from seawall.maintain.review.errors import TermUnknown, VocabularyInvalid
from seawall.store.tables import vocabulary as table

if TYPE_CHECKING:
    from seawall.ledger import Ledger
    from seawall.store import Store

MOST_BYTES = 1 << 20
MOST_SECTIONS = 64
MOST_TERMS = 5000
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_TERM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LONGEST = 300
_COLUMNS = ("section", "id", "label")


@dataclass(frozen=True, slots=True)
class Term:
    """One term.

    Attributes:
        id: As verdicts name it.
        label: As people read it.
        help: What it means, if the list says so.
    """

    id: str
    label: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One version of a vocabulary.

    Attributes:
        name, version: Which.
        sections: Terms by section, in the list's order.
        digest: SHA-256 of what it says.
    """

    name: str
    version: str
    sections: Mapping[str, tuple[Term, ...]]
    digest: str

    @property
    def terms(self) -> dict[str, Term]:
        """Every term by id."""
        return {term.id: term for section in self.sections.values() for term in section}

    def named(self, term: str) -> str:
        """Return how a verdict names a term: `inhope@3.1:term`."""
        return f"{self.name}@{self.version}:{term}"


class Vocabularies:
    """The imported vocabularies.

    Args:
        store: The database.
        ledger: In the same store.
    """

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger

    def add(self, path: Path, *, by: str | None = None) -> Vocabulary:
        """Import a file, JSON or CSV by its suffix; the same again changes nothing.

        Raises:
            VocabularyInvalid: If it cannot be read, or another list has this name and version.
        """
        try:
            with path.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise VocabularyInvalid(f"cannot read {path}: {type(error).__name__}") from None
        found = parse(data, str(path), csv_format=path.suffix.lower() == ".csv")
        row = {
            "name": found.name,
            "version": found.version,
            "digest": found.digest,
            "body": _body(found),
            "imported_at": to_iso(self._store.clock()),
            "imported_by": by,
        }
        with self._store.begin(alone="vocabulary") as connection:
            columns = table.c
            query = table.select().where(columns.name == found.name, columns.version == found.version)
            before = connection.execute(query).mappings().first()
            if before is not None and before["digest"] != found.digest:
                raise VocabularyInvalid(
                    f"{found.name} {found.version} was imported before, and said something else",
                    hint="a changed list has another version",
                )
            if before is None:
                connection.execute(table.insert(), row)
                body = {"name": found.name, "version": found.version, "sha256": found.digest, "terms": len(found.terms)}
                key = f"review.vocabulary/{found.name}/{found.version}"
                self._ledger.record(connection, "review.vocabulary", key, body)
        return found

    def get(self, name: str, version: str | None = None) -> Vocabulary:
        """Return a vocabulary; without a version the one that was imported last.

        Raises:
            NotFound: If there is none.
        """
        query = table.select().where(table.c.name == name)
        if version is not None:
            query = query.where(table.c.version == version)
        with self._store.read() as connection:
            row = connection.execute(query.order_by(table.c.imported_at.desc()).limit(1)).mappings().first()
        if row is None:
            raise NotFound("there is no such vocabulary", hint="import it")
        return _checked(json.loads(row["body"]), "the stored vocabulary")

    def names(self) -> list[tuple[str, str]]:
        """Return the name and version of each, in the order of import."""
        with self._store.read() as connection:
            query = table.select().order_by(table.c.imported_at, table.c.name, table.c.version)
            return [(row["name"], row["version"]) for row in connection.execute(query).mappings()]

    def expect(self, terms: Iterable[str]) -> None:
        """Refuse terms that are not in the vocabulary that they name.

        Args:
            terms: As `Vocabulary.named` writes them.

        Raises:
            TermUnknown: If one is not; the message says which place it has.
        """
        known: dict[str, set[str]] = {}
        for place, each in enumerate(terms, 1):
            source, _, term = each.partition(":")
            name, _, version = source.partition("@")
            if source not in known:
                try:
                    known[source] = set(self.get(name, version).terms) if version else set()
                except NotFound:
                    known[source] = set()
            if term not in known[source]:
                raise TermUnknown(f"term {place} is in no imported vocabulary", hint="written name@version:term")


def parse(data: bytes, place: str, *, csv_format: bool = False) -> Vocabulary:
    """Read a vocabulary.

    JSON: `{"name", "version", "sections": [{"name", "terms": [{"id", "label", "help"?}]}]}`.
    CSV: columns `section,id,label` and optionally `help`, after lines `# name: ...` and `# version: ...`.

    Args:
        data: The bytes.
        place: What errors call it.
        csv_format: Whether it is CSV.

    Raises:
        VocabularyInvalid: If it is none.
    """
    if len(data) > MOST_BYTES:
        raise VocabularyInvalid(f"{place} is longer than {MOST_BYTES >> 20} MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise VocabularyInvalid(f"{place} is not UTF-8") from None
    if csv_format:
        return _checked(_from_csv(text, place), place)
    try:
        return _checked(json.loads(text), place)
    except (ValueError, RecursionError):
        raise VocabularyInvalid(f"{place} is not JSON") from None


def _from_csv(text: str, place: str) -> dict[str, Any]:
    lines = text.splitlines()
    head = {}
    while lines and lines[0].startswith("#"):
        key, _, value = lines.pop(0)[1:].partition(":")
        head[key.strip()] = value.strip()
    sections: dict[str, list[dict[str, str]]] = {}
    try:
        rows = csv.DictReader(io.StringIO("\n".join(lines)), strict=True)
        if not set(_COLUMNS) <= set(rows.fieldnames or ()):
            raise VocabularyInvalid(f"{place}: its columns are {', '.join(_COLUMNS)}")
        for number, row in enumerate(rows, 1):
            if number > MOST_TERMS or None in row or any(row[column] is None for column in _COLUMNS):
                raise VocabularyInvalid(f"{place}: row {number} has too many or too few fields, or is one too many")
            term = {"id": row["id"], "label": row["label"]} | ({"help": row["help"]} if row.get("help") else {})
            sections.setdefault(row["section"], []).append(term)
    except csv.Error:
        raise VocabularyInvalid(f"{place} is not CSV") from None
    listed = [{"name": name, "terms": terms} for name, terms in sections.items()]
    return {"name": head.get("name"), "version": head.get("version"), "sections": listed}


def _checked(data: Any, place: str) -> Vocabulary:
    if not isinstance(data, Mapping) or set(data) - {"name", "version", "sections", "source"}:
        raise VocabularyInvalid(f"{place}: a vocabulary has a name, a version and sections")
    name, version, sections = data.get("name"), data.get("version"), data.get("sections")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise VocabularyInvalid(f"{place}: a name has small letters, digits, '_' and '-'")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise VocabularyInvalid(f"{place}: a version has letters, digits, '.', '_' and '-'")
    if not isinstance(sections, list) or not 0 < len(sections) <= MOST_SECTIONS:
        raise VocabularyInvalid(f"{place}: there are 1 to {MOST_SECTIONS} sections")
    read: dict[str, tuple[Term, ...]] = {}
    for number, section in enumerate(sections, 1):
        where = f"{place}: section {number}"
        title = section.get("name") if isinstance(section, Mapping) else None
        terms = section.get("terms") if isinstance(section, Mapping) else None
        if not _line(title) or title in read or not isinstance(terms, list) or not terms:
            raise VocabularyInvalid(f"{where} has a name of its own, and terms")
        read[str(title)] = tuple(_term(each, f"{where}, term {row}") for row, each in enumerate(terms, 1))
    ids = [term.id for terms in read.values() for term in terms]
    if len(ids) > MOST_TERMS or len(set(ids)) != len(ids):
        raise VocabularyInvalid(f"{place}: there are at most {MOST_TERMS} terms, each with an id of its own")
    bare = Vocabulary(name, version, read, "")
    return Vocabulary(name, version, read, hashlib.sha256(_body(bare).encode()).hexdigest())


def _term(data: Any, where: str) -> Term:
    if not isinstance(data, Mapping) or set(data) - {"id", "label", "help"}:
        raise VocabularyInvalid(f"{where} has an id and a label")
    term, label, said = data.get("id"), data.get("label"), data.get("help", "")
    if not isinstance(term, str) or not _TERM.fullmatch(term) or not _line(label):
        raise VocabularyInvalid(f"{where}: its id has letters, digits, '.', '_' and '-', and its label is one line")
    if said != "" and not _line(said):
        raise VocabularyInvalid(f"{where}: its help is one line")
    return Term(term, str(label), str(said))


def _line(text: Any) -> bool:
    return isinstance(text, str) and 0 < len(text) <= _LONGEST and text.isprintable() and bool(text.strip())


def _body(found: Vocabulary) -> str:
    sections = [
        {"name": name, "terms": [{"id": term.id, "label": term.label, "help": term.help} for term in terms]}
        for name, terms in found.sections.items()
    ]
    data = {"name": found.name, "version": found.version, "sections": sections}
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
