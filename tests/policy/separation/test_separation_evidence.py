"""From answers to signs: a detector that is silent, missing or odd never makes an item harmless."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.detectors.contract import Info, Modality, Result, ScoreKind, Status, Task
from seawall.policy.classes import (
    ADULT_SEXUAL,
    CHILD_DEPICTION,
    MINOR_REFERENCE,
    PERSONS,
    PERSONS_ABSTAINED,
    UNDER_21,
)
from seawall.policy.separation import NEVER_TRAINED, Part, Partition, Signs, load_separation_policy, rule, signs_of

POLICY = load_separation_policy()
AGES = (CHILD_DEPICTION, UNDER_21, PERSONS, PERSONS_ABSTAINED)


def _info(name: str, labels: tuple[str, ...], modality: Modality = Modality.IMAGE, task: Task = Task.FACES) -> Info:
    return Info(name, "1", task, frozenset({modality}), labels, ScoreKind.PROBABILITY, "Apache-2.0")


ONE = _info("one", (ADULT_SEXUAL,), task=Task.ADULT_CONTENT)
TWO = _info("two", (ADULT_SEXUAL,), task=Task.ADULT_CONTENT)
AGE = _info("age", AGES, task=Task.APPARENT_AGE)
TERMS = _info("terms", (MINOR_REFERENCE,), Modality.TEXT, Task.TERMS)
WORDS = _info("words", (ADULT_SEXUAL, "csem.grooming"), Modality.TEXT, Task.TERMS)
CANARY = _info("canary", (ADULT_SEXUAL, *AGES), task=Task.CANARY)
ALL = {info.id: info for info in (ONE, TWO, AGE, TERMS, WORDS)}
NOBODY = Result.ok({PERSONS: 0, PERSONS_ABSTAINED: 0, CHILD_DEPICTION: 0, UNDER_21: 0})
QUIET = {"one": Result.ok({ADULT_SEXUAL: 0.01}), "two": Result.ok({ADULT_SEXUAL: 0.03}), "age": NOBODY}


def _place(results: Mapping[str, Result], detectors: Mapping[str, Info] = ALL, part: Part = Part.PICTURE) -> Partition:
    return rule(POLICY, signs_of(results, detectors, part)).partition


def test_a_picture_that_all_looked_at_in_vain_is_neither() -> None:
    signs = signs_of(QUIET, ALL, Part.PICTURE)
    assert signs == Signs(picture=True, sexual=(0.03, 0.01))
    assert rule(POLICY, signs).partition is Partition.NEITHER


def test_every_score_reaches_its_sign() -> None:
    age = Result.ok({PERSONS: 2.0, PERSONS_ABSTAINED: 1.0, CHILD_DEPICTION: 0.3, UNDER_21: 0.4})
    signs = signs_of(QUIET | {"age": age}, ALL, Part.PICTURE, hash_match=True, examined=False)
    assert (signs.persons, signs.persons_abstained, signs.child, signs.under_21) == (2, 1, 0.3, 0.4)
    assert signs.hash_match
    assert not signs.examined
    caption = {
        "terms": Result.ok({MINOR_REFERENCE: 1.0}),
        "words": Result.ok({ADULT_SEXUAL: 0.7, "csem.grooming": 0.2}),
    }
    signs = signs_of(caption, ALL, Part.CAPTION)
    assert (signs.minor_reference, signs.sexual_text, signs.csem) == (1.0, 0.7, 0.2)
    assert not signs.failed


@pytest.mark.parametrize("name", ["one", "two", "age"])
@pytest.mark.parametrize("status", [status for status in Status if status is not Status.OK])
def test_a_detector_of_the_medium_that_does_not_answer_makes_the_item_unknown(name: str, status: Status) -> None:
    assert _place(QUIET | {name: Result(status, reason="stub")}) is Partition.UNKNOWN


@pytest.mark.parametrize("name", ["one", "two", "age"])
def test_a_detector_without_any_answer_makes_the_item_unknown(name: str) -> None:
    assert _place({key: result for key, result in QUIET.items() if key != name}) is Partition.UNKNOWN


@pytest.mark.parametrize("keep", [("one", "two"), ("age",), ("terms",), ()])
def test_a_question_that_nobody_was_asked_makes_the_item_unknown(keep: tuple[str, ...]) -> None:
    detectors = {name: ALL[name] for name in keep}
    assert _place({name: QUIET[name] for name in keep if name in QUIET}, detectors) is Partition.UNKNOWN


def test_detectors_of_another_medium_are_not_asked() -> None:
    answers = QUIET | {"terms": Result.unsupported("medium"), "words": Result.unsupported("medium")}
    assert _place(answers) is Partition.NEITHER


def test_an_answer_without_the_score_it_promised_is_no_answer() -> None:
    assert _place(QUIET | {"two": Result.ok({})}) is Partition.UNKNOWN
    assert _place(QUIET | {"age": Result.ok({})}) is Partition.UNKNOWN


def test_a_person_of_whom_nobody_said_an_age_is_no_adult() -> None:
    sexual = {"one": Result.ok({ADULT_SEXUAL: 0.9}), "two": Result.ok({ADULT_SEXUAL: 0.9})}
    adult = Result.ok({PERSONS: 1, PERSONS_ABSTAINED: 0, CHILD_DEPICTION: 0.0, UNDER_21: 0.01})
    assert _place(sexual | {"age": adult}) is Partition.ADULT_SEXUAL
    mute = Result.ok({PERSONS: 1, PERSONS_ABSTAINED: 0, CHILD_DEPICTION: 0.0})
    assert _place(sexual | {"age": mute}) is Partition.SEXUAL_AGE_UNKNOWN


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.0, 7.0])
def test_nonsense_from_one_detector_does_not_hide_what_another_saw(bad: float) -> None:
    other = _info("other", (ADULT_SEXUAL, CHILD_DEPICTION))
    results = QUIET | {"other": Result.ok({ADULT_SEXUAL: bad, CHILD_DEPICTION: bad})}
    assert _place(results, ALL | {"other": other}) is Partition.UNKNOWN
    seen = Result.ok({PERSONS: 1, PERSONS_ABSTAINED: 0, CHILD_DEPICTION: 0.9, UNDER_21: 0.9})
    both = results | {"age": seen, "one": Result.ok({ADULT_SEXUAL: 0.9})}
    assert _place(both, ALL | {"other": other}) is Partition.BOTH


@pytest.mark.parametrize("label", [PERSONS, PERSONS_ABSTAINED])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.0, 0.5])
def test_a_count_that_is_none_is_a_failure(label: str, bad: float) -> None:
    assert _place(QUIET | {"age": Result.ok(dict(NOBODY.labels) | {label: bad})}) is Partition.UNKNOWN


def test_an_answer_of_a_detector_that_nobody_described_still_counts() -> None:
    assert _place(QUIET | {"guest": Result.ok({ADULT_SEXUAL: 0.9})}) is Partition.SEXUAL_AGE_UNKNOWN
    assert _place(QUIET | {"guest": Result.error("died")}) is Partition.UNKNOWN


def test_a_failing_detector_of_other_classes_leaves_the_item_unknown() -> None:
    other = {"other": _info("other", ("weather",))}
    assert _place(QUIET | {"other": Result.ok({"weather": 1.0})}, ALL | other) is Partition.NEITHER
    assert _place(QUIET | {"other": Result.error("died")}, ALL | other) is Partition.UNKNOWN


def test_a_csem_category_on_a_picture_is_both() -> None:
    guard = {"guard": _info("guard", ("csem.sexualised_media",), task=Task.CONTENT_SAFETY)}
    assert _place(QUIET | {"guard": Result.ok({"csem.sexualised_media": 0.9})}, ALL | guard) is Partition.BOTH
    assert _place(QUIET | {"guard": Result.ok({"csem.sexualised_media": 0.1})}, ALL | guard) is Partition.NEITHER


def test_a_skipped_detector_counts_as_not_asked_only_if_the_policy_says_so() -> None:
    results = QUIET | {"two": Result(Status.SKIPPED, reason="cascade")}
    assert signs_of(results, ALL, Part.PICTURE).sexual_failed
    accepted = signs_of(results, ALL, Part.PICTURE, accept_skipped=True)
    assert accepted == Signs(picture=True, sexual=(0.01,))
    nobody = {name: Result(Status.SKIPPED) for name in QUIET}
    assert rule(POLICY, signs_of(nobody, ALL, Part.PICTURE, accept_skipped=True)).partition is Partition.UNKNOWN


def test_a_canary_detector_beside_others_never_counts_as_having_looked() -> None:
    alone = {"canary": CANARY}
    answer = {"canary": Result.ok({ADULT_SEXUAL: 0.0, **NOBODY.labels})}
    assert _place(answer, alone) is Partition.NEITHER
    assert _place(answer | {"age": NOBODY}, alone | {"age": AGE}) is Partition.UNKNOWN
    assert signs_of(QUIET | answer, ALL | alone, Part.PICTURE).sexual == (0.03, 0.01)


def test_a_rehearsal_with_canaries_and_term_packs_looks_at_texts_too() -> None:
    canary = replace(CANARY, modalities=frozenset(Modality), labels=(*CANARY.labels, MINOR_REFERENCE))
    quiet = {"canary": Result.ok({ADULT_SEXUAL: 0.0, MINOR_REFERENCE: 0.0}), "terms": Result.ok({})}
    assert _place(quiet, {"canary": canary, "terms": TERMS}, Part.TEXT) is Partition.NEITHER
    assert _place(quiet, {"canary": canary, "terms": TERMS, "one": ONE}, Part.TEXT) is Partition.UNKNOWN
    assert _place({"canary": quiet["canary"]}, {"canary": canary, "one": ONE}, Part.TEXT) is Partition.UNKNOWN


def test_a_canary_beside_other_detectors_still_fires() -> None:
    fired = Result.ok({ADULT_SEXUAL: 1.0, CHILD_DEPICTION: 1.0, UNDER_21: 1.0, PERSONS: 1, PERSONS_ABSTAINED: 0})
    assert _place(QUIET | {"canary": fired}, ALL | {"canary": CANARY}) is Partition.BOTH


def test_a_text_of_its_own_has_to_answer_both_questions() -> None:
    quiet = {"terms": Result.ok({MINOR_REFERENCE: 0.0}), "words": Result.ok({ADULT_SEXUAL: 0.0})}
    assert _place(quiet, part=Part.TEXT) is Partition.NEITHER
    only = {"terms": TERMS}
    assert _place({"terms": quiet["terms"]}, only, Part.TEXT) is Partition.UNKNOWN
    assert not signs_of({"terms": quiet["terms"]}, only, Part.CAPTION).failed
    assert signs_of({}, {"one": ONE}, Part.CAPTION).text_failed


def test_terms_that_did_not_occur_may_be_left_out_of_an_answer() -> None:
    assert not signs_of({"terms": Result.ok({}), "words": Result.ok({})}, ALL, Part.TEXT).failed


@pytest.mark.parametrize("name", ["terms", "words"])
def test_a_text_detector_that_does_not_answer_makes_the_text_unknown(name: str) -> None:
    quiet = {"terms": Result.ok({MINOR_REFERENCE: 0.0}), "words": Result.ok({ADULT_SEXUAL: 0.0})}
    assert _place(quiet | {name: Result.abstain("language")}, part=Part.TEXT) is Partition.UNKNOWN
    assert _place(quiet | {name: Result.ok({MINOR_REFERENCE: math.nan})}, part=Part.TEXT) is Partition.UNKNOWN


values = st.one_of(st.floats(0, 1), st.floats(), st.integers(0, 3).map(float))
answers = st.builds(
    lambda status, labels: Result(status, labels if status is Status.OK else {}),
    st.sampled_from(Status),
    st.dictionaries(st.sampled_from([ADULT_SEXUAL, MINOR_REFERENCE, "csem.x", "weather", *AGES]), values),
)


@given(st.dictionaries(st.sampled_from([*ALL, "guest"]), answers), st.sampled_from(Part), st.booleans())
def test_any_answers_have_signs_and_silence_is_never_trained_on(
    results: dict[str, Result], part: Part, accept: bool
) -> None:
    signs = signs_of(results, ALL, part, accept_skipped=accept)
    placed = rule(POLICY, signs).partition
    asked = [info.id for info in ALL.values() if part.modality in info.modalities]
    accepted = {Status.OK, Status.SKIPPED} if accept else {Status.OK}
    if any(name not in results or results[name].status not in accepted for name in asked):
        assert placed in NEVER_TRAINED
    assert replace(signs) == signs
