"""The texts: short, calm, in the right language, and silent about how anything was noticed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from seawall.deploy.prevention import Audience, Catalogue, Texts, TextsInvalid, lint
from seawall.deploy.prevention.lint import MOST_WORDS, count_words
from seawall.deploy.prevention.texts import DRAFT
from seawall.policy.guard import Tier

CATALOGUE = Catalogue.open()
ENGLISH = CATALOGUE.texts["en"]


@pytest.mark.parametrize("locale", CATALOGUE.texts)
def test_shipped_texts_pass_the_lint_and_say_that_they_are_drafts(locale: str) -> None:
    texts = CATALOGUE.texts[locale]
    assert lint(texts) == []
    assert texts.reviewed == DRAFT
    assert max(count_words(text) for _, text in texts.wholes()) <= MOST_WORDS


@pytest.mark.parametrize("locale", CATALOGUE.texts)
def test_no_text_names_a_number_or_an_address(locale: str) -> None:
    for _, text in CATALOGUE.texts[locale].parts():
        assert not re.search(r"\d{3}|https?|@|www", text.replace("18", ""))


@pytest.mark.parametrize("locale", CATALOGUE.texts)
def test_the_neutral_text_accuses_nobody_and_offers_no_help(locale: str) -> None:
    texts = CATALOGUE.texts[locale]
    for audience in Audience:
        assert texts.compose(Tier.T0, "neutral", audience, services=True) == texts.neutral
    assert texts.compose(Tier.T1, "holdout", Audience.ADULT, services=True) == texts.neutral
    assert count_words(texts.neutral) < 12


@pytest.mark.parametrize("locale", CATALOGUE.texts)
def test_whoever_tries_again_is_told_the_same_and_to_take_a_break(locale: str) -> None:
    texts = CATALOGUE.texts[locale]
    for theme in ("law", "harm", "help"):
        first = texts.compose(Tier.T1, theme, Audience.ADULT, services=False)
        again = texts.compose(Tier.T2, theme, Audience.ADULT, services=False)
        assert again.replace(f"{texts.cooldown} ", "") == first
    for audience in (Audience.VICTIM, Audience.BYSTANDER, Audience.WORRIED):
        assert texts.cooldown not in texts.compose(Tier.T2, "plain", audience, services=False)


@pytest.mark.parametrize(
    ("locale", "country", "chosen"),
    [
        ("de-AT", "FR", "de"),
        ("pt-BR", None, "pt"),
        ("zh-Hant-TW", "SE", "sv"),
        ("nn-NO", None, "nb"),
        ("no", None, "nb"),
        (None, "NL", "nl"),
        (None, "jp", "en"),
        ("xx", None, "en"),
        (None, None, "en"),
        ("EN_us", None, "en"),
        ("-", "DE", "de"),
    ],
)
def test_the_language_is_the_users_then_that_of_the_country_then_english(
    locale: str | None, country: str | None, chosen: str
) -> None:
    assert CATALOGUE.choose(locale, country).locale == chosen


@given(st.text(max_size=40), st.text(max_size=4))
def test_any_tag_leads_to_some_language(locale: str, country: str) -> None:
    assert CATALOGUE.choose(locale, country).locale in CATALOGUE.texts


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("We will report this to the police.", "tipping_off"),
        ("Our filter noticed you.", "tipping_off"),
        ("You were flagged.", "tipping_off"),
        ("Only a monster asks for this.", "stigma"),
        ("See https://help.example.org/?utm_source=seawall", "markup"),
        ("Hello {name}.", "markup"),
        ("Stop this now!", "markup"),
        ("word " * 61, "length"),
    ],
)
def test_the_lint_finds_what_a_text_must_not_do(text: str, rule: str) -> None:
    changed = ENGLISH.model_copy(update={"victim": text})
    assert rule in {complaint.rule for complaint in lint(changed)}


def test_a_language_without_word_lists_is_for_a_person_to_look_at() -> None:
    changed = ENGLISH.model_copy(update={"locale": "xx"})
    assert [complaint.rule for complaint in lint(changed)] == ["unreviewed_rules"]


def test_an_operator_replaces_the_texts_of_a_language(tmp_path: Path) -> None:
    folder = tmp_path / "messages"
    folder.mkdir()
    own = ENGLISH.model_dump() | {
        "reviewed": "Example Trust, 2026-12-01",
        "version": 2,
        "neutral": "We can not do this.",
    }
    (folder / "en.yaml").write_text(yaml.safe_dump(own))
    assert Catalogue.open(tmp_path).choose("en", None).neutral == "We can not do this."
    (folder / "en.yaml").rename(folder / "fr.yaml")
    with pytest.raises(TextsInvalid, match="locale"):
        Catalogue.open(tmp_path)
    (folder / "fr.yaml").write_text("neutral: x")
    with pytest.raises(TextsInvalid, match=r"fr\.yaml"):
        Catalogue.open(tmp_path)


def test_there_is_always_english() -> None:
    with pytest.raises(TextsInvalid):
        Catalogue({"de": CATALOGUE.texts["de"]})
    assert isinstance(ENGLISH, Texts)
