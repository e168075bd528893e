"""The hazards of filing, H01 to H12 and H26 to H30 (reporting.md, section 9): each by its name."""

from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from sqlalchemy import insert

from seawall.casework import Casework
from seawall.errors import SeawallError
from seawall.maintain.authorities.egress import GuardedTransport, HostForbidden, Unanswered
from seawall.maintain.authorities.ncmec.client import Credentials, ReportingApi
from seawall.maintain.authorities.ncmec.codes import Meaning
from seawall.maintain.authorities.ncmec.environment import EnvironmentName, environment
from seawall.maintain.authorities.ncmec.replies import read_reply
from seawall.maintain.authorities.reports import ReportState, pausing
from seawall.maintain.authorities.testkit import TestKit
from seawall.store import StoreConflict
from seawall.store.tables import report as table
from tests.maintain.authorities.reports.office import (
    APPROVERS,
    REVIEWERS,
    Hands,
    approved,
    drafted,
    filed_there,
    filer,
    judge,
    opened,
    ready,
)

Kit = tuple[str, TestKit]


@pytest.fixture
def url(migrated_url: str) -> str:
    """A database of each kind in turn."""
    return migrated_url


def states(kit: TestKit, *, drill: bool = True) -> list[str]:
    """Return what became of the reports that a kit was sent."""
    return sorted(each["state"] for each in kit.environments["/ispws" if drill else "/prod/ispws"].state())


def test_h01_a_crash_between_finish_and_its_answer_files_nothing_twice(casework: Casework, kit: Kit) -> None:
    address, there = kit
    report = ready(casework, opened(casework, b"blue glass heron"))
    there.faults.order([{"call": "finish", "nth": 1, "fault": "drop_after"}])
    files = filer(casework, address)
    files.once(1)
    assert (casework.reports.get(report.id).state, states(there)) == (ReportState.FILING, ["finished"])
    files.once()
    assert (casework.reports.get(report.id).state, states(there)) == (ReportState.FILED, ["finished"])


def test_h02_nothing_is_done_before_the_authority_says_so(casework: Casework, kit: Kit) -> None:
    address, there = kit
    report = ready(casework, opened(casework, b"blue glass heron"))
    files = filer(casework, address)
    seen = []
    files._told = lambda report_id, _act: seen.append(casework.reports.get(report_id).state)
    for call in ("submit", "upload", "fileinfo", "finish"):
        there.faults.order([{"call": call, "fault": "drop_before"}])
        files.once(1)
        assert casework.reports.get(report.id).state is ReportState.FILING
    there.faults.order([])
    files.once()
    files.once()
    assert set(seen) == {ReportState.FILING}
    assert casework.reports.get(report.id).state is ReportState.FILED


def test_h03_a_report_that_expires_midway_is_begun_anew(casework: Casework, kit: Kit, hands: Hands) -> None:
    address, there = kit
    report = ready(casework, opened(casework, b"blue glass heron", b"green glass heron"))
    there.faults.order([{"call": "fileinfo", "nth": 1, "fault": "drop_before"}])
    files = filer(casework, address)
    files.once(1)
    hands.pass_by(hours=30)
    there.clock.forward(30 * 3600)
    for _ in range(4):
        files.once()
    assert casework.reports.get(report.id).state is ReportState.FILED
    assert states(there) == ["expired", "finished"]


def test_h04_a_retried_upload_doubles_no_file(casework: Casework, kit: Kit) -> None:
    address, there = kit
    report = ready(casework, opened(casework, b"blue glass heron"))
    there.faults.order([{"call": "upload", "nth": 1, "fault": "drop_after"}])
    files = filer(casework, address)
    for _ in range(4):
        files.once()
    (finished,) = filed_there(there)
    assert len(finished["files"]) == 1
    assert casework.reports.get(report.id).complete


def test_h05_details_that_may_be_there_are_not_told_a_third_time(casework: Casework, kit: Kit) -> None:
    address, there = kit
    ready(casework, opened(casework, b"blue glass heron"))
    there.faults.order([{"call": "fileinfo", "nth": number, "fault": "drop_before"} for number in (1, 2)])
    files = filer(casework, address)
    for _ in range(6):
        files.once()
    assert states(there) == ["finished", "retracted"]
    assert [each["call"] for each in there.calls].count("fileinfo") == 3


