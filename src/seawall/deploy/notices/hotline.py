"""Notices of hotlines as files: JSON, CSV, or the text of an e-mail. Bounded, and never a file inside a file.

Addresses may be written so that nobody clicks on them (`hxxps://host[.]example`). What cannot be read is told by its
place, and the rest is still taken; attachments are counted and left alone.
"""

from __future__ import annotations

import csv
import email
import email.policy
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from seawall.deploy.notices.errors import HotlineFormat
from seawall.deploy.notices.model import Category, NewNotice, NoticeObject, ObjectType
from seawall.deploy.notices.validation import MOST_LOCATION, MOST_OBJECTS, MOST_SHORT, MOST_TEXT, place

MOST_BYTES = 4 << 20
MOST_ROWS = 5000
MOST_BAD = 100

_URL = re.compile(r"(?i)\bh(?:tt|xx)ps?(?::|\[:\])//[^\s<>\"'`|\\^{}]{1,2000}")
_FIELD = re.compile(r"\s*([A-Za-z][A-Za-z _-]{0,39})\s*[:=]\s*(.{0,4000})")
_REFERENCE = ("reference", "ref", "ticket", "case number", "report id", "report number", "number")
_NAMES = {
    "location": ("url", "location", "address", "link", "id"),
    "type": ("type", "object", "kind"),
    "category": ("category",),
    "reference": _REFERENCE,
    "text": ("text", "note", "notes", "comment", "explanation"),
    "country": ("country", "hosted in"),
    "imminent": ("imminent_danger", "imminent danger", "imminent", "urgent"),
}
_MEANS = {name: field for field, names in _NAMES.items() for name in names}
_YES = frozenset({"yes", "true", "1", "y"})


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a file holds.

    Attributes:
        notices: The notices.
        bad: Places that could not be read, with what is wrong in one word.
        attachments: How many files were in it; none of them was opened.
    """

    notices: tuple[NewNotice, ...]
    bad: tuple[tuple[str, str], ...] = ()
    attachments: int = 0


@dataclass(slots=True)
class _Collected:
    """What was found so far."""

    category: Category
    notices: list[NewNotice] = field(default_factory=list)
    bad: list[tuple[str, str]] = field(default_factory=list)

    def add(self, where: str, row: Mapping[str, str]) -> None:
        if len(self.notices) >= MOST_ROWS:
            raise HotlineFormat(f"the file holds more than {MOST_ROWS} notices", hint="send it in parts")
        try:
            self.notices.append(_notice(row, self.category))
        except ValueError as error:
            self.wrong(where, str(error))

    def wrong(self, where: str, why: str) -> None:
        if len(self.bad) < MOST_BAD:
            self.bad.append((where, why))


def parse_notices(data: bytes, *, category: Category = Category.MINOR_SEXUAL_CONTENT) -> Parsed:
    """Read a file of notices; its format shows by itself.

    Args:
        data: The file.
        category: Of notices that name none.

    Raises:
        HotlineFormat: If it is too large, no text, or holds no notice.
    """
    if len(data) > MOST_BYTES:
        raise HotlineFormat(f"the file is larger than {MOST_BYTES >> 20} MiB", hint="send it in parts")
    text = _decoded(data)
    found = _Collected(category)
    attachments = 0
    start = text.lstrip()[:1]
    if start in ("{", "["):
        _from_json(text, found)
    elif _is_table(text):
        _from_table(text, found)
    else:
        body, attachments = _body(data, text)
        _from_text(body, found)
    if not found.notices and not found.bad:
        raise HotlineFormat("the file holds no notice", hint="see docs/notices.md for the formats")
    return Parsed(tuple(found.notices), tuple(found.bad), attachments)


def refanged(url: str) -> str:
    """Return an address as a browser writes it."""
    plain = re.sub(r"\[\.\]|\(\.\)|\[dot\]|\(dot\)", ".", url.replace("[:]", ":"), flags=re.IGNORECASE)
    return re.sub(r"^h(?:tt|xx)p(s?):", r"http\1:", plain, flags=re.IGNORECASE).rstrip(".,;)]}>")


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise HotlineFormat("the file is not UTF-8 text") from None
    if "\0" in text:
        raise HotlineFormat("the file is not text")
    return text


def _notice(row: Mapping[str, str], category: Category) -> NewNotice:
    locations = [each for each in row.get("location", "").split("\n") if each.strip()]
    if not locations:
        raise ValueError("location missing")
    objects = []
    for each in locations[:MOST_OBJECTS]:
        kind, location = place(refanged(each.strip()) if _URL.match(each.strip()) else each)
        if len(location) > MOST_LOCATION or not location.isprintable():
            raise ValueError("location unreadable")
        objects.append(NoticeObject(_choice(ObjectType, row.get("type", ""), "type") or kind, location))
    country = row.get("country", "").strip().upper()
    return NewNotice(
        category=_choice(Category, row.get("category", ""), "category") or category,
        objects=tuple(objects),
        text=re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", " ", row.get("text", ""))[:MOST_TEXT],
        imminent_danger=row.get("imminent", "").strip().lower() in _YES,
        good_faith=True,
        country=country if re.fullmatch(r"[A-Z]{2}", country) else None,
        reference=_printable(row.get("reference", ""))[:MOST_SHORT] or None,
    )


def _printable(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable()).strip()


def _choice(kind: Any, value: str, name: str) -> Any:
    word = value.strip().lower().replace("-", "_").replace(" ", "_")
    if not word:
        return None
    try:
        return kind(word)
    except ValueError:
        raise ValueError(f"{name} unknown") from None


def _from_json(text: str, found: _Collected) -> None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise HotlineFormat("the file starts like JSON and is none") from None
    rows = value.get("notices") if isinstance(value, dict) else value
    if not isinstance(rows, list):
        raise HotlineFormat("the JSON holds no list of notices")
    for number, row in enumerate(rows):
        where = f"notice {number + 1}"
        if not isinstance(row, dict):
            found.wrong(where, "no object")
        else:
            found.add(where, _named(row.items()))


def _named(pairs: Any) -> dict[str, str]:
    row: dict[str, str] = {}
    for name, value in pairs:
        meant = _MEANS.get(str(name or "").strip().lower())
        if meant is None or value is None:
            continue
        values = value if isinstance(value, list) else [value]
        said = "\n".join(str(each) for each in values if isinstance(each, (str, int, bool)))
        if said and meant not in row:
            row[meant] = said
    return row


def _is_table(text: str) -> bool:
    head = _first_line(text)
    names = {name.strip().strip('"').lower() for name in re.split(r"[,;\t]", head)}
    return len(names & set(_MEANS)) > 0 and bool(names & set(_NAMES["location"])) and not _FIELD.fullmatch(head)


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "")[:4000]


def _from_table(text: str, found: _Collected) -> None:
    head = _first_line(text)
    separator = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text.lstrip()), delimiter=separator)
    try:
        names = [name.strip().lower() for name in next(reader)]
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            found.add(f"line {reader.line_num}", _named(zip(names, cells, strict=False)))
    except csv.Error:
        raise HotlineFormat(f"the table cannot be read at line {reader.line_num}") from None


def _body(data: bytes, text: str) -> tuple[str, int]:
    """Return the plain text of an e-mail, and how many files came with it; text that is no e-mail stays as it is."""
    head = text.partition("\n\n")[0]
    if not re.search(r"(?im)^(from|subject|mime-version|content-type):", head):
        return text, 0
    try:
        message = email.message_from_bytes(data, policy=email.policy.default)
        if not isinstance(message, EmailMessage):
            return text, 0
        plain, files = [], 0
        for part in message.walk():
            if part.is_multipart():
                continue
            if part.get_content_type() == "text/plain" and part.get_content_disposition() != "attachment":
                plain.append(str(part.get_content()))
            else:
                files += 1
        return "\n".join(plain), files
    except (LookupError, ValueError, TypeError, AttributeError, IndexError, RecursionError):
        raise HotlineFormat("the e-mail cannot be read") from None


def _from_text(text: str, found: _Collected) -> None:
    for where, row in _blocks(text):
        found.add(where, row)


def _blocks(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield a notice for each reference, with the addresses below it; without references, one for all."""
    row: dict[str, str] = {}
    places: list[str] = []
    start = 1
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(">"):
            continue
        said = _FIELD.fullmatch(line)
        meant = _MEANS.get(said[1].strip().lower()) if said else None
        if said and meant == "reference" and (places or "reference" in row):
            yield from _full(start, row, places)
            row, places, start = {}, [], number
        if said and meant not in (None, "location"):
            row.setdefault(str(meant), said[2].strip())
            continue
        urls = [refanged(each[0]) for each in _URL.finditer(line)]
        if urls:
            places.extend(urls)
        elif said and meant == "location" and said[2].strip():
            places.append(said[2].strip())
    yield from _full(start, row, places)


def _full(start: int, row: Mapping[str, str], places: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    unique = list(dict.fromkeys(places))
    if not unique and "reference" in row:
        yield f"line {start}", dict(row)
    for first in range(0, len(unique), MOST_OBJECTS):
        yield f"line {start}", {**row, "location": "\n".join(unique[first : first + MOST_OBJECTS])}
