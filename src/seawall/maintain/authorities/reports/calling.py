"""Making one call of a filing, and reading what came of it as filing reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import BinaryIO, cast

from seawall.errors import SeawallError, UsageError
from seawall.maintain.authorities.drafting.documents import FILE_ID, REPORT_ID
from seawall.maintain.authorities.egress import Unanswered, Unreached
from seawall.maintain.authorities.filing import Answered, Call, Lost, Standing
from seawall.maintain.authorities.ncmec.client import ReportingApi
from seawall.maintain.authorities.ncmec.package import Package, read_package
from seawall.maintain.authorities.ncmec.rendering import to_json
from seawall.maintain.authorities.ncmec.replies import Reply
from seawall.maintain.authorities.ncmec.uploading import Digests
from seawall.maintain.authorities.reports._rows import Row
from seawall.vault import Vault

PERSON = "report filing"
PURPOSE = "sending it to an authority"
_BEAT = 20.0


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a call.

    Attributes:
        event: As filing reads it.
        reply: What the authority answered, if it did.
        problem: What here is in the way, in a word: a person mends it.
    """

    event: Answered | Lost
    reply: Reply | None = None
    problem: str | None = None


def details(package: Package, number: int, report_id: str, file_id: str) -> bytes:
    """Return the details of a file as they are sent: as they were approved, with the ids that the authority gave."""
    node = package.files[number]
    said = to_json(node, package.schema.roots["fileDetails"].type)
    if (said["reportId"], said["fileId"]) != (REPORT_ID, FILE_ID.format(number + 1)):
        raise UsageError("these are no details that were drafted here")
    named = said | {"reportId": report_id, "fileId": file_id}
    return read_package({"report": {}, "files": [named]}, package.schema).render("file:1")


def call(
    api: ReportingApi,
    vault: Vault,
    package: Package,
    files: list[Row],
    standing: Standing,
    asked: Call,
    file: int | None,
    *,
    case: str,
    clock: Callable[[], datetime],
    beat: Callable[[], None],
) -> Came:
    """Make a call of a filing.

    Args:
        api: Of the environment.
        vault: Where files are.
        package: What was approved.
        files: Which files are sent.
        standing: How far it has come.
        asked: Which call.
        file: Which file it is about.
        case: Of which case.
        clock: Tells the time.
        beat: Called while a long upload goes on; what it raises ends the upload.
    """
    digests = None
    try:
        if asked is Call.UPLOAD and file is not None:
            row = files[file]
            with vault.open(row["object"], person=PERSON, purpose=PURPOSE, case=case) as stream:
                beating = cast(BinaryIO, _Beating(stream, beat))
                reply, digests = api.upload(_id(standing), beating, row["size"])
        else:
            reply = _short(api, package, standing, asked, file)
    except Unreached:
        return Came(Lost(clock(), sent=False))
    except Unanswered:
        return Came(Lost(clock()))
    except SeawallError as problem:
        # Something here: the evidence cannot be read, or is not what it was. What was sent goes with the report.
        return Came(Lost(clock(), sent=asked is Call.UPLOAD), problem=problem.code)
    intact = digests is None or file is None or _intact(reply, digests, files[file])
    event = Answered(
        clock(),
        reply.meaning,
        reply.report_id,
        reply.file_id,
        intact,
        reply.files if asked is Call.FINISH and reply.files else None,
    )
    return Came(event, reply)


def _short(api: ReportingApi, package: Package, standing: Standing, asked: Call, file: int | None) -> Reply:
    match asked:
        case Call.SUBMIT:
            return api.submit(package.render("report"))
        case Call.FILE_INFO:
            number = file if file is not None else 0
            return api.file_info(details(package, number, _id(standing), dict(standing.files)[number]))
        case Call.FINISH:
            return api.finish(_id(standing))
        case _:
            return api.retract(_id(standing))


def skew(reply: Reply, now: datetime) -> float | None:
    """Return by how many seconds the authority's clock is ahead of ours; None if it does not tell."""
    try:
        theirs = parsedate_to_datetime(reply.date or "")
    except (TypeError, ValueError):
        return None
    return ((theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)) - now).total_seconds()


def _id(standing: Standing) -> str:
    if standing.report_id is None:
        raise UsageError("no report is open")
    return standing.report_id


def _intact(reply: Reply, digests: Digests, row: Row) -> bool:
    theirs = reply.md5 is None or reply.md5.lower() == digests.md5
    return theirs and digests.sha256 == row["sha256"]


class _Beating:
    """A stream that lets others know, every now and then, that it is being read."""

    def __init__(self, stream: BinaryIO, beat: Callable[[], None]) -> None:
        self._stream = stream
        self._beat = beat
        self._next = monotonic() + _BEAT

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        if monotonic() >= self._next:
            self._beat()
            self._next = monotonic() + _BEAT
        return self._stream.read(size)
