"""Multipart bodies, parsed as they come: the file goes straight into anonymous memory, never to a disk.

Two parts are known, `file` and `meta`, each at most once; everything about parts is bounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from seawall.errors import TooLarge
from seawall.web.body import Limits, stream
from seawall.web.errors import BodyTooLarge, Malformed

MAX_PARTS = 4
_MAX_HEADERS = 8
_MAX_HEADER_BYTES = 2048
_PLAIN = ("", "binary", "8bit", "7bit")


class Sink(Protocol):
    """Takes the bytes of a file."""

    def write(self, chunk: bytes | memoryview) -> None:
        """Take the next piece."""
        ...


@dataclass(frozen=True, slots=True)
class Form:
    """What came beside the file.

    Attributes:
        meta: The part `meta`, or None.
        file: Name of the field that held the file, or None if there was none.
    """

    meta: bytes | None
    file: str | None


async def read_form(request: Request, limits: Limits, sink: Sink, files: tuple[str, ...] = ("file",)) -> Form:
    """Read a multipart body, and write its file to `sink`.

    Args:
        request: The request.
        limits: What it may take.
        sink: Takes the file.
        files: Names under which the file may come.

    Raises:
        Malformed: If it is not a multipart body of the parts that are known.
        BodyTooLarge: If a part is larger than it may be.
        HttpProblem: As `stream`.
    """
    parser = _Parser(_boundary(request), limits, sink, files)
    async for piece in stream(request, limits, limits.form_bytes):
        parser.write(piece)
    return parser.finish()


def _boundary(request: Request) -> bytes:
    _, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 70:
        raise Malformed("the multipart body has no boundary")
    return boundary


class _Parser:
    """Turns the parser's callbacks into a form."""

    def __init__(self, boundary: bytes, limits: Limits, sink: Sink, files: tuple[str, ...]) -> None:
        self._limits = limits
        self._sink = sink
        self._files = files
        self._parts = 0
        self._header = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._seen: set[str] = set()
        self._part: str | None = None
        self._meta = bytearray()
        self._file: str | None = None
        self._ended = False
        calls: Any = {
            "on_part_begin": self._begin,
            "on_header_field": self._field,
            "on_header_value": self._value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._named,
            "on_part_data": self._data,
            "on_end": self._end,
        }
        self._parser = MultipartParser(
            boundary, calls, max_header_count=_MAX_HEADERS, max_header_size=_MAX_HEADER_BYTES
        )

    def write(self, piece: bytes) -> None:
        try:
            self._parser.write(piece)
        except FormParserError:
            raise Malformed("the multipart body cannot be read") from None
        except TooLarge as problem:
            raise BodyTooLarge(problem.message) from None

    def finish(self) -> Form:
        if not self._ended:
            raise Malformed("the multipart body ends too early")
        return Form(bytes(self._meta) if "meta" in self._seen else None, self._file)

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise Malformed(f"the multipart body has more than {MAX_PARTS} parts")
        self._headers = {}
        self._part = None

    def _field(self, data: bytes, start: int, end: int) -> None:
        name, value = self._header
        self._header = name + data[start:end], value

    def _value(self, data: bytes, start: int, end: int) -> None:
        name, value = self._header
        self._header = name, value + data[start:end]

    def _header_end(self) -> None:
        name, value = self._header
        self._headers[name.lower()] = value
        self._header = b"", b""

    def _named(self) -> None:
        if self._headers.get(b"content-transfer-encoding", b"").decode("latin-1").strip().lower() not in _PLAIN:
            raise Malformed("a part of the multipart body is encoded; send it as it is")
        name = _name_of(self._headers.get(b"content-disposition", b""))
        if name != "meta" and name not in self._files:
            raise Malformed("the multipart body has a part that is not known", hint=self._known())
        if name in self._seen or (name != "meta" and self._file is not None):
            raise Malformed("the multipart body has a part twice", hint=self._known())
        self._seen.add(name)
        self._part = name
        if name != "meta":
            self._file = name

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part == "meta":
            if len(self._meta) + end - start > self._limits.meta_bytes:
                raise BodyTooLarge(f"meta is larger than {self._limits.meta_bytes} bytes")
            self._meta += memoryview(data)[start:end]
        else:
            self._sink.write(memoryview(data)[start:end])

    def _end(self) -> None:
        self._ended = True

    def _known(self) -> str:
        return "known parts: meta, " + ", ".join(self._files)


def _name_of(disposition: bytes) -> str:
    kind, options = parse_options_header(disposition)
    if kind != b"form-data":
        return ""
    return options.get(b"name", b"").decode("latin-1")
