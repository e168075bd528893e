"""What is wrong with a report is told by path and rule, before any call; and what is right is left alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from seawall.maintain.authorities.ncmec.lint import Level, errors, lint
from seawall.maintain.authorities.ncmec.node import Node
from seawall.maintain.authorities.ncmec.parsing import parse
from seawall.maintain.authorities.ncmec.rendering import from_json
from seawall.maintain.authorities.ncmec.schema import load_schema
from tests.maintain.authorities.ncmec.test_documents import SAMPLES, minimal

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCHEMA = load_schema()
SUMMARY = minimal()["incidentSummary"]
PERSON = "report/personOrUserReported"


def document(data: Any, root: str = "report") -> Node:
    node, faults = from_json(root, data, SCHEMA.roots[root].type)
    assert faults == []
    return node


def found(report: Node, *files: Node, known: Any = ("1", "2")) -> set[tuple[str, str]]:
    return {
        (each.path, each.rule)
        for each in lint(report, files, schema=SCHEMA, now=NOW, known_reports=known)
        if each.level is Level.ERROR
    }


def of_person(**said: Any) -> set[tuple[str, str]]:
    told = found(document(minimal(personOrUserReported=[said])))
    return {(path.removeprefix(f"{PERSON}/"), rule) for path, rule in told}


def of_file(**said: Any) -> set[tuple[str, str]]:
    details = {"reportId": "1", "fileId": "0" * 32} | said
    told = found(document(minimal()), document(details, "fileDetails"))
    return {(path.removeprefix("fileDetails/"), rule) for path, rule in told}


def raw(change: tuple[str, str], sample: str = "report") -> set[tuple[str, str]]:
    """Return what is wrong with a sample in which a text is replaced, as somebody else might have written it."""
    text = (SAMPLES / f"{sample}.xml").read_text("utf-8")
    assert change[0] in text
    node = parse(text.replace(*change, 1).encode())
    if sample == "report":
        return found(node)
    return found(document(minimal()), node)


def test_the_samples_are_right() -> None:
    report = parse((SAMPLES / "report.xml").read_bytes())
    details = parse((SAMPLES / "fileDetails.xml").read_bytes())
    told = lint(report, [details], schema=SCHEMA, now=NOW, known_reports=["1"])
    assert errors(told) == []
    assert found(document(minimal(additionalInfo="x", internetDetails=[{"chatImIncident": {"content": "x"}}]))) == set()


@pytest.mark.parametrize(
    ("change", "path", "rule"),
    [
        (("<internetDetails><webPage", "<internetDetails/><internetDetails><webPage"), "internetDetails[1]", "choice"),
        (("</webPageIncident>", "</webPageIncident><emailIncident/>"), "internetDetails[1]", "choice"),
        (("<agencyName>Example Agency</agencyName>", ""), "lawEnforcement/agencyName", "missing"),
        (("<lawEnforcement>", '<lawEnforcement fleaCountry="GB">'), "lawEnforcement@fleaCountry", "unknown"),
        (("<victimPerson><age>12</age></victimPerson>", ""), "victim/victimPerson", "missing"),
        (
            ("<intendedRecipient>", "<victim><victimPerson/></victim><intendedRecipient>"),
            "intendedRecipient",
            "order",
        ),
        ((' type="Parent/Guardian"', ""), "personOrUserReported/associatedAccount@type", "missing"),
        (
            (' type="Parent/Guardian"', ' type="Other" accountType="Other"'),
            "personOrUserReported/associatedAccount@accountType",
            "unknown",
        ),
        (("<spam/>", "<spam>false</spam>"), "incidentSummary/reportAnnotations/spam", "flag"),
        (("<spam/>", "<spam>1</spam>"), "incidentSummary/reportAnnotations/spam", "flag"),
        (("<spam/>", "<informational/>"), "incidentSummary/reportAnnotations/informational", "unknown"),
        (
            ("Child Pornography (possession, manufacture, and distribution)", "Child Sexual Molestation (old)"),
            "incidentSummary/incidentType",
            "word",
        ),
        (("<country>US", "<country>UK"), f"{PERSON[7:]}/personOrUserReportedPerson/address/country", "word"),
        (("<country>US", "<country>USA"), f"{PERSON[7:]}/personOrUserReportedPerson/address/country", "word"),
        (("<state>NJ", "<state>AS"), f"{PERSON[7:]}/personOrUserReportedPerson/address/state", "word"),
        (("<eventName>Login", "<eventName>login"), f"{PERSON[7:]}/ipCaptureEvent/eventName", "word"),
        (
            ("<ipAddress>192.0.2.1</ipAddress><eventName>Login</eventName>",
             "<eventName>Login</eventName><ipAddress>192.0.2.1</ipAddress>"),
            f"{PERSON[7:]}/ipCaptureEvent/ipAddress",
            "order",
        ),
        (("2026-01-02T03:04:05Z", "yesterday"), "incidentSummary/incidentDateTime", "value"),
    ],
)  # fmt: skip
def test_what_the_schema_forbids_is_told_by_place(change: tuple[str, str], path: str, rule: str) -> None:
    assert (f"report/{path}", f"schema.{rule}") in raw(change)


@pytest.mark.parametrize(
    "change",
    [
        ("<spam/>", "<spam>true</spam>"),
        ("<country>US", "<country>XK"),
        ("<country>US</country>", "<country></country>"),
        (' type="Parent/Guardian"', ' type="Other"'),
        ("<victimPerson><age>12</age></victimPerson>", "<victimPerson/>"),
        ("<content>[placeholder]</content>", "<content><![CDATA[a < b]]></content>"),
        ("<report>", '<report xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
         'xsi:noNamespaceSchemaLocation="x.xsd">'),
    ],
)  # fmt: skip
def test_what_the_schema_allows_is_left_alone(change: tuple[str, str]) -> None:
    assert raw(change) == set()


def test_a_namespace_makes_another_document_of_it() -> None:
    assert raw(("<report>", '<report xmlns="https://example.invalid">')) == {("", "schema.root")}


@pytest.mark.parametrize(
    ("change", "path", "rule"),
    [
        (
            ("<ipCaptureEvent>", "<ipCaptureEvent><ipAddress>192.0.2.9</ipAddress></ipCaptureEvent><ipCaptureEvent>"),
            "ipCaptureEvent",
            "times",
        ),
        (("<fileAnnotations>", "<potentialMeme>true</potentialMeme><fileAnnotations>"), "potentialMeme", "choice"),
        ((">B2<", ">A3<"), "industryClassification", "word"),
        ((">Reported<", ">Supplemental<"), "fileRelevance", "word"),
        ((' hashType="MD5"', ""), "originalFileHash[1]@hashType", "missing"),
        (
            ('<originalFileHash hashType="MD5">x</originalFileHash>', "<originalBinaryHash>x</originalBinaryHash>"),
            "originalBinaryHash",
            "unknown",
        ),
        (
            ("<nameValuePair><name>n</name><value>v</value></nameValuePair>", ""),
            "details[1]/nameValuePair",
            "missing",
        ),
        (("<nameValuePair>", '<nameValuePair type="EXIF">'), "details[1]/nameValuePair@type", "unknown"),
    ],
)
def test_what_the_schema_forbids_of_files_is_told_by_place(change: tuple[str, str], path: str, rule: str) -> None:
    assert (f"fileDetails/{path}", f"schema.{rule}") in raw(change, "fileDetails")


@pytest.mark.parametrize(
    ("at", "wrong"),
    [("2026-01-02T03:04:05", True), ("2026-03-01T12:00:01Z", True), ("2026-03-01T13:59:59+02:00", False)],
)
def test_br01_times_have_a_zone_and_are_past(at: str, *, wrong: bool) -> None:
    told = found(document(minimal(incidentSummary=SUMMARY | {"incidentDateTime": at}, additionalInfo="x")))
    assert told == ({("report/incidentSummary/incidentDateTime", "BR01")} if wrong else set())


def test_br01_a_day_of_birth_is_past() -> None:
    told = of_person(personOrUserReportedPerson={"dateOfBirth": "2026-03-01"})
    assert told == {("personOrUserReportedPerson/dateOfBirth", "BR01")}


@pytest.mark.parametrize("person", [{}, {"email": ["nope"]}, {"firstName": "x"}])
def test_br02_who_reports_has_an_address(person: dict[str, Any]) -> None:
    told = found(document(minimal(reporter={"reportingPerson": person, "legalURL": "https://example.invalid"})))
    assert ("report/reporter/reportingPerson/email", "BR02") in told


def test_br03_one_person_is_reported_at_a_time() -> None:
    people = [{"espIdentifier": "1"}, {"espIdentifier": "2"}]
    told = found(document(minimal(personOrUserReported=people)))
    assert told == {("report/personOrUserReported[2]", "BR03")}
    told = found(document(minimal(intendedRecipient=[{"screenName": "r", "additionalInfo": ["a", "b"]}])))
    assert told == {("report/intendedRecipient/additionalInfo", "BR03")}


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"espIdentifier": "x" * 256}, "espIdentifier"),
        ({"vehicleDescription": "x" * 301}, "vehicleDescription"),
        ({"displayName": ["ok", "\U0001f427" * 256]}, "displayName[2]"),
        ({"personOrUserReportedPerson": {"phone": ["1" * 51]}}, "personOrUserReportedPerson/phone"),
        ({"personOrUserReportedPerson": {"email": ["x" * 65 + "@e.invalid"]}}, "personOrUserReportedPerson/email"),
    ],
)
def test_br04_texts_have_a_length(said: dict[str, Any], path: str) -> None:
    assert (path, "BR04") in of_person(**said)
    assert of_person(displayName=["\U0001f427" * 255]) == set()


def test_br05_an_escalation_says_why() -> None:
    path = "report/incidentSummary/escalateToHighPriority"
    report = minimal(incidentSummary=SUMMARY | {"escalateToHighPriority": " "})
    assert (path, "BR05") in found(document(report))
    left_out = document(minimal(incidentSummary=SUMMARY | {"escalateToHighPriority": ""}))
    assert left_out.first("incidentSummary/escalateToHighPriority") is None
    told = raw(("<platform>", "<platform/><escalateToHighPriority/><platform>"))
    assert (path, "BR05") in told


@pytest.mark.parametrize("url", ["example.invalid/a", "/a", "https://", "https://a b", "http://[::1", "javascript:x"])
def test_br06_urls_are_absolute(url: str) -> None:
    assert of_person(profileUrl=[url]) == {("profileUrl", "BR06")}


@pytest.mark.parametrize("address", ["zz", "192.0.2.0/24", "fe80::1%eth0", "192.0.2", "1.2.3.4:80"])
def test_br07_addresses_and_ports_are_some(address: str) -> None:
    assert of_person(ipCaptureEvent=[{"ipAddress": address}]) == {("ipCaptureEvent/ipAddress", "BR07")}
    port = [{"ipAddress": "::ffff:192.0.2.1", "port": 99999}]
    assert of_person(ipCaptureEvent=port) == {("ipCaptureEvent/port", "BR07")}


def test_br08_ages_are_some() -> None:
    assert of_person(personOrUserReportedPerson={"age": 200}) == {("personOrUserReportedPerson/age", "BR08")}
    both = {"@type": "Other", "approximateAge": 40, "dateOfBirth": "1980-01-01"}
    assert of_person(associatedAccount=[both]) == {("associatedAccount/approximateAge", "BR08")}


def test_br09_a_date_of_verification_is_of_what_is_verified() -> None:
    email = [{"#text": "a@example.invalid", "@verificationDate": "2025-01-01T00:00:00Z"}]
    assert of_person(personOrUserReportedPerson={"email": email}) == {
        ("personOrUserReportedPerson/email@verified", "BR09")
    }


@pytest.mark.parametrize(("number", "wrong"), [("+49 30 1", True), ("0049 30 1", True), ("030 1", False)])
def test_br10_a_number_does_not_repeat_its_calling_code(number: str, *, wrong: bool) -> None:
    phone = [{"#text": number, "@countryCallingCode": "+49"}]
    told = of_person(personOrUserReportedPerson={"phone": phone})
    assert told == ({("personOrUserReportedPerson/phone", "BR10")} if wrong else set())


def test_br11_what_follows_on_disabling_is_not_before_it() -> None:
    off = {"#text": True, "@disabledDate": "2026-01-02T00:00:00Z", "@userNotifiedDate": "2026-01-01T00:00:00Z"}
    assert of_person(accountPermanentlyDisabled=off) == {("accountPermanentlyDisabled@userNotifiedDate", "BR11")}
    off = {"#text": True, "@disabledDate": "2026-01-02T00:00:00Z", "@reenabledDate": "2026-01-02T01:00:00+01:00"}
    assert of_person(accountTemporarilyDisabled=off) == {("accountTemporarilyDisabled@reenabledDate", "BR11")}


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ({"city": "x"}, "countryCode"),
        ({"countryCode": "US", "region": "Jersey"}, "region"),
        ({"countryCode": "US", "city": "x"}, "region"),
    ],
)
def test_br12_a_place_has_its_country(place: dict[str, str], path: str) -> None:
    assert of_person(estimatedLocation=place) == {(f"estimatedLocation/{path}", "BR12")}
    assert of_person(estimatedLocation={"countryCode": "DE", "city": "x"}) == set()


def test_br13_an_address_of_the_incident_is_of_a_party() -> None:
    incident = [{"emailIncident": {"emailAddress": ["a@example.invalid", "B@example.invalid"]}}]
    person = {"personOrUserReportedPerson": {"email": ["b@example.invalid"]}}
    told = found(document(minimal(internetDetails=incident, personOrUserReported=[person])))
    assert told == {("report/internetDetails/emailIncident/emailAddress[1]", "BR13")}


def test_br14_who_viewed_the_exif_data_viewed_the_file() -> None:
    assert of_file(exifViewedByEsp=True) == {("exifViewedByEsp", "BR14")}
    assert of_file(exifViewedByEsp=True, fileViewedByEsp=False) == {("exifViewedByEsp", "BR14")}
    assert of_file(exifViewedByEsp=True, fileViewedByEsp=True) == set()


def test_br15_context_has_no_mark() -> None:
    supplemental = {"fileRelevance": "Supplemental Reported"}
    assert of_file(**supplemental, industryClassification="B1") == {("industryClassification", "BR15")}
    flags = {"potentialMeme": True, "generativeAi": True}
    assert of_file(**supplemental, fileAnnotations=flags) == {("fileAnnotations/potentialMeme", "BR15")}


def test_br16_earlier_reports_are_of_the_same_environment() -> None:
    report = document(minimal(personOrUserReported=[{"priorCTReports": ["1", "777"]}]))
    assert found(report) == {(f"{PERSON}/priorCTReports[2]", "BR16")}
    told = lint(report, schema=SCHEMA, now=NOW)
    assert {(each.rule, each.level) for each in told} == {("BR16", Level.WARNING)}


def test_br17_each_file_has_its_details_once_in_its_report() -> None:
    details = {"reportId": "1", "fileId": "0" * 32}
    twice = [document(details, "fileDetails"), document(details, "fileDetails")]
    assert found(document(minimal()), *twice) == {("fileDetails[2]/fileId", "BR17")}
    other = [document(details, "fileDetails"), document(details | {"reportId": "2", "fileId": "1"}, "fileDetails")]
    told = found(document(minimal()), *other)
    assert told == {("fileDetails[1]/reportId", "BR17"), ("fileDetails[2]/reportId", "BR17")}


def test_br18_a_device_has_an_id() -> None:
    told = of_person(deviceId=[{"idType": " ", "idValue": "x"}])
    assert told == {("deviceId/idType", "BR18")}


BATCHED = {"batchedReport": {"@reason": "VIRAL_POTENTIAL_MEME"}}
TWO = [{"espIdentifier": "1"}, {"espIdentifier": "2"}]
VIRAL = {"reportId": "1", "fileId": "0" * 32, "fileAnnotations": {"viral": True}}


def test_br19_a_batched_report_of_many_people_and_one_file_is_right() -> None:
    report = document(minimal(**BATCHED, personOrUserReported=TWO))
    assert found(report, document(VIRAL | {"industryClassification": "B1"}, "fileDetails")) == set()


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"internetDetails": [{"webPageIncident": {"additionalInfo": "x"}}]}, "internetDetails"),
        ({"lawEnforcement": {"agencyName": "x"}}, "lawEnforcement"),
        ({"intendedRecipient": [{"screenName": "x"}]}, "intendedRecipient"),
        ({"victim": [{"schoolName": "x"}]}, "victim"),
        ({"additionalInfo": "x"}, "additionalInfo"),
        (
            {"incidentSummary": SUMMARY | {"escalateToHighPriority": "x"}},
            "incidentSummary/escalateToHighPriority",
        ),
        ({"personOrUserReported": [*TWO, {"screenName": "x"}]}, "personOrUserReported[3]/espIdentifier"),
        ({"personOrUserReported": [TWO[0] | {"screenName": "x"}]}, "personOrUserReported/screenName"),
    ],
)
def test_br19_what_a_batched_report_may_not_have(more: dict[str, Any], path: str) -> None:
    report = document(minimal(**(BATCHED | {"personOrUserReported": TWO} | more)))
    assert (f"report/{path}", "BR19") in found(report, document(VIRAL, "fileDetails"))


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"originalFileName": "x"}, "originalFileName"),
        ({"locationOfFile": "https://example.invalid"}, "locationOfFile"),
        ({"originalFileHash": [{"@hashType": "MD5", "#text": "x"}]}, "originalFileHash"),
        ({"ipCaptureEvent": {"ipAddress": "192.0.2.1"}}, "ipCaptureEvent"),
        ({"deviceId": [{"idType": "x", "idValue": "x"}]}, "deviceId"),
        ({"details": [{"nameValuePair": [{"name": "n", "value": "v"}]}]}, "details"),
        ({"additionalInfo": ["x"]}, "additionalInfo"),
        ({"fileAnnotations": {"generativeAi": True}}, "fileAnnotations"),
        ({"fileAnnotations": {"viral": True, "infant": True}}, "fileAnnotations/infant"),
        ({"fileRelevance": "Supplemental Reported"}, "fileRelevance"),
    ],
)
def test_br19_what_the_file_of_a_batched_report_may_not_have(more: dict[str, Any], path: str) -> None:
    report = document(minimal(**BATCHED, personOrUserReported=TWO))
    assert (f"fileDetails/{path}", "BR19") in found(report, document(VIRAL | more, "fileDetails"))
    two = [document(VIRAL | {"fileId": str(number)}, "fileDetails") for number in range(2)]
    assert ("fileDetails[2]", "BR19") in found(report, *two)


def warned(report: Node) -> set[tuple[str, str]]:
    told = lint(report, schema=SCHEMA, now=NOW)
    return {(each.path, each.rule) for each in told if each.level is Level.WARNING}


def test_br20_what_nobody_can_act_on_is_for_a_person_to_say() -> None:
    assert warned(document(minimal())) == {("report", "BR20")}
    assert warned(document(minimal(internetDetails=[{"chatImIncident": {"content": "x"}}]))) == set()
    empty = parse((SAMPLES / "report.xml").read_bytes().replace(b"<screenName>r</screenName>", b""))
    assert ("report/intendedRecipient", "schema.bare") in warned(empty)


def test_br21_what_xml_cannot_hold_is_told_and_written_out() -> None:
    report = document(minimal(additionalInfo="a\0b\x1fc", internetDetails=[{"chatImIncident": {"content": "x"}}]))
    (told,) = [each for each in lint(report, schema=SCHEMA, now=NOW) if each.rule == "BR21"]
    assert (told.path, told.level, told.message) == (
        "report/additionalInfo",
        Level.WARNING,
        "2 signs cannot stand in XML",
    )


def test_no_message_repeats_what_a_report_says() -> None:
    secret = "zorblax"
    person = {"espIdentifier": secret * 60, "profileUrl": [secret], "ipCaptureEvent": [{"ipAddress": secret}]}
    person |= {"personOrUserReportedPerson": {"email": [secret]}, "estimatedLocation": {"city": secret}}
    report = document(minimal(personOrUserReported=[person]))
    told = lint(report, schema=SCHEMA, now=NOW)
    assert len(told) >= 5
    assert not any(secret in str(each) for each in told)
