"""Hotlines send JSON, tables and e-mails; each is read within bounds, and what cannot be read is told by its place."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seawall.deploy.notices import Category, HotlineFormat, ObjectType
from seawall.deploy.notices.hotline import MOST_BYTES, MOST_ROWS, parse_notices, refanged

EMAIL = """From: hotline@example.org
Subject: Notice
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Reference: H-1
Category: minor sexual content
hxxps://host[.]example/p/1
see also hxxp://other(dot)example/x).
> https://quoted.example/old

Reference: H-2
Country: de
Urgent: yes
URL: https://host.example/p/2
"""


def test_json_is_read_as_an_object_or_a_list():
    rows = [{"url": "https://host.example/1", "reference": "a"}, {"id": "gen-1", "type": "lora"}]
    for data in (rows, {"notices": rows}):
        first, second = parse_notices(json.dumps(data).encode()).notices
        assert (first.reference, first.objects[0].kind) == ("a", ObjectType.LINK)
        assert (second.objects[0].location, second.objects[0].kind) == ("gen-1", ObjectType.LORA)
        assert first.category is Category.MINOR_SEXUAL_CONTENT


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_is_read_by_its_header(separator):
    lines = (
        ["URL", "Reference", "Category"],
        ["https://host.example/1", "r 1", "other"],
        ["", "", ""],
        ["", "r-2", ""],
    )
    parsed = parse_notices("\r\n".join(separator.join(line) for line in lines).encode("utf-8-sig"))
    [notice] = parsed.notices
    assert (notice.category, notice.reference) == (Category.OTHER, "r 1")
    assert parsed.bad == (("line 4", "location missing"),)


def test_an_email_is_read_by_reference_and_its_addresses_are_made_whole():
    first, second = parse_notices(EMAIL.encode()).notices
    assert [each.location for each in first.objects] == ["https://host.example/p/1", "http://other.example/x"]
    assert (first.reference, second.reference) == ("H-1", "H-2")
    assert (second.country, second.imminent_danger) == ("DE", True)


def test_attachments_are_counted_and_left_alone():
    mixed = EMAIL.replace("text/plain; charset=utf-8", 'multipart/mixed; boundary="b"')
    head, _, body = mixed.partition("\n\n")
    whole = (
        f"{head}\n\n--b\nContent-Type: text/plain\n\n{body}\n--b\nContent-Type: image/png\n"
        "Content-Disposition: attachment\nContent-Transfer-Encoding: base64\n\naHR0cHM6Ly94LmV4YW1wbGUvZg==\n--b--\n"
    )
    parsed = parse_notices(whole.encode())
    assert (len(parsed.notices), parsed.attachments) == (2, 1)
    assert "x.example" not in repr(parsed)


def test_plain_text_with_addresses_is_one_notice():
    [notice] = parse_notices(b"please look at https://host.example/1 and https://host.example/1,").notices
    assert len(notice.objects) == 1


def test_many_addresses_become_several_notices():
    text = "\n".join(f"https://host.example/{n}" for n in range(120))
    assert [len(each.objects) for each in parse_notices(text.encode()).notices] == [50, 50, 20]


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"a\0b", b"nothing here", b"{", b'{"a": 1}', b"[" * 100_000, b"x" * (MOST_BYTES + 1)]
)
def test_what_is_no_file_of_notices_is_refused(data):
    with pytest.raises(HotlineFormat):
        parse_notices(data)


def test_too_many_rows_are_refused():
    rows = [{"id": str(number)} for number in range(MOST_ROWS + 1)]
    with pytest.raises(HotlineFormat, match="more than"):
        parse_notices(json.dumps(rows).encode())


def test_unknown_words_are_told_by_their_place():
    rows = [{"url": "x", "category": "zorblax"}, {"url": "x", "type": "zorblax"}, 3, {"url": "a\x01b"}]
    assert parse_notices(json.dumps(rows).encode()).bad == (
        ("notice 1", "category unknown"),
        ("notice 2", "type unknown"),
        ("notice 3", "no object"),
        ("notice 4", "location unreadable"),
    )


@given(st.binary(max_size=2000) | st.text(max_size=2000).map(lambda text: text.encode("utf-8", "replace")))
@example(b"From: a\n\n")
@example(b"Content-Type: multipart/mixed\nFrom: x\n\nhttps://a.example/")
@example(b"Content-Type: text/plain; charset=zorblax\nFrom: x\n\nhttps://a.example/")
@example(b'url,type\n"')
def test_no_bytes_break_the_reader(data):
    try:
        parsed = parse_notices(data)
    except HotlineFormat:
        return
    assert len(parsed.notices) <= MOST_ROWS
    for notice in parsed.notices:
        assert 1 <= len(notice.objects) <= 50
        assert all(each.location and each.location.isprintable() for each in notice.objects)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["url", "id", "type", "category", "reference", "text", "notices", "x"]), inner
        )
    ),
    max_leaves=20,
)


@given(json_values)
def test_no_json_breaks_the_reader(value):
    try:
        parse_notices(json.dumps(value).encode())
    except HotlineFormat:
        return


LINES = (
    "From: a", "Reference: 1", "URL: x", "", "> y", "Category: other", "https://a.b/c", "Content-Type: text/html",
    "MIME-Version: 1.0", "--b", "country=DE",
)  # fmt: skip


@given(st.lists(st.sampled_from(LINES), max_size=30))
def test_no_order_of_lines_breaks_the_reader(lines):
    try:
        parse_notices("\n".join(lines).encode())
    except HotlineFormat:
        return


@given(st.text(max_size=200))
def test_making_an_address_whole_twice_changes_nothing(text):
    assert refanged(refanged(text)) == refanged(text)
