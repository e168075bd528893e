"""The review policy: what the one that ships does, and that each slip of the pen is refused with its place."""

from __future__ import annotations

import contextlib
import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from seawall.cases import load_review_policy
from seawall.cases.errors import ReviewPolicyInvalid
from seawall.cases.model import Door, Label, Outcome, Severity
from seawall.cases.policy import Method, Traits
from seawall.cases.reading_policy import parse_review_policy

SHIPPED = load_review_policy()
DATA: dict[str, Any] = json.loads(SHIPPED.data)


def traits(**given: Any) -> Traits:
    plain = {"door": Door.GUARD, "severity": Severity.LOW, "category": "adult", "event_class": None}
    return Traits(**(plain | {"drill": False, "imminent": False} | given))


def changed(path: str, value: Any) -> str:
    """Return the shipped policy with one place changed, `-` in a path deleting it."""
    data = copy.deepcopy(DATA)
    *above, last = path.split(".")
    place: Any = data
    for step in above:
        place = place[int(step) if step.isdigit() else step]
    if value is KeyError:
        del place[last]
    else:
        place[int(last) if last.isdigit() else last] = value
    return yaml.safe_dump(data)


@pytest.mark.parametrize(
    ("about", "queue"),
    [
        (traits(drill=True, imminent=True, severity=Severity.CRITICAL), "drills"),
        (traits(imminent=True), "danger"),
        (traits(category="ncii_adult", severity=Severity.HIGH), "take-it-down"),
        (traits(severity=Severity.CRITICAL), "child-safety"),
        (traits(severity=Severity.HIGH, door=Door.NOTICE, event_class="trusted_notice"), "child-safety"),
        (traits(door=Door.NOTICE, event_class="trusted_notice"), "trusted"),
        (traits(door=Door.NOTICE), "notices"),
        (traits(door=Door.HOSTING), "review"),
    ],
)
def test_each_opening_has_the_first_queue_that_takes_it(about: Traits, queue: str) -> None:
    assert SHIPPED.queue_for(about).name == queue


@given(
    door=st.sampled_from(Door),
    severity=st.sampled_from(Severity),
    category=st.text(max_size=20),
    event_class=st.none() | st.text(max_size=20),
    drill=st.booleans(),
    imminent=st.booleans(),
)
def test_nothing_is_without_a_queue_and_nothing_is_led_to_what_is_for_leads(**about: Any) -> None:
    found = SHIPPED.queue_for(Traits(**about))
    assert found in SHIPPED.queues
    assert found.name != SHIPPED.escalation
    assert found.sla_minutes > 0


@pytest.mark.parametrize(
    ("category", "event_class", "severity"),
    [
        ("canary", "upload_known", Severity.LOW),
        ("csem.sexualised_media", "upload_known", Severity.CRITICAL),
        ("csem.sexualised_media", "model_hosting", Severity.CRITICAL),
        ("csem.sexualised_media", "training_data_hit", Severity.CRITICAL),
        ("csem.grooming", "request_text", Severity.HIGH),
        ("ncii_adult", "upload_known", Severity.HIGH),
        ("adult", None, Severity.MEDIUM),
        ("what nobody named", "whatever", Severity.MEDIUM),
    ],
)
def test_how_grave_what_a_machine_found_may_be(category: str, event_class: str | None, severity: Severity) -> None:
    assert SHIPPED.guard_severity(category, event_class) is severity


