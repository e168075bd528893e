"""The report in a real browser: nothing outside is asked for, nothing goes wrong, the numbers are there to be read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seawall.develop.dataset.report import ReportData, write_report

CHROMIUM = shutil.which("chromium")
DATA = Path(__file__).parent.parent / "develop" / "dataset" / "report" / "report-data.json"

pytestmark = pytest.mark.ui


@pytest.fixture(scope="module")
def browser(ci: bool) -> Iterator[Any]:
    """Chromium; missing, it is reported as not run, and fails where CI must run it."""
    if CHROMIUM is None:
        if ci:
            pytest.fail("Chromium is missing, and CI must run these tests")
        pytest.skip("Chromium not run")
    from playwright.sync_api import sync_playwright

    quiet = ("quic", "background-networking", "component-update", "sync", "gpu")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--no-first-run", *(f"--disable-{each}" for each in quiet)]
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield started
        started.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(path, ReportData.from_dict(json.loads(DATA.read_text("utf-8"))))
    return path


@pytest.fixture
def open_page(browser: Any, report: Path) -> Iterator[Any]:
    """Open the report; whatever the browser complained of or asked for is in the lists returned with it."""
    contexts = []

    def open_page(**options: Any) -> tuple[Any, list[str], list[str]]:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(report.as_uri())
        return page, said, asked

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_the_report_reads_well_alone(open_page, report, scheme, width):
    page, said, asked = open_page(color_scheme=scheme, viewport={"width": width, "height": 900})
    assert said == []
    assert [each for each in asked if not each.startswith("data:")] == [report.as_uri()]
    for number in ("12,443", "99.8 %", "41", "23", "16"):
        assert page.locator(".figures .value", has_text=number).first.is_visible()
    assert page.get_by_role("heading", level=1).is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    lightness = sum(int(each) for each in ground[4:-1].split(",")) / 3
    assert (lightness < 60) == (scheme == "dark")


def test_the_plots_have_names_and_a_table_each(open_page):
    page, _, _ = open_page()
    assert page.get_by_role("img", name="Hits per list").is_visible()
    assert page.get_by_role("img", name="Items a second").is_visible()
    figure = page.locator("figure", has_text="Distance to partner-known")
    table = figure.get_by_role("table")
    assert not table.is_visible()
    figure.locator("summary").focus()
    page.keyboard.press("Enter")
    assert table.is_visible()
    assert table.get_by_role("row").count() == 8


def test_the_first_tab_leads_to_the_findings(open_page):
    page, _, _ = open_page()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the findings"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "findings"


def test_tables_stay_tables_on_a_narrow_screen(open_page):
    page, _, _ = open_page(viewport={"width": 400, "height": 900})
    table = page.get_by_role("table", name="Findings from real lists and source registers").first
    assert table.get_by_role("row").count() == 16
    assert table.get_by_role("columnheader").count() == 5
    assert table.get_by_role("rowheader").first.is_visible()


def test_scripts_cannot_run_in_it(open_page):
    page, said, _ = open_page()
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "document.title = 1";
            document.body.append(script);
        }"""
    )
    assert page.title() == "seawall scan report"
    assert any("Content Security Policy" in each for each in said)


def test_it_prints_in_the_light(open_page):
    page, _, _ = open_page(color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
