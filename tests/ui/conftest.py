"""A browser for reports: what it complains of and what it asks for is told."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium")


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
