"""The facts of a report: one shape whatever way they come, and errors that name the place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.develop.dataset.report import ReportData, ReportDataError, Sample


def test_facts_survive_a_journey_through_json(facts):
    again = ReportData.from_dict(json.loads(json.dumps(facts.to_dict())))
    assert again == facts
    assert again.to_dict() == facts.to_dict()


def test_the_summary_alone_is_enough(make):
    made = make()
    assert ReportData.from_dict(json.loads(json.dumps(made.to_dict()))) == made
    assert made.ledger["root"] == made.summary["ledger_root"]
    assert made.disagreements() == ()


def test_counts_may_come_as_a_tally_has_them(make):
    made = make(
        {"items": 4, "examined": 4, "findings": 4},
        findings_by_list={"partner": 4},
        distances={"partner": {"0": 1, "12": 2}},
        origins={"actionable": 1, "informational": 3, "url": 1, "dataset": 4},
        sources_denied={"sites@4": 1},
    )
    assert made.findings_by_list == {"partner": {"n": 4, "drill": 0}}
    assert made.distances == {"partner": {0: 1, 12: 2}}
    assert made.origins == {"actionable": 1, "informational": 3, "known": {"url": 1, "dataset": 4}}
    assert made.sources_denied == {"n": 1, "by": {"sites@4": 1}}


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"media": {"picture": 1}}, "media"),
        ({"media": {"image": -1}}, "media"),
        ({"actions": {"allow": 1.5}}, "actions"),
        ({"actions": [("allow", 1)]}, "actions"),
        ({"labels": {"a": True}}, "labels"),
        ({"sources": "photos"}, "sources"),
        ({"distances": {"partner": {"near": 1}}}, "distances"),
        ({"distances": {"partner": {"nan": 1}}}, "distances"),
        ({"throughput": [(1.0, 5), (0.5, 6)]}, "throughput"),
        ({"throughput": [(1.0, 5, 6)]}, "throughput"),
        ({"shards": "many"}, "shards"),
        ({"findings_sample": "rows"}, "sample"),
        ({"findings_sample": {"rows": []}}, "findings_sample"),
        ({"findings_sample": [1]}, "sample"),
        ({"ledger": {"root": 5}}, "ledger"),
        ({"policy_text": b"policy"}, "policy_text"),
    ],
)
def test_a_wrong_field_is_named(make, fields, place):
    with pytest.raises(ReportDataError, match=place):
        make(**fields)


@pytest.mark.parametrize("name", ["items", "abstained", "lists", "policy", "seconds", "ledger_root"])
def test_a_summary_without_a_key_is_refused(make, name):
    with pytest.raises(ReportDataError, match=name):
        make({name: None})


def test_items_are_examined_and_unexamined_ones(make):
    with pytest.raises(ReportDataError, match="sum of examined and unexamined"):
        make({"items": 3, "examined": 1, "unexamined": 1})


def test_an_unknown_field_is_refused(facts):
    with pytest.raises(ReportDataError, match="thumbnails"):
        ReportData.from_dict(facts.to_dict() | {"thumbnails": []})


def test_contradictions_are_found_and_do_not_stop_the_report(make):
    made = make({"items": 4, "examined": 4, "findings": 2}, findings_by_list={"partner": 3}, media={"image": 9})
    assert made.disagreements() == ("findings by list and findings", "media and items")


def test_a_sample_is_bounded_and_knows_how_many_there_were():
    sample = Sample.of(({"item": f"photos/{n}.jpg"} for n in range(10_000)), limit=20)
    assert (len(sample.rows), sample.total) == (20, 10_000)


def test_drills_never_push_a_real_finding_out():
    drills = [{"item": f"canaries/{n}.png", "drill": True} for n in range(900)]
    sample = Sample.of([*drills, {"item": "photos/coffee.jpg", "drill": False}])
    assert sample.rows[-1]["item"] == "photos/coffee.jpg"


def test_kinds_beyond_measure_stay_bounded():
    sample = Sample.of(({"status": str(n)} for n in range(5_000)), limit=10)
    assert len(sample.rows) <= 9 * 10


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(name=st.sampled_from(sorted(ReportData.__dataclass_fields__)), value=_JSON)
def test_any_json_is_taken_or_refused_with_a_named_error(name: str, value: Any):
    summary = {
        "items": 0,
        "examined": 0,
        "unexamined": 0,
        "damaged": 0,
        "abstained": {},
        "resumed": 0,
        "findings": 0,
        "drill": 0,
        "policy": "",
        "lists": [],
        "seconds": 0,
        "images_per_second": 0,
        "ledger_root": "",
    }
    try:
        made = ReportData.from_dict({"summary": summary, name: value})
    except ReportDataError:
        return
    assert ReportData.from_dict(json.loads(json.dumps(made.to_dict()))).to_dict() == made.to_dict()
