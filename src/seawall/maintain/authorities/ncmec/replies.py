"""Replies of NCMEC's server: kept as they came, and read with nothing taken for granted.

Success is an HTTP status of the 200s, a document of the form that the call promises, and the code 0; a page of a proxy
with the status 200 is none of that. A reply to the last call is what starts the time of preservation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from seawall.maintain.authorities.errors import DocumentUnreadable
from seawall.maintain.authorities.ncmec.codes import SUCCESS, Meaning, meaning_of
from seawall.maintain.authorities.ncmec.node import Node
from seawall.maintain.authorities.ncmec.parsing import REPLY_BYTES, parse

RESPONSE, DONE = "reportResponse", "reportDoneResponse"
_LONGEST = 2000
_OK = range(200, 300)
_NOT_LET_IN = (401, 403)
_TOO_MANY = 429
_TROUBLE = range(500, 600)


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply.

    Attributes:
        status: Of HTTP.
        meaning: What it means.
        code: In the document; None if there is no document.
        description: In the server's words, cut; not to go by.
        report_id, file_id, md5: As far as it has them.
        files: Ids of the files of a report that was finished.
        root: Name of the document's root.
        request_id: By which the authority finds the call.
        date: The server's own clock, as it wrote it.
        body: All of it, unchanged.
    """

    status: int
    meaning: Meaning
    code: int | None = None
    description: str = ""
    report_id: str | None = None
    file_id: str | None = None
    md5: str | None = None
    files: tuple[str, ...] = ()
    root: str | None = None
    request_id: str | None = None
    date: str | None = None
    body: bytes = field(default=b"", repr=False)

    @property
    def done(self) -> bool:
        """Whether what was asked for was done by this call."""
        return self.meaning is Meaning.DONE

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values, without the body."""
        return {
            "status": self.status,
            "meaning": self.meaning.value,
            "code": self.code,
            "report_id": self.report_id,
            "file_id": self.file_id,
            "files": list(self.files),
            "request_id": self.request_id,
            "date": self.date,
        }


def read_reply(
    status: int, body: bytes, *, expected: str = RESPONSE, request_id: str | None = None, date: str | None = None
) -> Reply:
    """Read a reply.

    Args:
        status: Of HTTP.
        body: As it came.
        expected: Name of the root that a success has; an error may have either.
        request_id: From its headers.
        date: From its headers.
    """
    told: dict[str, Any] = {"request_id": request_id, "date": date, "body": body}
    try:
        node = parse(body, most=REPLY_BYTES) if body.strip() else None
    except DocumentUnreadable:
        node = None
    code = _code(node)
    if node is None or code is None:
        return Reply(status, _without_document(status), **told)
    meaning = meaning_of(code)
    if code == SUCCESS and (status not in _OK or node.name != expected):
        # Something says that all is well, and is not what says so when all is well.
        meaning = Meaning.RETRY
    elif status in _NOT_LET_IN:
        meaning = Meaning.PAUSE
    return Reply(
        status,
        meaning,
        code,
        (node.said("responseDescription") or "")[:_LONGEST],
        _said(node, "reportId"),
        _said(node, "fileId"),
        _said(node, "hash"),
        tuple(each.text or "" for each in node.all("files/fileId")),
        node.name,
        **told,
    )


def _code(node: Node | None) -> int | None:
    if node is None or node.name not in (RESPONSE, DONE):
        return None
    said = (node.said("responseCode") or "").strip()
    return int(said) if said.isdecimal() and len(said) < 10 else None


def _said(node: Node, name: str) -> str | None:
    return (node.said(name) or "").strip() or None


def _without_document(status: int) -> Meaning:
    if status in _NOT_LET_IN:
        return Meaning.PAUSE
    if status == _TOO_MANY or status in _TROUBLE or status in _OK:
        return Meaning.RETRY
    return Meaning.STOP
