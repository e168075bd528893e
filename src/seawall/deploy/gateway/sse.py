"""Server-sent events, read as bytes come. Any cut of the same bytes gives the same events; nothing grows unbounded."""

from __future__ import annotations

from collections.abc import Iterator

from seawall.deploy.gateway.errors import BadReply

LINE_BYTES = 1 << 20
_BOM = b"\xef\xbb\xbf"


class EventReader:
    """Turns bytes into the data of events.

    Args:
        limit: Longest line, and longest data of one event, in bytes.
    """

    def __init__(self, limit: int = LINE_BYTES) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self._after_return = False
        self._first = True

    def feed(self, chunk: bytes) -> Iterator[str]:
        """Take bytes, and yield the data of each event that they end, before the next is looked at.

        Raises:
            BadReply: If a line or an event is too long, or not UTF-8.
        """
        for piece in chunk.splitlines(keepends=True):
            found: list[str] = []
            self._take(piece, found)
            yield from found

    def _take(self, piece: bytes, found: list[str]) -> None:
        # What bytes.splitlines ends a line at: LF, CR and CRLF, as the format does; a CRLF may be cut in two.
        if self._after_return and piece.startswith(b"\n"):
            piece = piece[1:]
        self._after_return = False
        if not piece:
            return
        ended = piece[-1:] in b"\r\n"
        self._after_return = piece.endswith(b"\r")
        self._rest += piece.rstrip(b"\r\n") if ended else piece
        if len(self._rest) > self._limit:
            raise BadReply("an event of the reply is too long")
        if ended:
            line = bytes(self._rest)
            self._rest.clear()
            self._line(line, found)

    def _line(self, line: bytes, found: list[str]) -> None:
        if self._first:
            line, self._first = line.removeprefix(_BOM), False
        if not line:
            if self._data:
                try:
                    found.append(b"\n".join(self._data).decode())
                except UnicodeDecodeError:
                    raise BadReply("an event of the reply is not UTF-8") from None
            self._data, self._size = [], 0
            return
        name, _, value = line.partition(b":")
        if name == b"data":
            value = value.removeprefix(b" ")
            self._size += len(value) + 1
            if self._size > self._limit:
                raise BadReply("an event of the reply is too long")
            self._data.append(value)


def event(data: str, name: str | None = None) -> bytes:
    """Return an event; `data` is one line."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {data}\n\n".encode()
