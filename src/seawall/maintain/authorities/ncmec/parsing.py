"""Reading XML that somebody else wrote: no DTD, no entities, bounded in size and depth."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from seawall.maintain.authorities.errors import DocumentUnreadable
from seawall.maintain.authorities.ncmec.node import Node

if TYPE_CHECKING:
    from collections.abc import Mapping

REPLY_BYTES = 1 << 20
DOCUMENT_BYTES = 64 << 20
_DEPTH = 32
_SCHEMA_LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation"


class _Shallow(TreeBuilder):
    """Refuses what is nested too deeply, before it is a tree."""

    depth = 0

    def start(self, tag: str, attrs: Mapping[str, str]) -> Element:
        self.depth += 1
        if self.depth > _DEPTH:
            raise DocumentUnreadable(f"elements are nested more than {_DEPTH} deep")
        return super().start(tag, dict(attrs))

    def end(self, tag: str) -> Element:
        self.depth -= 1
        return super().end(tag)


def parse(data: bytes, *, most: int = DOCUMENT_BYTES) -> Node:
    """Read a document.

    Args:
        data: The XML.
        most: Bytes that it may have.

    Raises:
        DocumentUnreadable: If it is none, too large, nested too deeply, or has a DTD.
    """
    if len(data) > most:
        raise DocumentUnreadable(f"the document has more than {most:,} bytes")
    parser = DefusedXMLParser(target=_Shallow(), forbid_dtd=True)
    try:
        parser.feed(data)
        root = parser.close()
    except DocumentUnreadable:
        raise
    except DefusedXmlException:
        raise DocumentUnreadable("the document has a DTD, which is never read") from None
    except ParseError as error:
        line, column = error.position
        raise DocumentUnreadable(f"line {line}, column {column}: this is no XML") from None
    except (ValueError, LookupError):
        raise DocumentUnreadable("the document is in an encoding that cannot be read") from None
    return _node(root)


def _node(element: Element) -> Node:
    attributes = {name: value for name, value in element.attrib.items() if name != _SCHEMA_LOCATION}
    children = [_node(child) for child in element]
    text = _joined([element.text, *(child.tail for child in element)])
    return Node(element.tag, attributes, text if text.strip() or not children else None, children)


def _joined(texts: Iterable[str | None]) -> str:
    return "".join(text for text in texts if text)
