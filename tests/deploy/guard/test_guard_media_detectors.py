"""Media that the guard examines: what detectors see in them, canaries and all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from seawall.deploy.guard.lists import LiveLists
from seawall.deploy.guard.media import MediaExaminer, MediaLimits, picture_detectors
from seawall.detectors.contract import Modality, Result, Task
from seawall.policy.guard import State
from seawall.policy.separation import Partition, join
from seawall.settings import Settings
from seawall.testing import StandInDetector
from tests.deploy.guard import media_for_guard as made
from tests.deploy.guard.media_examined import ADULT, CHILD, NOTHING, PATIENCE, Examine, seen_by, sha256_of, side


def test_what_detectors_see_is_what_the_joint_rule_is_given(examiner: Examine, listed: Callable[..., None]) -> None:
    listed("alpha", "sha256", sha256_of(b"something else"))
    for answer, expected in ((ADULT, Partition.ADULT_SEXUAL), (CHILD, Partition.CHILD_DEPICTION)):
        seen = seen_by(examiner(made.stand_in(answer)), made.photo())
        assert (side(seen.real), seen.states, seen.canary) == (expected, frozenset(), None)
    both = [seen_by(examiner(made.stand_in(answer)), made.photo()).real for answer in (ADULT, CHILD)]
    assert side(join(both)) is Partition.BOTH


@pytest.mark.parametrize(
    ("answer", "state", "status"),
    [
        (Result.error("crashed"), State.FAILED, "error"),
        (Result.error("timeout"), State.TIMED_OUT, "timed_out"),
        (Result.abstain("too_small"), State.ABSTAINED, "abstain"),
        (Result.unsupported("weights_missing"), State.UNCOVERED, "not_configured"),
        (Result.unsupported("medium"), State.UNCOVERED, "unsupported"),
        (Result.ok({"adult_sexual": 0.1}), State.FAILED, "ok"),
    ],
)
def test_a_detector_that_gives_no_score_is_a_state_and_never_a_zero(
    examiner: Examine, listed: Callable[..., None], answer: Result, state: State, status: str
) -> None:
    listed("alpha", "sha256", sha256_of(b"something else"))
    seen = seen_by(examiner(made.stand_in(answer)), made.photo())
    assert seen.states == {state}
    assert dict(seen.checks)["stand-in"] == status
    assert side(seen.real) is Partition.NEITHER, "what was not looked at is told by the state alone"


def test_what_one_detector_sees_counts_though_another_fails(examiner: Examine) -> None:
    broken = StandInDetector(lambda item: Result.error("crashed"), id="broken")
    seen = seen_by(examiner(broken, made.stand_in(CHILD)), made.photo())
    assert side(seen.real) is Partition.CHILD_DEPICTION
    assert State.FAILED in seen.states


def test_a_question_that_no_detector_answers_is_named(examiner: Examine) -> None:
    nsfw = StandInDetector(
        lambda item: {"adult_sexual": 0.0}, labels=["adult_sexual"], modalities=[Modality.IMAGE], id="only-nsfw"
    )
    seen = seen_by(examiner(nsfw), made.photo())
    assert dict(seen.checks)["pictures:age"] == "not_configured"
    assert "pictures:adult_sexual" not in dict(seen.checks)
    assert State.UNCOVERED in seen.states


def test_classes_of_an_operators_model_are_passed_on(examiner: Examine) -> None:
    own = StandInDetector(lambda item: {"zorblax": 0.7, "csem.zorblax": 0.6}, labels=["zorblax", "csem.zorblax"])
    seen = seen_by(examiner(own), made.photo())
    assert seen.scores == {"zorblax": 0.7, "csem.zorblax": 0.6}
    assert side(seen.real) is Partition.BOTH, "a model that names the joint fact itself"


def test_a_stranger_in_one_frame_of_a_video_is_not_covered_by_an_adult_in_another(
    examiner: Examine, vectors: Path
) -> None:
    turn = iter(range(1_000_000))

    def by_turns(item: object) -> dict[str, float]:
        return ADULT if next(turn) % 2 else ADULT | {"persons": 0.0}

    data = (vectors / "vpdq/test-padded-dimensions.mp4").read_bytes()
    assert side(seen_by(examiner(made.stand_in(ADULT)), data).real) is Partition.ADULT_SEXUAL
    assert side(seen_by(examiner(made.stand_in(by_turns)), data).real) is Partition.SEXUAL_AGE_UNKNOWN


def test_detectors_that_break_down_fail_and_those_that_hang_time_out(examiner: Examine) -> None:
    freed = threading.Event()

    class Broken(made.Stubs):  # type: ignore[name-defined,misc]
        def score(self, items: object, *, hashed: bool) -> object:
            raise RuntimeError

    class Hung(made.Stubs):  # type: ignore[name-defined,misc]
        def score(self, items: object, *, hashed: bool) -> object:
            freed.wait(PATIENCE)
            return super().score(items, hashed=hashed)

    seen = seen_by(examiner(scorer=Broken(made.stand_in(CHILD))), made.photo())
    assert State.FAILED in seen.states
    hung = examiner(scorer=Hung(made.stand_in(CHILD)), limits=MediaLimits(seconds=1.0, processes=1))
    seen = seen_by(hung, made.photo())
    assert State.TIMED_OUT in seen.states
    assert dict(seen.checks)["stand-in"] == "timed_out"
    freed.set()


def test_uploads_that_come_together_are_scored_together(examiner: Examine) -> None:
    entered, go = threading.Event(), threading.Event()

    class Slow(made.Stubs):
        def score(self, items: object, *, hashed: bool) -> object:
            entered.set()
            go.wait(PATIENCE)
            return super().score(items, hashed=hashed)

    slow = Slow(made.stand_in(lambda item: {**NOTHING, "adult_sexual": float(item.pixels.mean() / 255)}))
    looking = examiner(scorer=slow, limits=MediaLimits(seconds=PATIENCE, processes=2))
    photos = [made.photo(seed) for seed in range(6)]
    with ThreadPoolExecutor(6) as threads:
        waiting = [threads.submit(seen_by, looking, photos[0])]
        assert entered.wait(PATIENCE)
        waiting += [threads.submit(seen_by, looking, data) for data in photos[1:]]
        ends = time.monotonic() + PATIENCE
        while looking._desk._waiting.qsize() < 5 and time.monotonic() < ends:
            threading.Event().wait(0.01)
        go.set()
        together = [each.result(PATIENCE).real.sexual for each in waiting]
    assert [number for number, _ in slow.asked] == [1, 5]
    alone = examiner(scorer=Slow(made.stand_in(slow._detectors[0]._answer)))
    assert together == [seen_by(alone, data).real.sexual for data in photos], "each gets its own answer"


# Canaries


@pytest.mark.parametrize(
    ("concepts", "expected"),
    [
        ("a", Partition.CHILD_DEPICTION),
        ("b", Partition.SEXUAL_AGE_UNKNOWN),
        ("bc", Partition.ADULT_SEXUAL),
        ("ab", Partition.BOTH),
        ("c", Partition.NEITHER),
    ],
)
def test_canaries_stand_apart_from_what_was_really_seen(examiner: Examine, concepts: str, expected: Partition) -> None:
    seen = seen_by(examiner(made.stand_in(NOTHING)), made.canary(concepts))
    assert side(seen.canary) is expected
    assert side(seen.real) is Partition.NEITHER
    assert {match.purpose for match in seen.matches} == {"canary"}


def test_a_blurred_figure_is_a_person_of_unknown_age(examiner: Examine) -> None:
    seen = seen_by(examiner(), made.canary("bc", blurred=True))
    assert side(seen.canary) is Partition.SEXUAL_AGE_UNKNOWN


def test_a_canary_that_is_on_a_real_list_is_real(examiner: Examine, listed: Callable[..., None]) -> None:
    data = made.canary("a")
    listed("alpha", "sha256", sha256_of(data))
    seen = seen_by(examiner(made.stand_in(NOTHING)), data)
    assert {match.purpose for match in seen.matches} == {"csam", "canary"}
    assert side(seen.real) is Partition.BOTH


def test_what_a_canary_detector_sees_does_not_count_as_having_looked(examiner: Examine) -> None:
    drill = StandInDetector(lambda item: ADULT, id="drill", task=Task.CANARY)
    seen = seen_by(examiner(drill), made.photo())
    assert side(seen.canary) is Partition.ADULT_SEXUAL
    assert side(seen.real) is Partition.NEITHER
    assert dict(seen.checks)["pictures:age"] == "not_configured"


def test_the_shipped_canary_detector_runs_beside_the_others(settings: Settings, lists: LiveLists) -> None:
    with MediaExaminer(lists, picture_detectors(settings, ["canary"]), limits=MediaLimits(processes=1)) as looking:
        looking.warm()
        seen = seen_by(looking, made.canary("ab", 3))
        assert side(seen.canary) is Partition.BOTH
        assert dict(seen.checks)["canary"] == "ok"
