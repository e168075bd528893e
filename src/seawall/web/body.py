"""Reading a request's body: never more than is allowed, never slower than is allowed, never by way of a disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.requests import Request

from seawall.web.errors import BodyCut, BodyTooLarge, BodyTooSlow

_MIB = 1 << 20
BODY_READ = "seawall_body_read"
"""Set in the scope of a request whose body was read to its end."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request may take.

    Attributes:
        json_bytes: Largest JSON body; attachments in base64 count.
        file_bytes: Largest file.
        meta_bytes: Largest `meta` beside a file.
        grace: Seconds for which a body may come as slowly as it likes.
        rate: Bytes a second that it must reach on the whole, after that.
        deadline: Seconds after which it must be here, however large it is.
    """

    json_bytes: int = 8 * _MIB
    file_bytes: int = 256 * _MIB
    meta_bytes: int = 2 * _MIB
    grace: float = 5.0
    rate: int = 4096
    deadline: float = 300.0

    @property
    def form_bytes(self) -> int:
        """Largest multipart body."""
        return self.file_bytes + self.meta_bytes + 64 * 1024


def media_type(request: Request) -> str:
    """Return the content type, without parameters, in small letters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read(request: Request, limits: Limits, most: int) -> bytes:
    """Return the whole body.

    Raises:
        BodyTooLarge: If it is larger than `most`; the rest is not read.
        BodyTooSlow: If it does not come fast enough.
        BodyCut: If the connection ends first.
    """
    pieces = [piece async for piece in stream(request, limits, most)]
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


async def stream(request: Request, limits: Limits, most: int) -> AsyncIterator[bytes]:
    """Yield the body in pieces, as `read` bounds it."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and (len(declared) > 18 or int(declared) > most):
        raise BodyTooLarge(f"the body is larger than {most} bytes")
    now = asyncio.get_running_loop().time
    start, received = now(), 0
    while True:
        until = start + min(limits.deadline, limits.grace + received / limits.rate)
        try:
            async with asyncio.timeout_at(until):
                message = await request.receive()
        except TimeoutError:
            raise BodyTooSlow from None
        if message["type"] == "http.disconnect":
            raise BodyCut
        piece: bytes = message.get("body", b"")
        received += len(piece)
        if received > most:
            raise BodyTooLarge(f"the body is larger than {most} bytes")
        if piece:
            yield piece
        if not message.get("more_body", False):
            request.scope[BODY_READ] = True
            return
        if now() > until:
            raise BodyTooSlow
