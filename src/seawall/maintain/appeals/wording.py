"""The words of appeals for parties, a file a language: how far one has come, what came of it, and what else is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel, ConfigDict

from seawall.languages import closest, texts_of
from seawall.maintain.appeals.model import Appeal, AppealState, Standing
from seawall.maintain.appeals.options import AppealOptions


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Possible(_Strict):
    open: str
    until: str
    late: str
    superseded: str
    nothing: str


class AppealWords(_Strict):
    """The words of one language.

    Attributes:
        state: How far an appeal has come, by state.
        right: What follows if it was right, by party.
        due: By when it is to be decided.
        person: That a person decides who had no part in the decision.
        reason: The decider's own words.
        possible: Whether an appeal is possible.
        out_of_court: The bodies of article 21.
        out_of_court_named: The same, with their names.
        court: That there are courts.
        subject: Of a message about the result.
    """

    state: dict[str, str]
    right: dict[str, str]
    due: str
    person: str
    reason: str
    possible: _Possible
    out_of_court: str
    out_of_court_named: str
    court: str
    subject: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a party is told of one decision.

    Attributes:
        language: In which language.
        state: How far it has come, in a sentence.
        lines: What follows, a sentence each.
        reason: Why the appeal was decided so; None before that.
        redress: What else can be done; nothing while an appeal is possible or open.
    """

    language: str
    state: str
    lines: tuple[str, ...]
    reason: str | None
    redress: tuple[str, ...]


@cache
def all_words() -> Mapping[str, AppealWords]:
    """Return the words of all languages."""
    return texts_of(__package__, AppealWords)


def words_for(locale: str) -> tuple[str, AppealWords]:
    """Return a language that is known and closest to a locale, and its words."""
    return closest(locale, all_words())


def on_standing(standing: Standing, options: AppealOptions, locale: str) -> Told:
    """Return what the holder of a receipt is told of a decision."""
    language, words = words_for(locale)
    if standing.appeal is not None:
        return _on_appeal(standing.appeal, options, language, words)
    if standing.open:
        until = standing.ground.until
        line = words.possible.until.format(until=_moment(until)) if until is not None else words.possible.open
        return Told(language, line, (words.person,), None, ())
    state = words.possible.superseded if standing.superseded else words.possible.late
    return Told(language, state, (), None, _redress(words, options))


def on_appeal(appeal: Appeal, options: AppealOptions, locale: str | None = None) -> Told:
    """Return what a party is told of an appeal."""
    language, words = words_for(locale or appeal.locale)
    return _on_appeal(appeal, options, language, words)


def result_texts(appeal: Appeal, options: AppealOptions) -> dict[str, dict[str, str]]:
    """Return the statement of result, by language: a `subject` and a `body` in plain text."""
    found = {}
    for language, words in all_words().items():
        told = _on_appeal(appeal, options, language, words)
        lines = [told.state, *told.lines]
        if told.reason is not None:
            lines.append(words.reason.format(reason=told.reason))
        lines += told.redress
        found[language] = {"subject": words.subject, "body": "\n".join(lines) + "\n"}
    return found


def _on_appeal(appeal: Appeal, options: AppealOptions, language: str, words: AppealWords) -> Told:
    state = words.state[appeal.state.value]
    if not appeal.state.ended:
        return Told(language, state, (words.person, words.due.format(due=_moment(appeal.due_at))), None, ())
    lines: tuple[str, ...] = (words.person,) if appeal.decider is not None else ()
    if appeal.state is AppealState.OVERTURNED:
        return Told(language, state, (words.right[appeal.party.value], *lines), appeal.reason, ())
    redress = _redress(words, options) if appeal.state is AppealState.UPHELD else ()
    return Told(language, state, lines, appeal.reason, redress)


def _redress(words: AppealWords, options: AppealOptions) -> tuple[str, ...]:
    body = options.out_of_court
    return (words.out_of_court if body is None else words.out_of_court_named.format(body=body), words.court)


def _moment(iso: str) -> str:
    return f"{iso[:10]} {iso[11:16]} UTC"