def test_h06_drills_never_go_to_production_and_nothing_else_to_the_test(casework: Casework, kit: Kit) -> None:
    address, there = kit
    ready(casework, opened(casework, b"blue glass heron"))
    real = ready(casework, opened(casework, b"green glass heron", drill=False, subject="account-8"))
    assert filer(casework, address).file(real.id).state is ReportState.FILED
    assert (states(there), states(there, drill=False)) == ([], ["finished"])
    filer(casework, address).once()
    assert (states(there), states(there, drill=False)) == (["finished"], ["finished"])
    with casework.store.read() as connection:
        row = dict(connection.execute(table.select().where(table.c.id == real.id)).mappings().one())
    for wrong in ({"environment": "test"}, {"drill": True}):
        with pytest.raises(StoreConflict), casework.store.begin() as connection:
            connection.execute(insert(table), row | {"id": "f" * 32, "remote_id": None, "follow_up": 9} | wrong)


def test_h07_an_authority_that_refuses_everything_is_asked_no_more(casework: Casework, kit: Kit) -> None:
    address, there = kit
    for number in range(5):
        ready(casework, opened(casework, f"heron {number}".encode(), subject=f"account-{number}"))
    there.faults.order([{"call": "submit", "fault": "code", "code": 4100}])
    for _ in range(4):
        filer(casework, address).once()
    assert [each["call"] for each in there.calls].count("submit") == 3


@pytest.mark.parametrize(("ahead", "state"), [(300, "filed"), (7200, "needs_repair")], ids=["a little", "much"])
def test_h08_a_moment_to_come_is_waited_for_or_stops_the_report_and_is_never_changed(
    casework: Casework, kit: Kit, hands: Hands, ahead: int, state: str
) -> None:
    address, there = kit
    hands.forward(ahead)
    case = opened(casework, b"blue glass heron")
    judge(casework, case, REVIEWERS[0])
    report = drafted(casework, case)
    (item,) = casework.cases.items(case.id)
    report = approved(casework, report)
    hands.forward(-ahead - 1)
    with casework.store.begin() as connection:
        connection.execute(table.update().values(due_at=None))
    files = filer(casework, address)
    files.once()
    assert states(there) == []
    hands.forward(ahead + 90)
    there.clock.forward(ahead + 90)
    files.once()
    assert casework.reports.get(report.id).state.value == state
    if state == "filed":
        (stored,) = there.environments["/ispws"].reports.values()
        assert stored.document.said("incidentSummary/incidentDateTime") == item.added_at[:19] + "Z"


@pytest.mark.parametrize(
    "subject",
    ["</report><x a='&\"", "a ]]> b", "h\u00e9ron \U0001f426", "\u202eright to left", "&amp;lt;", "a\u0001b"],
)
def test_h09_no_sign_breaks_the_document(casework: Casework, kit: Kit, subject: str) -> None:
    address, there = kit
    report = ready(casework, opened(casework, b"blue glass heron", subject=subject))
    filer(casework, address).once()
    stored = there.environments["/ispws"].reports[str(casework.reports.get(report.id).remote_id)]
    expected = subject.replace("\u0001", "[U+0001]")
    assert stored.document.said("personOrUserReported/espIdentifier") == expected


@pytest.mark.parametrize("subject", ["00123", "1e5", "+1", "0x10", "1_000", "true"])
def test_h10_what_looks_like_a_number_stays_as_it_is(casework: Casework, kit: Kit, subject: str) -> None:
    address, there = kit
    report = ready(casework, opened(casework, b"blue glass heron", subject=subject))
    filer(casework, address).once()
    stored = there.environments["/ispws"].reports[str(casework.reports.get(report.id).remote_id)]
    assert stored.document.said("personOrUserReported/espIdentifier") == subject


def test_h11_a_large_file_is_never_in_memory(casework: Casework, kit: Kit) -> None:
    address, there = kit
    size = 48 << 20
    ready(casework, opened(casework, b"\0" * size))
    tracemalloc.start()
    try:
        filer(casework, address).once()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    (finished,) = filed_there(there)
    assert finished["files"][0]["size"] == size
    assert peak < size // 3


