"""The report form in a real browser: by keyboard, without scripts, in three languages, and nobody else is asked."""

from __future__ import annotations

import re
import socket
import sys
import threading
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, Response

from seawall.cases.model import EffectKind, Outcome
from seawall.deploy.notices import NoticeOptions, Notices
from seawall.deploy.notices.deciding import removed
from seawall.ledger import KeyFile, Ledger
from seawall.store import Store
from seawall.vault import FileKeyProvider, Vault
from seawall.web.body import Limits
from seawall.web.edge import Edge
from seawall.web.instruments import Instruments
from seawall.web.logs import make_logger
from seawall.web.public import add_public

PAGES = ("/report", "/report/take-it-down", "/report/status", "/report/NOPE", "/report?subject=gen-7&type=image")

pytestmark = pytest.mark.ui


def stand_ins() -> Any:
    name = "notices_stand_ins_for_browser"
    spec = spec_from_file_location(name, Path(__file__).parents[1] / "deploy" / "notices" / "conftest.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class Office:
    """A server with the form on loopback."""

    def __init__(self, address: str, bench: Any) -> None:
        self.address, self.bench = address, bench

    def decide(self) -> None:
        decision = self.bench.decide(self.bench.cases.openings[-1][0], Outcome.REPORTABLE, EffectKind.REMOVE)
        with self.bench.store.begin() as connection:
            removed(connection, self.bench.ledger, decision, "2026-11-23T12:00:00.000000Z")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    home = tmp_path_factory.mktemp("office")
    with socket.socket() as listening, Store.open(f"sqlite:///{home / 'seawall.db'}") as store:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        ledger = Ledger.open(store, KeyFile(home / "keys"))
        vault = Vault(store, ledger, FileKeyProvider(home / "keys" / "vault.key"), home / "vault")
        module = stand_ins()
        cases = module.StandInCases()
        options = NoticeOptions.model_validate(
            {"service": "Example Pictures", "embed": [f"http://localhost:{port}"], "rates": {"address": 1000}}
        )
        notices = Notices(store, ledger, vault, cases, secret=b"s" * 32, options=options)
        app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        parts: Any = SimpleNamespace(limits=Limits(), instruments=Instruments(), keys=None)
        app.state.parts, app.state.log = parts, make_logger()
        add_public(app, parts, notices)
        edge = Edge(app.router, parts.instruments, app.state.log)

        async def with_app(scope: Any, receive: Any, send: Any) -> None:
            if scope["path"] == "/host-page":
                shown = f'<iframe src="http://127.0.0.1:{port}/report?embed=1"></iframe>'
                await Response(shown, media_type="text/html")(scope, receive, send)
                return
            scope["app"] = app
            await edge(scope, receive, send)

        server = uvicorn.Server(uvicorn.Config(with_app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        bench = module.Bench(store, ledger, vault, cases, store.clock, notices, home)
        yield Office(f"http://127.0.0.1:{port}", bench)
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def visit(browser: Any, office: Office) -> Iterator[Any]:
    """Open a page; what the browser complained of, and what it asked for, come with it."""
    contexts = []

    def visit(path: str, **options: Any) -> tuple[Any, list[str], list[str]]:
        context = browser.new_context(**({"locale": "en"} | options))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(office.address + path)
        return page, said, asked

    yield visit
    for context in contexts:
        context.close()


def violations(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    return [
        f"{each['id']}: {each['nodes'][0]['html']}" for each in Axe().run(page, options=options).response["violations"]
    ]


def receipt_on(page: Any) -> str:
    found = re.search(r"[0-9A-Z]{5}(-[0-9A-Z]{5}){4}", page.locator("#receipt").inner_text())
    assert found
    return found[0]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("look", [("light", 1280, "en"), ("dark", 400, "ar"), ("light", 400, "de")])
def test_pages_are_accessible_in_light_and_dark_wide_and_narrow_and_in_both_directions(visit, office, path, look):
    scheme, width, language = look
    page, said, asked = visit(path, color_scheme=scheme, viewport={"width": width, "height": 800}, locale=language)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert all(url.startswith(office.address) for url in asked)
    assert [each for each in said if "404" not in each] == []
    assert page.context.cookies() == []


def test_every_field_with_a_mistake_is_accessible_too(visit):
    page, _, _ = visit("/report")
    page.get_by_text("Something else that breaks").click()
    page.get_by_role("button", name="Send").click()
    page.get_by_role("alert").wait_for()
    assert violations(page) == []
    assert page.evaluate("document.activeElement.id") == "errors"
    page.get_by_role("link", name="Tell us your name.").click()
    assert page.evaluate("document.activeElement.name") == "name"
    assert page.get_by_role("textbox", name="Your name").is_visible()


def test_the_form_can_be_sent_by_keyboard_alone(visit):
    page, _, _ = visit("/report")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "category"
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.value") == "grooming_sextortion"
    page.keyboard.press("Tab")
    page.keyboard.type("gen-by-keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="We have your notice.").wait_for()
    assert page.get_by_text("call your local emergency number").is_visible()
    assert violations(page) == []


def test_two_taps_send_a_notice_where_the_service_names_the_item(visit, office):
    page, _, _ = visit("/report?subject=gen-77&type=image", has_touch=True, viewport={"width": 400, "height": 800})
    page.get_by_text("A child is in danger").tap()
    page.get_by_role("button", name="Send").tap()
    receipt_on(page)
    assert office.bench.cases.openings[-1][1].items[0].ref == "gen-77"


def test_everything_works_without_scripts_until_it_is_gone(visit, office):
    page, _, asked = visit("/report", java_script_enabled=False)
    page.get_by_text("A child is in danger").click()
    page.get_by_label("Where is it?").fill("gen-without-scripts")
    page.get_by_role("button", name="Send").click()
    receipt = receipt_on(page)
    office.decide()
    page.get_by_role("link", name="See what became of a notice").click()
    page.get_by_label("Your receipt").fill(receipt.lower().replace("-", " "))
    page.get_by_role("button", name="Show").click()
    page.get_by_role("heading", name="We have decided, and it is gone.").wait_for()
    assert receipt not in page.url
    assert page.get_by_text("If you disagree", exact=True).is_visible()
    assert page.get_by_role("link", name="Leave this page").get_attribute("href") == "about:blank"
    assert not any(url.endswith(".js") for url in asked)


def test_the_quick_exit_leaves_at_once_and_nothing_to_go_back_to(visit, office):
    page, _, _ = visit("/report/status")
    page.goto(f"{office.address}/report")
    page.get_by_label("Where is it?").focus()
    page.keyboard.press("Escape")
    assert page.url == f"{office.address}/report"
    page.keyboard.press("Escape")
    page.wait_for_url("about:blank")
    page.go_back()
    assert not page.url.endswith("/report")
    page.goto(f"{office.address}/report")
    page.get_by_role("link", name="Leave this page").click()
    page.wait_for_url("about:blank")


def test_the_form_has_no_place_for_a_file(visit):
    for path in PAGES[:2]:
        page, _, _ = visit(path)
        assert page.locator("input[type=file]").count() == 0
        assert page.locator("form[enctype]").count() == 0


def test_only_a_configured_origin_shows_it_in_a_frame(visit, office):
    page, _, _ = visit("/report")
    page.goto(office.address.replace("127.0.0.1", "localhost") + "/host-page")
    frame = page.frame_locator("iframe")
    frame.get_by_text("A child is in danger").click()
    frame.get_by_label("Where is it?").fill("gen-in-a-frame")
    frame.get_by_role("button", name="Send").click()
    frame.get_by_role("heading", name="We have your notice.").wait_for()
    page.goto(f"{office.address}/host-page")
    assert page.frames[1].url.startswith("chrome-error")


def test_scripts_of_others_cannot_run_in_it(visit):
    page, said, _ = visit("/report")
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "document.title = 1";
            document.body.append(script);
        }"""
    )
    assert page.title() == "Report something"
    assert any("Content Security Policy" in each for each in said)
