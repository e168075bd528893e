"""Reading texts for what names somebody: the Transparency Database must hold no personal data, nor may a notice.

It finds what has a form (addresses, numbers, accounts that are known); no program finds every name. What it finds it
never repeats.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from seawall.maintain.statements.errors import Fault, PersonalData
from seawall.maintain.statements.rules import RULES

_EMAIL = re.compile(
    r"[^\s@<>\"']{1,64}(?:@|\(at\)|\[at\])[^\s@<>\"'.]{1,63}(?:\.|\(dot\)|\[dot\])[^\s@<>\"']{2,}", re.I
)
_URL = re.compile(r"\b(?:https?://|www\.)[^\s<>\"']{1,2000}", re.I)
_HANDLE = re.compile(r"(?<![\w@./])@[A-Za-z0-9_](?:[A-Za-z0-9_.-]{1,62})")
_PHONE = re.compile(r"(?<![\w.])(?:\+|00)?\(?\d[\d()\s./-]{5,22}\d(?!\w)")
_HARMLESS = re.compile(r"(?<!\d)\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?)?(?!\d)|(?<!\d)(?:19|20)\d\d/\d{1,4}(?!\d)")
"""Days, and numbers of laws."""
_IBAN = re.compile(r"\b[A-Z]{2}\s?\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,4})?\b")
_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_IPV6 = re.compile(r"(?<![\w:])[0-9A-Fa-f:]{2,39}(?:%\w+)?(?![\w:])")
_OF_PEOPLE = re.compile(
    r"/(?:~|@|u/|user|users|profile|profiles|people|member|members|account|accounts|in/|channel/)", re.I
)
_PHONE_DIGITS = range(7, 16)
_SHORTEST = 3

WORDS: Mapping[str, str] = {
    "email": "has an e-mail address",
    "url": "has an address on the web that may lead to somebody",
    "handle": "has the name of an account",
    "phone": "has what may be a telephone number",
    "iban": "has what may be the number of a bank account",
    "ip": "has a network address",
    "account": "names the account or one of the items",
    "person": "names one of the people who decided",
}


def kinds(text: str, *, accounts: Collection[str] = (), people: Collection[str] = ()) -> Iterator[str]:
    """Yield what a text has that may name somebody, each kind once.

    Args:
        text: The text.
        accounts: References that must not be in it: of the account, of items.
        people: Names and ids of the people who decided.
    """
    # What looks like another sign than it is must not hide anything; invisible signs are left out.
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(sign for sign in plain if unicodedata.category(sign) != "Cf")
    if _EMAIL.search(plain):
        yield "email"
    if any(_personal(found[0]) for found in _URL.finditer(plain)):
        yield "url"
    if _HANDLE.search(plain):
        yield "handle"
    if _has_iban(plain):
        yield "iban"
    if _has_address(plain):
        yield "ip"
    if _has_phone(plain):
        yield "phone"
    folded = plain.casefold()
    if any(_names(folded, each) for each in accounts):
        yield "account"
    if any(_names(folded, each) for each in people):
        yield "person"


def faults(payload: Mapping[str, Any], *, accounts: Collection[str] = (), people: Collection[str] = ()) -> list[Fault]:
    """Return where a statement may name somebody, of every field that people may have written."""
    found = []
    for name, rule in RULES.items():
        value = payload.get(name)
        if rule.free and isinstance(value, str):
            found += [Fault(name, each, WORDS[each]) for each in kinds(value, accounts=accounts, people=people)]
    return found


def expect_nobody(texts: Mapping[str, str], *, accounts: Collection[str] = (), people: Collection[str] = ()) -> None:
    """Refuse texts, by the name of their field, that may name somebody.

    Raises:
        PersonalData: If one does.
    """
    found = [
        Fault(name, each, WORDS[each])
        for name, text in texts.items()
        for each in kinds(text, accounts=accounts, people=people)
    ]
    if found:
        raise PersonalData(found)


def _personal(url: str) -> bool:
    """Whether an address may lead to somebody: by who signs in, a question, a mark, or a page of people."""
    rest = url.partition("://")[2] or url
    host, _, path = rest.partition("/")
    return "@" in host or "?" in rest or "#" in rest or bool(_OF_PEOPLE.search(f"/{path}"))


def _has_phone(text: str) -> bool:
    without = _URL.sub(" ", _IPV4.sub(" ", _HARMLESS.sub(" ", text)))
    return any(sum(each.isdigit() for each in found[0]) in _PHONE_DIGITS for found in _PHONE.finditer(without))


def _has_iban(text: str) -> bool:
    for found in _IBAN.finditer(text):
        bare = re.sub(r"\s", "", found[0])
        if 15 <= len(bare) <= 34 and sum(each.isdigit() for each in bare) >= 8:
            return True
    return False


def _has_address(text: str) -> bool:
    for found in (*_IPV4.finditer(text), *_IPV6.finditer(text)):
        try:
            address = ipaddress.ip_address(found[0].partition("%")[0])
        except ValueError:
            continue
        if address.version == 4 or (found[0].count(":") > 1 and len(found[0]) > 2):
            return True
    return False


def _names(folded: str, name: str) -> bool:
    wanted = unicodedata.normalize("NFKC", name).casefold().strip()
    if len(wanted) < _SHORTEST:
        return False
    start = folded.find(wanted)
    while start >= 0:
        before, after = folded[start - 1 : start], folded[start + len(wanted) : start + len(wanted) + 1]
        if not before.isalnum() and not after.isalnum():
            return True
        start = folded.find(wanted, start + 1)
    return False
