"""The seven calls, against the test kit: what is sent, what comes back, and what a lost answer looks like."""

from __future__ import annotations

import hashlib
import io
import re
import socket
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import httpx
import pytest

from seawall.errors import SeawallError, UsageError
from seawall.maintain.authorities.egress import GuardedTransport, HostForbidden, Unanswered, Unreached
from seawall.maintain.authorities.ncmec.client import Credentials, ReportingApi
from seawall.maintain.authorities.ncmec.codes import Meaning
from seawall.maintain.authorities.ncmec.environment import (
    DISABLED,
    EnvironmentName,
    EnvironmentRefused,
    environment,
)
from seawall.maintain.authorities.ncmec.package import read_package
from seawall.maintain.authorities.ncmec.schema import compare, load_schema, read_xsd
from seawall.maintain.authorities.testkit import TestKit, serve
from tests.maintain.authorities.ncmec.test_documents import minimal

SCHEMA = load_schema()
PICTURE = b"no picture at all " * 5000
Order = Callable[..., None]


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, TestKit]]:
    """A kit that all tests of this module share."""
    with serve() as (address, kit):
        yield address, kit


@pytest.fixture
def kit(served: tuple[str, TestKit]) -> TestKit:
    """The kit, as at first."""
    served[1].reset()
    return served[1]


@pytest.fixture
def api(served: tuple[str, TestKit], kit: TestKit) -> Iterator[ReportingApi]:
    """A client of the kit's test environment."""
    place = environment(EnvironmentName.TEST, f"{served[0]}/ispws")
    with ReportingApi(place, Credentials("testkit", "testkit"), seconds=5) as api:
        yield api


@pytest.fixture
def order(kit: TestKit) -> Order:
    """Order one fault."""

    def one(call: str, fault: str, **more: Any) -> None:
        kit.faults.order([{"call": call, "fault": fault} | more])

    return one


def report(**more: Any) -> bytes:
    return read_package(minimal(**more), SCHEMA).render("report")


def details(report_id: str, file_id: str, **more: Any) -> bytes:
    said = {"reportId": report_id, "fileId": file_id} | more
    return read_package(minimal() | {"files": [said]}, SCHEMA).render("file:1")


def opened(api: ReportingApi) -> str:
    reply = api.submit(report())
    assert reply.done, reply
    assert reply.report_id is not None
    return reply.report_id


def reports(kit: TestKit) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = kit.state()["/ispws"]["reports"]
    return found


def test_a_report_is_opened_filled_and_finished(api: ReportingApi, kit: TestKit) -> None:
    assert api.status().done
    report_id = opened(api)
    reply, digests = api.upload(report_id, io.BytesIO(PICTURE), len(PICTURE))
    assert reply.done
    assert reply.md5 == digests.md5 == hashlib.md5(PICTURE).hexdigest()
    assert (digests.sha1, digests.sha256, digests.size) == (
        hashlib.sha1(PICTURE).hexdigest(),
        hashlib.sha256(PICTURE).hexdigest(),
        len(PICTURE),
    )
    assert reply.file_id is not None
    assert re.fullmatch("[0-9a-f]{32}", reply.file_id)
    assert api.file_info(details(report_id, reply.file_id, fileViewedByEsp=False)).done
    done = api.finish(report_id)
    assert (done.meaning, done.root, done.report_id, done.files) == (
        Meaning.DONE,
        "reportDoneResponse",
        report_id,
        (reply.file_id,),
    )
    assert done.request_id
    assert done.date
    assert b"<reportDoneResponse>" in done.body, "the receipt is kept as it came"
    (found,) = reports(kit)
    assert (found["state"], [each["described"] for each in found["files"]]) == ("finished", [True])
    assert found["files"][0]["sha256"] == digests.sha256
    assert kit.state()["/prod/ispws"]["reports"] == []


def test_the_schema_that_is_served_is_that_of_the_table(api: ReportingApi) -> None:
    assert compare(SCHEMA, read_xsd(api.xsd())) == []


def test_what_was_done_before_is_said_by_its_code(api: ReportingApi) -> None:
    filed, gone = opened(api), opened(api)
    assert api.finish(filed).done
    assert api.finish(filed).meaning is Meaning.FINISHED
    assert api.retract(filed).meaning is Meaning.FINISHED
    assert api.upload(filed, io.BytesIO(b"x"), 1)[0].meaning is Meaning.FINISHED
    assert api.retract(gone).done
    assert api.retract(gone).meaning is Meaning.RETRACTED
    assert api.finish(gone).meaning is Meaning.RETRACTED
    assert api.finish("123").meaning is Meaning.UNKNOWN_REPORT
    assert api.file_info(details(opened(api), "0" * 32)).meaning is Meaning.UNKNOWN_FILE


