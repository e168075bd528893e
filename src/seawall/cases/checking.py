"""Whether a submission is whole and fits together, before anything of it is written. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from seawall.cases.errors import SubmissionInvalid
from seawall.cases.model import EffectKind, IndustryClass, Label, NewVerdict, Outcome
from seawall.cases.policy import ReviewPolicy
from seawall.cases.submission import Submission

CHILD = frozenset(each for each in Label if each in (Label.CSAM, Label.AIG_CSAM) or each.value.startswith("csem."))
"""Labels that say that a child is concerned."""

HARMLESS = frozenset({Label.BENIGN, Label.UNSURE})
_DEPICTIONS = frozenset({Label.CSAM, Label.AIG_CSAM, Label.CSEM_SEXUALISED_MEDIA, Label.CANARY})
_WORDLESS = frozenset({Label.BENIGN, Label.CANARY, Label.UNSURE})
_OF_DRILLS = frozenset({Label.BENIGN, Label.CANARY, Label.UNSURE})
_MOST_WORDS = 10_000
_MOST_REASONS = 32
_MOST_TERMS = 64
_MOST_REASON = 200


@dataclass(frozen=True, slots=True)
class About:
    """What a submission is about.

    Attributes:
        drill: Whether canaries alone led to the case.
        required: Ids of the items that must have a verdict.
        allowed: Ids of those that may have one.
        carried: Labels of the items that were judged before, by id.
    """

    drill: bool
    required: frozenset[str]
    allowed: frozenset[str]
    carried: Mapping[str, Label]


def checked(submission: Submission, about: About, policy: ReviewPolicy) -> Submission:
    """Return a submission as it is to be written, with what a reportable outcome brings along.

    Raises:
        SubmissionInvalid: If it is not whole or does not fit together.
    """
    ids = [each.item_id for each in submission.verdicts]
    if len(set(ids)) != len(ids):
        raise SubmissionInvalid("an item has two verdicts")
    missing = about.required - set(ids)
    if missing:
        raise SubmissionInvalid(f"{len(missing)} items have no verdict", hint="every item that you were given has one")
    if set(ids) - about.allowed:
        raise SubmissionInvalid("a verdict is of an item that is not to be judged in this task")
    for verdict in submission.verdicts:
        _expect_verdict(verdict, drill=about.drill)
    reasons = tuple(dict.fromkeys(each.strip() for each in submission.reasons if each.strip()))
    if len(reasons) > _MOST_REASONS or any(len(each) > _MOST_REASON for each in reasons):
        raise SubmissionInvalid(f"at most {_MOST_REASONS} reasons of {_MOST_REASON} characters each")
    _expect_storable(reasons)
    if not reasons and submission.outcome is not Outcome.NO_VIOLATION:
        raise SubmissionInvalid("a decision names at least one rule or clause as its reason")
    labels = {each.label for each in submission.verdicts} | set(about.carried.values())
    effects = frozenset(submission.effects)
    if submission.outcome is Outcome.REPORTABLE:
        effects |= {EffectKind.REPORT_DRAFT}
    if Label.UNSURE not in labels:
        _expect_fit(submission.outcome, labels, policy, drill=about.drill)
    _expect_effects(submission.outcome, effects)
    ordered = tuple(each for each in EffectKind if each in effects)
    return Submission(submission.verdicts, submission.outcome, ordered, reasons)


def _expect_verdict(verdict: NewVerdict, *, drill: bool) -> None:
    if drill and verdict.label not in _OF_DRILLS:
        raise SubmissionInvalid("an item of a drill is canary, benign or unsure")
    if not drill and verdict.label is Label.CANARY:
        raise SubmissionInvalid("only an item of a drill is a canary")
    if verdict.label not in _WORDLESS and not verdict.rationale.strip():
        raise SubmissionInvalid("a verdict says why, in words")
    if verdict.industry is not None and verdict.label not in _DEPICTIONS:
        raise SubmissionInvalid(f"{', '.join(IndustryClass)} are for depictions alone")
    if len(verdict.rationale) > _MOST_WORDS or len(verdict.vocabulary) > _MOST_TERMS:
        raise SubmissionInvalid(f"at most {_MOST_WORDS:,} characters and {_MOST_TERMS} terms a verdict")
    if any(len(each) > _MOST_REASON for each in verdict.vocabulary):
        raise SubmissionInvalid(f"a term has at most {_MOST_REASON} characters")
    _expect_storable((verdict.rationale, *verdict.vocabulary))


def _expect_fit(outcome: Outcome, labels: Collection[Label], policy: ReviewPolicy, *, drill: bool) -> None:
    wrong = set(labels) - HARMLESS
    if outcome is Outcome.NO_VIOLATION and wrong - {Label.CANARY}:
        raise SubmissionInvalid("a case with an item against the rules is not without violation")
    if outcome in (Outcome.REPORTABLE, Outcome.NOT_REPORTABLE) and not wrong:
        raise SubmissionInvalid("a case of nothing but harmless items is without violation")
    must = set(labels) & policy.must_report
    if must and outcome not in (Outcome.REPORTABLE, Outcome.DUPLICATE):
        raise SubmissionInvalid(f"a case with an item that is {min(must).value} is reportable, or a duplicate")
    if outcome is Outcome.REPORTABLE and not drill and not set(labels) & CHILD:
        raise SubmissionInvalid("only what concerns a child is reported to an authority")


def _expect_effects(outcome: Outcome, effects: Collection[EffectKind]) -> None:
    if outcome is Outcome.NO_VIOLATION and set(effects) - {EffectKind.NOTIFY}:
        raise SubmissionInvalid("nothing but a notice follows where nothing is wrong")
    if outcome is not Outcome.REPORTABLE and EffectKind.REPORT_DRAFT in effects:
        raise SubmissionInvalid("a report is drafted of a reportable case alone")


def _expect_storable(texts: Collection[str]) -> None:
    if any("\0" in text or any(0xD800 <= ord(sign) < 0xE000 for sign in text) for text in texts):
        raise SubmissionInvalid("a text holds signs that cannot be stored")
