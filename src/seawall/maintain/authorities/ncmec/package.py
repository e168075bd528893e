"""A report with the details of its files, as JSON that mirrors the XML: for rendering and reading, never for filing.

What is filed is derived from records; who writes JSON by hand gets XML and a list of faults, and nothing is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from seawall.maintain.authorities.errors import ReportInvalid
from seawall.maintain.authorities.ncmec.completeness import Completeness, completeness
from seawall.maintain.authorities.ncmec.fault import Fault, errors
from seawall.maintain.authorities.ncmec.lint import lint
from seawall.maintain.authorities.ncmec.node import Node
from seawall.maintain.authorities.ncmec.preview import Preview, preview
from seawall.maintain.authorities.ncmec.rendering import from_json
from seawall.maintain.authorities.ncmec.schema import Schema
from seawall.maintain.authorities.ncmec.validation import validate
from seawall.maintain.authorities.ncmec.writing import to_xml

FILES = "files"
_MOST_FILES = 10_000


@dataclass(frozen=True, slots=True)
class Package:
    """A report and the details of its files.

    Attributes:
        schema: Of the profile that holds.
        report: The report.
        files: The details of each file.
        misread: What of the JSON is in no document.
    """

    schema: Schema
    report: Node
    files: tuple[Node, ...]
    misread: tuple[Fault, ...]

    def faults(self, now: datetime) -> list[Fault]:
        """Return everything that is wrong: by the schema, and by the rules BR01 to BR22."""
        return [*self.misread, *lint(self.report, self.files, schema=self.schema, now=now)]

    def completeness(self) -> Completeness:
        """Return how much of what an investigator needs it says."""
        return completeness(self.report, self.files)

    def preview(self) -> Preview:
        """Return what would be sent, in plain words, with the digest of it.

        Raises:
            ReportInvalid: If a document is not what the schema says.
        """
        for part in ("report", *(f"file:{number}" for number in range(1, len(self.files) + 1))):
            self.render(part)
        return preview(self.report, self.files, self.schema)

    def render(self, part: str) -> bytes:
        """Write one of its documents as XML.

        Args:
            part: `report`, or `file:N` for the details of a file, the first being 1.

        Raises:
            ReportInvalid: If there is no such part, or it is not what the schema says.
        """
        node = self._part(part)
        wrong = [each for each in self.misread if each.path.startswith(self._root(part))]
        wrong += errors(validate(node, self.schema))
        if wrong:
            more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            raise ReportInvalid(f"{wrong[0]}{more}")
        return to_xml(node, self.schema.roots[node.name].type)

    def _part(self, part: str) -> Node:
        if part == "report":
            return self.report
        kind, _, number = part.partition(":")
        if kind != "file" or not number.isdecimal() or not 0 < int(number) <= len(self.files):
            there = f"file:1 to file:{len(self.files)}" if self.files else "no files"
            raise ReportInvalid(f"there is no part {part[:40]!r}", hint=f"there are report and {there}")
        return self.files[int(number) - 1]

    def _root(self, part: str) -> str:
        return "report" if part == "report" else f"{FILES}[{part.partition(':')[2]}]"


def read_package(data: Any, schema: Schema) -> Package:
    """Make documents of JSON: `{"report": {...}, "files": [{...}]}`, or the elements of the report beside `files`.

    Args:
        data: As JSON was read.
        schema: Of the profile that holds.

    Raises:
        ReportInvalid: If it is no object, or `files` is no list.
    """
    if not isinstance(data, Mapping):
        raise ReportInvalid("a report is an object, with the names of elements as keys")
    said = data["report"] if "report" in data else {key: value for key, value in data.items() if key != FILES}
    written = data.get(FILES, [])
    if not isinstance(written, list) or len(written) > _MOST_FILES:
        raise ReportInvalid(f"{FILES} is a list of at most {_MOST_FILES:,} objects")
    report, faults = from_json("report", said, schema.roots["report"].type)
    files = []
    for number, each in enumerate(written, 1):
        inner = each["fileDetails"] if isinstance(each, Mapping) and set(each) == {"fileDetails"} else each
        node, wrong = from_json("fileDetails", inner, schema.roots["fileDetails"].type)
        files.append(node)
        place = f"{FILES}[{number}]"
        faults += [
            Fault(each.path.replace("fileDetails", place, 1), each.rule, each.message, each.fix, each.level)
            for each in wrong
        ]
    return Package(schema, report, tuple(files), tuple(faults))