def test_the_details_of_a_file_are_taken_once(api: ReportingApi) -> None:
    report_id = opened(api)
    reply, _ = api.upload(report_id, io.BytesIO(b"x"), 1)
    assert api.file_info(details(report_id, str(reply.file_id))).done
    assert api.file_info(details(report_id, str(reply.file_id))).meaning is Meaning.RETRY


def test_an_unfinished_report_goes_a_day_after_opening_or_an_hour_after_its_last_change(
    api: ReportingApi, kit: TestKit
) -> None:
    early, late = opened(api), opened(api)
    kit.clock.forward(23.5 * 3600)
    assert api.upload(late, io.BytesIO(b"x"), 1)[0].done
    kit.clock.forward(0.6 * 3600)
    assert api.finish(early).meaning is Meaning.UNKNOWN_REPORT
    assert api.finish(late).done
    assert [each["state"] for each in reports(kit)] == ["expired", "finished"]


def test_what_breaks_a_rule_is_refused_with_place_and_rule(api: ReportingApi, kit: TestKit) -> None:
    future = minimal()["incidentSummary"] | {"incidentDateTime": "2999-01-01T00:00:00Z"}
    reply = api.submit(report(incidentSummary=future))
    assert (reply.meaning, reply.code) == (Meaning.REPAIR, 4100)
    assert reply.description == "report/incidentSummary/incidentDateTime: BR01"
    assert api.submit(b"<report>").code == 4110
    assert api.submit(b"<report/>").code == 4100
    assert reports(kit) == []


def test_a_batched_report_with_two_files_cannot_be_finished(api: ReportingApi) -> None:
    batched = {"batchedReport": {"@reason": "VIRAL_POTENTIAL_MEME"}, "personOrUserReported": [{"espIdentifier": "1"}]}
    reply = api.submit(report(**batched))
    for _ in range(2):
        assert api.upload(str(reply.report_id), io.BytesIO(b"x"), 1)[0].done
    told = api.finish(str(reply.report_id))
    assert (told.status, told.code, told.meaning) == (400, 4100, Meaning.REPAIR)


@pytest.mark.parametrize(
    ("fault", "meaning"),
    [
        ({"fault": "error_before"}, Meaning.RETRY),
        ({"fault": "error_after"}, Meaning.RETRY),
        ({"fault": "html"}, Meaning.RETRY),
        ({"fault": "html_after"}, Meaning.RETRY),
        ({"fault": "unauthorized"}, Meaning.PAUSE),
        ({"fault": "too_many"}, Meaning.RETRY),
        ({"fault": "latin1"}, Meaning.DONE),
        *(({"fault": "code", "code": code}, Meaning.RETRY) for code in (1000, 1100, 1110, 1111, 1300, 1999)),
        *(({"fault": "code", "code": code}, Meaning.PAUSE) for code in (2000, 3000, 3100, 3300)),
        *(({"fault": "code", "code": code}, Meaning.REPAIR) for code in (4000, 4100, 4200)),
        *(({"fault": "code", "code": code}, Meaning.STOP) for code in (1210, 4110, 7777)),
        ({"fault": "code", "code": 5102}, Meaning.FINISHED),
        ({"fault": "code", "code": 0}, Meaning.RETRY),
    ],
)
def test_each_fault_of_the_server_has_its_meaning(
    api: ReportingApi, kit: TestKit, fault: dict[str, Any], meaning: Meaning
) -> None:
    report_id = opened(api)
    kit.faults.order([{"call": "finish"} | fault])
    told = api.finish(report_id)
    assert told.meaning is meaning
    kit.faults.order([])
    assert api.finish(report_id).meaning in (Meaning.DONE, Meaning.FINISHED)


@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
def test_a_lost_answer_is_told_from_a_host_that_was_not_reached(
    api: ReportingApi, kit: TestKit, order: Order, fault: str
) -> None:
    report_id = opened(api)
    order("finish", fault)
    with pytest.raises(Unanswered):
        api.finish(report_id)
    assert reports(kit)[0]["state"] == ("finished" if fault == "drop_after" else "open")
    assert [each["call"] for each in kit.state()["calls"]].count("finish") == 1, "nothing is repeated by itself"
    order("submit", "drop_after")
    with pytest.raises(Unanswered):
        api.submit(report())
    assert len(reports(kit)) == 2, "an orphan is left open"