def test_h12_a_reply_that_is_hostile_is_no_answer() -> None:
    good = b"<reportResponse><responseCode>0</responseCode><reportId>1</reportId></reportResponse>"
    assert read_reply(200, good).meaning is Meaning.DONE
    declared = b'<!DOCTYPE r [<!ENTITY a "1">]>' + good
    deep = b"<reportResponse>" + b"<a>" * 10_000 + b"</a>" * 10_000 + b"</reportResponse>"
    for body in (declared, deep, b"\xff\xfe" + good, good[:-5]):
        assert read_reply(200, body).meaning is Meaning.RETRY

    def endless(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=_Endless())

    place = environment(EnvironmentName.TEST, "http://127.0.0.1:1/ispws")
    api = ReportingApi(place, Credentials("a", "b"), transport=httpx.MockTransport(endless))
    with api, pytest.raises(Unanswered, match="more than"):
        api.status()


class _Endless(httpx.SyncByteStream):
    """A body without an end."""

    def __iter__(self):  # type: ignore[no-untyped-def]
        while True:
            yield b" " * 65536


def test_h26_credentials_that_are_refused_stop_everything(casework: Casework, kit: Kit) -> None:
    address, there = kit
    for number in range(3):
        ready(casework, opened(casework, f"heron {number}".encode(), subject=f"account-{number}"))
    there.faults.order([{"call": "status", "fault": "unauthorized"}])
    for _ in range(4):
        filer(casework, address).once()
    assert [each["call"] for each in there.calls] == ["status"]
    assert {each.state for each in casework.reports.list()} == {ReportState.APPROVED}


def test_h27_no_host_but_the_authoritys_is_sent_anything() -> None:
    place = environment(EnvironmentName.TEST, "http://127.0.0.1:1/ispws")
    transport = GuardedTransport(place.hosts, httpx.MockTransport(lambda _request: httpx.Response(200)))
    for url in ("http://127.0.0.1:2/ispws/status", "http://example.invalid/", "http://127.0.0.1/ispws"):
        with pytest.raises(HostForbidden):
            transport.handle_request(httpx.Request("POST", url))


def test_h28_no_call_is_repeated_or_sent_on_by_a_library(casework: Casework, kit: Kit) -> None:
    called = []

    def moved(request: httpx.Request) -> httpx.Response:
        called.append(request.url.path)
        return httpx.Response(307, headers={"Location": "http://127.0.0.1:1/elsewhere"})

    place = environment(EnvironmentName.TEST, "http://127.0.0.1:1/ispws")
    with ReportingApi(place, Credentials("a", "b"), transport=httpx.MockTransport(moved)) as api:
        assert not api.submit(b"<report/>").done
    assert called == ["/ispws/submit"]
    address, there = kit
    ready(casework, opened(casework, b"blue glass heron"))
    there.faults.order([{"call": "submit", "nth": 1, "fault": "error_before"}])
    filer(casework, address).once(1)
    assert [each["call"] for each in there.calls].count("submit") == 1


def test_h29_a_page_that_says_all_is_well_is_no_answer(casework: Casework, kit: Kit) -> None:
    address, there = kit
    report = ready(casework, opened(casework, b"blue glass heron"))
    there.faults.order([{"call": "finish", "fault": "html"}])
    files = filer(casework, address)
    for _ in range(3):
        files.once()
    assert casework.reports.get(report.id).state is ReportState.FILING
    assert filed_there(there) == []


def test_h30_what_was_overturned_before_the_finish_is_not_filed(casework: Casework, kit: Kit) -> None:
    address, there = kit
    case = opened(casework, b"blue glass heron")
    report = ready(casework, case)
    files = filer(casework, address)

    def overturned(_report: str, act: object) -> None:
        # The decision falls while the last call before the finish is under way.
        if getattr(act, "call", None) == "fileinfo":
            (decision,) = casework.cases.decisions(case.id)
            with casework.store.begin() as connection:
                casework.cases.overturn(connection, decision.id, person="9" * 32, reason="it was harmless")

    files._told = overturned
    files.once()
    assert states(there) == ["retracted"]
    assert casework.reports.get(report.id).state is ReportState.WITHDRAWN


