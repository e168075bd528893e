"""The report in a real browser: nothing outside is asked for, nothing goes wrong, the numbers are there to be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seawall.develop.dataset.report import ReportData, write_report

DATA = Path(__file__).parent.parent / "develop" / "dataset" / "report" / "report-data.json"

pytestmark = pytest.mark.ui


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(path, ReportData.from_dict(json.loads(DATA.read_text("utf-8"))))
    return path


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
