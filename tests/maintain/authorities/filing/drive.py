"""Drives a filing against a stand-in, dying where it is told to: what is on record is all that a next life knows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from seawall.maintain.authorities.filing import (
    Action,
    Answered,
    Call,
    Event,
    Intent,
    Lost,
    Phase,
    Resumed,
    Standing,
    fold,
    next_action,
)
from seawall.maintain.authorities.ncmec.codes import meaning_of
from seawall.maintain.authorities.ncmec.package import read_package
from seawall.maintain.authorities.ncmec.schema import load_schema
from seawall.maintain.authorities.ncmec.uploading import Digests
from seawall.maintain.authorities.testkit.ispws import Answer, Ispws
from seawall.maintain.authorities.testkit.ispws import State as Stored
from tests.maintain.authorities.ncmec.test_documents import minimal

SCHEMA = load_schema()
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
REPORT = read_package(minimal(), SCHEMA).render("report")


class Killed(Exception):
    """The process dies."""


@dataclass
class Clock:
    """Time that goes on with each thing that is done."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **length: float) -> None:
        self.now += timedelta(**length)


@dataclass
class Drive:
    """One report, on its way to a stand-in.

    Attributes:
        files: How many files it has.
        faults: What happens at which call, counted from 0: `before`, `after` (lost), `unreached`, `wrong`, `same_id`,
            or a code that comes before or after the work is done (`1100`, `1100+`).
        kills: Steps at which the process dies: two before each call's record, one after.
        wanted: Whether the report is still approved.
    """

    files: int = 2
    faults: dict[int, str] = field(default_factory=dict)
    kills: set[int] = field(default_factory=set)
    wanted: Callable[[], bool] = lambda: True
    clock: Clock = field(default_factory=Clock)
    record: list[Event] = field(default_factory=list)
    steps: int = 0
    calls: int = 0
    lives: int = 0

    def __post_init__(self) -> None:
        self.authority = Ispws(self.clock, SCHEMA)

    @property
    def standing(self) -> Standing:
        return fold(self.record)

    @property
    def finished(self) -> list[str]:
        return [each.id for each in self.authority.reports.values() if each.state is Stored.FINISHED]

    def until_quiet(self, most: int = 400) -> Standing:
        """Live again and again, until nothing follows by itself."""
        for _ in range(most):
            self.lives += 1
            try:
                self._live()
            except Killed:
                self.clock.pass_by(seconds=1)
                continue
            return self.standing
        raise AssertionError("it never comes to rest")

    def resume(self) -> None:
        """Let a person say that it goes on."""
        self.record.append(Resumed(self.clock()))

    def _live(self) -> None:
        for _ in range(400):
            act = next_action(self.standing, files=self.files, now=self.clock(), wanted=self.wanted())
            if act.action is not Action.CALL:
                return
            assert act.call is not None
            self.record.append(Intent(self.clock(), act.call, act.file))
            self._step()
            event = self._make(act.call, act.file)
            self._step()
            self.record.append(event)
            self._step()
            assert len(self.finished) <= 1
        raise AssertionError("it goes on for ever")

    def _step(self) -> None:
        self.steps += 1
        self.clock.pass_by(seconds=1)
        if self.steps - 1 in self.kills:
            raise Killed

    def _make(self, call: Call, file: int | None) -> Event:
        fault = self.faults.get(self.calls)
        self.calls += 1
        if fault == "unreached":
            return Lost(self.clock(), sent=False)
        if fault == "before":
            return Lost(self.clock())
        if fault is not None and fault.isdecimal():
            return Answered(self.clock(), meaning_of(int(fault)))
        answer = self._work(call, file, same_id=fault == "same_id")
        if fault == "after":
            return Lost(self.clock())
        if fault is not None and fault.endswith("+"):
            return Answered(self.clock(), meaning_of(int(fault[:-1])))
        return Answered(
            self.clock(),
            meaning_of(answer.code),
            answer.report_id,
            answer.file_id,
            intact=fault != "wrong",
            files=answer.files,
        )

    def _work(self, call: Call, file: int | None, *, same_id: bool) -> Answer:
        standing = self.standing
        report_id = standing.report_id or ""
        match call:
            case Call.SUBMIT:
                return self.authority.submit(REPORT, same_id=same_id)
            case Call.UPLOAD:
                digest = hashlib.sha256(str(file).encode()).hexdigest()
                return self.authority.upload(report_id, Digests(digest[:32], digest[:40], digest, 1))
            case Call.FILE_INFO:
                details = {"reportId": report_id, "fileId": dict(standing.files)[file or 0]}
                package = read_package(minimal() | {"files": [details]}, SCHEMA)
                return self.authority.file_info(package.render("file:1"))
            case Call.FINISH:
                return self.authority.finish(report_id)
            case Call.RETRACT:
                return self.authority.retract(report_id)

    def expect_filed_once(self) -> None:
        """Whatever happened: one report is filed, with each file once, each with its details."""
        standing = self.standing
        assert standing.phase is Phase.FILED, standing
        assert standing.complete, standing
        (report_id,) = self.finished
        assert report_id == standing.report_id
        filed = self.authority.reports[report_id]
        wanted = {hashlib.sha256(str(number).encode()).hexdigest() for number in range(self.files)}
        assert [each.described for each in filed.files.values()] == [True] * self.files
        assert {each.digests.sha256 for each in filed.files.values()} == wanted
        assert len(filed.files) == self.files
