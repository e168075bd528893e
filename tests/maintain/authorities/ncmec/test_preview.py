"""What would be sent, in words; how complete it is; and what a finding rests on, written and read back."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.errors import UsageError
from seawall.maintain.authorities.ncmec.completeness import PARTS, completeness
from seawall.maintain.authorities.ncmec.package import Package, read_package
from seawall.maintain.authorities.ncmec.parsing import parse
from seawall.maintain.authorities.ncmec.preview import preview, spoken
from seawall.maintain.authorities.ncmec.provenance import KEYS, read_provenance, write_provenance
from seawall.maintain.authorities.ncmec.schema import load_schema
from tests.maintain.authorities.ncmec.legal import Legal
from tests.maintain.authorities.ncmec.test_documents import SAMPLES, minimal

SCHEMA = load_schema()
FILE = {"reportId": "1", "fileId": "0" * 32}


def package(*files: dict[str, Any], **more: Any) -> Package:
    return read_package({"report": minimal(**more), "files": [FILE | each for each in files]}, SCHEMA)


def test_everything_that_is_sent_is_in_the_preview_once() -> None:
    for seed in range(200):
        made = Legal(SCHEMA, seed).document("report")
        details = Legal(SCHEMA, seed).document("fileDetails")
        shown = preview(made, [details], SCHEMA)
        for node, (_, lines) in zip((made, details), shown.documents, strict=True):
            elements = sum(1 for _ in node.walk()) - 1
            attributes = sum(len(each.attributes) for _, each in node.walk())
            assert len(lines) == elements + attributes


def test_the_digest_is_of_what_would_be_sent() -> None:
    one, same = package({}, additionalInfo="x"), package({}, additionalInfo="x")
    assert one.preview().digest == same.preview().digest
    written = b"".join(len(each).to_bytes(8, "big") + each for each in (one.render("report"), one.render("file:1")))
    assert one.preview().digest == hashlib.sha256(written).hexdigest()
    for other in (package({}, additionalInfo="y"), package(additionalInfo="x"), package({"fileViewedByEsp": True})):
        assert other.preview().digest != one.preview().digest


def test_it_speaks_plainly() -> None:
    person = {"espIdentifier": "00123", "accountPermanentlyDisabled": {"#text": True, "@userNotified": False}}
    details = {"fileViewedByEsp": False, "fileAnnotations": {"generativeAi": True}}
    text = package(details, personOrUserReported=[person]).preview().to_text()
    for line in (
        "The report",
        "  reported person",
        "    account id: 00123",
        "    account permanently disabled: yes",
        "      user notified: no",
        "File 1",
        "  we viewed the whole file: no",
        "    believed to be made by generative AI: yes",
    ):
        assert line in text.splitlines(), text
    assert spoken("incidentDateTimeDescription") == "incident date time description"


def test_a_long_text_is_cut_in_the_preview_and_not_in_what_is_sent() -> None:
    made = package(additionalInfo="word " * 1000)
    assert "(5,000 characters in all)" in made.preview().to_text()
    assert made.render("report").count(b"word") == 1000


def test_a_sample_with_most_of_it_is_complete_and_a_bare_one_is_low() -> None:
    report = parse((SAMPLES / "report.xml").read_bytes())
    details = parse((SAMPLES / "fileDetails.xml").read_bytes())
    whole = completeness(report, [details])
    assert whole.score > 80
    assert set(whole.missing) == {"associated_accounts", "provenance"}
    bare = package().completeness()
    assert (bare.score, bare.low, bare.there) == (0, True, ())
    assert bare.missing[:2] == ("account", "ip_and_time")


@pytest.mark.parametrize(
    ("more", "files", "code"),
    [
        ({"personOrUserReported": [{"espIdentifier": "1"}]}, [], "account"),
        (
            {"personOrUserReported": [{"personOrUserReportedPerson": {"email": [{"#text": "a@b.invalid",
             "@verified": True}]}}]},
            [],
            "contact_verified",
        ),
        (
            {"personOrUserReported": [{"ipCaptureEvent": [{"ipAddress": "192.0.2.1",
             "dateTime": "2026-01-01T00:00:00Z"}]}]},
            [],
            "ip_and_time",
        ),
        ({"internetDetails": [{"webPageIncident": {"url": ["https://e.invalid"]}}]}, [], "where"),
        ({"internetDetails": [{"chatImIncident": {"content": "x"}}]}, [], "file_or_text"),
        ({}, [{"fileViewedByEsp": False}], "viewed_state"),
        ({}, [{"originalFileHash": [{"@hashType": "SHA256", "#text": "x"}]}], "file_hashes"),
        ({"additionalInfo": write_provenance({"model": "m"})}, [], "provenance"),
        ({}, [{"additionalInfo": ["words", write_provenance({"dataset": "d"})]}], "provenance"),
    ],
)  # fmt: skip
def test_each_part_counts_where_it_is_said(more: dict[str, Any], files: list[dict[str, Any]], code: str) -> None:
    assert code in package(*files, **more).completeness().there
    assert code in {part.code for part in PARTS}


def test_what_is_said_of_one_file_alone_is_not_said_of_the_files() -> None:
    assert "viewed_state" in package({"fileViewedByEsp": False}, {}).completeness().missing


@given(st.dictionaries(st.sampled_from(KEYS), st.text(max_size=60)), st.text(max_size=30), st.text(max_size=30))
def test_provenance_is_read_back_as_it_was(facts: dict[str, str], before: str, after: str) -> None:
    block = write_provenance(facts)
    wanted = {key: value for key, value in facts.items() if value}
    assert read_provenance(block) == wanted
    if "seawall-provenance" not in before:
        assert read_provenance(f"{before}\n{block}\n{after}") == wanted
    made = package(additionalInfo=block)
    sent = parse(made.render("report")).said("additionalInfo") or ""
    legal = {key: value for key, value in wanted.items() if value.isprintable()}
    assert {key: (read_provenance(sent) or {}).get(key) for key in legal} == legal


@pytest.mark.parametrize("text", ["", "words", "seawall-provenance: 1", "seawall-provenance: 1\nnothing: x\nend"])
def test_what_is_no_whole_block_says_nothing(text: str) -> None:
    assert read_provenance(text) is None


def test_a_fact_that_nobody_knows_or_that_is_too_long_is_refused() -> None:
    for wrong in ({"secret": "x"}, {"model": "x" * 2001}):
        with pytest.raises(UsageError):
            write_provenance(wrong)
