"""A separation policy is strict: what is unsafe or misspelt cannot be written down."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from seawall.policy import Action
from seawall.policy.separation import (
    NEVER_TOGETHER,
    NEVER_TRAINED,
    Partition,
    SeparationPolicy,
    SeparationPolicyError,
    Thresholds,
    load_separation_policy,
    parse_separation_policy,
    render_separation_policy,
)

DEFAULT = load_separation_policy()


def _changed(**changes: object) -> str:
    return yaml.safe_dump(DEFAULT.to_dict() | changes)


def test_the_default_policy_says_that_its_thresholds_are_placeholders() -> None:
    assert not DEFAULT.calibrated
    assert "PLACEHOLDERS" in DEFAULT.text
    assert DEFAULT.thresholds.t_lo < DEFAULT.thresholds.t_hi
    assert DEFAULT.radius == 31


def test_the_default_policy_trains_on_one_side_only() -> None:
    assert DEFAULT.may_share([Partition.NEITHER])
    assert DEFAULT.may_share([Partition.NEITHER, Partition.CHILD_DEPICTION])
    assert DEFAULT.may_share([Partition.NEITHER, Partition.ADULT_SEXUAL])
    assert not DEFAULT.may_share([Partition.CHILD_DEPICTION, Partition.ADULT_SEXUAL])
    assert not DEFAULT.may_share([])


@given(st.lists(st.sets(st.sampled_from(Partition), max_size=4), max_size=3))
def test_no_policy_can_be_written_that_mixes_what_must_stay_apart(sets: list[set[Partition]]) -> None:
    text = _changed(training_sets=[sorted(side.value for side in each) for each in sets])
    unsafe = any(not each or each & NEVER_TRAINED or each >= NEVER_TOGETHER for each in sets)
    if unsafe:
        with pytest.raises(SeparationPolicyError):
            parse_separation_policy(text)
        return
    policy = parse_separation_policy(text)
    for count in range(1, 7):
        for wanted in itertools.combinations(Partition, count):
            if policy.may_share(wanted):
                assert not set(wanted) & NEVER_TRAINED
                assert not set(wanted) >= NEVER_TOGETHER


def test_the_policy_in_memory_is_as_strict_as_the_file() -> None:
    with pytest.raises(SeparationPolicyError, match="never share"):
        replace(DEFAULT, training_sets=(NEVER_TOGETHER,))


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"unheard": 1}, "unknown key 'unheard'"),
        ({"version": True}, "version is a whole number"),
        ({"version": 1.5}, "version is a whole number"),
        ({"separation": ""}, "separation is a name"),
        ({"thresholds": {"t_lo": 0.2}}, "thresholds lacks 't_hi'"),
        ({"near_duplicates": {"type": "md5", "radius": 3}}, "found by pdq"),
        ({"near_duplicates": {"type": "pdq", "radius": 32}}, "0 to 31"),
        ({"skipped": "allow"}, "skipped"),
        ({"skipped": ["unknown"]}, "skipped"),
        ({"abstained_person": "neither"}, "abstained_person"),
        ({"text_only_sexual": "neither"}, "text_only_sexual"),
        ({"minor_reference_alone": {"caption": "adult_sexual", "text": "neither"}}, "minor_reference_alone"),
        ({"training_sets": [["neither", "unknown"]]}, "unknown is never trained on"),
        ({"training_sets": [[]]}, "at least one"),
        ({"training_sets": "neither"}, "list of lists"),
        ({"training_sets": [["nobody"]]}, "training_sets"),
        ({"actions": {"both": "quarantine"}}, "actions lacks"),
        ({"detectors": "one"}, "list of names"),
        ({"calibration": [1]}, "calibration is a mapping"),
        ({"calibration": {"rate": float("nan")}}, "no plain value"),
    ],
)
def test_a_slip_is_an_error_that_names_the_place(changes: dict[str, object], match: str) -> None:
    with pytest.raises(SeparationPolicyError, match=match) as caught:
        parse_separation_policy(_changed(**changes), "mine.yaml")
    assert caught.value.message.startswith("mine.yaml")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("t_lo", 0.6),
        ("t_lo", 0),
        ("t_lo", -0.1),
        ("t_hi", 1.1),
        ("c_lo", "0.1"),
        ("c_lo", True),
        ("m_lo", float("nan")),
        ("csem", float("inf")),
        ("adult_under_21_max", 0.11),
    ],
)
def test_a_threshold_that_would_never_or_always_fire_is_refused(name: str, value: object) -> None:
    limits = DEFAULT.to_dict()["thresholds"] | {name: value}
    with pytest.raises(SeparationPolicyError):
        parse_separation_policy(_changed(thresholds=limits))


@pytest.mark.parametrize("side", sorted(NEVER_TRAINED))
@pytest.mark.parametrize("action", [Action.ALLOW, Action.WARN])
def test_what_is_not_known_is_never_allowed(side: Partition, action: Action) -> None:
    with pytest.raises(SeparationPolicyError, match=r"review or more|quarantine"):
        parse_separation_policy(_changed(actions=DEFAULT.to_dict()["actions"] | {side.value: action.value}))


def test_both_is_always_quarantined() -> None:
    with pytest.raises(SeparationPolicyError, match="quarantine"):
        parse_separation_policy(_changed(actions=DEFAULT.to_dict()["actions"] | {"both": "block"}))


@pytest.mark.parametrize(
    "text", ["", "- a", "a: [", "a: &x [*x]", "[" * 5000, "separation: a\nseparation: b", "? {a: 1}\n: 2", "\x00", "1"]
)
def test_what_is_no_policy_is_an_error(text: str) -> None:
    with pytest.raises(SeparationPolicyError):
        parse_separation_policy(text)


def test_a_key_given_twice_is_an_error_and_not_the_last_word() -> None:
    text = DEFAULT.text.replace("  t_lo: 0.20", "  t_lo: 0.20\n  t_lo: 0.90")
    with pytest.raises(SeparationPolicyError, match="twice"):
        parse_separation_policy(text)


@given(st.text(max_size=200))
def test_any_text_is_a_policy_or_an_error(text: str) -> None:
    with pytest.raises(SeparationPolicyError):
        parse_separation_policy(text)


def test_files_that_cannot_be_read_are_errors(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "long").write_bytes(b"#" * 300_000)
    for name in ("missing", "binary", "long", "."):
        with pytest.raises(SeparationPolicyError):
            load_separation_policy(tmp_path / name)


def test_comments_and_order_do_not_change_the_hash_and_a_threshold_does(tmp_path: Path) -> None:
    shuffled = yaml.safe_dump(dict(reversed(DEFAULT.to_dict().items())), sort_keys=False)
    path = tmp_path / "policy.yaml"
    path.write_text(shuffled)
    assert load_separation_policy(path).hash == DEFAULT.hash
    limits = DEFAULT.to_dict()["thresholds"] | {"t_lo": 0.21}
    assert parse_separation_policy(_changed(thresholds=limits)).hash != DEFAULT.hash


@given(st.floats(1e-6, 1), st.floats(1e-6, 1), st.sampled_from([{}, {"method": "x", "items": 3, "list": ["a", None]}]))
def test_a_policy_that_is_written_reads_back_the_same(one: float, two: float, calibration: dict[str, object]) -> None:
    limits = replace(DEFAULT.thresholds, t_lo=min(one, two), t_hi=max(one, two))
    policy: SeparationPolicy = replace(DEFAULT, thresholds=limits, calibration=calibration, detectors=("one", "two"))
    again = parse_separation_policy(render_separation_policy(policy, "a comment\n\nof three lines"))
    assert again.to_dict() == policy.to_dict()
    assert again.hash == policy.hash
    assert again.calibrated is bool(calibration)


def test_thresholds_have_an_order() -> None:
    with pytest.raises(SeparationPolicyError, match="t_lo is at most t_hi"):
        Thresholds(0.5, 0.4, 0.1, 0.1, 0.05, 0.5, 0.5)
