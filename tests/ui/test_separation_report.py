"""The separation's report in a real browser: nothing outside is asked for, nothing goes wrong, on any screen."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from seawall.canary.draw import draw
from seawall.canary.pack import Pack
from seawall.develop.dataset.separate import separate
from seawall.settings import Settings

pytestmark = pytest.mark.ui


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report on canaries of each kind, and on some things that nobody can judge."""
    root = tmp_path_factory.mktemp("separation")
    folder = root / "in"
    for concepts, count in (([], 3), (["a"], 2), (["b"], 1), (["b", "c"], 2), (["a", "b"], 1)):
        into = folder / ("".join(concepts) or "none")
        draw(concepts, count=count, seed=1, out=into)
        (into / "manifest.jsonl").unlink()
    (folder / "text.txt").write_text(Pack.load().prompt(["a"]))
    (folder / "blob.bin").write_bytes(bytes(range(256)))
    (folder / "<script>alert(1)<!--.png").write_bytes(b"\x89PNG\r\n\x1a\n and nothing more")
    separate(
        folder,
        out=root / "out <b>&'",
        detectors=("canary",),
        workers=1,
        settings=Settings.from_env({"SEAWALL_HOME": str(root / "home")}),
    )
    return root / "out <b>&'" / "report.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_report_reads_well_alone(open_page: Any, report: Path, scheme: str, width: int) -> None:
    page, said, asked = open_page(color_scheme=scheme, viewport={"width": width, "height": 900})
    assert said == []
    assert [each for each in asked if not each.startswith("data:")] == [report.as_uri()]
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    lightness = sum(int(each) for each in ground[4:-1].split(",")) / 3
    assert (lightness < 60) == (scheme == "dark")


def test_names_and_values_do_not_overlap_on_a_narrow_screen(open_page: Any) -> None:
    page, _, _ = open_page(viewport={"width": 360, "height": 900})
    over = page.evaluate(
        """() => [...document.querySelectorAll("td[data-label]")].filter(cell =>
            parseFloat(getComputedStyle(cell, "::before").width) > parseFloat(getComputedStyle(cell).paddingLeft)
        ).map(cell => cell.dataset.label)"""
    )
    assert over == []


def test_the_verdict_says_what_nobody_could_judge(open_page: Any) -> None:
    page, _, _ = open_page()
    assert page.get_by_role("heading", level=1).inner_text() == "2 items of 12 could not be judged."


def test_every_number_is_in_a_table_with_a_name(open_page: Any) -> None:
    page, _, _ = open_page()
    levels = [int(each.evaluate("node => node.tagName[1]")) for each in page.locator("h1, h2, h3, h4").all()]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    partitions = page.get_by_role("table", name="Every item is in exactly one partition; near-duplicates share it")
    assert partitions.get_by_role("row").count() == 7
    rows = {
        row.locator("th").inner_text(): row.locator("td").first.inner_text()
        for row in partitions.locator("tbody tr").all()
    }
    assert rows == {
        "both": "1",
        "sexual_age_unknown": "1",
        "adult_sexual": "2",
        "unknown": "2",
        "child_depiction": "3",
        "neither": "3",
    }
    modalities = page.get_by_role("table", name="Items by modality")
    assert modalities.get_by_role("rowheader").all_inner_texts() == ["image", "other", "text"]
    assert page.get_by_role("table", name="Answers").get_by_role("row").count() >= 2


def test_the_first_tab_leads_to_the_partitions(open_page: Any) -> None:
    page, _, _ = open_page()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the partitions"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "partitions"


def test_scripts_cannot_run_in_it(open_page: Any) -> None:
    page, said, _ = open_page()
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "document.title = 1";
            document.body.append(script);
        }"""
    )
    assert page.title() == "seawall separation report"
    assert any("Content Security Policy" in each for each in said)


def test_it_names_no_item(report: Path) -> None:
    text = report.read_text("utf-8")
    assert "alert(1)" not in text
    assert "out <b>" not in text
    assert "<script" not in text