@given(st.sampled_from(Severity), st.frozensets(st.sampled_from(Label)), st.sampled_from(Outcome))
def test_what_is_gravest_is_never_cleared_by_one_person(
    severity: Severity, labels: frozenset[Label], outcome: Outcome
) -> None:
    lax = parse_review_policy(changed("verification.rules", []))
    for policy in (SHIPPED, lax):
        needed = policy.needed(severity, labels, outcome)
        if severity is Severity.CRITICAL and outcome is Outcome.NO_VIOLATION:
            assert needed.people >= 2
        assert (needed.method is Method.SINGLE) == (needed.people == 1)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("version", "one", "version is a whole number"),
        ("version", True, "version is a whole number"),
        ("review", "two words", "review: a word of letters"),
        ("lease", KeyError, "lacks 'lease'"),
        ("lease.seconds", 5, "lease: seconds is a whole number from 30"),
        ("lease.second", 300, "lease: unknown key 'second'"),
        ("priority.severity.low", 500, "priority: severity: what is graver has no fewer points"),
        ("priority.severity.high", float("nan"), "priority: severity: high is a number"),
        ("priority.imminent", 0.5, "priority: imminent is a number from 1"),
        ("priority.relief_per_hour", 0, "overtaken for more than 60 days"),
        ("priority.relief_per_hour", 0.01, "overtaken for more than 60 days"),
        ("queues", [], "from 1 to 64 queues"),
        ("queues", {}, "queues is a list"),
        ("queues.0.name", "danger", "queue 2: there are two of the name 'danger'"),
        ("queues.0.takes", {}, "queue 1: takes: give a condition"),
        ("queues.0.takes", "everything", "drills takes everything, so that those after it get nothing"),
        ("queues.0.takes", {"drils": True}, "queue 1: takes: unknown key 'drils'"),
        ("queues.0.takes", {"drill": "yes please"}, "queue 1: takes: drill is true or false"),
        ("queues.7.takes", "nothing", "the last queue takes everything"),
        ("queues.3.takes.severities", ["grave"], "queue 4: takes: severities: one of none, low"),
        ("queues.2.takes.categories", ["x" * 65], "queue 3: takes: categories is a list of words"),
        ("queues.1.ground", "  ", "queue 2: ground: say in words"),
        ("queues.1.sla_minutes", 0, "queue 2: sla_minutes is a whole number"),
        ("queues.1.order", "newest", "queue 2: order: one of priority, due, oldest"),
        ("escalation", "nowhere", "escalation: there is no queue 'nowhere'"),
        ("verification.rules.1.how", "consensus", "rule 2: how: say of how many"),
        ("verification.rules.1.how", {"consensus": 1}, "rule 2: how: consensus is a whole number from 2"),
        ("verification.rules.1.how", "twice", "rule 2: how: one of single"),
        ("verification.rules.0.outcome", ["reportable"], "rule 1: unknown key 'outcome'"),
        ("verification.rules.2.labels", ["grey"], "rule 3: labels: one of"),
        ("verification.others", 99, "verification: others is a whole number from 0 to 9"),
        ("must_report", "csam", "must_report is a list"),
        ("strikes.grey", "serious", "strikes: unknown key 'grey'"),
        ("banks.adult", {"bank": "own"}, "banks: adult lacks 'purpose'"),
        ("banks.adult", {"bank": "own", "purpose": "fun"}, "banks: adult: purpose is one of"),
        ("carried.effects", ["remove", "sing"], "carried: effects: one of"),
        ("carried.decide", 1, "carried: decide is true or false"),
        ("guard.3.severity", "grave", "guard: entry 4: severity: one of"),
        ("guard.3.severity", ["high"], "guard: entry 4: severity: one of"),
        ("review", {"a": {"b": 1}}, "review: a word of letters"),
    ],
)
def test_a_slip_of_the_pen_is_refused_with_its_place(path: str, value: Any, told: str) -> None:
    with pytest.raises(ReviewPolicyInvalid) as refused:
        parse_review_policy(changed(path, value), "mine")
    assert refused.value.message.startswith("mine")
    assert told in refused.value.message


@pytest.mark.parametrize("text", ["", "- 1\n", "a: [1, 2\n", "a: *b\n", "x" * 2_000_000, "review: 2026-01-01\n"])
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(ReviewPolicyInvalid, match="mine"):
        parse_review_policy(text, "mine")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8), lambda inner: (
    st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
), max_leaves=8), st.sampled_from(sorted(DATA)))  # fmt: skip
def test_whatever_is_written_is_a_policy_or_is_refused(value: Any, key: str) -> None:
    with contextlib.suppress(ReviewPolicyInvalid):
        parse_review_policy(yaml.safe_dump(DATA | {key: value}))


def test_the_digest_is_of_what_is_said_not_of_how_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "review.yaml"
    path.write_text("# a remark\n" + yaml.safe_dump(DATA, sort_keys=False))
    assert load_review_policy(path).digest == SHIPPED.digest
    path.write_text(changed("lease.seconds", 301))
    assert load_review_policy(path).digest != SHIPPED.digest
