"""The plots: their tables sum to the counts, the bars stand for them, and odd numbers break nothing."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.develop.dataset.report.coverage import coverage_bar, states
from seawall.develop.dataset.report.plots import MOST_LISTS, distance_chart, hits_chart, rate_chart, rates
from seawall.develop.dataset.report.text import duration, middle, moment, percent, visible

COUNTS = st.integers(0, 10**9)


def drawn(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def hints(svg: str) -> list[str]:
    return [each.findtext("title") or "" for each in drawn(svg).iter("rect")]


@given(st.dictionaries(st.integers(0, 300), st.integers(1, 10**6), max_size=40), st.booleans())
def test_a_histogram_draws_and_lists_every_row(distances, drill):
    ordered = dict(sorted(distances.items()))
    chart = distance_chart("partner", ordered, number=1, reach=31, drill=drill, threshold=31)
    total = sum(distances.values())
    assert sum(int(row[1].replace(",", "")) for row in chart.rows) == total
    said = [re.search(r": ([\d,]+) rows?$", hint) for hint in hints(chart.svg)]
    assert sum(int(each[1].replace(",", "")) for each in said if each) == total


def test_a_distance_that_is_no_whole_number_falls_into_its_bar():
    chart = distance_chart("partner", {0: 1, 2.5: 2, 1e6: 3}, number=1, reach=31, drill=False)
    assert len(hints(chart.svg)) == 2
    assert [row[1] for row in chart.rows] == ["1", "2", "3"]


@given(
    st.dictionaries(
        st.text(max_size=80), st.fixed_dictionaries({"n": COUNTS, "drill": COUNTS}), min_size=1, max_size=40
    )
)
def test_hits_are_all_in_the_table_and_the_largest_are_drawn(hits):
    chart = hits_chart(hits)
    assert len(chart.rows) == len(hits)
    assert sum(int(row[1].replace(",", "")) for row in chart.rows) == sum(each["n"] for each in hits.values())
    assert sum(int(row[2].replace(",", "")) for row in chart.rows) == sum(each["drill"] for each in hits.values())
    assert len([each for each in drawn(chart.svg).iter("text") if each.get("class") == "name"]) == min(
        MOST_LISTS, len(hits)
    )


def test_real_rows_and_drills_are_drawn_apart():
    chart = hits_chart({"partner": {"n": 2, "drill": 0}, "canary": {"n": 0, "drill": 5}})
    kinds = [each.get("class") for each in drawn(chart.svg).iter("rect")]
    assert kinds == ["bar real", "bar drill"]
    assert chart.key == ("real", "drill")


@given(st.lists(st.tuples(st.floats(0.01, 30), st.integers(0, 500)), min_size=1, max_size=90))
def test_rates_add_up_to_the_items(steps):
    samples, seconds, items = [], 0.0, 0
    for pause, more in steps:
        seconds, items = seconds + pause, items + more
        samples.append((seconds, items))
    spans = rates(samples)
    assert sum((end - start) * rate for start, end, rate in spans) == pytest.approx(items)
    chart = rate_chart(samples)
    assert (chart is None) == (items == 0)
    if chart:
        drawn(chart.svg)


@pytest.mark.parametrize("samples", [[], [(0.0, 0)], [(0.0, 5)], [(3.0, 0)]])
def test_too_little_time_is_not_drawn(samples):
    assert rate_chart(samples) is None


def test_every_drawing_has_a_name_and_a_description(facts):
    charts = [
        hits_chart(facts.findings_by_list),
        distance_chart("partner-known", facts.distances["partner-known"], number=1, reach=31, drill=False),
        rate_chart(facts.throughput),
    ]
    for svg in (*(chart.svg for chart in charts if chart), coverage_bar(states(facts))):
        root = drawn(svg)
        named = {each.get("id") for each in root if each.tag in ("title", "desc")}
        assert root.get("role") == "img"
        assert set((root.get("aria-labelledby") or "").split()) == named
        assert len(named) == 2


def test_states_sum_to_the_items(facts):
    assert sum(state.n for state in states(facts)) == facts.summary["items"]


def test_one_item_in_a_billion_still_shows(make):
    found = states(make({"items": 10**9, "examined": 10**9 - 1, "unexamined": 1}))
    assert [state.share for state in found if state.n] == ["> 99.9 %", "< 0.1 %"]
    widths = [float((each.get("width") or "0").rstrip("%")) for each in drawn(coverage_bar(found)).iter("rect")]
    assert min(widths) > 0.5
    assert sum(widths) == pytest.approx(100, abs=0.01)


@given(st.text(max_size=300), st.integers(5, 80))
def test_names_become_one_visible_line(name, limit):
    shown = visible(name)
    assert shown.isprintable() or all(each == " " or each.isprintable() or each.isspace() for each in shown)
    assert not set(shown) & set("\n\r\t\u2028\u2029\u202e\u2066\u200f\ufeff\x00")
    assert len(middle(name, limit)) <= limit
    shown.encode()


def test_a_cut_path_keeps_both_ends():
    cut = middle("photos/" + "deep/" * 40 + "coffee.jpg", 40)
    assert cut.startswith("photos/deep/")
    assert cut.endswith("/coffee.jpg")


def test_moments_durations_and_shares_in_words():
    assert moment("2026-11-22T09:14:03.120000Z") == "22 November 2026, 09:14 UTC"
    assert moment("2026-11-22T09:14:03+02:00") == "22 November 2026, 09:14 UTC+0200"
    assert moment("yesterday\n") == "yesterday\\n"
    assert moment(None) == "not known"
    assert [duration(each) for each in (0.25, 61, 7384)] == ["0.2 s", "1 min 1 s", "2 h 3 min"]
    assert [percent(*each) for each in ((0, 0), (0, 5), (5, 5), (1, 3))] == ["–", "0 %", "100 %", "33.3 %"]
