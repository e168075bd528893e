"""A report is filed exactly once: whatever is lost, refused, killed or late, at whichever step, alone and together."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.maintain.authorities.filing import Action, Call, Intent, Phase, Resumed, delay, fold, next_action
from seawall.maintain.authorities.filing.backoff import LONGEST
from seawall.maintain.authorities.testkit.ispws import State as Stored
from tests.maintain.authorities.filing.drive import Drive

LOSSES = ("before", "after", "unreached", "wrong", "1000", "1100+", "1110", "1300+")
CALLS = 6  # submit, two uploads with their details, finish
STEPS = 3 * CALLS


def test_without_faults_each_call_is_made_once() -> None:
    drive = Drive()
    drive.until_quiet()
    drive.expect_filed_once()
    assert drive.calls == CALLS
    calls = [(each.call, each.file) for each in drive.record if isinstance(each, Intent)]
    assert calls == [
        (Call.SUBMIT, None),
        (Call.UPLOAD, 0),
        (Call.FILE_INFO, 0),
        (Call.UPLOAD, 1),
        (Call.FILE_INFO, 1),
        (Call.FINISH, None),
    ]


@pytest.mark.parametrize("files", [0, 1, 3])
def test_a_death_at_any_two_steps_and_a_loss_at_any_call_file_it_once(files: int) -> None:
    """All pairs of a death and a fault, and all pairs of deaths: over four thousand lives."""
    calls = 2 + 2 * files
    plans = [({kill}, {call: fault}) for kill, call, fault in product(range(3 * calls + 3), range(calls + 1), LOSSES)]
    plans += [({one, other}, {}) for one, other in product(range(3 * calls + 6), repeat=2)]
    for kills, faults in plans:
        drive = Drive(files=files, kills=set(kills), faults=dict(faults))
        drive.until_quiet()
        drive.expect_filed_once()


@pytest.mark.parametrize("one", LOSSES)
def test_any_two_losses_file_it_once(one: str) -> None:
    for first, second, other in product(range(CALLS), range(CALLS + 2), LOSSES):
        drive = Drive(faults={first: one, second: other})
        drive.until_quiet()
        drive.expect_filed_once()


@settings(max_examples=600, deadline=None)
@given(
    faults=st.dictionaries(st.integers(0, 30), st.sampled_from(LOSSES), max_size=12),
    kills=st.sets(st.integers(0, 80), max_size=12),
    files=st.integers(0, 4),
)
def test_however_much_goes_wrong_it_is_filed_once(faults: dict[int, str], kills: set[int], files: int) -> None:
    drive = Drive(files=files, faults=faults, kills=kills)
    drive.until_quiet()
    drive.expect_filed_once()


@settings(max_examples=300, deadline=None)
@given(
    faults=st.dictionaries(
        st.integers(0, 20),
        st.sampled_from((*LOSSES, "2000", "3100", "4100", "4100+", "5001", "5101", "5102", "7777", "0", "same_id")),
        max_size=6,
    ),
    kills=st.sets(st.integers(0, 60), max_size=6),
    revoked=st.integers(0, 40),
)
def test_whatever_an_authority_says_it_is_never_filed_twice(
    faults: dict[int, str], kills: set[int], revoked: int
) -> None:
    drive = Drive(faults=faults, kills=kills)
    drive.wanted = lambda: drive.steps < revoked
    for _ in range(30):
        if drive.until_quiet().phase in (Phase.FILED, Phase.READY):
            break
        drive.resume()
    assert len(drive.finished) <= 1


@pytest.mark.parametrize("step", range(STEPS))
def test_what_is_not_wanted_any_more_is_taken_back_unless_it_was_filed(step: int) -> None:
    drive = Drive()
    drive.wanted = lambda: drive.steps <= step
    standing = drive.until_quiet()
    if standing.phase is Phase.FILED:
        drive.expect_filed_once()
        assert step >= STEPS - 3, "the last look is before it is finished"
    else:
        assert standing.phase is Phase.READY
        assert drive.finished == []
        assert Stored.OPEN not in {each.state for each in drive.authority.reports.values()}


def test_an_approval_that_goes_while_the_answer_is_lost_ends_in_what_is_true() -> None:
    drive = Drive(files=0, faults={1: "after"})
    drive.wanted = lambda: drive.calls < 2
    drive.until_quiet()
    drive.expect_filed_once()
    drive = Drive(files=0, faults={1: "before"})
    drive.wanted = lambda: drive.calls < 2
    assert drive.until_quiet().phase is Phase.READY
    assert drive.finished == []


def test_what_expired_is_begun_anew_and_what_would_expire_is_taken_back_in_time() -> None:
    drive = Drive(kills={7})
    with pytest.raises(AssertionError, match="never"):
        drive.until_quiet(most=1)
    drive.clock.pass_by(hours=30)
    assert drive.until_quiet().attempt == 2
    drive.expect_filed_once()
    drive = Drive(kills={3})
    with pytest.raises(AssertionError, match="never"):
        drive.until_quiet(most=1)
    drive.clock.pass_by(hours=23, minutes=50)
    assert drive.until_quiet().attempt == 2
    drive.expect_filed_once()
    assert {each.state for each in drive.authority.reports.values()} == {Stored.FINISHED, Stored.RETRACTED}


def test_a_finish_that_was_lost_and_whose_report_went_is_begun_anew() -> None:
    drive = Drive(files=0, faults={1: "before"}, kills={5})
    with pytest.raises(AssertionError, match="never"):
        drive.until_quiet(most=1)
    drive.clock.pass_by(hours=25)
    drive.until_quiet()
    drive.expect_filed_once()
    assert drive.standing.attempt == 2


def test_a_report_that_is_unknown_before_its_time_is_for_a_person() -> None:
    drive = Drive(files=0, faults={1: "5001"})
    standing = drive.until_quiet()
    assert (standing.phase, standing.why) == (Phase.STOPPED, "unknown_before_its_time")
    drive.resume()
    drive.until_quiet()
    drive.expect_filed_once()
    assert drive.standing.attempt == 1, "the same report is asked about"


def test_what_is_refused_waits_for_repair_and_is_never_tried_by_itself() -> None:
    for call, retracted in ((0, 0), (2, 1), (CALLS - 1, 1)):
        drive = Drive(faults={call: "4100"})
        standing = drive.until_quiet()
        assert (standing.phase, standing.why) == (Phase.NEEDS_REPAIR, "refused")
        calls = drive.calls
        drive.until_quiet()
        assert drive.calls == calls
        states = [each.state for each in drive.authority.reports.values()]
        assert states.count(Stored.RETRACTED) == retracted
        drive.resume()
        drive.until_quiet()
        drive.expect_filed_once()


@pytest.mark.parametrize("call", range(CALLS))
@pytest.mark.parametrize("code", ["2000", "3000", "3100+", "3300"])
def test_who_is_not_let_in_waits_and_goes_on_where_it_was(call: int, code: str) -> None:
    drive = Drive(faults={call: code})
    assert drive.until_quiet().phase is Phase.PAUSED
    drive.resume()
    drive.until_quiet()
    assert len(drive.finished) == 1


def test_an_orphan_is_counted_and_goes_by_itself() -> None:
    drive = Drive(faults={0: "after"})
    drive.until_quiet()
    drive.expect_filed_once()
    assert drive.standing.orphans == 1
    drive.clock.pass_by(hours=25)
    assert sorted(each["state"] for each in drive.authority.state()) == ["expired", "finished"]


def test_a_death_before_the_answer_to_an_opening_is_written_is_an_orphan_too() -> None:
    drive = Drive(kills={1})
    drive.until_quiet()
    drive.expect_filed_once()
    assert drive.standing.orphans == 1


def test_a_report_that_may_be_filed_and_is_unknown_as_it_is_taken_back_is_for_a_person() -> None:
    drive = Drive(files=0, faults={1: "after", 2: "5001"})
    drive.wanted = lambda: drive.calls < 2
    standing = drive.until_quiet()
    assert (standing.phase, standing.why) == (Phase.STOPPED, "unknown_before_its_time")
    drive.resume()
    drive.until_quiet()
    drive.expect_filed_once()


def test_an_id_that_was_given_before_is_not_used() -> None:
    drive = Drive(faults={1: "wrong", 3: "same_id"})
    assert drive.until_quiet().why == "no_id_of_its_own"


def test_a_record_alone_says_how_far_it_came() -> None:
    drive = Drive(faults={2: "after"})
    drive.until_quiet()
    for length in range(len(drive.record) + 1):
        standing = fold(drive.record[:length])
        act = next_action(standing, files=drive.files, now=drive.clock())
        assert (act.action is Action.NOTHING) == (standing.phase is Phase.FILED)
    assert fold([*drive.record, Resumed(drive.clock())]) == drive.standing


@pytest.mark.parametrize("tries", [0, 1, 2, 5, 10, 100, 10**6])
def test_waiting_is_jittered_grows_and_has_no_end(tries: int) -> None:
    assert delay(tries, lambda: 0.0) == timedelta()
    assert timedelta() < delay(tries, lambda: 0.999) <= LONGEST
    assert delay(20, lambda: 0.999) > timedelta(minutes=14)
    assert delay(1) <= timedelta(seconds=1)
