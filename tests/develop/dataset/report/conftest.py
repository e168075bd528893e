"""Facts to make reports from: a small scan, and the fields of the smallest one."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from seawall.develop.dataset.report import ReportData

VOID = {"meta", "link", "br", "hr", "img", "input"}


@pytest.fixture
def facts() -> ReportData:
    """A scan with findings, drills, denied sources and items that were not examined."""
    return ReportData.from_dict(json.loads((Path(__file__).parent / "report-data.json").read_text("utf-8")))


@pytest.fixture
def make() -> Callable[..., ReportData]:
    """Make facts from a summary that is changed in places, and from further fields by keyword."""

    def make(summary: dict[str, Any] | None = None, **fields: Any) -> ReportData:
        canary = {"name": "canary", "version": 1, "entries": 96, "purpose": "canary"}
        known = {"name": "partner", "version": 3, "entries": 10, "purpose": "csam"}
        base = {
            "items": 0,
            "examined": 0,
            "unexamined": 0,
            "damaged": 0,
            "abstained": {},
            "resumed": 0,
            "findings": 0,
            "drill": 0,
            "policy": "ab" * 32,
            "lists": [known, canary],
            "seconds": 0.5,
            "images_per_second": 0.0,
            "ledger_root": "cd" * 32,
        }
        return ReportData(summary=base | (summary or {}), **fields)

    return make


class Document(HTMLParser):
    """A page as parsed: fails on a tag that is not closed where it should be."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice in {tag}"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.words.append(data)
        if "td" in self.open or "th" in self.open:
            self.tables[-1][-1][-1] += data

    @property
    def text(self) -> str:
        """All text, white space made single."""
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of a kind."""
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def parse() -> Callable[[str], Document]:
    """Parse a page strictly."""
    return Document
