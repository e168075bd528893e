"""Multipart bodies with texts and files, parsed as they come, in memory alone; everything about parts is bounded."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from seawall.deploy.gateway.errors import Unsupported
from seawall.deploy.guard.media.spool import MediaBudget
from seawall.web.body import stream
from seawall.web.errors import Malformed
from seawall.web.gateway.parts import GatewayParts

_MAX_PARTS = 40
_MAX_FIELD = 1 << 20
_PLAIN = (b"", b"binary", b"8bit", b"7bit")


@dataclass(slots=True)
class FileForm:
    """What came.

    Attributes:
        fields: Texts by name.
        files: Files: name of the field, and bytes.
    """

    fields: dict[str, str] = field(default_factory=dict, repr=False)
    files: list[tuple[str, bytes]] = field(default_factory=list, repr=False)

    def sent(self) -> tuple[tuple[str, tuple[str, bytes, str]], ...]:
        """Return the files as they are passed on: under names of ours."""
        return tuple(
            (name, (f"file{place}{_ending(data)}", data, "application/octet-stream"))
            for place, (name, data) in enumerate(self.files)
        )

    def bytes_of(self) -> tuple[bytes, ...]:
        """Return the bytes of every file."""
        return tuple(data for _, data in self.files)


async def read_files(request: Request, parts: GatewayParts, files: frozenset[str]) -> FileForm:
    """Read a form.

    Args:
        request: The request.
        parts: Bounds.
        files: Fields that are files; every other is a text.

    Raises:
        Malformed: If it cannot be read.
        Unsupported: If a field comes twice, or a text comes as a file.
        HttpProblem: As `stream`.
    """
    _, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 70:
        raise Malformed("the multipart body has no boundary")
    parser = _Parser(boundary, files)
    with _Taken(parts.budget) as taken:
        async for piece in stream(request, parts.limits, parts.limits.file_bytes):
            taken.more(len(piece))
            parser.write(piece)
        return parser.finish()


class _Taken:
    """Memory of one form while it is read."""

    def __init__(self, budget: MediaBudget) -> None:
        self._budget = budget
        self._size = 0

    def __enter__(self) -> _Taken:
        return self

    def __exit__(self, *_: object) -> None:
        self._budget.give(self._size)

    def more(self, size: int) -> None:
        self._budget.take(size)
        self._size += size


class _Parser:
    def __init__(self, boundary: bytes, files: frozenset[str]) -> None:
        self._files = files
        self._form = FileForm()
        self._headers: dict[bytes, bytes] = {}
        self._header = [b"", b""]
        self._name = ""
        self._data = bytearray()
        self._parts = 0
        self._ended = False
        calls: Any = {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._head(0, data[start:end]),
            "on_header_value": lambda data, start, end: self._head(1, data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._named,
            "on_part_data": self._more,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }
        self._parser = MultipartParser(boundary, calls, max_header_count=8, max_header_size=2048)

    def write(self, piece: bytes) -> None:
        try:
            self._parser.write(piece)
        except FormParserError:
            raise Malformed("the multipart body cannot be read") from None

    def finish(self) -> FileForm:
        if not self._ended:
            raise Malformed("the multipart body ends too early")
        return self._form

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise Malformed(f"the multipart body has more than {_MAX_PARTS} parts")
        self._headers = {}
        self._data = bytearray()

    def _head(self, place: int, data: bytes) -> None:
        self._header[place] += data

    def _header_end(self) -> None:
        self._headers[self._header[0].lower()] = self._header[1]
        self._header = [b"", b""]

    def _named(self) -> None:
        if self._headers.get(b"content-transfer-encoding", b"").strip().lower() not in _PLAIN:
            raise Malformed("a part of the multipart body is encoded; send it as it is")
        kind, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = ""
        with suppress(UnicodeDecodeError):
            self._name = options.get(b"name", b"").decode("ascii")
        if kind != b"form-data" or not self._name:
            raise Malformed("a part of the multipart body has no plain name")
        if b"filename" in options and self._name not in self._files:
            raise Unsupported("the form has a file in a field that is not known")

    def _more(self, data: bytes, start: int, end: int) -> None:
        self._data += memoryview(data)[start:end]
        if self._name not in self._files and len(self._data) > _MAX_FIELD:
            raise Malformed("a text of the form is too long")

    def _part_end(self) -> None:
        if self._name in self._files:
            self._form.files.append((self._name, bytes(self._data)))
            return
        try:
            text = self._data.decode()
        except UnicodeDecodeError:
            raise Malformed("a text of the form is not UTF-8") from None
        if self._name in self._form.fields and not self._name.endswith("[]"):
            raise Unsupported("the form names a field twice")
        before = self._form.fields.get(self._name)
        self._form.fields[self._name] = text if before is None else f"{before}\n{text}"

    def _end(self) -> None:
        self._ended = True


def _ending(data: bytes) -> str:
    """Return an ending by which servers tell kinds of media apart."""
    signs = (
        (b"\x89PNG", ".png"),
        (b"\xff\xd8\xff", ".jpg"),
        (b"RIFF", ".webp" if data[8:12] == b"WEBP" else ".wav"),
        (b"ID3", ".mp3"),
        (b"\xff\xfb", ".mp3"),
        (b"fLaC", ".flac"),
        (b"OggS", ".ogg"),
        (b"\x1aE\xdf\xa3", ".webm"),
    )
    if data[4:8] == b"ftyp":
        return ".mp4"
    return next((ending for sign, ending in signs if data.startswith(sign)), ".bin")