def test_an_answer_that_does_not_come_in_time_is_lost(served: tuple[str, TestKit], order: Order) -> None:
    order("status", "slow", seconds=3)
    place = environment(EnvironmentName.TEST, f"{served[0]}/ispws")
    with (
        ReportingApi(place, Credentials("testkit", "testkit"), seconds=0.2) as hasty,
        pytest.raises(Unanswered),
    ):
        hasty.status()


def test_a_host_that_is_not_there_was_sent_nothing() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = environment(EnvironmentName.TEST, f"http://127.0.0.1:{port}/ispws")
    with ReportingApi(place, Credentials("a", "b")) as api, pytest.raises(Unreached):
        api.submit(report())


def test_the_wrong_digest_of_an_upload_shows(api: ReportingApi, order: Order) -> None:
    report_id = opened(api)
    order("upload", "wrong_md5")
    reply, digests = api.upload(report_id, io.BytesIO(b"x"), 1)
    assert reply.done
    assert reply.md5 != digests.md5


def test_wrong_credentials_let_nobody_in(served: tuple[str, TestKit]) -> None:
    place = environment(EnvironmentName.TEST, f"{served[0]}/ispws")
    with ReportingApi(place, Credentials("testkit", "other")) as api:
        assert (api.status().meaning, api.status().status) == (Meaning.PAUSE, 401)
    assert "other" not in repr(Credentials("testkit", "other"))


class Endless(io.RawIOBase):
    """A file of so many bytes that is nowhere."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:  # type: ignore[override]
        piece = b"\0" * min(size, self.left)
        self.left -= len(piece)
        return piece


def test_a_large_file_streams(api: ReportingApi, kit: TestKit) -> None:
    size = 256 << 20
    report_id = opened(api)
    tracemalloc.start()
    try:
        file: BinaryIO = Endless(size)  # type: ignore[assignment]
        reply, digests = api.upload(report_id, file, size)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert reply.done
    assert reply.md5 == digests.md5
    assert reports(kit)[0]["files"][0]["size"] == size
    assert most < 32 << 20


def test_a_file_that_is_not_as_long_as_was_said_is_not_added(api: ReportingApi, kit: TestKit) -> None:
    report_id = opened(api)
    for wrong in (b"x" * 10, b"x" * 30):
        with pytest.raises((UsageError, Unanswered)):
            api.upload(report_id, io.BytesIO(wrong), 20)
    assert reports(kit)[0]["files"] == []


@pytest.mark.parametrize(
    "address",
    [
        "https://report.cybertip.org/ispws",
        "https://exttest.cybertip.org/ispws",
        "http://example.invalid/ispws",
        "http://localhost.example.invalid/ispws",
        "http://user@127.0.0.1/ispws",
        "http://192.0.2.1/ispws",
    ],
)
def test_no_address_but_one_of_this_machine_takes_the_place_of_an_authority(address: str) -> None:
    for name in (EnvironmentName.TEST, EnvironmentName.PRODUCTION):
        with pytest.raises(EnvironmentRefused):
            environment(name, address)


def test_no_authority_is_reached_from_tests_or_without_being_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (EnvironmentName.TEST, EnvironmentName.PRODUCTION):
        with pytest.raises(EnvironmentRefused, match="loopback"):
            environment(name, production_allowed=True)
    monkeypatch.delenv("SEAWALL_AUTHORITIES")
    with pytest.raises(EnvironmentRefused, match="switched on"):
        environment(EnvironmentName.PRODUCTION)
    assert environment(EnvironmentName.DISABLED) is DISABLED


def test_a_disabled_environment_and_other_hosts_are_sent_nothing() -> None:
    sent: list[httpx.Request] = []

    def answered(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(302, headers={"Location": "http://127.0.0.1:2/ispws/status"})

    inner = httpx.MockTransport(answered)
    with ReportingApi(DISABLED, Credentials("a", "b"), transport=inner) as api, pytest.raises(SeawallError):
        api.status()
    guarded = httpx.Client(transport=GuardedTransport({"127.0.0.1:1"}, inner))
    for other in ("http://127.0.0.1:2/", "http://127.0.0.1/", "http://127.0.0.2:1/", "http://example.invalid:1/"):
        with pytest.raises(HostForbidden):
            guarded.get(other)
    assert sent == []
    place = environment(EnvironmentName.TEST, "http://127.0.0.1:1/ispws")
    with ReportingApi(place, Credentials("a", "b"), transport=inner) as api:
        assert api.status().meaning is Meaning.STOP, "a redirect is not followed"
    assert len(sent) == 1
