"""The seven calls of NCMEC's reporting API. Each is made once: whoever files decides what a lost answer means.

No redirect is followed, no call repeated, no proxy taken from the environment, and no host reached but the one that the
environment names. An upload streams; nothing of a report or a file is kept, logged or shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import BinaryIO, Self

import httpx

from seawall.maintain.authorities.egress import GuardedTransport, Unanswered, Unreached
from seawall.maintain.authorities.ncmec.environment import Environment
from seawall.maintain.authorities.ncmec.parsing import REPLY_BYTES
from seawall.maintain.authorities.ncmec.replies import DONE, RESPONSE, Reply, read_reply
from seawall.maintain.authorities.ncmec.uploading import Digests, Upload

_XML = "text/xml; charset=utf-8"
_CONNECT, _ANSWER = 15.0, 120.0
_XSD_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who calls; never shown.

    Attributes:
        user, password: As the authority gave them, for one environment alone.
    """

    user: str = field(repr=False)
    password: str = field(repr=False)


class ReportingApi:
    """Calls the API of one environment.

    Args:
        environment: Which, and where it is.
        credentials: Of that environment.
        transport: How hosts are reached; by default over the network, as far as the environment allows.
        seconds: How long an answer may take.
    """

    def __init__(
        self,
        environment: Environment,
        credentials: Credentials,
        *,
        transport: httpx.BaseTransport | None = None,
        seconds: float = _ANSWER,
    ) -> None:
        self.environment = environment
        self._client = httpx.Client(
            base_url=environment.base_url,
            auth=(credentials.user, credentials.password),
            transport=GuardedTransport(environment.hosts, transport),
            timeout=httpx.Timeout(seconds, connect=_CONNECT),
            follow_redirects=False,
            trust_env=False,
            headers={"User-Agent": "seawall", "Accept": "text/xml, application/xml"},
        )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close connections."""
        self.close()

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def status(self) -> Reply:
        """Ask whether the credentials are taken. The reply does not tell which environment answers."""
        return self._call("GET", "/status")

    def xsd(self) -> bytes:
        """Return the schema that holds there now.

        Raises:
            Unanswered: If it was not served.
        """
        status, body, _ = self._send("GET", "/xsd", most=_XSD_BYTES)
        if status != httpx.codes.OK:
            raise Unanswered(f"the schema was not served (status {status})")
        return body

    def submit(self, report: bytes) -> Reply:
        """Open a report. It is not filed yet, and goes by itself if it is never finished."""
        return self._call("POST", "/submit", content=report, content_type=_XML)

    def upload(self, report_id: str, file: BinaryIO, size: int) -> tuple[Reply, Digests]:
        """Add a file to an open report; return the reply and the digests of what was sent.

        Args:
            report_id: Of which report.
            file: Its bytes; read once.
            size: How many there are.
        """
        body = Upload(report_id, file, size)
        reply = self._call("POST", "/upload", content=body, content_type=body.content_type, length=body.length)
        return reply, body.digests()

    def file_info(self, details: bytes) -> Reply:
        """Say what a file is; once for each."""
        return self._call("POST", "/fileinfo", content=details, content_type=_XML)

    def finish(self, report_id: str) -> Reply:
        """File a report. This cannot be taken back."""
        return self._form("/finish", report_id, DONE)

    def retract(self, report_id: str) -> Reply:
        """Take an open report back."""
        return self._form("/retract", report_id, RESPONSE)

    def _form(self, path: str, report_id: str, expected: str) -> Reply:
        # The documentation shows a multipart form, also where there is nothing but an id.
        encoded = httpx.Request("POST", "http://form.invalid", files={"id": (None, report_id)})
        return self._call(
            "POST",
            path,
            content=encoded.read(),
            content_type=encoded.headers["Content-Type"],
            expected=expected,
        )

    def _call(
        self,
        method: str,
        path: str,
        *,
        content: bytes | Upload | None = None,
        content_type: str | None = None,
        length: int | None = None,
        expected: str = RESPONSE,
    ) -> Reply:
        status, body, headers = self._send(method, path, content=content, content_type=content_type, length=length)
        request_id = headers.get("Request-ID", "")[:200] or None
        date = headers.get("Date", "")[:64] or None
        return read_reply(status, body, expected=expected, request_id=request_id, date=date)

    def _send(
        self,
        method: str,
        path: str,
        *,
        content: bytes | Upload | None = None,
        content_type: str | None = None,
        length: int | None = None,
        most: int = REPLY_BYTES,
    ) -> tuple[int, bytes, httpx.Headers]:
        headers = {"Content-Type": content_type} if content_type is not None else {}
        if length is not None:
            headers["Content-Length"] = str(length)
        body: bytes | Iterator[bytes] | None = iter(content) if isinstance(content, Upload) else content
        request = self._client.build_request(method, path, content=body, headers=headers)
        try:
            answer = self._client.send(request, stream=True)
            try:
                return answer.status_code, _bounded(answer, most), answer.headers
            finally:
                answer.close()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            raise Unreached(f"the host was not reached ({type(error).__name__})") from None
        except httpx.HTTPError as error:
            raise Unanswered(f"the answer did not come ({type(error).__name__})") from None


def _bounded(answer: httpx.Response, most: int) -> bytes:
    parts, size = [], 0
    for part in answer.iter_bytes(1 << 16):
        size += len(part)
        if size > most:
            raise Unanswered(f"the answer has more than {most:,} bytes")
        parts.append(part)
    return b"".join(parts)
