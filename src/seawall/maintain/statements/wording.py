"""The words of statements for accounts, a file a language. Plain text, no content, and every way of redress.

A statement never says that an authority was or was not told of anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict

from seawall.languages import texts_of
from seawall.maintain.statements.model import Statement, StatementKind
from seawall.maintain.statements.options import StatementOptions

_MOST_RULES = 800


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Parts(_Strict):
    decided: str
    restricted: str
    since: str
    what: str
    ground: str
    rules: str
    found: str
    automated: str


class _Redress(_Strict):
    title: str
    complaint: str
    receipt: str
    where: str
    out_of_court: str
    out_of_court_named: str
    court: str


class StatementWords(_Strict):
    """The words of one language.

    Attributes:
        subject: Of a message, by kind.
        lead: The first sentence, by kind.
        effects: What each effect restricts.
        restrictions: What each restriction of an account is.
        grounds: What it goes against, by label.
        found: How it was found.
        decided: Who decided.
        parts: Lines.
        redress: What can be done against it.
        nothing: That nothing is to be done.
    """

    subject: dict[str, str]
    lead: dict[str, str]
    effects: dict[str, str]
    restrictions: dict[str, str]
    grounds: dict[str, str]
    found: dict[str, str]
    decided: dict[str, str]
    parts: _Parts
    redress: _Redress
    nothing: str


@cache
def all_words() -> Mapping[str, StatementWords]:
    """Return the words of all languages."""
    return texts_of(__package__, StatementWords)


def statement_texts(statement: Statement, options: StatementOptions, receipt: str | None) -> dict[str, dict[str, str]]:
    """Return what an account is told, by language: a `subject` and a `body` in plain text.

    Args:
        statement: The statement.
        options: Settings of statements.
        receipt: With which the account can appeal; None if it cannot.
    """
    return {
        language: {"subject": words.subject[statement.kind.value], "body": _body(statement, options, words, receipt)}
        for language, words in all_words().items()
    }


def _body(statement: Statement, options: StatementOptions, words: StatementWords, receipt: str | None) -> str:
    facts = statement.facts
    parts = words.parts
    service = options.platform or ""
    lines = [words.lead[statement.kind.value].format(service=service).strip()]
    lines.append(parts.decided.format(day=statement.at[:10], decision=statement.decision_id))
    if statement.kind is StatementKind.RESTRICTION:
        limits = [words.effects[each] for each in facts["effects"] if each in words.effects]
        limits += [words.restrictions[each] for each in facts["restrictions"] if each in words.restrictions]
        lines.append("")
        lines.append(parts.restricted)
        lines += [f"- {each}" for each in limits]
        lines.append(parts.since.format(day=statement.at[:10]))
        lines.append("")
        lines.append(parts.what.format(count=facts["items"]))
        label = facts["label"]
        lines.append(parts.ground.format(ground=words.grounds.get(label, words.grounds["other_violation"])))
        lines.append(_basis(label, options, words))
        if facts["reasons"]:
            lines.append(parts.rules.format(rules=_shortened("; ".join(facts["reasons"]))))
        lines.append(parts.found.format(found=words.found[_how(facts)]))
        lines.append(parts.automated.format(decided=words.decided[facts["decided"]]))
        if options.terms_url is not None:
            lines.append(options.terms_url)
    lines.append("")
    if statement.kind is StatementKind.RESTRICTION:
        lines += _redress(options, words, receipt)
    else:
        lines.append(words.nothing)
    return "\n".join(lines).strip() + "\n"


def _basis(label: str, options: StatementOptions, words: StatementWords) -> str:
    texts = next((value for key, value in options.labels.items() if key.value == label), None)
    return words.parts.ground.format(ground=texts.basis) if texts is not None else ""


def _redress(options: StatementOptions, words: StatementWords, receipt: str | None) -> list[str]:
    redress = words.redress
    lines = [redress.title]
    if receipt is not None:
        lines.append(f"- {redress.complaint} {redress.receipt.format(receipt=receipt)}")
        if options.appeal_url is not None:
            lines[-1] += f" {redress.where.format(url=options.appeal_url)}"
    else:
        lines.append(f"- {redress.complaint}")
    if options.out_of_court is not None:
        lines.append(f"- {redress.out_of_court_named.format(body=options.out_of_court)}")
    else:
        lines.append(f"- {redress.out_of_court}")
    lines.append(f"- {redress.court}")
    return lines


def _shortened(text: str) -> str:
    """Return a text that leaves a message small enough to be sent in every language."""
    return text if len(text) <= _MOST_RULES else f"{text[:_MOST_RULES]}…"


def _how(facts: Mapping[str, Any]) -> str:
    noticed = facts["source"] != "SOURCE_VOLUNTARY"
    if noticed:
        return "both" if facts["detected"] else "notice"
    return "automated" if facts["detected"] else "other"
