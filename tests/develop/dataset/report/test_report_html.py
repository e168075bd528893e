"""report.html as a reader, a screen reader and an attacker meet it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib.resources import files

import pytest

from seawall import files as writing
from seawall.develop.dataset.report import render_report, write_report
from seawall.errors import StorageFull

HOSTILE = [
    "<script>alert(1)</script>.jpg",
    "\"><img src=x onerror='alert(1)'>.jpg",
    "photos/\u202egpj.eeffoc",
    "two\nlines\r.jpg",
    "{{ 7 * 7 }}{% raw %}.jpg",
    "</table></style></svg><h1>owned</h1>",
    "undecodable-\udcff.jpg",
    "nul\x00.jpg",
    "& &amp; <!-- -->.jpg",
    "javascript:alert(1)",
]


def test_the_page_is_well_formed_and_complete(facts, parse):
    page = parse(render_report(facts))
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("h1")) == len(page.all("main")) == 1
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for name in ("aria-labelledby", "aria-describedby"):
        for _, attributes in page.tags:
            assert set((attributes.get(name) or "").split()) <= set(ids)
    for attributes in page.all("a"):
        assert attributes["href"].startswith("#")
        assert attributes["href"][1:] in ids


def test_nothing_outside_is_asked_for_and_no_script_runs(facts, parse):
    html = render_report(facts)
    page = parse(html)
    policy = next(each for each in page.all("meta") if each.get("http-equiv") == "Content-Security-Policy")["content"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert "script-src" not in policy
    assert not page.all("script") + page.all("img") + page.all("iframe") + page.all("form") + page.all("object")
    assert [each["href"] for each in page.all("link")] == ["data:,"]
    for _, attributes in page.tags:
        assert not [
            name for name in attributes if name.startswith("on") or name in ("src", "srcset", "action", "style")
        ]
    assert not re.search(r"url\((?!#)|@import", html)
    assert "http://" not in html
    assert "https://" not in html


def test_every_table_has_a_caption_and_heads(facts, parse):
    page = parse(render_report(facts))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(each.get("scope") in ("row", "col") for each in page.all("th"))


def test_the_numbers_are_the_facts(facts, parse):
    page = parse(render_report(facts))
    summary = facts.summary
    figures = page.text
    for n in (summary["items"], summary["examined"], summary["unexamined"], summary["findings"], summary["drill"]):
        assert f"{n:,}" in figures
    cells = {row[0].strip(): [cell.strip() for cell in row[1:]] for table in page.tables for row in table}
    assert cells["Examined in full"][0] == "12,280"
    assert cells["Not examined"][0] == "23"
    for each in summary["lists"]:
        hits = facts.findings_by_list[each["name"]]
        wanted = [str(each["version"]), each["purpose"], f"{each['entries']:,}", str(hits["n"]), str(hits["drill"])]
        assert any(wanted == [cell.strip() for cell in row[1:]] for table in page.tables for row in table)
    assert "27 of 41 findings have a traceable source; the other 14 are informational only." in page.text
    assert summary["ledger_root"] in page.text
    assert "seawall ledger verify ledger.export --key operator.pem --checkpoint saved.checkpoint" in page.text


def test_histogram_tables_sum_to_the_counts(facts, parse):
    page = parse(render_report(facts))
    tables = [table for table in page.tables if table[0] == ["Distance", "Rows"]]
    sums = sorted(sum(int(row[1].replace(",", "")) for row in table[1:]) for table in tables)
    assert sums == sorted(sum(found.values()) for found in facts.distances.values())


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_inert_wherever_they_stand(facts, parse, name):
    data = json.loads(json.dumps(facts.to_dict()).replace("photos/coffee.jpg", json.dumps(name)[1:-1]))
    for where in ("findings_by_list", "distances", "labels", "orientations", "problems", "actions"):
        data[where][name] = next(iter(data[where].values()))
    data["sources_denied"]["by"][name] = 1
    data["sources"].append(name)
    data["policy_text"] = name
    data["recipe"] = data["version"] = data["started_at"] = data["ledger"]["event"] = name
    data["summary"]["lists"][0] |= {"name": name, "version": name, "purpose": name}
    data["unexamined_sample"]["rows"][0] |= {"item": name, "code": name, "message": name, "status": name}
    data["findings_sample"]["rows"][1] |= {"list": name, "entry": name, "labels": [name], "orientation": name}
    data["findings_sample"]["rows"][1] |= {"action": name, "type": name, "frame": name, "sha256": name}
    html = render_report(type(facts).from_dict(data))
    page = parse(html)
    html.encode()
    assert not page.all("script") + page.all("img")
    assert len(page.all("h1")) == 1
    assert not set(html) & set("\u202e\x00\r")
    for _, attributes in page.tags:
        assert not [each for each in attributes if each.startswith("on")]
    if name.isprintable():
        assert name in " ".join(page.words)


def test_the_source_of_a_match_is_named_by_field_and_never_given(facts):
    html = render_report(facts)
    assert any((row["origin"] or {}).get("url") for row in facts.findings.rows)
    assert "example.org" not in html
    assert "address, time of crawl" in html


def test_long_names_are_cut_in_the_middle_with_the_whole_as_title(facts, parse):
    data = facts.to_dict()
    long = "photos/" + "evening/" * 60 + "coffee.jpg"
    data["findings_sample"]["rows"][0]["item"] = long
    page = parse(render_report(type(facts).from_dict(data)))
    assert any(each.get("title") == long for each in page.all("bdi"))
    assert long not in page.text


def test_a_million_findings_make_a_small_page(facts):
    data = facts.to_dict()
    row = data["findings_sample"]["rows"][0]
    rows = ({**row, "item": f"photos/{n}.jpg"} for n in range(100_000))
    data["findings_sample"] = rows
    data["summary"] |= {"items": 2_000_000, "examined": 1_999_977, "findings": 1_000_000}
    html = render_report(type(facts).from_dict(data))
    assert len(html) < 1_000_000
    assert "500 of 1,000,000" in html


@pytest.mark.parametrize(
    ("summary", "wanted"),
    [
        ({}, ["There was nothing to examine", "No items.", "Check the sources"]),
        ({"items": 3, "examined": 3}, ["Nothing matched.", "Every item was examined in full.", "no findings to trace"]),
        (
            {"items": 3, "examined": 3, "lists": []},
            ["No list of known content was used, so nothing could match.", "Match against a real list"],
        ),
        ({"items": 3, "unexamined": 3}, ["because nothing was examined", "3 items could not be examined."]),
    ],
)
def test_empty_states_say_what_they_are(make, parse, summary, wanted):
    page = parse(render_report(make(summary)))
    for each in wanted:
        assert each in page.text


def test_contradicting_counts_are_shown_first(make, parse):
    made = make({"items": 3, "examined": 3, "findings": 2}, findings_by_list={"partner": 5})
    text = parse(render_report(made)).text
    assert text.index("These counts do not agree") < text.index("What to do next")


def test_limits_and_what_was_not_measured_are_always_there(make, parse):
    text = parse(render_report(make({"items": 3, "examined": 3}))).text
    assert "Matching finds known content only" in text
    assert "whether matched items were removed from the dataset itself" in text


def test_the_same_facts_make_the_same_page(facts):
    assert render_report(facts) == render_report(replace(facts))


def test_a_report_is_written_whole_or_not_at_all(facts, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    write_report(path, facts)
    assert path.read_text("utf-8") == render_report(facts)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    before = path.read_bytes()
    monkeypatch.setattr(writing.os, "fsync", full)
    with pytest.raises(StorageFull):
        write_report(path, facts)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith((".report", "report"))] == ["report.html"]


def colours(css: str, *, dark: bool) -> dict[str, str]:
    blocks = re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL)
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", blocks[1 if dark else 0]))


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_colours_keep_the_contrast_that_wcag_asks_for(dark):
    css = (files("seawall.develop.dataset.report") / "templates" / "report.css").read_text("utf-8")
    found = colours(css, dark=dark)
    for ground in ("paper", "panel"):
        for name, least in {
            **dict.fromkeys(("ink", "soft", "sea", "real", "drill", "gap", "good"), 4.5),
            "edge": 3.0,
        }.items():
            light, shade = sorted((luminance(found[name]), luminance(found[ground])), reverse=True)
            assert (light + 0.05) / (shade + 0.05) >= least, (name, ground)
