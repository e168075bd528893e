"""Golden tasks and judging again: unknowable before they are submitted, leased and fenced, and apart from all else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

import seawall
from seawall.cases.errors import LeaseLost
from seawall.cases.model import Case, Item, Label, Severity, TaskKind, Verdict
from seawall.errors import UsageError
from seawall.ledger import Ledger
from seawall.maintain.review import Golden, PolicyInvalid, Quality, QualityPolicy, SeenOnce, SideTasks, load_quality
from seawall.maintain.review.golden import disguised
from seawall.maintain.review.sampling import parse_quality
from seawall.maintain.review.side import SideKind
from seawall.store import Store
from seawall.store.tables import golden_item, judged, rating, side_task
from seawall.vault import FileKeyProvider, Vault
from tests.maintain.review.conftest import COLLEAGUE, REVIEWER, Hands, a_case, a_decision, a_verdict, an_item, new_id

LEAD = "3" * 32
ALWAYS = replace(load_quality(), golden_rate=0.25, again_rate=1.0, severe_rate=1.0, repeated_rate=1.0)


def never() -> float:
    return 0.999999


def surely() -> float:
    return 0.0


@pytest.fixture
def vault(store: Store, ledger: Ledger, tmp_path: Path) -> Vault:
    """An empty vault."""
    return Vault(store, ledger, FileKeyProvider(tmp_path / "keys" / "vault.key"), tmp_path / "vault")


@pytest.fixture
def side(store: Store) -> SideTasks:
    """No tasks yet."""
    return SideTasks(store, ALWAYS.lease_seconds)


@pytest.fixture
def seen(store: Store, ledger: Ledger) -> SeenOnce:
    """Nothing judged yet."""
    return SeenOnce(store, ledger)


@pytest.fixture
def quality(store: Store, ledger: Ledger, side: SideTasks, seen: SeenOnce) -> Quality:
    """Everything is drawn."""
    return Quality(store, ledger, side, ALWAYS, seen, surely)


@pytest.fixture
def golden(store: Store, ledger: Ledger, side: SideTasks, vault: Vault) -> Golden:
    """A few stand-ins; every task is golden."""
    made = Golden(store, ledger, side, ALWAYS, surely)
    assert made.stock(vault, 4, seed=5) == 4
    return made


def test_stand_ins_are_harmless_pictures_with_a_known_answer(golden: Golden, vault: Vault, store: Store) -> None:
    with store.read() as connection:
        rows = connection.execute(golden_item.select()).mappings().all()
    assert sorted(row["answer"] for row in rows) == ["benign", "benign", "canary", "canary"]
    for row in rows:
        with vault.open(row["vault"], person="a test", purpose="look") as stream:
            assert seawall.pdq(stream.read()).quality > 50
    assert golden.stock(vault, 4, seed=5) == 0, "the same again adds nothing"
    assert golden.in_stock() == 4
    with pytest.raises(UsageError):
        golden.stock(vault, 0)


def test_nothing_about_a_golden_task_says_so_before_it_is_submitted(
    golden: Golden, side: SideTasks, quality: Quality
) -> None:
    like = a_case(subject="acct-1a2B", why=("grave",), priority=3.5)
    item = an_item(like, ref="gen/77-ab", evidence={"detector": 0.93, "pdq": "0" * 64}, stage="output")
    made = golden.offer(REVIEWER, like, item)
    assert made is not None
    card, other = asdict(made.case), asdict(like)
    differing = {key for key in card if card[key] != other[key]}
    assert differing <= {"id", "subject", "opened_at", "state", "assigned", "version"}
    assert made.task.kind is TaskKind.FIRST and made.task.queue == like.queue and not made.case.drill
    (shown,) = made.items
    assert shown.evidence == {"detector": 0.93}
    assert shown.stage == "output" and shown.ref is not None and shown.ref != item.ref
    text = repr((made.task, made.case, shown)).lower()
    assert not any(word in text for word in ("golden", "canary", "benign", "drill=true"))
    assert side.of_case(made.case.id) == made
    quality.submit(made.task.id, REVIEWER, made.task.token, {shown.id: Label.BENIGN})
    after = side.get(made.task.id)
    assert after is not None and after.task.kind is TaskKind.GOLDEN


def test_a_disguise_has_the_form_of_what_it_hides() -> None:
    made = disguised("acct-19aB_é")
    assert len(made) == 11 and made[4] == "-" and made[9:] == "_é"
    assert made[:4].islower() and made[5:7].isdigit() and made[7].islower() and made[8].isupper()


def test_a_golden_task_is_told_right_from_wrong_and_kept_apart_from_all_else(
    golden: Golden, quality: Quality, store: Store, seen: SeenOnce
) -> None:
    for right in (True, False):
        made = golden.offer(REVIEWER, a_case())
        assert made is not None
        answer = dict(made.expected)
        given = answer if right else dict.fromkeys(answer, Label.ADULT)
        task, rejudged = quality.submit(made.task.id, REVIEWER, made.task.token, given)
        assert rejudged is None
        assert golden.result(task, given).right is right
        with store.read() as connection:
            assert seen.lookup(connection, made.items[0].sha256) is None
    (found,) = quality.agreement()
    assert (found.golden, found.golden_right, found.units) == (2, 1, 2)
    assert found.alpha is None and found.again == 0, "golden answers are no ratings of real items"
    with store.read() as connection:
        assert connection.execute(judged.select()).first() is None


def test_nobody_meets_a_stand_in_twice_within_a_month(golden: Golden, clock: Hands) -> None:
    met = set()
    for _ in range(4):
        made = golden.offer(REVIEWER, a_case())
        assert made is not None
        met.add(made.items[0].sha256)
    assert len(met) == 4
    assert golden.offer(REVIEWER, a_case()) is None
    assert golden.offer(COLLEAGUE, a_case()) is not None
    clock.pass_by(days=31)
    assert golden.offer(REVIEWER, a_case()) is not None


def test_golden_tasks_come_by_chance_and_at_most_so_many_a_day(
    store: Store, ledger: Ledger, side: SideTasks, vault: Vault, clock: Hands
) -> None:
    policy = replace(ALWAYS, golden_a_day=2)
    assert not Golden(store, ledger, side, policy, never).due(REVIEWER)
    made = Golden(store, ledger, side, policy, surely)
    made.stock(vault, 4)
    for _ in range(2):
        assert made.due(REVIEWER)
        made.offer(REVIEWER, a_case())
    assert not made.due(REVIEWER)
    clock.pass_by(days=1, seconds=1)
    assert made.due(REVIEWER)


def test_a_lease_is_fenced_and_kept_by_its_owner_until_it_is_given_out_again(
    golden: Golden, side: SideTasks, quality: Quality, clock: Hands
) -> None:
    made = golden.offer(REVIEWER, a_case())
    assert made is not None
    task, given = made.task, dict(made.expected)
    assert side.heartbeat(task.id, REVIEWER, task.token, {"note": "zorblax"}).draft == {"note": "zorblax"}
    for person, token in ((COLLEAGUE, task.token), (REVIEWER, task.token + 1)):
        with pytest.raises(LeaseLost):
            quality.submit(task.id, person, token, given)
    assert [each.id for each in side.held(REVIEWER)] == [task.id]
    clock.pass_by(seconds=ALWAYS.lease_seconds + 1)
    assert [each.id for each in side.held(REVIEWER)] == [task.id]
    assert side.claim(COLLEAGUE, kind=SideKind.GOLDEN, queues=["images"], exclude_severe_from=None) is None
    again = side.claim(REVIEWER, kind=SideKind.GOLDEN, queues=["images"], exclude_severe_from=None)
    assert again is not None and again.task.token == task.token + 1 and again.task.draft == {"note": "zorblax"}
    with pytest.raises(LeaseLost):
        quality.submit(task.id, REVIEWER, task.token, given)
    quality.submit(task.id, REVIEWER, again.task.token, given)
    with pytest.raises(LeaseLost):
        quality.submit(task.id, REVIEWER, again.task.token, given)


def _decide(
    store: Store,
    quality: Quality,
    case: Case,
    said: Sequence[tuple[Item, Label, str | None]],
    **decision: Any,
) -> None:
    verdicts = [
        a_verdict(item, label, reviewer=person, at=f"2026-03-02T09:{number:02}:00.000000Z")
        for number, (item, label, person) in enumerate(said)
    ]
    items = list({item.id: item for item, _, _ in said}.values())
    with store.begin() as connection:
        quality.decided(connection, case, a_decision(case, **decision), items, verdicts)


def test_judging_again_goes_to_somebody_else_who_is_not_told_what_was_said(
    store: Store, quality: Quality, side: SideTasks
) -> None:
    case = a_case(severity=Severity.LOW)
    item = an_item(case)
    _decide(store, quality, case, [(item, Label.ADULT, REVIEWER), (item, Label.ADULT, COLLEAGUE)], second=COLLEAGUE)
    for person in (REVIEWER, COLLEAGUE):
        assert side.claim(person, kind=SideKind.QA, queues=["images"], exclude_severe_from=None) is None
    assert side.claim(LEAD, kind=SideKind.QA, queues=["words"], exclude_severe_from=None) is None
    found = side.claim(LEAD, kind=SideKind.QA, queues=["images"], exclude_severe_from=None)
    assert found is not None and found.items == (item,) and found.task.kind is TaskKind.QA
    assert "adult" not in repr((found.task, found.case, found.items)).lower().replace(found.case.category, "")
    assert side.claim("4" * 32, kind=SideKind.QA, queues=["images"], exclude_severe_from=None) is None, "leased"


def test_where_judging_again_differs_the_verdict_is_repeated_no_more(
    store: Store, quality: Quality, seen: SeenOnce, side: SideTasks, events: Callable[[str], list[dict[str, Any]]]
) -> None:
    case = a_case(severity=Severity.LOW)
    item, other = an_item(case), an_item(case)
    verdicts = [a_verdict(item, Label.BENIGN), a_verdict(other, Label.BENIGN)]
    with store.begin() as connection:
        decision = a_decision(case)
        seen.decided(connection, case, decision, [item, other], verdicts)
        quality.decided(connection, case, decision, [item, other], verdicts)
    found = side.claim(LEAD, kind=SideKind.QA, queues=["images"], exclude_severe_from=None)
    assert found is not None
    given = {item.id: Label.ADULT, other.id: Label.UNSURE}
    _, rejudged = quality.submit(found.task.id, LEAD, found.task.token, given)
    assert rejudged is not None and rejudged.differing == (item.id,)
    with store.read() as connection:
        assert seen.lookup(connection, item.sha256) is None
        assert seen.lookup(connection, other.sha256) is not None, "who cannot tell says nothing against it"
    assert events("review.judged_again")[0]["differing"] == [item.id]


def test_agreement_is_told_by_queue_and_policy_without_anybodys_name(store: Store, quality: Quality) -> None:
    labels = [Label.BENIGN, Label.ADULT]
    for number in range(8):
        case = a_case(queue="images" if number % 2 else "words", severity=Severity.LOW)
        item = an_item(case)
        second = labels[number % 4 // 2] if number < 6 else labels[1 - number % 4 // 2]
        said = [(item, labels[number % 4 // 2], REVIEWER), (item, second, COLLEAGUE)]
        _decide(store, quality, case, said, policy=("a" if number < 4 else "b") * 64, second=COLLEAGUE)
    found = {(each.queue, each.policy[0]): each for each in quality.agreement()}
    assert set(found) == {("images", "a"), ("images", "b"), ("words", "a"), ("words", "b")}
    assert found["images", "a"].kappa_second == 1 and found["images", "a"].alpha == 1
    kappa = found["images", "b"].kappa_second
    assert kappa is not None and kappa < 1
    assert [each.queue for each in quality.agreement(queue="words", policy="a" * 64)] == ["words"]
    assert quality.agreement(since="2027-01-01T00:00:00.000000Z") == []
    with store.read() as connection:
        rows = [dict(row) for row in connection.execute(rating.select()).mappings()]
    assert rows and not any(person in repr(rows) for person in (REVIEWER, COLLEAGUE))


def test_what_rules_decided_is_judged_by_people_and_bounded(store: Store, quality: Quality, side: SideTasks) -> None:
    for number in range(5):
        case = a_case(severity=Severity.LOW)
        item = an_item(case)
        carried = replace(a_verdict(item, Label.BENIGN), reviewer=None, task_id=None, of="f" * 32)
        with store.begin() as connection:
            quality.decided(connection, case, a_decision(case), [item], [carried])
        found = side.claim(LEAD, kind=SideKind.QA, queues=["images"], exclude_severe_from=None)
        assert found is not None
        said = Label.BENIGN if number else Label.ADULT
        quality.submit(found.task.id, LEAD, found.task.token, {item.id: said})
    (known,) = quality.agreement()
    assert (known.rules, known.rules_right) == (5, 4)
    assert 0.2 < known.rules_wrong_at_most < 0.7
    assert known.alpha is None, "a rule is no person"


def test_what_the_guard_stopped_is_compared_with_what_people_see(store: Store, quality: Quality) -> None:
    for label in (Label.CSEM_GROOMING, Label.ADULT, Label.BENIGN, Label.UNSURE):
        case = a_case(severity=Severity.LOW)
        item = an_item(case, decision_id=new_id(), stage="input")
        let_through = an_item(case, decision_id=new_id(), stage="delivered")
        _decide(store, quality, case, [(item, label, REVIEWER), (let_through, Label.BENIGN, REVIEWER)])
    (found,) = quality.agreement(queue="guard")
    assert (found.rules, found.rules_right) == (3, 2)


def test_drills_are_left_out_of_every_number(store: Store, quality: Quality, side: SideTasks) -> None:
    case = a_case(drill=True, category="canary")
    _decide(store, quality, case, [(an_item(case), Label.CANARY, REVIEWER)])
    assert quality.agreement() == []
    with store.read() as connection:
        assert connection.execute(side_task.select()).first() is None


def test_of_severe_cases_less_is_drawn_and_never_more_than_may_wait(
    store: Store, ledger: Ledger, side: SideTasks
) -> None:

    def draw(severity: Severity, chance: float, policy: QualityPolicy = load_quality()) -> int:  # noqa: B008 (a value)
        case = a_case(severity=severity)
        with store.begin() as connection:
            before = side.waiting(connection, SideKind.QA)
        _decide(store, Quality(store, ledger, side, policy, None, lambda: chance), case, [
            (an_item(case), Label.ADULT, REVIEWER)
        ])  # fmt: skip
        with store.begin() as connection:
            return side.waiting(connection, SideKind.QA) - before

    assert draw(Severity.LOW, 0.02) == 1
    assert draw(Severity.CRITICAL, 0.02) == 0
    assert draw(Severity.CRITICAL, 0.004) == 1
    assert draw(Severity.LOW, 0.03) == 0
    assert draw(Severity.LOW, 0.0, replace(load_quality(), most_waiting=2)) == 0


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("golden", "rate"), 0.5, "rate"),
        (("again", "severe_rate"), 0.9, "severe_rate"),
        (("lease_seconds",), 5, "lease_seconds"),
        (("golden", "secret"), 1, "secret"),
    ],
)
def test_a_policy_with_a_fault_is_refused(place: tuple[str, ...], value: Any, said: str) -> None:
    data: dict[str, Any] = {
        "quality": "mine",
        "version": 1,
        "golden": {"rate": 0.03, "most_a_day": 5, "days_apart": 30},
        "again": {"rate": 0.03, "severe_rate": 0.005, "severe_from": 3},
        "rules": {"repeated_rate": 0.02, "most_waiting": 500},
        "lease_seconds": 900,
    }
    assert parse_quality(data, "mine").golden_a_day == 5
    part = data
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = value
    with pytest.raises(PolicyInvalid, match=said):
        parse_quality(data, "mine")


def test_verdicts_without_reviewers_or_items_are_no_fault(store: Store, quality: Quality) -> None:
    case = a_case()
    stray: Verdict = a_verdict(an_item(case))
    with store.begin() as connection:
        quality.decided(connection, case, a_decision(case), [], [stray])
        quality.decided(connection, case, a_decision(case), [], [])
    assert len(quality.agreement()) == 1
