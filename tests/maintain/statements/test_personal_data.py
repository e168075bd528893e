"""What names somebody is found in any text, however it is written; what names nobody is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.maintain.statements import PersonalData, expect_nobody
from seawall.maintain.statements.personal import kinds

PLAIN = st.text("abcdefg hij, kl.", max_size=40)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("write to some.one@example.org please", "email"),
        ("some(at)example(dot)org", "email"),
        ("SOME＠EXAMPLE.ORG", "email"),
        ("some\u200b@example.org", "email"),
        ("call 030 1234567", "phone"),
        ("+49 (30) 123-45 67", "phone"),
        ("0049301234567", "phone"),
        ("see https://some:one@example.org/", "url"),
        ("see https://example.org/users/1", "url"),
        ("see https://example.org/@someone", "url"),
        ("see www.example.org/page?u=1", "url"),
        ("it was @someone", "handle"),
        ("DE89 3704 0044 0532 0130 00", "iban"),
        ("GB29NWBK60161331926819", "iban"),
        ("from 192.0.2.17", "ip"),
        ("from 2001:db8::17", "ip"),
        ("the account acct-99 did it", "account"),
        ("ACCT-99", "account"),
        ("says Ada Lovelace", "person"),
        ("says ada  lovelace".replace("  ", " "), "person"),
    ],
)
def test_what_names_somebody_is_found(text: str, kind: str) -> None:
    assert kind in set(kinds(text, accounts=["acct-99"], people=["Ada Lovelace"]))
    with pytest.raises(PersonalData) as caught:
        expect_nobody({"reason": text}, accounts=["acct-99"], people=["Ada Lovelace"])
    assert text not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "Directive 2011/93/EU, articles 2 and 5; Directive (EU) 2024/1385, article 5.",
        "18 USC 2258A; section 201a StGB; rule 4.2.1",
        "Decided on 2026-03-02 at 09:30.",
        "See https://example.org/terms/safety.",
        "12 items of the kind image, 3 of the kind video.",
        "ratio 1:2, at 10:45",
        "the terms of acct, and accounts in general",
        "policy:v1.2.3",
    ],
)
def test_what_names_nobody_is_left_alone(text: str) -> None:
    assert list(kinds(text, accounts=["acct-99"], people=["Ada Lovelace"])) == []


@given(PLAIN, PLAIN, st.from_regex(r"[a-z]{1,8}\.[a-z]{1,8}@[a-z]{1,8}\.(org|de|com)", fullmatch=True))
def test_an_address_is_found_wherever_it_stands(before: str, after: str, address: str) -> None:
    assert "email" in set(kinds(f"{before} {address} {after}"))


@given(PLAIN, PLAIN, st.ip_addresses(v=4))
def test_a_network_address_is_found_wherever_it_stands(before: str, after: str, address: object) -> None:
    assert "ip" in set(kinds(f"{before} {address} {after}"))


@given(PLAIN, PLAIN, st.from_regex(r"\+[1-9][0-9]{8,12}", fullmatch=True))
def test_a_number_is_found_wherever_it_stands(before: str, after: str, number: str) -> None:
    assert "phone" in set(kinds(f"{before} {number} {after}"))


@given(PLAIN, PLAIN, st.from_regex(r"[a-z]{3}_[0-9a-f]{6,20}", fullmatch=True))
def test_an_account_is_found_wherever_it_stands(before: str, after: str, account: str) -> None:
    assert "account" in set(kinds(f"{before} {account.upper()} {after}", accounts=[account]))


@given(st.text())
def test_any_text_is_read_in_time(text: str) -> None:
    assert len(list(kinds(text * 20, accounts=[text], people=[text]))) <= 8
