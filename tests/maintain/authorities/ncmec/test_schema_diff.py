"""A schema that was fetched is read and compared: what differs is told by path, and whether it breaks what we write."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.maintain.authorities.errors import DocumentUnreadable
from seawall.maintain.authorities.ncmec.schema import PROFILES, Difference, compare, load_schema, nearest, read_xsd
from seawall.maintain.authorities.testkit.as_xsd import as_xsd

SCHEMA = load_schema()
BY_HAND = """<?xml version="1.0"?>
<!-- Written by hand, in the ways in which such files are written: references, named and local types. -->
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified">
  <xs:annotation><xs:documentation>A sample.</xs:documentation></xs:annotation>
  <xs:element name="report"><xs:complexType><xs:sequence>
    <xs:element ref="summary"><xs:annotation><xs:documentation>x</xs:documentation></xs:annotation></xs:element>
    <xs:element ref="details" minOccurs="0" maxOccurs="unbounded"/>
    <xs:element name="note" minOccurs="0" type="text"/>
  </xs:sequence><xs:attribute name="reason" use="required" type="reason"/></xs:complexType></xs:element>
  <xs:element name="summary"><xs:complexType><xs:sequence>
    <xs:element name="at" type="xs:dateTime"/><xs:element name="flags" minOccurs="0" type="flags"/>
  </xs:sequence></xs:complexType></xs:element>
  <xs:complexType name="flags"><xs:all>
    <xs:element name="spam" minOccurs="0" type="xs:boolean" fixed="true"/>
  </xs:all></xs:complexType>
  <xs:element name="details"><xs:complexType><xs:choice>
    <xs:element name="page" type="text"/><xs:element name="mail" type="address"/>
  </xs:choice></xs:complexType></xs:element>
  <xs:complexType name="address"><xs:simpleContent><xs:extension base="text">
    <xs:attribute name="kind"><xs:simpleType><xs:restriction base="xs:string">
      <xs:enumeration value="Home"/><xs:enumeration value=""/>
    </xs:restriction></xs:simpleType></xs:attribute>
  </xs:extension></xs:simpleContent></xs:complexType>
  <xs:simpleType name="text"><xs:restriction base="xs:string"/></xs:simpleType>
  <xs:simpleType name="reason"><xs:restriction base="xs:string"><xs:enumeration value="A"/></xs:restriction>
  </xs:simpleType>
  <xs:element name="fileDetails"><xs:complexType><xs:sequence>
    <xs:choice><xs:element name="old" type="xs:boolean" minOccurs="0"/><xs:element name="new" type="flags"/></xs:choice>
    <xs:element name="number" type="xs:long"/>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>
