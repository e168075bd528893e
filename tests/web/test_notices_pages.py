"""The pages that need no browser to be tested: headers, languages, static files, the form's answers."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.cases.model import EffectKind, Outcome
from seawall.deploy.notices import Category, Lane, NoticeOptions, NoticeOutcome, Notices, ObjectType, Relation, Stage
from seawall.deploy.notices.wording import all_words
from seawall.deploy.prevention import Directory
from seawall.deploy.prevention.directory import Row
from seawall.ledger import KeyFile, Ledger
from seawall.store import Store
from seawall.vault import FileKeyProvider, Vault
from seawall.web.errors import Malformed
from seawall.web.pages import Wording, add_page, redirect
from seawall.web.pages.fields import parse_fields
from seawall.web.pages.headers import content_policy
from seawall.web.public import add_public
from seawall.web.route import anybody

SRC = Path(__file__).parents[2] / "src" / "seawall" / "web"
HTML = {"accept": "text/html,application/xhtml+xml"}
CHILD = {"category": "minor_in_danger", "subject": "gen-1", "once": "a" * 32}


def stand_ins() -> Any:
    name = "notices_stand_ins_for_pages"
    spec = spec_from_file_location(name, Path(__file__).parents[1] / "deploy" / "notices" / "conftest.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class Desk:
    def __init__(self, server: Any, notices: Notices, cases: Any) -> None:
        self.server, self.notices, self.cases = server, notices, cases

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.server.ask("GET", path, key=None, headers=HTML | headers)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        return self.server.ask("POST", path, key=None, data=fields, headers=HTML | headers)


@pytest.fixture
def options() -> dict[str, Any]:
    return {"service": "Example & Co"}


@pytest.fixture
def desk(server: Any, tmp_path: Path, migrated_sqlite: Path, options: dict[str, Any]) -> Iterator[Desk]:
    shutil.copy(migrated_sqlite, tmp_path / "pages.db")
    with Store.open(f"sqlite:///{tmp_path / 'pages.db'}") as store:
        ledger = Ledger.open(store, KeyFile(tmp_path / "keys"))
        vault = Vault(store, ledger, FileKeyProvider(tmp_path / "keys" / "vault.key"), tmp_path / "vault")
        cases = stand_ins().StandInCases()
        chosen = NoticeOptions.model_validate(options)
        notices = Notices(store, ledger, vault, cases, secret=b"s" * 32, options=chosen)
        add_public(server.app, server.parts, notices)
        yield Desk(server, notices, cases)


def receipt_in(page: str) -> str:
    found = re.search(r"[0-9A-Z]{5}(-[0-9A-Z]{5}){4}", page)
    assert found
    return found[0]


def test_every_page_forbids_what_is_foreign(desk: Desk) -> None:
    for path in ("/report", "/report/take-it-down", "/report/status", "/report/NOPE"):
        answer = desk.get(path)
        policy = answer.headers["content-security-policy"]
        for rule in (
            "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "media-src 'none'",
            "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
        ):  # fmt: skip
            assert rule in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "autoplay=()" in answer.headers["permissions-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "set-cookie" not in answer.headers
        assert not re.search(
            r"<style|style=|onclick|<script>|https?://(?!host)", answer.text.replace("(https://…)", "")
        )
        assert "Example &amp; Co" in answer.text


@pytest.mark.parametrize("options", [{"embed": ["https://app.example", "http://localhost:3000"]}])
def test_only_configured_origins_may_show_the_form_in_a_frame(desk: Desk) -> None:
    answer = desk.get("/report?embed=1")
    policy = answer.headers["content-security-policy"]
    assert policy.endswith("frame-ancestors https://app.example http://localhost:3000")
    assert "x-frame-options" not in answer.headers
    assert 'action="/report?embed=1"' in answer.text


def test_static_files_are_kept_for_a_year_under_a_name_with_their_digest(desk: Desk) -> None:
    page = desk.get("/report").text
    found = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert {path.rpartition(".")[2] for path in found} >= {"css", "js", "svg"}
    for path in found:
        answer = desk.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert re.search(r"\.[0-9a-f]{16}\.[a-z]+$", path)
    assert desk.get(found[0].replace(".svg", ".sv")).status_code == 404
    for outside in ("/static/../pages/site.py", "/static/pages/seawall.css", "/static//etc/passwd"):
        assert desk.get(outside).status_code == 404


def test_two_taps_are_enough(desk: Desk) -> None:
    page = desk.get("/report?subject=gen-7&type=lora").text
    assert '<input type="hidden" name="subject" value="gen-7">' in page
    sent = desk.post(
        "/report", {"category": "minor_sexual_content", "subject": "gen-7", "type": "lora", "once": "x" * 32}
    )
    assert sent.status_code == 200
    item = desk.cases.openings[0][1].items[0]
    assert (item.kind.value, item.ref) == ("lora", "gen-7")
    status = desk.get(f"/report/{receipt_in(sent.text)}")
    assert "People look at it" in status.text


def test_sending_the_same_form_twice_is_one_notice(desk: Desk) -> None:
    first, again = desk.post("/report", CHILD), desk.post("/report", CHILD)
    assert receipt_in(first.text) == receipt_in(again.text)
    assert len(desk.cases.openings) == 1


def test_what_is_missing_is_said_beside_its_field_and_nothing_is_lost(desk: Desk) -> None:
    said = {"category": "other", "subject": "gen-1\nhttps://host.example/2", "name": '"><script>', "text": "a zorblax"}
    answer = desk.post("/report", said)
    assert answer.status_code == 422
    assert 'id="email-error"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "a zorblax</textarea>" in answer.text
    assert "<script>" not in answer.text
    assert "&#34;&gt;&lt;script&gt;" in answer.text
    assert "<details open" in answer.text
    assert desk.cases.openings == []
    empty = desk.post("/report", {"once": "x"})
    assert 'id="category-error"' in empty.text


def test_a_request_for_intimate_images_is_signed(desk: Desk) -> None:
    assert 'id="minor_involved-error"' in desk.post("/report/take-it-down", {"subject": "gen-1"}).text
    unsigned = desk.post("/report/take-it-down", {"subject": "https://host.example/1", "minor_involved": "no"})
    assert 'id="signature-error"' in unsigned.text
    whole = {
        "subject": "https://host.example/1", "good_faith": "yes", "signature": "Ada Example", "phone": "000",
        "minor_involved": "no",
    }  # fmt: skip
    answer = desk.post("/report/take-it-down", whole)
    assert desk.notices.by_receipt(receipt_in(answer.text)).lane is Lane.TAKE_IT_DOWN
    assert "48 hours" in answer.text


@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_every_page_is_in_the_readers_language(desk: Desk, language: str) -> None:
    page = desk.get("/report", **{"accept-language": f"xx, {language};q=0.9, en;q=0.1"}).text
    direction = "rtl" if language == "ar" else "ltr"
    assert f'<html lang="{language}" dir="{direction}">' in page
    chosen = desk.get(f"/report?lang={language}", **{"accept-language": "fr"}).text
    assert f'action="/report?lang={language}"' in chosen
    receipt = receipt_in(desk.post(f"/report?lang={language}", CHILD).text)
    assert desk.notices.by_receipt(receipt).locale == language


def test_a_language_that_is_not_known_is_answered_in_english(desk: Desk) -> None:
    assert '<html lang="en"' in desk.get("/report?lang=zz", **{"accept-language": "fr;q=x, ;;, *"}).text


def test_a_page_of_another_site_cannot_send_the_form(desk: Desk) -> None:
    for site in ("cross-site", "same-site"):
        answer = desk.post("/report", CHILD, **{"sec-fetch-site": site})
        assert answer.status_code == 403
        assert "<h1>" in answer.text
    assert desk.cases.openings == []


def test_no_file_is_taken_by_the_form(desk: Desk) -> None:
    answer = desk.server.ask("POST", "/report", key=None, files={"file": ("x.png", b"\x89PNG")}, headers=HTML)
    assert answer.status_code == 415
    assert "never send the material" in answer.text
    too_large = desk.post("/report", {"text": "x" * 70_000})
    assert too_large.status_code == 413
    broken = desk.server.ask(
        "POST", "/report", key=None, content=b"text=%ff",
        headers=HTML | {"content-type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    assert broken.status_code == 400


@pytest.mark.parametrize("options", [{"rates": {"address": 2}}])
def test_over_the_bound_a_page_says_so(desk: Desk) -> None:
    answers = [desk.post("/report", CHILD | {"subject": f"gen-{n}"}) for n in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert "retry-after" in answers[-1].headers
    assert "wait a moment" in answers[-1].text


def test_the_page_with_the_receipt_names_who_can_help_in_the_senders_country(desk: Desk) -> None:
    row = Row.model_validate(
        {
            "id": "xx-example", "country": "XX", "languages": ["en"], "name": "Example <Help>", "audience": ["victim"],
            "channels": {"phone": "000 000", "web": "https://help.example.org"}, "source": "a test",
            "verified_on": datetime.now(UTC).date() - timedelta(days=1), "verified_by": "a test",
            "expires_on": datetime.now(UTC).date() + timedelta(days=90),
        }
    )  # fmt: skip
    desk.notices._helpers = Directory([row])
    page = desk.post("/report", CHILD | {"relation": "self", "country": "xx"}).text
    assert "Example &lt;Help&gt;" in page
    assert "000 000" in page
    assert "000 000" not in desk.post("/report", CHILD | {"relation": "bystander", "country": "xx"}).text


def test_a_receipt_that_is_not_known_can_be_typed_again(desk: Desk) -> None:
    for answer in (desk.get("/report/NOPE"), desk.post("/report/status", {"receipt": "NOPE"})):
        assert answer.status_code == 404
        assert 'id="receipt-error"' in answer.text
        assert "NOPE" not in answer.text
    receipt = receipt_in(desk.post("/report", CHILD).text)
    assert desk.post("/report/status", {"receipt": receipt.lower()}).status_code == 200


def test_the_status_page_tells_of_a_decision_and_of_a_removal_under_way(desk: Desk) -> None:
    receipt = receipt_in(desk.post("/report", CHILD).text)
    module = stand_ins()
    bench = module.Bench(
        desk.notices._store, desk.notices._ledger, desk.notices._words._vault, desk.cases, desk.notices._store.clock,
        desk.notices, Path(),
    )  # fmt: skip
    bench.decide(desk.cases.openings[0][0], Outcome.REPORTABLE, EffectKind.REMOVE)
    page = desk.get(f"/report/{receipt}").text
    assert "Removal under way" in page
    assert "If you disagree" in page


def test_what_goes_wrong_inside_a_page_is_told_as_a_page_to_browsers_alone(desk: Desk) -> None:
    assert "application/json" in desk.server.ask("GET", "/static/x", key=None).headers["content-type"]
    assert "text/html" in desk.get("/static/x").headers["content-type"]

    async def silent(_request: Any) -> Any: ...

    with pytest.raises(TypeError, match="who may use it"):
        add_page(desk.server.app, ["GET"], "/silent", silent)

    @anybody
    async def breaks(_request: Any) -> Any:
        raise ZeroDivisionError("zorblax")

    add_page(desk.server.app, ["GET"], "/breaks", breaks)
    broken = desk.get("/breaks")
    assert broken.status_code == 500
    assert "Something went wrong" in broken.text
    assert desk.server.ask("GET", "/breaks", key=None).json()["error"]["code"] == "internal"
    said = desk.server.log.getvalue()
    assert said.count("ZeroDivisionError") == 2
    assert "zorblax" not in said


def test_a_redirect_never_leaves_this_server(desk: Desk) -> None:
    @anybody
    async def leave(request: Any) -> Any:
        return redirect(request, request.query_params["to"])

    add_page(desk.server.app, ["GET"], "/leave", leave)
    answer = desk.get("/leave?to=/report&lang=de")
    assert (answer.status_code, answer.headers["location"]) == (303, "/report?lang=de")
    for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example", "/x\ny"):
        answer = desk.server.ask("GET", "/leave", key=None, params={"to": elsewhere}, headers=HTML)
        assert answer.status_code == 500
        assert "location" not in answer.headers


def test_all_languages_have_all_words_with_the_same_places_for_values() -> None:
    wording = Wording()
    english = wording.keys("en")
    for code in wording.languages:
        assert wording.keys(code) == english, code
        for key in english:
            places = [set(re.findall(r"{(\w+)}", wording.say(wording.languages[each], key))) for each in (code, "en")]
            assert places[0] == places[1], (code, key)
    for words in all_words().values():
        assert "{due}" in words.next.due
        assert "{due}" in words.next.take_it_down
        assert "{number}" in words.emergency.number
        assert all(getattr(words.stage, each.value) for each in Stage)
        assert all(getattr(words.outcome, each.value) for each in NoticeOutcome)


def test_every_choice_of_the_form_has_words() -> None:
    known = Wording().keys("en")
    for prefix, kind in (("type", ObjectType), ("relation", Relation)):
        assert {f"public.{prefix}.{each.value}" for each in kind} <= known
    for each in set(Category) - {Category.NCII_ADULT}:
        assert {f"public.category.{each.value}", f"public.category_hint.{each.value}"} <= known


class _Lint(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if tag in ("style", "iframe", "object", "embed", "video", "audio", "base"):
            self.found.append(tag)
        if any(name.startswith("on") or name in ("style", "autoplay", "srcdoc") for name in names):
            self.found.append(f"{tag} {sorted(names)}")
        if tag == "script" and "src" not in names:
            self.found.append("inline script")
        if tag == "img" and "alt" not in names:
            self.found.append("img without alt")
        if tag == "input" and dict(attrs).get("type") == "file":
            self.found.append("file")


@pytest.mark.parametrize("feature", ["pages", "public"])
def test_templates_hold_nothing_that_runs_plays_or_takes_files(feature: str) -> None:
    templates = sorted((SRC / feature / "templates").glob("*.html"))
    assert templates
    for template in templates:
        lint = _Lint()
        text = template.read_text()
        lint.feed(re.sub(r"{[%#{].*?[%#}]}", "", text, flags=re.DOTALL))
        assert lint.found == [], template.name
        assert "| safe" not in text and "|safe" not in text
        assert len(text.splitlines()) <= 120


def test_the_style_sheet_is_short_and_writes_in_both_directions() -> None:
    css = (SRC / "pages" / "static" / "seawall.css").read_text()
    assert len(css.splitlines()) < 600
    assert not re.search(r"(margin|padding|border)-(left|right)|text-align: (left|right)|@import|url\(", css)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_colours_have_enough_contrast_in_light_and_dark() -> None:
    css = (SRC / "pages" / "static" / "seawall.css").read_text()
    blocks = re.findall(r":root {(.*?)}", css, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
        for ground in ("paper", "panel", "sunk"):
            for ink in ("ink", "soft", "sea", "bad", "care", "good", "drill"):
                assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
            assert contrast(colours["edge"], colours[ground]) >= 3, ground
        for tone in ("bad", "care", "good", "drill", "sea"):
            assert contrast(colours[tone], colours[f"{tone}-wash"]) >= 4.5, tone
            assert contrast(colours["ink"], colours[f"{tone}-wash"]) >= 4.5
        assert contrast(colours["on-sea"], colours["sea"]) >= 4.5


def test_the_policy_of_content_names_no_inline_and_no_eval() -> None:
    assert "unsafe" not in content_policy()
    assert "*" not in content_policy(["https://app.example"])


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader_of_forms(data: bytes) -> None:
    try:
        fields = parse_fields(data)
    except Malformed:
        return
    for name in fields.names():
        assert "\0" not in fields.get(name)


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20), max_size=5))
def test_a_form_reads_back_as_it_was_written(values: dict[str, str]) -> None:
    try:
        data = urlencode(values).encode()
    except UnicodeEncodeError:
        return
    if any("\0" in each or "\r" in each for pair in values.items() for each in pair):
        return
    fields = parse_fields(data)
    assert {name: fields.all(name) for name in fields.names()} == {name: (value,) for name, value in values.items()}
