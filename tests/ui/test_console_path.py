"""The review console in a real browser: from a notice to a decision by two people, by mouse and by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.ui.console_people import Person, hold, sitting, violations
from tests.ui.console_site import Site, mark_of, picture, served

pytestmark = pytest.mark.ui


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("console")
    with served(home, "--detectors", "canary") as running:
        yield running


@pytest.fixture
def person(browser: Any, site: Site) -> Iterator[Callable[..., Person]]:
    with sitting(browser, site) as sit_down:
        yield sit_down


def noticed(site: Site, number: int) -> str:
    """Give a notice of a picture, bring its bytes, and return the receipt."""
    subject = f"https://pictures.example/{number}"
    about = {"type": "image", "url": subject, "account": f"acct-{number}"}
    asked = {"category": "minor_sexual_content", "subject": about, "drill": True, "request_id": f"n-{number}"}
    receipt: str = site.ask("POST", "/v1/notices", asked)["receipt"]
    site.bring(picture(number), receipt=receipt, media_type="image/png")
    return receipt


def test_two_people_decide_what_a_notice_told_of(site: Site, person: Callable[..., Person]) -> None:
    receipt = noticed(site, 1)
    rita = person("rita")
    rita.shot("1-desk")
    rita.take()
    page = rita.page
    assert page.locator(".veil").count() == 0
    assert mark_of(1) not in page.content()
    rita.shot("2-task")

    page.click("#item-2 button[value=tile]")
    page.wait_for_load_state()
    assert page.locator(".veil img").count() == 0
    with page.expect_response("**/review/exposures/*") as shown:
        hold(page)
    assert shown.value.headers["cache-control"] == "no-store"
    assert mark_of(1).encode() not in shown.value.body()
    page.wait_for_selector(".veil img", state="visible")
    rita.shot("3-held")
    with page.expect_request("**/seen") as told:
        page.mouse.up()
    assert "ms=" in (told.value.post_data or "")
    assert page.locator(".veil .content").is_hidden()
    page.reload()
    assert "You saw a reduced form." in page.inner_text("#item-2")

    rita.decide("canary", "reportable", "remove", reasons="drill-1")
    assert "A second person confirms it." in page.inner_text("main")
    rita.shot("4-second-awaited")

    sam = person("sam")
    sam.take()
    assert "A colleague" in sam.page.inner_text("#item-2") or "Canary".lower() in sam.page.inner_text("#item-2").lower()
    sam.shot("5-second")
    sam.decide("canary", "reportable", "remove", reasons="drill-1")
    assert "The decision is saved." in sam.page.inner_text("main")

    sam.go("/review/cases?state=decided")
    sam.page.click("main tbody a")
    sam.page.wait_for_load_state()
    text = sam.page.inner_text("main")
    assert "Reportable".lower() in text.lower() or "To be reported" in text
    assert "reduced forms only" in text
    sam.shot("6-case")
    status = site.ask("GET", f"/v1/notices/{receipt}")
    assert status["status"] == "removal_under_way"


def test_a_reviewer_decides_by_keyboard_alone(site: Site, person: Callable[..., Person]) -> None:
    noticed(site, 2)
    rita = person("rita")
    page = rita.page
    page.keyboard.press("Tab")
    rita.take()
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert "current" in (page.get_attribute("#item-2", "class") or "")
    page.focus("#item-2 button[value=tile]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".veil")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.className").startswith("veil")
    page.keyboard.down(" ")
    page.wait_for_selector(".veil.held img", state="visible")
    page.keyboard.press("Escape")
    assert page.locator(".veil.held").count() == 0
    page.keyboard.up(" ")
    page.keyboard.press("1")
    assert page.input_value("select[name^=label-]") == "canary"
    page.keyboard.press("d")
    assert page.evaluate("document.activeElement.name") == "outcome"
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_url("**/review/break*")
    assert "You stopped." in page.inner_text("main")
    rita.shot("7-break")
    page.click("text=Back to the desk")
    page.wait_for_load_state()


def test_no_page_of_the_console_has_a_barrier(site: Site, person: Callable[..., Person]) -> None:
    noticed(site, 3)
    for scheme, width in (("light", 1440), ("dark", 1440), ("light", 390)):
        lena = person("lena", color_scheme=scheme)
        lena.page.set_viewport_size({"width": width, "height": 900})
        lena.take()
        page = lena.page
        page.click("#item-2 button[value=tile]")
        page.wait_for_selector(".veil")
        assert violations(page) == [], (scheme, width)
        page.click("#decision button[type=submit]")
        page.wait_for_selector("#problem")
        assert violations(page) == [], (scheme, width)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (scheme, width)
        lena.shot(f"8-problem-{scheme}-{width}")
        for path in ("", "/cases", "/me", "/support", "/break", "/team"):
            lena.go(f"/review{path}")
            assert violations(page) == [], (path, scheme, width)
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (path, width)
            lena.shot(f"9-{path.strip('/') or 'desk'}-{scheme}-{width}")
        assert [each for each in lena.said if "422" not in each] == []


def test_without_its_script_the_console_still_decides(site: Site, person: Callable[..., Person]) -> None:
    noticed(site, 4)
    sam = person("sam", java_script_enabled=False)
    sam.take()
    page = sam.page
    page.click("#item-2 button[value=tile]")
    page.wait_for_load_state()
    assert page.locator("noscript a, .veil a").count() == 1
    sam.decide("canary", "no_violation")
    assert "Saved. A second person confirms it." in page.inner_text("main")


def test_nothing_of_what_was_shown_is_left_anywhere(site: Site, person: Callable[..., Person]) -> None:
    """Runs last: logs, database and its journal, vault and metrics hold no byte of the pictures."""
    noticed(site, 5)
    lena = person("lena")
    lena.take()
    page = lena.page
    page.click("#item-2 button[value=tile]")
    page.wait_for_selector(".veil")
    page.click("#item-2 button[value=full]")
    page.wait_for_selector(".veil")
    with page.expect_response("**/review/exposures/*") as shown:
        hold(page)
    original = shown.value.body()
    assert any(mark_of(number).encode() in original for number in range(1, 6))
    page.mouse.up()
    needles = [mark_of(number).encode() for number in range(1, 6)] + [original[200:232]]
    files = [each for each in site.home.rglob("*") if each.is_file()]
    assert len(files) > 10
    for file in files:
        data = file.read_bytes()
        assert not any(needle in data for needle in needles), file.name
    metrics = page.context.request.get(f"{site.address}/metrics").body()
    assert b"seawall" in metrics
    assert not any(needle in metrics for needle in needles)
