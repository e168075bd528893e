"""What may be handed in: bounded, storable, and whole. A door that hands in anything else hears of it at once."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from seawall.cases._rows import encode
from seawall.cases.errors import OpeningInvalid
from seawall.cases.model import NewItem, Opening, SubjectKind

MOST_ITEMS = 1000
MOST_SUBJECT = 4096
_MOST_KEY = 500
_MOST_REF = 4096
_MOST_EVIDENCE = 1 << 16
_MOST_WORD = 64
_MOST_REACH = 10**12
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CATEGORY = re.compile(r"[^\s/\x00-\x1f\x7f]{1,64}")


def subject_key(kind: SubjectKind, subject: str) -> str:
    """Return the digest by which a subject is found."""
    return hashlib.sha256(f"{kind.value}\0{subject}".encode("utf-8", "surrogatepass")).hexdigest()


def expect_whole(opening: Opening) -> None:
    """Refuse what cannot be a case.

    Raises:
        OpeningInvalid: If so; the message names what is wrong, and repeats none of it.
    """
    if not 0 < len(opening.items) <= MOST_ITEMS:
        raise OpeningInvalid(f"an opening has from 1 to {MOST_ITEMS} items")
    if not 0 < len(opening.subject) <= MOST_SUBJECT:
        raise OpeningInvalid(f"a subject has from 1 to {MOST_SUBJECT} characters")
    if not _CATEGORY.fullmatch(opening.category):
        raise OpeningInvalid("a category is one word of at most 64 characters, without '/'")
    if not 0 <= opening.reach <= _MOST_REACH:
        raise OpeningInvalid("the reach is a number of people")
    if any(each is not None and len(each) > _MOST_WORD for each in (opening.event_class, opening.jurisdiction)):
        raise OpeningInvalid(f"event class and jurisdiction are words of at most {_MOST_WORD} characters")
    _expect_storable(opening.subject, opening.category, opening.event_class, opening.jurisdiction)
    if opening.due_at is not None:
        _expect_moment(opening.due_at)
    keys = [each.key for each in opening.items]
    if len(set(keys)) != len(keys):
        raise OpeningInvalid("two items have the same key")
    for number, item in enumerate(opening.items, 1):
        _expect_item(item, number)


def _expect_item(item: NewItem, number: int) -> None:
    if not 0 < len(item.key) <= _MOST_KEY or (item.parent is not None and len(item.parent) > _MOST_KEY):
        raise OpeningInvalid(f"item {number}: a key has from 1 to {_MOST_KEY} characters")
    if item.ref is not None and len(item.ref) > _MOST_REF:
        raise OpeningInvalid(f"item {number}: a reference has at most {_MOST_REF} characters")
    if item.sha256 is not None and not _SHA256.fullmatch(item.sha256):
        raise OpeningInvalid(f"item {number}: sha256 is 64 hex digits in small letters")
    short = (item.vault, item.decision_id, item.notice_id, item.stage)
    if any(each is not None and len(each) > 32 for each in short):
        raise OpeningInvalid(f"item {number}: ids and stage have at most 32 characters")
    _expect_storable(item.key, item.parent, item.ref, *short)
    try:
        size = len(encode(dict(item.evidence)))
    except (TypeError, ValueError, RecursionError):
        raise OpeningInvalid(f"item {number}: the evidence is not plain JSON") from None
    if size > _MOST_EVIDENCE:
        raise OpeningInvalid(f"item {number}: the evidence is longer than {_MOST_EVIDENCE:,} bytes")


def _expect_storable(*texts: str | None) -> None:
    for text in texts:
        if text is not None and ("\0" in text or any(0xD800 <= ord(sign) < 0xE000 for sign in text)):
            raise OpeningInvalid("a text holds signs that cannot be stored")


def _expect_moment(text: str) -> None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise OpeningInvalid("due_at is a moment with its zone, RFC 3339")
