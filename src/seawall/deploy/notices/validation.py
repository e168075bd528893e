"""What a notice must have: one list of problems, field by field, the same for forms, programs and files.

A notice that concerns a child needs a category, and a place or an explanation: nothing else, and never a name
(article 16(2)(c) of the DSA). Others need the elements of article 16. A TAKE IT DOWN request needs those of its Act.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import SplitResult, urlsplit, urlunsplit

from seawall.deploy.notices.errors import NoticeInvalid, Problem
from seawall.deploy.notices.model import Category, NewNotice, NoticeObject, ObjectType, Sender

MOST_TEXT = 2000
MOST_LOCATION = 2000
MOST_OBJECTS = 50
MOST_SHORT = 200
MOST_ADDRESS = 500

_EMAIL = re.compile(r"[^@\s<>\"',;:\\]{1,64}@[^@\s<>\"',;:\\]{1,185}\.[^@\s<>\"',;:\\.]{2,63}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def checked(notice: NewNotice, sender: Sender) -> NewNotice:
    """Return a notice as it is taken: trimmed, and in the lane of children if it concerns one.

    Raises:
        NoticeInvalid: If it lacks something.
    """
    notice = _tidied(notice)
    problems = list(_problems(notice, sender))
    if problems:
        raise NoticeInvalid(problems)
    if notice.category is Category.NCII_ADULT and notice.minor_involved:
        # What concerns a minor is never handled as material of an adult.
        return replace(notice, category=Category.CHILD_IMAGE_MISUSED, take_it_down=False)
    return notice


def sufficient(notice: NewNotice) -> bool:
    """Whether a notice has all that article 16 of the DSA names, so that it gives knowledge of what it tells."""
    named = notice.child_safety or bool(notice.contact.name and notice.contact.email)
    return bool(notice.text and notice.objects and notice.good_faith and named)


def place(text: str) -> tuple[ObjectType, str]:
    """Return what an address or an id names, when nothing else was said."""
    stripped = text.strip()
    if re.match(r"(?i)https?://", stripped):
        return ObjectType.LINK, stripped
    return ObjectType.OTHER, stripped


def normalised(location: str) -> str:
    """Return a location so that writings of one address are equal; ids stay as they are."""
    try:
        parts = urlsplit(location)
        port = parts.port
    except ValueError:
        return location
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        return location
    host = parts.hostname.rstrip(".").removeprefix("www.")
    shown = host if port in (None, 80, 443) else f"{host}:{port}"
    # Both schemes of an address are one place; so is one with or without a fragment.
    return urlunsplit(SplitResult("https", shown, parts.path or "/", parts.query, ""))


def _tidied(notice: NewNotice) -> NewNotice:
    contact = notice.contact
    return replace(
        notice,
        text=notice.text.strip(),
        signature=" ".join(notice.signature.split()),
        objects=tuple(replace(each, location=each.location.strip()) for each in notice.objects),
        contact=replace(
            contact,
            name=_bare(contact.name),
            email=_bare(contact.email),
            phone=_bare(contact.phone),
            address=_bare(contact.address),
        ),
        category=Category.NCII_ADULT if notice.take_it_down else notice.category,
    )


def _bare(value: str | None) -> str | None:
    return (value or "").strip() or None


def _problems(notice: NewNotice, sender: Sender) -> Iterator[Problem]:
    yield from _form(notice)
    yield from _objects(notice.objects, sender)
    if notice.drill and not sender.host:
        yield Problem("drill", "not_allowed")
    if notice.child_safety:
        if not notice.objects and not notice.text:
            yield Problem("subject", "missing")
        return
    if not notice.objects:
        yield Problem("subject", "missing")
    if not notice.good_faith:
        yield Problem("good_faith", "missing")
    if notice.take_it_down:
        yield from _take_it_down(notice)
        return
    if not notice.text:
        yield Problem("text", "missing")
    if not notice.contact.name:
        yield Problem("contact.name", "missing")
    if not notice.contact.email:
        yield Problem("contact.email", "missing")


def _take_it_down(notice: NewNotice) -> Iterator[Problem]:
    contact = notice.contact
    if not notice.signature:
        yield Problem("take_it_down.signature", "missing")
    if not (contact.email or contact.phone or contact.address):
        yield Problem("contact.email", "missing")


def _form(notice: NewNotice) -> Iterator[Problem]:
    contact = notice.contact
    texts = (
        ("text", notice.text, MOST_TEXT),
        ("take_it_down.signature", notice.signature, MOST_SHORT),
        ("contact.name", contact.name, MOST_SHORT),
        ("contact.email", contact.email, MOST_SHORT),
        ("contact.phone", contact.phone, MOST_SHORT),
        ("contact.address", contact.address, MOST_ADDRESS),
        ("reference", notice.reference, MOST_SHORT),
        ("request_id", notice.request_id, MOST_SHORT),
    )
    for name, value, most in texts:
        if value and len(value) > most:
            yield Problem(name, "too_long")
        elif value and _UNPRINTABLE.search(value):
            yield Problem(name, "format")
    if contact.email and len(contact.email) <= MOST_SHORT and not _EMAIL.fullmatch(contact.email):
        yield Problem("contact.email", "format")
    if notice.country is not None and not _COUNTRY.fullmatch(notice.country):
        yield Problem("country", "format")
    if not _LOCALE.fullmatch(notice.locale):
        yield Problem("locale", "format")


def _objects(objects: tuple[NoticeObject, ...], sender: Sender) -> Iterator[Problem]:
    if len(objects) > MOST_OBJECTS:
        yield Problem("subject", "too_many")
        return
    for each in objects:
        if not each.location:
            yield Problem("subject", "missing")
        elif len(each.location) > MOST_LOCATION or len(each.part or "") > MOST_SHORT:
            yield Problem("subject", "too_long")
        elif _UNPRINTABLE.search(each.location + (each.part or "")) or "\n" in each.location:
            yield Problem("subject", "format")
        elif each.location[:5].lower() == "data:":
            # The material itself, in the place of where it is.
            yield Problem("subject", "not_allowed")
        elif each.account is not None and not sender.host:
            yield Problem("subject.account", "not_allowed")
        elif each.account is not None and not 1 <= len(each.account) <= 256:
            yield Problem("subject.account", "format")
