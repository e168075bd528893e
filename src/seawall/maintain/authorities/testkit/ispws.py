"""A stand-in for NCMEC's reporting API, in memory: one environment, its open reports and the hour in which they go.

It takes what the schema and the rules take, in the order in which calls may come, and keeps digests of files alone.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock
from typing import Any
from xml.sax.saxutils import escape

from seawall.clock import to_iso
from seawall.maintain.authorities.errors import DocumentUnreadable
from seawall.maintain.authorities.ncmec.fault import errors
from seawall.maintain.authorities.ncmec.lint import lint
from seawall.maintain.authorities.ncmec.node import Node
from seawall.maintain.authorities.ncmec.parsing import parse
from seawall.maintain.authorities.ncmec.schema import Schema, load_schema
from seawall.maintain.authorities.ncmec.uploading import Digests

OPEN_FOR = timedelta(hours=24)
AFTER_CHANGE = timedelta(hours=1)


class State(StrEnum):
    """How far a report has come."""

    OPEN = "open"
    FINISHED = "finished"
    RETRACTED = "retracted"
    EXPIRED = "expired"


@dataclass(slots=True)
class StoredFile:
    """A file of a report: its digests, and whether its details came."""

    digests: Digests
    described: bool = False


@dataclass(slots=True)
class StoredReport:
    """A report."""

    id: str
    opened_at: datetime
    changed_at: datetime
    document: Node
    state: State = State.OPEN
    files: dict[str, StoredFile] = field(default_factory=dict)
    details: list[Node] = field(default_factory=list)

    @property
    def expires_at(self) -> datetime:
        """When it goes, if it is not finished: the later of a day after opening and an hour after the last change."""
        return max(self.opened_at + OPEN_FOR, self.changed_at + AFTER_CHANGE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered."""

    code: int
    description: str = "Success"
    report_id: str | None = None
    file_id: str | None = None
    md5: str | None = None
    files: tuple[str, ...] | None = None
    status: int = 200

    def to_xml(self) -> bytes:
        """As the API writes it."""
        done = self.files is not None
        root = "reportDoneResponse" if done else "reportResponse"
        parts = [f"<responseCode>{self.code}</responseCode>"]
        if not done:
            parts.append(f"<responseDescription>{escape(self.description)}</responseDescription>")
        for name, said in (("reportId", self.report_id), ("fileId", self.file_id), ("hash", self.md5)):
            parts.append(f"<{name}>{said}</{name}>" if said is not None else "")
        if self.files is not None:
            parts.append(f"<files>{''.join(f'<fileId>{each}</fileId>' for each in self.files)}</files>")
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}>{"".join(parts)}</{root}>\n'.encode()


class Ispws:
    """An environment of the API. May be shared between threads.

    Args:
        clock: Tells the time.
        schema: Which edition it takes.
    """

    def __init__(self, clock: Callable[[], datetime], schema: Schema | None = None) -> None:
        self._clock = clock
        self.schema = schema or load_schema()
        self.reports: dict[str, StoredReport] = {}
        self._number = 4_000_000 + secrets.randbelow(1_000_000)
        self._lock = Lock()

    def submit(self, body: bytes, *, same_id: bool = False) -> Answer:
        """Open a report; `same_id` gives it the id of the one before."""
        try:
            node = parse(body)
        except DocumentUnreadable as problem:
            return Answer(4110, problem.message)
        with self._lock:
            if node.name != "report":
                return Answer(4100, "the root is not report")
            wrong = errors(lint(node, schema=self.schema, now=self._clock(), known_reports=self._finished()))
            if wrong:
                return Answer(4100, f"{wrong[0].path}: {wrong[0].rule}")
            if not (same_id and self.reports):
                self._number += 1
            made = StoredReport(str(self._number), self._clock(), self._clock(), node)
            self.reports[made.id] = made
            return Answer(0, report_id=made.id)

    def upload(self, report_id: str, digests: Digests) -> Answer:
        """Add a file of which the digests are known."""
        with self._lock:
            found = self._open(report_id)
            if isinstance(found, Answer):
                return found
            file_id = secrets.token_hex(16)
            found.files[file_id] = StoredFile(digests)
            found.changed_at = self._clock()
            return Answer(0, report_id=found.id, file_id=file_id, md5=digests.md5)

    def file_info(self, body: bytes) -> Answer:
        """Take the details of a file, once."""
        try:
            node = parse(body)
        except DocumentUnreadable as problem:
            return Answer(4110, problem.message)
        with self._lock:
            if node.name != "fileDetails":
                return Answer(4100, "the root is not fileDetails")
            found = self._open(node.said("reportId") or "")
            if isinstance(found, Answer):
                return found
            stored = found.files.get(node.said("fileId") or "")
            if stored is None:
                return Answer(5002, "file does not exist", report_id=found.id)
            if stored.described:
                return Answer(1300, "update failed", report_id=found.id)
            told = lint(found.document, [node], schema=self.schema, now=self._clock(), known_reports=self._finished())
            wrong = [each for each in errors(told) if each.path.startswith("fileDetails")]
            if wrong:
                return Answer(4100, f"{wrong[0].path}: {wrong[0].rule}", report_id=found.id)
            stored.described = True
            found.details.append(node)
            found.changed_at = self._clock()
            return Answer(0, report_id=found.id)

    def finish(self, report_id: str) -> Answer:
        """File a report."""
        with self._lock:
            found = self._open(report_id)
            if isinstance(found, Answer):
                return found
            if found.document.first("batchedReport") is not None and len(found.files) > 1:
                return Answer(4100, "a batched report has one file", report_id=found.id, status=400)
            found.state = State.FINISHED
            return Answer(0, report_id=found.id, files=tuple(found.files))

    def retract(self, report_id: str) -> Answer:
        """Take an open report back."""
        with self._lock:
            found = self._open(report_id)
            if isinstance(found, Answer):
                return found
            found.state = State.RETRACTED
            return Answer(0, report_id=found.id)

    def state(self) -> list[dict[str, Any]]:
        """Return all reports: what became of them, and the digests of their files."""
        with self._lock:
            for each in self.reports.values():
                self._expire(each)
            return [
                {
                    "id": each.id,
                    "state": each.state.value,
                    "opened_at": to_iso(each.opened_at),
                    "expires_at": to_iso(each.expires_at),
                    "persons": len(list(each.document.all("personOrUserReported"))),
                    "files": [
                        {
                            "id": name,
                            "md5": file.digests.md5,
                            "sha256": file.digests.sha256,
                            "size": file.digests.size,
                            "described": file.described,
                        }
                        for name, file in each.files.items()
                    ],
                }
                for each in self.reports.values()
            ]

    def reset(self) -> None:
        """Forget all reports."""
        with self._lock:
            self.reports.clear()

    def _finished(self) -> list[str]:
        return [each.id for each in self.reports.values() if each.state is State.FINISHED]

    def _open(self, report_id: str) -> StoredReport | Answer:
        found = self.reports.get(report_id)
        if found is None:
            return Answer(5001, "report does not exist")
        self._expire(found)
        if found.state is State.FINISHED:
            return Answer(5102, "report already finished", report_id=found.id)
        if found.state is State.RETRACTED:
            return Answer(5101, "report already retracted", report_id=found.id)
        if found.state is State.EXPIRED:
            return Answer(5001, "report does not exist")
        return found

    def _expire(self, report: StoredReport) -> None:
        if report.state is State.OPEN and self._clock() >= report.expires_at:
            report.state = State.EXPIRED
