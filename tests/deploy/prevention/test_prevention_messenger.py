"""The messenger: stable, rotated, with a holdout that minors and victims are never in."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.deploy.guard.contract import Messenger
from seawall.deploy.prevention import (
    Audience,
    DirectoryInvalid,
    MessageId,
    Options,
    OptionsInvalid,
    PreventionMessenger,
)
from seawall.policy.guard import AgeSignal, Tier
from seawall.settings import Settings
from tests.deploy.prevention.conftest import Desk

if TYPE_CHECKING:
    from tests.deploy.prevention.conftest import MovedClock


def _arm(text: str | None) -> str:
    parsed = MessageId.parse(text or "")
    assert parsed is not None
    return parsed.arm


def test_it_is_a_messenger_of_the_guard(desk: Desk) -> None:
    messenger: Messenger = desk.messenger
    assert messenger.message(tier=Tier.T0, age_signal=AgeSignal.ADULT, locale=None, country=None, unit="u") is not None


def test_a_clear_attempt_gets_law_and_help_in_the_users_language(desk: Desk) -> None:
    said = next(
        message
        for number in range(50)
        if _arm((message := desk.say(f"u{number}", country="DE", locale="de")).id) == "law"
    )
    assert "verboten" in said.text
    assert [service.web for service in said.services] == [
        "https://kein-taeter-werden.de",
        "https://troubled-desire.com",
    ]


def test_themes_rotate_evenly_and_about_a_tenth_is_held_out(desk: Desk) -> None:
    arms = Counter(_arm(desk.say(f"account-{number}").id) for number in range(4000))
    assert 320 < arms["holdout"] < 480
    for theme in ("law", "harm", "help"):
        assert 1080 < arms[theme] < 1320


def test_an_account_hears_the_same_until_the_epoch_ends(desk: Desk, clock: MovedClock) -> None:
    units = [f"u{number}" for number in range(200)]
    before = [desk.say(unit).id for unit in units]
    assert [desk.say(unit).id for unit in units] == before
    clock.move(days=200)
    after = [desk.say(unit).id for unit in units]
    assert sum(one != other for one, other in zip(before, after, strict=True)) > 20


def test_the_holdout_gets_the_neutral_text_once_and_the_full_text_when_it_tries_again(desk: Desk) -> None:
    held = next(unit for unit in map(str, range(500)) if _arm(desk.say(unit).id) == "holdout")
    first, again = desk.say(held, country="GB"), desk.say(held, Tier.T2, country="GB")
    assert (first.text, first.services) == (desk.say(held, Tier.T0).text, ())
    assert _arm(again.id) in ("law", "harm", "help")
    assert again.services


def test_the_neutral_tier_carries_no_service_and_no_trial(desk: Desk) -> None:
    for number in range(50):
        said = desk.say(str(number), Tier.T0, country="GB")
        assert (_arm(said.id), said.services) == ("neutral", ())


@given(st.text(max_size=20), st.sampled_from([Tier.T1, Tier.T2]), st.sampled_from([None, *Audience]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_minors_and_victims_are_never_held_out_and_get_no_adult_services(
    desk: Desk, unit: str, tier: Tier, said: Audience | None
) -> None:
    minor = desk.say(unit, tier, age_signal=AgeSignal.MINOR, audience=said, country="GB")
    assert (_arm(minor.id), minor.services) == ("plain", ())
    victim = desk.say(unit, tier, age_signal=AgeSignal.ADULT, audience=Audience.VICTIM, country="GB")
    assert (_arm(victim.id), victim.services) == ("plain", ())
    assert "your fault" in minor.text
    assert "your fault" in victim.text


def test_a_minor_is_spoken_to_as_a_minor_whatever_else_is_said(desk: Desk) -> None:
    def whom(said: Audience | None) -> Audience:
        parsed = MessageId.parse(desk.say(age_signal=AgeSignal.MINOR, audience=said).id or "")
        assert parsed is not None
        return parsed.audience

    assert [whom(said) for said in (None, Audience.ADULT, Audience.WORRIED)] == [Audience.MINOR] * 3
    assert whom(Audience.VICTIM) is Audience.VICTIM


def test_expired_services_are_hidden_and_the_text_stands_alone(desk: Desk, clock: MovedClock) -> None:
    clock.move(days=400)
    said = next(m for n in range(50) if _arm((m := desk.say(str(n), country="GB")).id) != "holdout")
    assert said.services == ()
    assert "A doctor or a counsellor can help." in said.text


def test_a_holdout_of_nothing_holds_nobody_out(clock: MovedClock) -> None:
    desk = Desk(clock, Options(holdout=0))
    assert all(_arm(desk.say(str(number)).id) != "holdout" for number in range(300))


def test_ids_are_read_as_they_were_written_and_nothing_else_is() -> None:
    name = MessageId(Tier.T1, "law", Audience.ADULT, "pt-BR", 3)
    assert MessageId.parse(str(name)) == name
    for wrong in ("", "T1.law.adult.en", "T9.law.adult.en.1", "T1.xx.adult.en.1", "T1.law.adult.en.x", "a" * 65):
        assert MessageId.parse(wrong) is None


def test_an_installation_opens_with_what_its_operator_wrote_or_says_why_not() -> None:
    installed = Settings.from_env()
    installed.directory()
    assert (
        PreventionMessenger.open(installed)
        .message(tier=Tier.T0, age_signal=AgeSignal.UNKNOWN, locale="fr", country=None, unit="u")
        .text.startswith("Nous")
    )
    (installed.home / "prevention.yaml").write_text("holdout: 0.9")
    with pytest.raises(OptionsInvalid, match="holdout"):
        PreventionMessenger.open(installed)
    (installed.home / "prevention.yaml").write_text("holdout: 0.2\nfloor: 20")
    PreventionMessenger.open(installed)
    (installed.home / "helplines.yaml").write_text("rows: 7")
    with pytest.raises(DirectoryInvalid):
        PreventionMessenger.open(installed)
