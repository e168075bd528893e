"""Jurisdiction profiles, each by itself: scope, deadlines, clocks, authorities; and what an operator may decide."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.policy.guard import CheckKind
from seawall.policy.jurisdictions import (
    EU_MEMBERS,
    Grade,
    JurisdictionError,
    Jurisdictions,
    Overrides,
    Profile,
    home_of,
    load_overrides,
    profile_of,
    shipped_profiles,
)

PRIVATE = "private_message"
BASIS = """
private_messages:
  EU: {examine: true, legal_basis: "the regulation that applies", person: ada, date: 2026-11-01}
"""


def _examined(profile: Profile, surface: str | None = PRIVATE) -> set[CheckKind]:
    return {kind for kind in CheckKind if profile.examines(kind, surface).examined}


@pytest.mark.parametrize("code", ["US", "GB", "AU", "CA", "BR", "ZZ", None])
def test_everything_is_examined_where_no_law_says_otherwise(code: str | None) -> None:
    for surface in (None, "chat", PRIVATE):
        assert _examined(profile_of(code), surface) == set(CheckKind)


@pytest.mark.parametrize("code", ["EU", *sorted(EU_MEMBERS)])
def test_private_messages_in_the_union_are_off_by_default_and_nothing_else_is(code: str) -> None:
    profile = profile_of(code)
    assert profile.code == "EU"
    assert _examined(profile) == {CheckKind.OUTPUT, CheckKind.FINETUNE}
    assert _examined(profile, "chat") == _examined(profile, None) == set(CheckKind)
    assert profile.examines(CheckKind.INPUT, PRIVATE).reason == "jurisdiction:eu.private_messages"
    assert profile.examines(CheckKind.INPUT, "chat").reason is None


def test_there_are_27_countries_in_the_union() -> None:
    assert len(EU_MEMBERS) == 27
    assert not EU_MEMBERS & {"GB", "CH", "NO", "US"}


@pytest.mark.parametrize(("code", "home"), [("UK", "GB"), ("gb", "GB"), ("EL", "EU"), ("FR", "EU"), ("US", "US")])
def test_a_country_is_known_by_each_of_its_codes(code: str, home: str) -> None:
    assert home_of(code) == home
    assert profile_of(code).code == home


def test_the_united_states() -> None:
    profile = profile_of("US")
    assert [authority.id for authority in profile.authorities] == ["ncmec"]
    report = profile.deadline("us.report")
    assert report is not None
    assert (report.within, report.event) == (None, "actual_knowledge")
    assert report.authority is not None and report.authority.id == "ncmec"
    intimate = profile.deadline("us.intimate_image")
    assert intimate is not None
    assert intimate.within == timedelta(hours=48)
    assert intimate.source.since == date(2026, 5, 19)
    assert [(kept.keep.days, kept.start) for kept in profile.retention] == [(365, "report_finished")]


def test_the_united_kingdom() -> None:
    profile = profile_of("GB")
    assert [authority.id for authority in profile.authorities] == ["nca", "iwf"]
    within = [profile.deadline(f"gb.report_priority_{n}").within for n in (1, 2, 3)]  # type: ignore[union-attr]
    assert within == [timedelta(0), None, None]
    assert {kept.id: kept.keep.days for kept in profile.retention} == {
        "gb.reported_content": 365,
        "gb.report_reference": 1826,
    }


def test_the_european_union() -> None:
    profile = profile_of("EU")
    assert [deadline.id for deadline in profile.deadlines] == ["eu.threat_to_life"]
    assert profile.retention == ()


def test_australia() -> None:
    profile = profile_of("AU")
    assert [authority.id for authority in profile.authorities] == ["esafety"]
    notice = profile.deadline("au.removal_notice")
    assert notice is not None
    assert notice.within == timedelta(hours=24)
    assert [kept.keep.days for kept in profile.retention] == [730]


def test_canada() -> None:
    profile = profile_of("CA")
    assert [authority.id for authority in profile.authorities] == ["c3p", "police_canada"]
    assert [deadline.authority.id for deadline in profile.deadlines if deadline.authority] == ["c3p", "police_canada"]
    (kept,) = profile.retention
    assert (kept.keep, kept.destroy_after) == (timedelta(days=21), True)


def test_clocks_are_told_from_the_moment_that_starts_them() -> None:
    started = datetime(2026, 11, 23, 12, tzinfo=UTC)
    (intimate,) = [each for each in profile_of("US").deadlines if each.within is not None]
    assert intimate.due(started) == datetime(2026, 11, 25, 12, tzinfo=UTC)
    report = profile_of("US").deadline("us.report")
    assert report is not None
    assert report.due(started) is None
    assert profile_of("CA").retention[0].until(started) == datetime(2026, 12, 14, 12, tzinfo=UTC)


def test_an_unknown_country_keeps_its_code_and_has_no_deadlines() -> None:
    profile = profile_of("ZZ")
    assert (profile.code, profile.deadlines, profile.authorities) == ("ZZ", (), ())
    assert profile_of(None).code == "DEFAULT"


def test_every_fact_has_a_source_a_day_and_a_grade() -> None:
    ids = []
    for profile in shipped_profiles():
        facts = [*profile.deadlines, *profile.retention]
        ids += [fact.id for fact in facts]
        sources = [fact.source for fact in facts]
        if profile.private_messages:
            sources.append(profile.private_messages.source)
        for source in sources:
            assert source.text
            assert source.read_on >= date(2026, 1, 1)
            assert source.grade in Grade
    assert len(set(ids)) == len(ids)


def test_no_way_to_reach_an_authority_is_kept() -> None:
    from importlib.resources import files

    text = (files("seawall.policy.jurisdictions") / "profiles.yaml").read_text()
    for sign in ("http", "@", "www.", "+1"):
        assert sign not in text


def test_an_operator_switches_private_messages_on_with_a_basis_a_person_and_a_date(seawall_home: Path) -> None:
    seawall_home.mkdir(parents=True)
    (seawall_home / "jurisdictions.yaml").write_text(BASIS)
    profile = Jurisdictions.load(seawall_home).profile_of("FR")
    assert _examined(profile) == set(CheckKind)
    assert profile.decided is not None
    assert (profile.decided.person, profile.decided.on) == ("ada", date(2026, 11, 1))


@pytest.mark.parametrize(
    "text",
    [
        "private_messages: {EU: {examine: true}}",
        "private_messages: {EU: {examine: true, legal_basis: x, person: ada}}",
        "private_messages: {EU: {examine: true, legal_basis: '', person: ada, date: 2026-11-01}}",
        "private_messages: {EU: {examine: true, legal_basis: x, person: ada, date: soon}}",
        "private_messages: {EU: {examine: 1, legal_basis: x, person: ada, date: 2026-11-01}}",
        "private_messages: {Europe: {examine: true, legal_basis: x, person: ada, date: 2026-11-01}}",
        "private_messages: [EU]",
        "zorblax: 1",
        "private_surfaces: [ZORBLAX]",
        "private_surfaces: chat",
        "[]",
        "{",
        "a: &x 1\nb: *x",
    ],
)
def test_half_a_decision_is_an_error(text: str, seawall_home: Path) -> None:
    seawall_home.mkdir(parents=True)
    (seawall_home / "jurisdictions.yaml").write_text(text)
    with pytest.raises(JurisdictionError, match=r"jurisdictions\.yaml"):
        load_overrides(seawall_home)


def test_one_profile_is_not_decided_on_twice(seawall_home: Path) -> None:
    seawall_home.mkdir(parents=True)
    (seawall_home / "jurisdictions.yaml").write_text(BASIS + BASIS.splitlines()[2].replace("EU", "FR") + "\n")
    with pytest.raises(JurisdictionError, match="twice"):
        load_overrides(seawall_home)


def test_an_operator_declares_surfaces_private_and_switches_examination_off_elsewhere(seawall_home: Path) -> None:
    seawall_home.mkdir(parents=True)
    text = BASIS.replace("EU", "BR").replace("examine: true", "examine: false")
    (seawall_home / "jurisdictions.yaml").write_text(text + "private_surfaces: [whisper]\n")
    places = Jurisdictions.load(seawall_home)
    assert not places.profile_of("FR").examines(CheckKind.UPLOAD, "whisper").examined
    scope = places.profile_of("BR").examines(CheckKind.INPUT, "whisper")
    assert (scope.examined, scope.reason) == (False, "jurisdiction:br.private_messages")
    assert places.profile_of("US").examines(CheckKind.INPUT, "whisper").examined


def test_without_a_file_nothing_is_decided(seawall_home: Path) -> None:
    assert load_overrides(seawall_home) == Overrides()


@settings(deadline=None)
@given(st.none() | st.text(max_size=8), st.none() | st.text(max_size=20), st.sampled_from(CheckKind))
def test_what_is_not_examined_always_has_a_reason(code: str | None, surface: str | None, kind: CheckKind) -> None:
    scope = profile_of(code).examines(kind, surface)
    assert scope.examined is (scope.reason is None)
