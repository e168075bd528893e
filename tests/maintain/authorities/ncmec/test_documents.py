"""Documents: in order, escaped, read back the same; JSON that mirrors them; XML of others bounded and refused."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.maintain.authorities.errors import DocumentUnreadable
from seawall.maintain.authorities.ncmec.node import Node
from seawall.maintain.authorities.ncmec.parsing import REPLY_BYTES, parse
from seawall.maintain.authorities.ncmec.rendering import from_json, to_json
from seawall.maintain.authorities.ncmec.schema import PROFILES, Kind, Type, load_schema
from seawall.maintain.authorities.ncmec.validation import validate
from seawall.maintain.authorities.ncmec.writing import legal, to_xml
from tests.maintain.authorities.ncmec.checker import complaints
from tests.maintain.authorities.ncmec.legal import HARD, Legal

SCHEMA = load_schema()
SAMPLES = Path(__file__).parents[3] / "data" / "authorities"
REPORT = SCHEMA.roots["report"].type
FILE = SCHEMA.roots["fileDetails"].type


def minimal(**more: Any) -> dict[str, Any]:
    """Return the smallest report that is whole, as JSON."""
    return {
        "incidentSummary": {
            "incidentType": "Child Pornography (possession, manufacture, and distribution)",
            "incidentDateTime": "2026-01-02T03:04:05Z",
        },
        "reporter": {"reportingPerson": {"email": ["safety@example.invalid"]}},
    } | more


def canonical(document: bytes) -> str:
    return ET.canonicalize(document.decode(), strip_text=True)


def without_bare(node: Node, kind: Type) -> Node:
    """Return a document without the elements that need not be there and say nothing."""
    inner = [without_bare(child, kind.by_name[child.name].type) for child in node.children]
    flags = kind.kind is Kind.FLAGS
    kept = [child for child in inner if flags or not child.bare or kind.by_name[child.name].least]
    return Node(node.name, {name: text for name, text in node.attributes.items() if text}, node.text, kept)


@pytest.mark.parametrize("name", ["report", "fileDetails"])
def test_the_samples_come_back_canonically_equal(name: str) -> None:
    sample = (SAMPLES / f"{name}.xml").read_bytes()
    node = parse(sample)
    assert validate(node, SCHEMA) == []
    assert complaints(sample) == []
    kind = SCHEMA.roots[name].type
    assert canonical(to_xml(node, kind)) == canonical(sample)
    made, faults = from_json(name, to_json(node, kind), kind)
    assert faults == []
    assert canonical(to_xml(made, kind)) == canonical(sample)


@pytest.mark.parametrize("part", range(10))
def test_random_legal_documents_are_legal_to_a_checker_that_was_written_apart(part: int) -> None:
    """Ten thousand reports, and as many details of files; written, read back, and through JSON the same."""
    for seed in range(part * 1000, part * 1000 + 1000):
        for root, kind in (("report", REPORT), ("fileDetails", FILE)):
            made = Legal(SCHEMA, seed).document(root)
            written = to_xml(made, kind)
            assert complaints(written) == [], seed
            back = parse(written)
            assert validate(back, SCHEMA) == [], seed
            assert to_xml(back, kind) == written, seed
            if seed % 10 == 0:
                again, faults = from_json(root, to_json(made, kind), kind)
                assert faults == []
                assert validate(again, SCHEMA) == []
                assert to_xml(again, kind) == to_xml(without_bare(made, kind), kind), seed


def test_the_profile_of_2026_writes_its_flag_and_not_what_nobody_knows_the_rules_of() -> None:
    later = load_schema(PROFILES[-1])
    kind = later.roots["report"].type
    data = minimal()
    data["incidentSummary"]["reportAnnotations"] = {"informational": True, "spam": True}
    data["reporter"]["reportingPerson"]["ageAssertionDiscrepancy"] = True
    node, faults = from_json("report", data, kind)
    assert (faults, validate(node, later)) == ([], [])
    written = to_xml(node, kind)
    assert b"<spam/><informational/>" in written
    assert b"ageAssertionDiscrepancy" not in written
    _, faults = from_json("report", data, REPORT)
    assert {each.path.rpartition("/")[2] for each in faults} == {"informational", "ageAssertionDiscrepancy"}


@pytest.mark.parametrize("text", [*HARD, "x" * 1_000_000, "a\u0085b\u2028c", "]]>&]]>"])
def test_texts_that_are_hard_to_write_come_back_as_they_were(text: str) -> None:
    node, faults = from_json("report", minimal(additionalInfo=text), REPORT)
    assert faults == []
    back = parse(to_xml(node, REPORT))
    assert back.said("additionalInfo") == text


@given(st.text(max_size=60))
def test_whatever_is_said_is_read_back_with_what_xml_cannot_hold_written_out(text: str) -> None:
    node, _ = from_json("report", minimal(additionalInfo=f"|{text}|"), REPORT)
    assert parse(to_xml(node, REPORT)).said("additionalInfo") == f"|{legal(text)}|"


def test_what_xml_cannot_hold_is_written_out() -> None:
    node, _ = from_json("report", minimal(additionalInfo="a\0b\ud800c\ufffed"), REPORT)
    assert parse(to_xml(node, REPORT)).said("additionalInfo") == "a[U+0000]b[U+D800]c[U+FFFE]d"


@pytest.mark.parametrize("value", [123, 1e5, True, ["00123", 7], {"x": 1}, 0])
def test_an_identifier_that_is_no_text_is_refused(value: Any) -> None:
    _, faults = from_json("report", minimal(personOrUserReported=[{"espIdentifier": value}]), REPORT)
    assert {each.path.partition("[")[0] for each in faults} == {"report/personOrUserReported/espIdentifier"}


def test_identifiers_stay_as_they_are() -> None:
    person = {"espIdentifier": "00123", "screenName": "007", "deviceId": [{"idType": "x", "idValue": "1e5"}]}
    person |= {"personOrUserReportedPerson": {"address": [{"zipCode": "00234"}]}, "priorCTReports": ["0012"]}
    node, faults = from_json("report", minimal(personOrUserReported=[person]), REPORT)
    assert faults == []
    back = parse(to_xml(node, REPORT))
    said = [back.said(f"personOrUserReported/{path}") for path in ("espIdentifier", "screenName", "priorCTReports")]
    assert said == ["00123", "007", "0012"]
    assert back.said("personOrUserReported/deviceId/idValue") == "1e5"
    assert back.said("personOrUserReported/personOrUserReportedPerson/address/zipCode") == "00234"


def test_json_in_any_order_is_written_in_the_order_of_the_schema() -> None:
    data = dict(reversed(minimal(victim=[{"schoolName": "s"}], intendedRecipient=[{"screenName": "r"}]).items()))
    data["reporter"] = {"legalURL": "https://example.invalid", "reportingPerson": {"email": ["a@example.invalid"]}}
    node, faults = from_json("report", data, REPORT)
    assert faults == []
    written = to_xml(node, REPORT)
    assert complaints(written) == []
    assert b"<victim><victimPerson/><schoolName>s" in written, "a victim of whom nothing is known has an empty person"


def test_what_says_nothing_is_left_out() -> None:
    nothing = {"intendedRecipient": [{}], "lawEnforcement": {}, "additionalInfo": ""}
    node, _ = from_json("report", minimal(**nothing), REPORT)
    assert [child.name for child in node.children] == ["incidentSummary", "reporter"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no XML"),
        (b"<report>", "no XML"),
        (b"<!DOCTYPE report [<!ENTITY a 'b'>]><report>&a;</report>", "DTD"),
        (b"<!DOCTYPE report SYSTEM 'file:///etc/passwd'><report/>", "DTD"),
        (b"<a>" * 40 + b"</a>" * 40, "deep"),
        (b"<html><body>sign in<br></body></html>", "no XML"),
        (b"<?xml version='1.0' encoding='nowhere'?><report/>", "no XML|encoding"),
        (b"<report/>" + b" " * REPLY_BYTES, "bytes"),
    ],
)
def test_xml_of_others_that_is_hostile_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(DocumentUnreadable, match=told):
        parse(data, most=REPLY_BYTES)


@given(st.binary(max_size=200))
def test_whatever_bytes_come_are_read_or_refused(data: bytes) -> None:
    try:
        assert isinstance(parse(b"<a>" + data + b"</a>"), Node)
    except DocumentUnreadable as refused:
        assert len(refused.message) < 120


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(sorted({path.rpartition("/")[2] for path in SCHEMA.element_paths("report")}
      | {"@type", "#text", "nothing"})), inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_whatever_json_comes_is_made_a_document_or_is_told_of(data: Any) -> None:
    node, _ = from_json("report", data, REPORT)
    validate(node, SCHEMA)
    parse(to_xml(node, REPORT))
