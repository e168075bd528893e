"""Templates, words and scripts of the console: nothing plays by itself, nothing is inline, every word is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.resources import files
from itertools import product

import pytest

from seawall.cases import EventKind, Result
from seawall.cases.model import (
    CaseState,
    Door,
    EffectKind,
    GenerativeAi,
    ItemKind,
    Label,
    Outcome,
    Severity,
    SubjectKind,
    TaskKind,
    Viewed,
)
from seawall.maintain.review.wellness.load import Reason
from seawall.vault.derivatives.model import Rung
from seawall.vault.viewing import Viewed as Seen
from seawall.web.pages.languages import Wording
from seawall.web.review import book, desks, frame, ladder, tasks, views

ROOT = files("seawall.web") / "review"
TEMPLATES = {each.name: each.read_text("utf-8") for each in (ROOT / "templates").iterdir()}
SOURCES = {each.name: each.read_text("utf-8") for each in ROOT.iterdir() if each.name.endswith(".py")}
STATIC = {each.name: each.read_text("utf-8") for each in (ROOT / "static").iterdir()}
WORDING = Wording()
KNOWN = WORDING.keys("en")
KEY = re.compile(r"review\.[a-z_]+(?:\.[\w-]+)*")


class _Lint(HTMLParser):
    """What a template may not hold."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._script = False
        self.feed(re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", text, flags=re.DOTALL))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("style", "iframe", "object", "embed", "base", "picture", "source", "video", "audio", "canvas"):
            self.found.append(tag)
        # A template has the emblem of a page; what is to be seen of an item is made by the script alone.
        if tag == "img" and (given.get("alt") != "" or "src" not in given):
            self.found.append(tag)
        for name, value in given.items():
            if name.startswith("on") or name in ("style", "autoplay", "srcdoc", "srcset", "ping", "target"):
                self.found.append(f"{tag} {name}")
            if re.search(r"^\s*(data:|javascript:|blob:|https?:|//)", value or "", re.IGNORECASE):
                self.found.append(f"{tag} {name}={value}")
        self._script = tag == "script"
        if self._script and "src" not in given:
            self.found.append("inline script")

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            self.found.append("inline script")

    def handle_endtag(self, tag: str) -> None:
        self._script = False


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_a_template_runs_plays_and_fetches_nothing_by_itself(name: str) -> None:
    text = TEMPLATES[name]
    assert _Lint(text).found == []
    assert not re.search(r"autoplay|javascript:|data:[a-z]|https?://|\|\s*safe\b|autoescape", text)
    assert not re.search(r"<img(?![^>]*src=\"\{\{ asset\('wave\.svg'\) \}\}\")", text)


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_every_form_that_changes_something_carries_the_token(name: str) -> None:
    text = re.sub(r"{#.*?#}", "", TEMPLATES[name], flags=re.DOTALL)
    forms = re.findall(r"<form\b.*?</form>", text, re.DOTALL)
    assert len(forms) == text.count("<form")
    for form in forms:
        if 'method="get"' not in form:
            assert 'method="post"' in form
            assert '<input type="hidden" name="csrf" value="{{ csrf }}">' in form
        assert "enctype" not in form
        assert 'type="file"' not in form


def test_the_address_of_content_is_fetched_by_the_script_alone() -> None:
    places = re.findall(r'([\w-]+)="/review/exposures/[^"]*"', "".join(TEMPLATES.values()))
    assert sorted(places) == ["data-content", "data-seen", "href"]
    item = TEMPLATES["item.html"]
    # Without the script there is a link, which somebody must follow.
    assert re.search(r'<noscript><p><a href="/review/exposures/\{\{ shown\.id \}\}">', item)


def test_the_script_shows_nothing_before_somebody_holds_or_presses() -> None:
    script = STATIC["review.js"]
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function|autoplay", script)
    assert not re.search(r"https?://|localStorage|sessionStorage|indexedDB|caches\.|serviceWorker", script)
    assert not re.search(r"\.play\(|createObjectURL|toDataURL|download\b(?!\s)", script.replace("nodownload", ""))
    for use in re.findall(r".*dataset\.content.*", script):
        assert re.search(r"image\.src|video\.src|audio\.src|fetch\(", use)
    assert 'preload = "none"' in script


def test_the_styles_fetch_nothing_from_elsewhere() -> None:
    for name, text in STATIC.items():
        if name.endswith(".css"):
            assert not re.search(r"@import|https?://|url\(\s*['\"]?(data|//)", text)


def named() -> Iterator[tuple[str, str]]:
    """The words that are named whole, with where."""
    for name, text in TEMPLATES.items():
        for call in re.findall(r"\bt\((['\"])(review\.[\w.-]+)\1\s*[,)]", text):
            yield name, call[1]
        for call in re.findall(r'"(review\.[\w.]+)" if [^)]*? else "(review\.[\w.]+)"', text):
            yield from ((name, each) for each in call)
    for name, text in SOURCES.items():
        for call in re.findall(r"\"(review\.[\w.-]+)\"", text):
            yield name, call


def test_every_word_that_is_named_is_there() -> None:
    found = list(named())
    assert len(found) > 150
    assert [each for each in found if each[1] not in KNOWN] == []


FAMILIES: dict[str, list[str]] = {
    "review.severity": [str(int(each)) for each in Severity],
    "review.kind": [each.value for each in TaskKind],
    "review.subject": [each.value for each in SubjectKind],
    "review.states": [each.value for each in CaseState],
    "review.doors": [each.value for each in Door],
    "review.item.kinds": [each.value for each in ItemKind],
    "review.labels": [each.value.replace(".", "_") for each in Label],
    "review.label_groups": [group for group, _ in views.LABELS],
    "review.ai": [each.value for each in GenerativeAi],
    "review.outcome": [each.value for each in Outcome],
    "review.effect": [each.value for each in EffectKind],
    "review.events": [each.value for each in EventKind],
    "review.why": [each.value for each in Reason],
    "review.viewed": [each.value for each in Viewed],
    "review.seen": [each.value for each in Seen],
    "review.moves": [*tasks.MOVES, *book.STEERED],
    "review.told": sorted(frame._TOLD),
    "review.locked": ["missing", "grant", "top", "reduced_first"],
    "review.load": ["must", "high", "soft", "calm"],
    "review.break": ["enforced", "now", "offer"],
    "review.decide": ["missing", "reason_missing", "outcome_missing", "rules_missing"],
    "review.rungs": [each.value for each in Rung],
    "review.nav": ["desk", "cases", "me", "team"],
    "review.keys": ["item", "hold", "label", "decide", "cover", "stop"],
}


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_value_of_a_kind_has_its_word(family: str) -> None:
    assert [each for each in FAMILIES[family] if f"{family}.{each}" not in KNOWN] == []


def test_every_step_of_every_kind_of_item_has_its_word() -> None:
    for kind, rungs in ladder._OF.items():
        words = "rungs_text" if kind in ladder.READ else "rungs_sound" if kind is ItemKind.AUDIO else "rungs"
        assert [each for each in rungs if f"review.{words}.{each.value}" not in KNOWN] == [], kind


def test_everything_that_is_told_after_a_step_can_be_told() -> None:
    said = set(tasks._TOLD.values())
    assert set(tasks._TOLD) == set(Result)
    for text in SOURCES.values():
        said |= set(re.findall(r"go\(request, [\w.]+, \"(\w+)\"", text))
    assert said | set(tasks.MOVES) <= frame._TOLD | {"saved"}
    assert {"lost", "stop", "saved"} <= said
    assert desks.BREAK.startswith(frame.HOME)


def test_every_word_is_used_somewhere() -> None:
    whole = {key for _, key in named()}
    text = "".join([*TEMPLATES.values(), *SOURCES.values()])
    families = {each.rstrip(".") for each in re.findall(r"[\"'](review\.[\w.]*\.)[\"']", text)}
    families |= {each.rstrip(".") for each in re.findall(r"f\"(review\.[\w.]*\.)\{", text)}
    families |= {"review.rungs", "review.rungs_text", "review.rungs_sound"}
    unused = [
        each
        for each in KNOWN
        if each.startswith("review.") and each not in whole and each.rpartition(".")[0] not in families
    ]
    assert unused == []


def test_all_languages_have_the_same_words_with_the_same_places() -> None:
    languages = [each for each in WORDING.languages if each != "en"]
    assert languages
    for language, key in product(languages, sorted(KNOWN)):
        if key.startswith("review."):
            assert key in WORDING.keys(language), (language, key)
    english = WORDING.languages["en"]
    for language in languages:
        extra = {each for each in WORDING.keys(language) - KNOWN if each.startswith("review.")}
        assert extra == set()
    for key in sorted(KNOWN):
        if not key.startswith("review."):
            continue
        places = set(re.findall(r"\{(\w+)\}", _raw("en", key)))
        for language in languages:
            assert set(re.findall(r"\{(\w+)\}", _raw(language, key))) == places, (language, key)
    assert WORDING.has("review.desk.title", english)


def _raw(language: str, key: str) -> str:
    """A text as its catalogue has it."""
    values = {name: f"{{{name}}}" for name in ("queue", "percent", "until", "time", "n", "label", "rung")}
    return WORDING.say(WORDING.languages[language], key, **values)
