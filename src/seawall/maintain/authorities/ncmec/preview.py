"""What exactly would be sent, in plain words, for whoever approves it: every element, no medium, bound by a digest.

The digest is of the documents as they would be sent, so what was approved and what is sent can be compared.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from seawall.maintain.authorities.ncmec.node import Node
from seawall.maintain.authorities.ncmec.parsing import parse
from seawall.maintain.authorities.ncmec.schema import Kind, Schema, Type
from seawall.maintain.authorities.ncmec.writing import to_xml

_LONG = 500
_WORDS = {"true": "yes", "false": "no"}
_CAPITALS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SPOKEN = {
    "personOrUserReported": "reported person",
    "personOrUserReportedPerson": "who they are",
    "intendedRecipientPerson": "who they are",
    "victimPerson": "who they are",
    "espIdentifier": "account id",
    "espService": "service",
    "fileViewedByEsp": "we viewed the whole file",
    "exifViewedByEsp": "we viewed its EXIF data",
    "publiclyAvailable": "the whole file was public",
    "uploadedToEspTimestamp": "uploaded to us",
    "priorCTReports": "earlier report",
    "priorCTReport": "earlier report",
    "escalateToHighPriority": "URGENT, because",
    "generativeAi": "believed to be made by generative AI",
    "chatImIncident": "chat",
    "peer2peerIncident": "peer to peer",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a preview.

    Attributes:
        where: The names above it, in words.
        what: What it is, in words.
        said: What is said there; a long text is cut here, and never in what is sent.
        depth: How far in it stands.
    """

    where: tuple[str, ...]
    what: str
    said: str
    depth: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be sent.

    Attributes:
        documents: For each, its name and its lines.
        digest: SHA-256 of the documents as they would be sent, in their order.
    """

    documents: tuple[tuple[str, tuple[Line, ...]], ...]
    digest: str

    def to_text(self) -> str:
        """As a text."""
        parts = []
        for name, lines in self.documents:
            parts.append(name)
            parts += [f"{'  ' * (line.depth + 1)}{line.what}{': ' if line.said else ''}{line.said}" for line in lines]
        return "\n".join((*parts, f"digest of what would be sent: {self.digest}"))

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {
            "digest": self.digest,
            "documents": [
                {"name": name, "lines": [{"where": [*line.where, line.what], "said": line.said} for line in lines]}
                for name, lines in self.documents
            ],
        }


def preview(report: Node, files: Sequence[Node], schema: Schema) -> Preview:
    """Return what would be sent, read back from the very bytes.

    Args:
        report: The report.
        files: The details of its files.
        schema: Of the profile that holds.
    """
    digest = hashlib.sha256()
    documents = []
    for number, node in enumerate((report, *files)):
        kind = schema.roots[node.name].type
        written = to_xml(node, kind)
        digest.update(len(written).to_bytes(8, "big") + written)
        name = "The report" if number == 0 else f"File {number}"
        documents.append((name, tuple(_lines(parse(written), kind, ()))))
    return Preview(tuple(documents), digest.hexdigest())


def spoken(name: str) -> str:
    """Return the name of an element or attribute in words."""
    return _SPOKEN.get(name) or _CAPITALS.sub(" ", name).lower()


def _lines(node: Node, kind: Type, above: tuple[str, ...]) -> Iterator[Line]:
    depth = len(above)
    yield from (Line(above, spoken(name), _said(value), depth) for name, value in node.attributes.items())
    for child in node.children:
        what = spoken(child.name)
        inner = kind.by_name[child.name].type
        if kind.kind is Kind.FLAGS:
            yield Line(above, what, "yes", depth)
            continue
        yield Line(above, what, _said(child.text or "") if inner.value is not None else "", depth)
        yield from _lines(child, inner, (*above, what))


def _said(text: str) -> str:
    plain = _WORDS.get(text, text.replace("\r", "").replace("\n", " / "))
    return plain if len(plain) <= _LONG else f"{plain[:_LONG]}… ({len(text):,} characters in all)"
