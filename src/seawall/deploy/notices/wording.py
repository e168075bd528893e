"""What a sender is told, in plain and safe words: never what an item shows, who made it, or how it was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel, ConfigDict

from seawall.deploy.notices.model import Lane, NoticeOutcome, Receipt, Stage, Status
from seawall.deploy.notices.options import NoticeOptions
from seawall.languages import closest, texts_of


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Next(_Strict):
    receipt: str
    people: str
    due: str
    take_it_down: str
    removal: str
    told: str


class _Stages(_Strict):
    received: str
    decided: str
    removal_under_way: str
    done: str


class _Outcomes(_Strict):
    upheld: str
    not_upheld: str
    duplicate: str


class _Emergency(_Strict):
    call: str
    number: str


class NoticeWords(_Strict):
    """The words of one language.

    Attributes:
        next: What happens next.
        stage: How far a notice has come.
        outcome: What came of it.
        redress: What can be done against a decision.
        automation: What machines do.
        emergency: For whoever is in danger now.
        never_send: Why files are refused.
    """

    next: _Next
    stage: _Stages
    outcome: _Outcomes
    redress: str
    automation: str
    emergency: _Emergency
    never_send: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a sender is told.

    Attributes:
        language: In which language.
        stage: How far the notice has come, in a sentence.
        outcome: What came of it; None before a decision.
        next: What happens next, a sentence each.
        emergency: What to do now if somebody is in danger; None otherwise.
        redress: What can be done against the decision; None before it.
    """

    language: str
    stage: str
    outcome: str | None
    next: tuple[str, ...]
    emergency: str | None
    redress: str | None


@cache
def all_words() -> Mapping[str, NoticeWords]:
    """Return the words of all languages."""
    return texts_of(__package__, NoticeWords)


def words_for(locale: str) -> tuple[str, NoticeWords]:
    """Return a language that is known and closest to a locale, and its words."""
    return closest(locale, all_words())


def on_receipt(receipt: Receipt, options: NoticeOptions, locale: str | None = None) -> Told:
    """Return what a sender is told when a notice was taken."""
    language, words = words_for(locale or receipt.locale)
    due = words.next.take_it_down if receipt.lane is Lane.TAKE_IT_DOWN else words.next.due
    lines = (words.next.receipt, words.next.people, due.format(due=_moment(receipt.due)), words.next.told)
    return Told(language, words.stage.received, None, lines, _emergency(words, receipt, options), None)


def on_status(status: Status, options: NoticeOptions, locale: str | None = None) -> Told:
    """Return what the holder of a receipt is told later."""
    language, words = words_for(locale or status.locale)
    stage: str = getattr(words.stage, status.stage.value)
    outcome: str | None = getattr(words.outcome, status.outcome.value) if status.outcome is not None else None
    lines: tuple[str, ...] = ()
    if status.stage is Stage.RECEIVED:
        due = words.next.take_it_down if status.lane is Lane.TAKE_IT_DOWN else words.next.due
        lines = (words.next.people, due.format(due=_moment(status.due)))
    elif status.stage is Stage.REMOVAL_UNDER_WAY:
        lines = (words.next.removal,)
    emergency = _emergency(words, status, options) if status.stage is Stage.RECEIVED else None
    redress = words.redress if status.outcome in (NoticeOutcome.NOT_UPHELD, NoticeOutcome.UPHELD) else None
    return Told(language, stage, outcome, lines, emergency, redress)


def emergency_words(country: str | None, options: NoticeOptions, locale: str) -> str:
    """Return what to do now if somebody is in danger in a country."""
    _, words = words_for(locale)
    known = options.emergency.get(country or "")
    return words.emergency.number.format(number=known.number) if known is not None else words.emergency.call


def _emergency(words: NoticeWords, of: Receipt | Status, options: NoticeOptions) -> str | None:
    if not of.imminent:
        return None
    known = options.emergency.get(of.country or "")
    return words.emergency.number.format(number=known.number) if known is not None else words.emergency.call


def _moment(iso: str) -> str:
    return f"{iso[:10]} {iso[11:16]} UTC"
