"""What both clients agree on: where checks are sent, with which headers, and how much may come back.

The key goes to one address, over verified TLS or to this machine; never by a proxy of the environment, never to where
a redirect points.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import BinaryIO
from urllib.parse import urlsplit

from seawall.client._calls import Call, Upload
from seawall.client.errors import Malformed, Refused
from seawall.errors import UsageError

CHUNK = 256 << 10
MAX_REPLY = 1 << 20
MAX_BATCH_REPLY = 16 << 20

_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "seawall-client"}


def checked_url(base_url: str, allow_plain_http: bool) -> str:
    """Return the base URL, without a slash at its end.

    Raises:
        UsageError: If it is no HTTP URL, carries more than an address, or would send the key in the clear.
    """
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError("the guard's address must be an http or https URL")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError("the guard's address must be scheme, host, port and path alone")
    if parts.scheme == "http" and not allow_plain_http and not _is_loopback(parts.hostname):
        raise UsageError(
            "the key and every prompt would travel unencrypted",
            hint="use https; allow_plain_http=True if the network between is yours alone",
        )
    return base_url.rstrip("/")


def checked_tls(tls: ssl.SSLContext | None) -> ssl.SSLContext | bool:
    """Return what verifies the guard's certificate.

    Raises:
        UsageError: If it would not.
    """
    if tls is None:
        return True
    if tls.verify_mode is not ssl.CERT_REQUIRED or not tls.check_hostname:
        raise UsageError("the TLS context must verify certificates and host names")
    return tls


def headers(key: str) -> dict[str, str]:
    """Return the headers of every request.

    Raises:
        UsageError: If the key cannot be one.
    """
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError("this is no key", hint="'seawall keys create' prints one")
    return {**_HEADERS, "Authorization": f"Bearer {key}"}


def content_headers(call: Call) -> dict[str, str]:
    """Return the headers of one request.

    Raises:
        OSError: If the file to upload is not there.
    """
    if call.upload is not None:
        length = call.upload.length()
        told = {} if length is None else {"Content-Length": str(length)}
        return {"Content-Type": call.upload.content_type, **told}
    return {"Content-Type": "application/json"} if call.body is not None else {}


def limit(call: Call) -> int:
    """Return how long the answer may be."""
    return MAX_REPLY if call.answers <= 1 else MAX_BATCH_REPLY


def pieces(call: Call) -> Iterator[bytes]:
    """Yield an upload, piece by piece."""
    upload = _upload(call)
    stream, ours = upload.open()
    try:
        yield upload.head
        while piece := _read(stream):
            yield piece
        yield upload.tail
    finally:
        if ours:
            stream.close()


async def pieces_async(call: Call) -> AsyncIterator[bytes]:
    """Yield an upload, piece by piece; files are read in another thread."""
    from anyio.to_thread import run_sync

    upload = _upload(call)
    stream, ours = await run_sync(upload.open)
    try:
        yield upload.head
        while piece := await run_sync(_read, stream):
            yield piece
        yield upload.tail
    finally:
        if ours:
            stream.close()


class Collected:
    """The body of an answer, as it comes.

    Args:
        most: How long it may be.
        answer_headers: Its headers.

    Raises:
        Malformed: If it says that it is longer, or is not plain.
    """

    def __init__(self, most: int, answer_headers: Mapping[str, str]) -> None:
        self._most = most
        self._body = bytearray()
        if answer_headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise Malformed("the guard's answer is compressed, which was not asked for")
        told = answer_headers.get("content-length", "")
        if told.isdigit() and (len(told) > 12 or int(told) > most):
            raise Malformed("the guard's answer is too long")

    def add(self, piece: bytes) -> None:
        """Take a piece.

        Raises:
            Malformed: If that is more than allowed.
        """
        if len(self._body) + len(piece) > self._most:
            raise Malformed("the guard's answer is too long")
        self._body += piece

    def whole(self) -> bytes:
        """Return the body."""
        return bytes(self._body)


def _upload(call: Call) -> Upload:
    if call.upload is None:
        raise Refused("there is nothing to upload")
    return call.upload


def _read(stream: BinaryIO) -> bytes:
    piece = stream.read(CHUNK)
    if not isinstance(piece, bytes | bytearray | memoryview):
        raise Refused("the file gives text", hint="open it in binary mode")
    return bytes(piece)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
