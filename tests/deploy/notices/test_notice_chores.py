"""What happens to notices by itself: escalation, acknowledged removals, and bytes from hosts that are allowed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from seawall.cases.model import EffectKind, Item, ItemKind, Label, Outcome
from seawall.deploy.gateway.errors import FetchFailed, FetchRefused
from seawall.deploy.guard.media.spool import MemoryMedia
from seawall.deploy.notices import Category, Contact, NewNotice, NoticeHook, NoticeObject, ObjectType, make_resolver
from seawall.deploy.notices.chores import NoticeChores
from seawall.deploy.notices.errors import NeverAReport
from seawall.deploy.notices.fetching import Resolver, resolvable

REQUEST = NewNotice(
    Category.NCII_ADULT,
    (NoticeObject(ObjectType.LINK, "https://host.example/p/1"),),
    contact=Contact(email="ada@example.org"),
    good_faith=True,
    signature="Ada Example",
    take_it_down=True,
)


def chores(bench: Any, **acknowledged: str) -> NoticeChores:
    return NoticeChores(bench.store, bench.ledger, bench.cases, acknowledged.get, bench.notices.rates)


def test_a_request_is_escalated_at_36_hours_once_and_only_if_it_waits(bench):
    bench.notices.receive(REQUEST)
    decided = replace(REQUEST, objects=(NoticeObject(ObjectType.LINK, "https://host.example/p/2"),))
    bench.notices.receive(decided)
    waiting, done = (case for case, _ in bench.cases.openings)
    bench.decide(done, Outcome.NO_VIOLATION)
    bench.clock.turn(hours=35, minutes=59)
    assert chores(bench).once().escalated == 0
    bench.clock.turn(minutes=1)
    assert chores(bench).once().escalated == 1
    assert chores(bench).once().escalated == 0
    assert [case for case, _ in bench.cases.escalated] == [waiting]
    [event] = bench.events("notice.escalated")
    assert event["body"]["lane"] == "take_it_down"


def test_copies_of_what_a_request_removes_go_by_their_hash(bench):
    banked: list[str] = []
    hook = NoticeHook(bench.ledger, lambda _connection, _case, _decision, item: banked.append(item.id))
    items = [
        Item(each, "c", each, ItemKind.IMAGE, "t", sha256=digest) for each, digest in (("a", "0" * 64), ("b", None))
    ]
    bench.notices.receive(REQUEST)
    case = bench.cases.openings[0][0]
    bench.decide(case, Outcome.NO_VIOLATION, hook=hook, items=items)
    bench.decide(case, Outcome.NOT_REPORTABLE, EffectKind.REMOVE, EffectKind.BANK, hook=hook, items=items)
    assert banked == []
    bench.decide(case, Outcome.NOT_REPORTABLE, EffectKind.REMOVE, hook=hook, items=items)
    assert banked == ["a"]


def test_a_request_about_an_adult_is_never_drafted_as_a_report_about_a_child(bench):
    receipt = bench.notices.receive(REQUEST)
    case = bench.cases.openings[0][0]
    for labels in ((), (Label.NCII_ADULT,), (Label.ADULT, Label.BENIGN)):
        with pytest.raises(NeverAReport):
            bench.decide(case, Outcome.REPORTABLE, EffectKind.REPORT_DRAFT, labels=labels)
    assert bench.notices.status(receipt.token).decided_at is None
    bench.decide(case, Outcome.REPORTABLE, EffectKind.REPORT_DRAFT, labels=(Label.CSEM_SEXUALISED_MEDIA,))
    assert bench.notices.status(receipt.token).decided_at is not None


def test_late_notices_are_those_that_should_have_been_decided(bench):
    bench.notices.receive(REQUEST)
    assert bench.notices.list(late_only=True) == []
    bench.clock.turn(hours=49)
    [late] = bench.notices.list(late_only=True)
    bench.decide(late.cases[0], Outcome.NO_VIOLATION)
    assert bench.notices.list(late_only=True) == []


def test_a_removal_is_known_when_it_was_acknowledged(bench):
    receipt = bench.notices.receive(REQUEST)
    decision = bench.decide(bench.cases.openings[0][0], Outcome.NOT_REPORTABLE, EffectKind.REMOVE, EffectKind.BANK)
    assert chores(bench).once().removed == 0
    bench.clock.turn(hours=3)
    at = "2026-03-02T12:30:00.000000Z"
    assert chores(bench, **{decision: at}).once().removed == 1
    assert chores(bench, **{decision: at}).once().removed == 0
    assert bench.notices.status(receipt.token).removed_at == at
    assert bench.events("notice.removed")[0]["body"]["acknowledged_at"] == at


@pytest.fixture
def resolver(bench: Any) -> Any:
    answers: dict[str, Any] = {}
    asked: list[str] = []

    def fetch(url: str, limit: int) -> MemoryMedia:
        asked.append(url)
        answer = answers.get(url, FetchFailed())
        if isinstance(answer, Exception):
            raise answer
        return MemoryMedia(answer)

    bench.notices._resolvable = resolvable(["media.example", "other.example:8443"])
    made = Resolver(bench.store, bench.notices.evidence, fetch, 1000)
    return made, answers, asked


def link(url: str) -> NewNotice:
    return NewNotice(Category.MINOR_SEXUAL_CONTENT, (NoticeObject(ObjectType.LINK, url),))


def test_bytes_are_fetched_only_from_hosts_that_are_allowed(bench, resolver):
    made, answers, asked = resolver
    answers["https://media.example/a"] = b"heron"
    for url in (
        "https://media.example/a",
        "https://evil.example/a",
        "https://media.example.evil/a",
        "ftp://media.example/a",
    ):
        bench.notices.receive(link(url))
    done = made.once()
    assert (done.fetched, done.later, done.failed) == (1, 0, 0)
    assert asked == ["https://media.example/a"]
    [brought] = [each for stored in bench.notices.list() for each in bench.notices.evidence.of_notice(stored.id)]
    with bench.vault.open(brought.vault, person="ada", purpose="test") as stream:
        assert stream.read() == b"heron"
    assert made.once().fetched == 0


def test_what_cannot_be_fetched_is_tried_again_for_a_day(bench, resolver):
    made, _, asked = resolver
    bench.notices.receive(link("https://media.example/gone"))
    assert made.once().later == 1
    assert made.once().later == 0
    for _ in range(60):
        bench.clock.turn(minutes=31)
        made.once()
    assert 40 < len(asked) < 60


def test_what_the_fetcher_refuses_or_is_empty_is_given_up(bench, resolver):
    made, answers, asked = resolver
    answers |= {"https://media.example/r": FetchRefused(), "https://media.example/e": b""}
    bench.notices.receive(link("https://media.example/r"))
    bench.notices.receive(link("https://media.example/e"))
    assert made.once().failed == 2
    bench.clock.turn(hours=2)
    made.once()
    assert len(asked) == 2


def test_a_port_that_is_not_usual_must_be_named(bench):
    lies = resolvable(["other.example:8443"])
    assert lies(NoticeObject(ObjectType.LINK, "https://other.example:8443/x"))
    assert not lies(NoticeObject(ObjectType.LINK, "https://other.example/x"))
    assert not lies(NoticeObject(ObjectType.LINK, "https://other.example:notaport/x"))
    assert not lies(NoticeObject(ObjectType.IMAGE, "other.example"))


def test_nothing_is_fetched_unless_the_operator_names_hosts_and_nothing_from_this_machine(bench):
    assert make_resolver(bench.notices, bench.store) is None
    notices = bench.with_options(evidence_hosts=["127.0.0.1:9", "localhost"])
    notices._resolvable = resolvable(notices.options.evidence_hosts)
    made = make_resolver(notices, bench.store)
    assert made is not None
    notices.receive(link("http://127.0.0.1:9/x"))
    notices.receive(link("http://localhost/x"))
    assert made.once().failed == 2
