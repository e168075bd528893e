"""Trusted flaggers, hotlines and reporters: priority inside their expertise, a record, a warning before anything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from seawall.cases.model import Outcome
from seawall.deploy.notices import (
    Category,
    Contact,
    FlaggerKind,
    FlaggerProblem,
    Lane,
    NewNotice,
    NoticeInvalid,
    NoticeObject,
    ObjectType,
    ReporterSuspended,
    Sender,
    WarnFirst,
    figures,
)
from seawall.deploy.notices.requesting import suspension_request
from seawall.errors import NotFound, UsageError

EXPERT = frozenset({Category.MINOR_SEXUAL_CONTENT})
FLAGGER = Sender(key_name="example-hotline")
NAMED = Contact(name="Ada Example", email="ada@example.org")


def about(name: str, category: Category = Category.MINOR_SEXUAL_CONTENT) -> NewNotice:
    return NewNotice(
        category, (NoticeObject(ObjectType.IMAGE, name),), text="a zorblax", good_faith=True, contact=NAMED
    )


def register(bench: Any, **changes: Any) -> Any:
    given = {
        "expertise": EXPERT, "person": "ada", "coordinator": "Example Coordinator", "country": "SE",
        "key_name": "example-hotline",
    }  # fmt: skip
    return bench.notices.flaggers.add("Example Hotline", **(given | changes))


def decide_all(bench: Any, outcome: Outcome) -> None:
    for case in {case for case, _ in bench.cases.openings} - bench.cases.closed:
        bench.decide(case, outcome)


def test_a_trusted_flagger_has_priority_inside_its_expertise_alone(bench):
    register(bench)
    inside = bench.notices.receive(about("gen-1"), FLAGGER)
    outside = bench.notices.receive(about("gen-2", Category.OTHER), FLAGGER)
    assert (inside.lane, outside.lane) == (Lane.TRUSTED, Lane.USER)
    (_, first), (_, second) = bench.cases.openings
    assert (first.event_class, second.event_class) == ("trusted_notice", "user_report")
    assert inside.due < outside.due
    stranger = bench.notices.receive(about("gen-3"), Sender(key_name="somebody"))
    assert stranger.lane is Lane.USER


def test_a_flagger_speaks_for_itself_and_not_for_the_host(bench):
    register(bench)
    claimed = replace(about("gen-1"), drill=True)
    with pytest.raises(NoticeInvalid):
        bench.notices.receive(claimed, replace(FLAGGER, host=True))


def test_a_designation_begins_ends_and_can_be_suspended(bench):
    later = "2026-03-02T12:00:00.000000Z"
    register(bench, valid_from=later, valid_until="2026-03-03T12:00:00.000000Z")
    lanes = []
    for hours in (0, 4, 24):
        bench.clock.turn(hours=hours)
        lanes.append(bench.notices.receive(about(f"gen-{hours}"), FLAGGER).lane)
    assert lanes == [Lane.USER, Lane.TRUSTED, Lane.USER]
    other = bench.notices.flaggers.add(
        "Second", kind=FlaggerKind.HOTLINE, expertise=EXPERT, person="ada", key_name="second"
    )
    assert bench.notices.receive(about("gen-x"), Sender(key_name="second")).lane is Lane.HOTLINE
    bench.notices.flaggers.suspend("Second", person="bob", reason="imprecise")
    assert bench.notices.receive(about("gen-y"), Sender(key_name="second")).lane is Lane.USER
    assert bench.notices.flaggers.get(other.id).suspended_by == "bob"


def test_a_flagger_is_registered_whole_and_once(bench):
    for wrong in ({"expertise": frozenset()}, {"coordinator": None}, {"country": None}):
        with pytest.raises(FlaggerProblem):
            register(bench, **wrong)
    register(bench)
    with pytest.raises(FlaggerProblem, match="already"):
        register(bench)
    with pytest.raises(NotFound):
        bench.notices.flaggers.suspend("nobody", person="ada", reason="x")
    with pytest.raises(FlaggerProblem):
        bench.notices.flaggers.suspend("Example Hotline", person="ada", reason=" ")


def test_precision_and_time_are_known_for_each_flagger(bench):
    flagger = register(bench)
    for number in range(3):
        bench.notices.receive(about(f"good-{number}"), FLAGGER)
    bench.clock.turn(hours=2)
    decide_all(bench, Outcome.REPORTABLE)
    bench.notices.receive(about("bad"), FLAGGER)
    bench.clock.turn(hours=30)
    decide_all(bench, Outcome.NO_VIOLATION)
    bench.notices.receive(about("other"))
    found = figures(bench.store, flagger=flagger.id)
    assert (found.received, found.upheld, found.not_upheld, found.precision) == (4, 3, 1, 0.75)
    assert (found.in_time, found.median_hours) == (3, 2.0)


def test_a_letter_to_the_coordinator_takes_enough_decisions_and_tells_figures_alone(bench):
    flagger = register(bench)
    for number in range(20):
        bench.notices.receive(about(f"gen-{number}"), FLAGGER)
    window = {"service": "Example Pictures", "since": "2026-03-02", "until": "2026-03-09"}
    with pytest.raises(FlaggerProblem, match="too few"):
        suspension_request(flagger, figures(bench.store, flagger=flagger.id), **window)
    decide_all(bench, Outcome.NO_VIOLATION)
    letter = suspension_request(flagger, figures(bench.store, flagger=flagger.id), **window)
    assert "20 (100.0 %) were not" in letter
    assert "zorblax" not in letter
    hotline = replace(flagger, kind=FlaggerKind.HOTLINE)
    with pytest.raises(FlaggerProblem):
        suspension_request(hotline, figures(bench.store), **window)


def test_who_is_often_right_weighs_more_and_who_is_often_wrong_less(bench):
    unknown = bench.notices.receive(about("gen-0", Category.OTHER))
    decide_all(bench, Outcome.REPORTABLE)
    for number in range(1, 6):
        bench.notices.receive(about(f"gen-{number}", Category.OTHER))
    decide_all(bench, Outcome.REPORTABLE)
    right = bench.notices.receive(about("gen-right", Category.OTHER))
    assert right.due < unknown.due
    weight = bench.notices.by_receipt(right.token).weight
    assert 1.0 < weight <= 1.5
    bob = replace(about("x", Category.OTHER), contact=Contact(name="Bob", email="bob@example.org"))
    for number in range(6):
        thing = (NoticeObject(ObjectType.IMAGE, f"bob-{number}"),)
        bench.notices.receive(replace(bob, objects=thing))
    decide_all(bench, Outcome.NO_VIOLATION)
    wrong = bench.notices.receive(replace(bob, objects=(NoticeObject(ObjectType.IMAGE, "bob-last"),)))
    assert bench.notices.by_receipt(wrong.token).weight < 1.0
    about_a_child = bench.notices.receive(replace(about("child"), contact=bob.contact))
    assert about_a_child.due == bench.notices.receive(replace(about("child-2"), contact=NAMED)).due


def misuse(bench: Any, count: int) -> str:
    for number in range(count):
        bench.notices.receive(about(f"{bench.clock.now:%s}-{number}", Category.OTHER))
    decide_all(bench, Outcome.NO_VIOLATION)
    bench.clock.turn(hours=1)
    return str(bench.notices.reporters.all()[0].id)


def test_nobody_is_suspended_who_was_not_warned_and_went_on(bench):
    reporters = bench.notices.reporters
    reporter = misuse(bench, 9)
    with pytest.raises(UsageError):
        reporters.warn(reporter, person="ada")
    misuse(bench, 1)
    assert [each.id for each in reporters.all(misusing=True)] == [reporter]
    with pytest.raises(WarnFirst):
        reporters.suspend(reporter, days=7, person="ada", reason="unfounded")
    reporters.warn(reporter, person="ada")
    misuse(bench, 2)
    with pytest.raises(WarnFirst):
        reporters.suspend(reporter, days=7, person="ada", reason="unfounded")
    misuse(bench, 1)
    with pytest.raises(UsageError):
        reporters.suspend(reporter, days=31, person="ada", reason="unfounded")
    reporters.suspend(reporter, days=7, person="ada", reason="unfounded")
    with pytest.raises(ReporterSuspended):
        bench.notices.receive(about("gen-last", Category.OTHER))
    bench.notices.receive(about("gen-last"))
    bench.clock.turn(days=8)
    bench.notices.receive(about("gen-last", Category.OTHER))
    kinds = [event["kind"] for kind in ("reporter.warned", "reporter.suspended") for event in bench.events(kind)]
    assert kinds == ["reporter.warned", "reporter.suspended"]


def test_an_overturned_decision_takes_back_what_it_did_to_a_record(bench):
    bench.notices.receive(about("gen-1", Category.OTHER))
    [(case, _)] = bench.cases.openings
    bench.decide(case, Outcome.NO_VIOLATION)
    record = bench.notices.reporters.all()[0]
    assert (record.founded, record.unfounded) == (0, 1)
    bench.decide(case, Outcome.NOT_REPORTABLE)
    record = bench.notices.reporters.all()[0]
    assert (record.founded, record.unfounded) == (1, 0)


def test_the_host_that_passes_notices_on_gets_no_record_of_its_own(bench):
    bench.notices.receive(replace(about("gen-1"), contact=Contact()), Sender(key_name="host", host=True))
    decide_all(bench, Outcome.NO_VIOLATION)
    assert bench.notices.reporters.all() == []