"""


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("inline", [False, True])
def test_the_own_table_written_as_a_schema_differs_in_nothing(profile: str, *, inline: bool) -> None:
    schema = load_schema(profile)
    theirs = read_xsd(as_xsd(schema, inline=inline))
    for root in schema.roots:
        assert theirs.element_paths(root) == schema.element_paths(root)
        assert theirs.attribute_paths(root) == schema.attribute_paths(root)
    assert compare(schema, theirs) == []
    assert nearest(theirs) == (profile, [])


def test_a_schema_written_by_hand_is_read_as_it_is_meant() -> None:
    found = read_xsd(BY_HAND.encode())
    assert found.element_paths("report") == [
        "summary",
        "summary/at",
        "summary/flags",
        "summary/flags/spam",
        "details",
        "details/page",
        "details/mail",
        "note",
    ]
    assert found.attribute_paths("report") == ["details/mail@kind"]
    report = found.roots["report"].type
    assert [(each.least, each.most) for each in report.entries] == [(1, 1), (0, None), (0, 1)]
    assert report.attribute_of["reason"].required
    kind = report.by_name["details"].type.by_name["mail"].type.attribute_of["kind"].value
    assert (kind.words, kind.empty) == (("Home",), True)
    old, new, number = found.roots["fileDetails"].type.entries
    assert (old.rivals, new.rivals, number.rivals) == ({"new"}, {"old"}, frozenset())
    assert (old.least, new.least) == (0, 0)


@pytest.mark.parametrize(
    ("change", "path", "what", "breaks"),
    [
        (('<xs:element name="platform"', '<xs:element name="plat"'), "platform", Difference.REMOVED, True),
        (('<xs:element name="platform"', '<xs:element name="plat"'), "plat", Difference.ADDED, False),
        (('name="platform" minOccurs="0"', 'name="platform"'), "platform", Difference.TIMES, True),
        (('name="internetDetails" minOccurs="0" maxOccurs="unbounded"', 'name="internetDetails" minOccurs="0"'),
         "internetDetails", Difference.TIMES, True),
        (('<xs:enumeration value="Child Sex Tourism"/>', ""), "incidentType", Difference.WORDS, True),
        (('<xs:enumeration value="Child Sex Tourism"/>',
          '<xs:enumeration value="Child Sex Tourism"/><xs:enumeration value="Something else"/>'),
         "incidentType", Difference.WORDS, False),
        (('name="incidentDateTime" type="xs:dateTime"', 'name="incidentDateTime" type="xs:date"'),
         "incidentDateTime", Difference.FORM, True),
        (('<xs:attribute name="thirdPartyHostedContent"', '<xs:attribute name="hostedElsewhere"'),
         "webPageIncident@thirdPartyHostedContent", Difference.REMOVED, True),
        (('<xs:attribute name="verificationDate"', '<xs:attribute name="verificationDate" use="required"'),
         "email@verificationDate", Difference.TIMES, True),
        (('name="spam" minOccurs="0"', 'name="unwanted" minOccurs="0"'), "spam", Difference.REMOVED, True),
    ],
)  # fmt: skip
def test_what_differs_is_told_by_path(change: tuple[str, str], path: str, what: Difference, *, breaks: bool) -> None:
    text = as_xsd(SCHEMA).decode()
    assert change[0] in text
    told = compare(SCHEMA, read_xsd(text.replace(*change).encode()))
    assert told
    assert (what, breaks) in {(each.what, each.breaks) for each in told if each.path.endswith(path)}, told


def test_another_order_is_told_where_it_is() -> None:
    text = as_xsd(SCHEMA).decode()
    one, other = '<xs:element name="city" minOccurs="0" type="xs:string"/>', '<xs:element name="region"'
    assert text.count(one + other) == 1
    swapped = text.replace(one, "").replace(
        '<xs:element name="region" minOccurs="0" type="xs:string"/>',
        f'<xs:element name="region" minOccurs="0" type="xs:string"/>{one}',
    )
    told = compare(SCHEMA, read_xsd(swapped.encode()))
    assert {each.what for each in told} >= {Difference.ORDER}


def test_the_newest_edition_that_nothing_breaks_is_the_nearest() -> None:
    later = load_schema(PROFILES[-1])
    assert nearest(read_xsd(as_xsd(later)))[0] == PROFILES[-1]
    profile, told = nearest(read_xsd(as_xsd(SCHEMA)))
    assert (profile, told) == (PROFILES[0], [])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html/>",
        b"<!DOCTYPE a><a/>",
        b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>',
        BY_HAND.replace('type="xs:long"', 'type="unknown"').encode(),
        BY_HAND.replace("<xs:all>", "<xs:any/><xs:all>").replace("xs:all", "xs:group").encode(),
        BY_HAND.replace('minOccurs="0"', 'minOccurs="few"').encode(),
        BY_HAND.replace('ref="summary"', 'ref="nothing"').encode(),
        BY_HAND.replace('name="at" type="xs:dateTime"', 'ref="summary"').encode(),
    ],
)
def test_what_is_no_schema_of_reports_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentUnreadable):
        read_xsd(data)


@given(st.integers(0, len(BY_HAND) - 1), st.text(max_size=6))
def test_a_schema_that_was_damaged_is_read_or_refused(at: int, text: str) -> None:
    try:
        read_xsd((BY_HAND[:at] + text + BY_HAND[at + 1 :]).encode("utf-8", "replace"))
    except DocumentUnreadable as refused:
        assert len(refused.message) < 200


def test_the_command_compares_and_exits_with_what_breaks(seawall: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "fetched.xsd"
    path.write_bytes(as_xsd(SCHEMA))
    ran = seawall("authorities", "schema", "diff", path, "--json")
    assert (ran.code, json.loads(ran.out)) == (0, {"profile": PROFILES[0], "breaking": 0, "changes": []})
    path.write_text(as_xsd(SCHEMA).decode().replace('name="platform"', 'name="plat"'))
    ran = seawall("authorities", "schema", "diff", path, "--profile", PROFILES[0])
    assert ran.code == 1
    assert "breaks   removed  report/incidentSummary/platform" in ran.out
    assert seawall("authorities", "schema", "diff", tmp_path / "none").err.startswith("error[not_found]")