def test_an_object_that_cannot_be_read_stops_the_report_and_loses_nothing(
    casework: Casework, kit: Kit, home: Path
) -> None:
    address, there = kit
    case = opened(casework, b"blue glass heron")
    report = ready(casework, case)
    (item,) = casework.cases.items(case.id)
    (path,) = (home / "vault").rglob(str(item.vault))
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    files = filer(casework, address)
    for _ in range(3):
        files.once()
    found = casework.reports.get(report.id)
    assert (found.state, found.why) == (ReportState.NEEDS_REPAIR, "vault_damaged")
    path.write_bytes(whole)
    casework.reports.resume(report.id, person=APPROVERS[0])
    for _ in range(3):
        files.once()
    assert casework.reports.get(report.id).state is ReportState.FILED
    assert filed_there(there)
    with pytest.raises(SeawallError):
        casework.reports.resume(report.id, person=APPROVERS[0])


def test_several_file_beside_each_other_and_each_report_is_filed_once(casework: Casework, kit: Kit) -> None:
    address, there = kit
    reports = [ready(casework, opened(casework, f"heron {n}".encode(), subject=f"account-{n}")) for n in range(8)]
    there.faults.order(
        [{"call": "upload", "nth": 3, "fault": "drop_after"}, {"call": "finish", "nth": 2, "fault": "html_after"}]
    )
    with ThreadPoolExecutor(3) as pool:
        done = [pool.submit(filer(casework, address).once) for _ in range(3)]
        ended = [each for one in done for each in one.result()]
    filer(casework, address).once()
    filer(casework, address).once()
    assert {casework.reports.get(each.id).state for each in reports} == {ReportState.FILED}
    assert len(filed_there(there)) == len({each.remote_id for each in casework.reports.list()}) == 8
    assert len({each.report_id for each in ended}) == 8


@pytest.mark.parametrize("hours", [2, -2, 20])
@pytest.mark.parametrize("call", ["submit", "upload", "fileinfo", "finish"])
def test_a_clock_that_jumps_midway_doubles_nothing(
    casework: Casework, kit: Kit, hands: Hands, hours: int, call: str
) -> None:
    address, there = kit
    report = ready(casework, opened(casework, b"blue glass heron"))
    files = filer(casework, address)
    jumped = []

    def jump(_report: str, act: object) -> None:
        if getattr(act, "call", None) == call and not jumped:
            jumped.append(act)
            hands.forward(hours * 3600)

    files._told = jump
    files.once()
    hands.forward(-hours * 3600 * len(jumped))
    pausing.resume(casework.reports, "ncmec", EnvironmentName.TEST, person=APPROVERS[0])
    hands.pass_by(minutes=5)
    there.clock.forward(300)
    for _ in range(3):
        files.once()
    assert casework.reports.get(report.id).state is ReportState.FILED
    assert len(filed_there(there)) == 1


def test_a_report_that_cannot_be_read_keeps_no_other_from_being_filed(
    casework: Casework, kit: Kit, home: Path, hands: Hands
) -> None:
    address, there = kit
    broken = ready(casework, opened(casework, b"blue glass heron"))
    whole = ready(casework, opened(casework, b"green glass heron", subject="account-8"))
    (path,) = (home / "vault").rglob(str(casework.reports.get(broken.id).documents))
    path.write_bytes(path.read_bytes()[:-1])
    files = filer(casework, address)
    ended = {each.report_id: each for each in files.once()}
    assert ended[whole.id].state is ReportState.FILED
    assert (ended[broken.id].state, ended[broken.id].why) == (ReportState.APPROVED, "vault_damaged")
    hands.pass_by(minutes=16)
    there.clock.forward(16 * 60)
    files.once()
    assert casework.reports.get(broken.id).alarms == 1


def test_a_case_that_cannot_be_drafted_keeps_no_other_from_being_drafted(casework: Casework, home: Path) -> None:
    from seawall.cases.model import ItemKind

    broken = opened(casework, b"a lantern", kind=ItemKind.TEXT, media_type="text/plain")
    whole = opened(casework, b"green glass heron", subject="account-8")
    (item,) = casework.cases.items(broken.id)
    (path,) = (home / "vault").rglob(str(item.vault))
    data = path.read_bytes()
    for case in (broken, whole):
        judge(casework, case, REVIEWERS[0])
    path.write_bytes(data[:-1])
    assert casework.reports.draft_due() == 1
    assert [each.case_id for each in casework.reports.list()] == [whole.id]
    path.write_bytes(data)
    assert casework.reports.draft_due() == 0, "it waits a while"
    casework.reports.failed.clear()
    assert casework.reports.draft_due() == 1
