"""Which items an authority for child protection is told of, and what sort of event each is."""

from __future__ import annotations

from seawall.cases.checking import CHILD
from seawall.cases.model import Case, Door, Item, ItemKind, Label
from seawall.decisions import DecisionRecord
from seawall.maintain.authorities.drafting.model import ReportClass
from seawall.vault.viewing import Viewed

NCII_ADULT = "ncii_adult"
"""Purpose of lists of intimate material of adults: what is on those alone is never reported as a child's."""

GRAVITY = (
    Label.CSAM,
    Label.AIG_CSAM,
    Label.CSEM_SEXTORTION,
    Label.CSEM_GROOMING,
    Label.CSEM_SEXUALISED_MEDIA,
    Label.CSEM_SOLICITATION,
    Label.CSEM_ADVERTISING,
    Label.CSEM_PROMOTION,
    Label.CANARY,
)
"""The gravest first."""

_HOSTED = frozenset({ItemKind.MODEL, ItemKind.LORA, ItemKind.WORKFLOW})
_POINTING = frozenset({ItemKind.LISTING, ItemKind.LINK, ItemKind.ACCOUNT})
_WORDS = frozenset({ItemKind.PROMPT, ItemKind.TEXT, ItemKind.CONVERSATION})


def eligible(case: Case, label: Label, purposes: frozenset[str], viewed: Viewed) -> bool:
    """Whether an authority is told of an item.

    A drill is about canaries, and nothing else is. What is on a list of adults' intimate material alone is nothing that
    concerns a child, unless somebody looked at it and says so.
    """
    if case.drill:
        return label is Label.CANARY
    if label not in CHILD:
        return False
    return purposes != {NCII_ADULT} or viewed is not Viewed.UNVIEWED


def class_of(case: Case, item: Item, decision: DecisionRecord | None) -> ReportClass:
    """Return what sort of event an item is: by the guard's record of it, else by where and what it is."""
    if decision is not None and decision.event_class is not None:
        return ReportClass(decision.event_class.value)
    if case.door is Door.SCAN:
        return ReportClass.TRAINING_DATA_HIT
    if case.door is Door.HOSTING or item.kind in _HOSTED:
        return ReportClass.MODEL_HOSTING
    if item.kind in _POINTING:
        return ReportClass.LINK_OR_AD
    if item.kind in _WORDS:
        return ReportClass.REQUEST_TEXT
    known = bool(item.evidence.get("matches"))
    return ReportClass.UPLOAD_KNOWN if known else ReportClass.UPLOAD_NOVEL
