"""People at browsers, in front of an installation that is served."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.ui.console_site import PASSWORDS, Site

SHOTS = os.environ.get("SEAWALL_SCREENSHOTS")
"""Where screenshots go, for people to look at; nowhere by default."""


class Person:
    """Somebody at a browser."""

    def __init__(self, page: Any, site: Site, name: str) -> None:
        self.page, self.site, self.name = page, site, name
        self.bodies: list[tuple[str, bytes]] = []
        self.said: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("requestfinished", self._took)

    def _took(self, request: Any) -> None:
        self.bodies.append((request.url, b""))

    def go(self, path: str) -> None:
        self.page.goto(self.site.address + path)

    def sign_in(self) -> None:
        self.go("/review")
        self.page.fill("[name=name]", self.name)
        self.page.fill("[name=password]", PASSWORDS[self.name])
        self.page.press("[name=password]", "Enter")
        self.page.wait_for_url("**/review")

    def take(self) -> None:
        self.go("/review")
        self.page.click("main .card .primary")
        self.page.wait_for_url("**/review/tasks/*")

    def shot(self, name: str) -> None:
        if SHOTS:
            self.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))

    def decide(self, label: str, outcome: str, *effects: str, reasons: str = "") -> None:
        for each in self.page.query_selector_all("select[name^=label-]"):
            each.select_option(label)
        self.page.select_option("[name=outcome]", outcome)
        for effect in effects:
            self.page.check(f"[name=effect][value={effect}]")
        self.page.fill("[name=reasons]", reasons)
        self.page.click("#decision button[type=submit]")
        self.page.wait_for_load_state()


@contextmanager
def sitting(browser: Any, site: Site) -> Iterator[Callable[..., Person]]:
    """Let people sit down at browsers, by name, each signed in; for the length of a block."""
    contexts = []

    def sit_down(name: str, **options: Any) -> Person:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        found = Person(context.new_page(), site, name)
        if name in PASSWORDS:
            found.sign_in()
        return found

    try:
        yield sit_down
    finally:
        for context in contexts:
            context.close()


def violations(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {node['target']} {node['failureSummary']}" for each in found for node in each["nodes"]]


def hold(page: Any) -> None:
    veil = page.locator(".veil")
    veil.scroll_into_view_if_needed()
    box = veil.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    page.mouse.down()
