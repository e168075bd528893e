"""From what is on record of a decision to its statement of reasons. Pure: nothing is typed, nothing is left to taste.

What reviewers wrote of items is not in it; of their words it has the ids of rules and clauses alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from seawall.cases.model import Case, CaseDecision, Door, EffectKind, GenerativeAi, Item, ItemKind, Label, Verdict
from seawall.maintain.statements import values
from seawall.maintain.statements.options import LabelTexts, Restricts, StatementOptions

_HARMLESS = frozenset({Label.BENIGN, Label.UNSURE})
_CONTENT = {
    ItemKind.PROMPT: "CONTENT_TYPE_TEXT",
    ItemKind.TEXT: "CONTENT_TYPE_TEXT",
    ItemKind.CONVERSATION: "CONTENT_TYPE_TEXT",
    ItemKind.IMAGE: "CONTENT_TYPE_IMAGE",
    ItemKind.VIDEO: "CONTENT_TYPE_VIDEO",
    ItemKind.AUDIO: "CONTENT_TYPE_AUDIO",
    ItemKind.LISTING: "CONTENT_TYPE_PRODUCT",
}
_OTHER_CONTENT = "CONTENT_TYPE_OTHER"
_SYNTHETIC = "CONTENT_TYPE_SYNTHETIC_MEDIA"
_MEDIA = frozenset({ItemKind.IMAGE, ItemKind.VIDEO, ItemKind.AUDIO})
_AUTOMATED = frozenset({Door.SCAN, Door.GUARD, Door.HOSTING, Door.DRILL})
_SOURCES = {"trusted": "SOURCE_TRUSTED_FLAGGER", "user": "SOURCE_ARTICLE_16"}
_END = {"decision_provision": "end_date_service_restriction", "decision_account": "end_date_account_restriction"}
_GRAVER = {
    "decision_provision": (
        "DECISION_PROVISION_PARTIAL_SUSPENSION",
        "DECISION_PROVISION_TOTAL_SUSPENSION",
        "DECISION_PROVISION_PARTIAL_TERMINATION",
        "DECISION_PROVISION_TOTAL_TERMINATION",
    ),
    "decision_account": ("DECISION_ACCOUNT_SUSPENDED", "DECISION_ACCOUNT_TERMINATED"),
    "decision_monetary": ("DECISION_MONETARY_OTHER", "DECISION_MONETARY_SUSPENSION", "DECISION_MONETARY_TERMINATION"),
}
_MOST_FACTS = 5000


@dataclass(frozen=True, slots=True)
class InForce:
    """A restriction of the account that the guard's decision on an item led to.

    Attributes:
        kind: `ban`, `suspend`, `feature_off` or `cooldown`.
        ends_at: Until when; None: until it is lifted.
    """

    kind: str
    ends_at: str | None


@dataclass(frozen=True, slots=True)
class Records:
    """What else is on record.

    Attributes:
        lanes: By which ways the notices of the items came.
        dates: When the guard saw items, by item id; RFC 3339 in UTC.
        in_force: Restrictions of the account.
    """

    lanes: Collection[str] = ()
    dates: Mapping[str, str] = field(default_factory=dict)
    in_force: Sequence[InForce] = ()


@dataclass(frozen=True, slots=True)
class Derived:
    """What a decision says.

    Attributes:
        payload: What the Transparency Database takes; None if nothing is restricted.
        facts: What the texts for the account are made of.
    """

    payload: Mapping[str, Any] | None
    facts: Mapping[str, Any]


def puid_of(decision_id: str) -> str:
    """Return under which id the Transparency Database knows the statement of a decision."""
    return f"seawall-{decision_id}"


def derive(
    case: Case,
    decision: CaseDecision,
    items: Sequence[Item],
    verdicts: Sequence[Verdict],
    records: Records,
    options: StatementOptions,
    *,
    carried: bool = False,
) -> Derived:
    """Return what a decision says.

    Args:
        case: The case.
        decision: What it came to.
        items: What was decided on.
        verdicts: All that was said of the items.
        records: What else is on record.
        options: Settings of statements.
        carried: Whether nobody looked, because the same was judged before.
    """
    labels = {each.item_id: each.label for each in verdicts}
    concerned = [each for each in items if labels.get(each.id, Label.BENIGN) not in _HARMLESS]
    about = concerned or list(items)
    named = sorted({labels[each.id] for each in concerned}, key=list(options.labels).index)
    label = named[0] if named else (Label.CANARY if decision.drill else Label.OTHER_VIOLATION)
    restricted = _restricted(decision, records, options)
    source, detected = _source(case, about, records)
    decided = "carried" if carried else "partly" if any(each.task_id is None for each in verdicts) else "people"
    kinds = Counter(each.kind.value for each in about)
    facts: dict[str, Any] = {
        "label": label.value,
        "outcome": decision.outcome.value,
        "effects": [each.value for each in decision.effects if each is not EffectKind.REPORT_DRAFT],
        "restrictions": sorted({each.kind for each in records.in_force}),
        "items": len(about),
        "kinds": dict(sorted(kinds.items())),
        "reasons": list(decision.reasons),
        "source": source,
        "detected": detected,
        "decided": decided,
        "at": decision.at,
    }
    if not restricted or not (decision.drill or case.door in options.doors):
        return Derived(None, facts)
    payload = {
        **restricted,
        **_ground(label, options),
        **_categories(label, named, options),
        **_content(about, verdicts, labels),
        "territorial_scope": options.countries,
        "content_date": min((records.dates.get(each.id, each.added_at) for each in about), default=decision.at)[:10],
        "application_date": decision.at[:10],
        "decision_facts": _told(facts, options),
        "source_type": source,
        "automated_detection": "Yes" if detected else "No",
        "automated_decision": {
            "carried": "AUTOMATED_DECISION_FULLY",
            "partly": "AUTOMATED_DECISION_PARTIALLY",
            "people": "AUTOMATED_DECISION_NOT_AUTOMATED",
        }[decided],
        "puid": puid_of(decision.id),
    }
    if options.account_type is not None:
        payload["account_type"] = f"ACCOUNT_TYPE_{options.account_type.upper()}"
    if options.terms_url is not None:
        payload["decision_ground_reference_url"] = options.terms_url
    return Derived(payload, facts)


def sample(options: StatementOptions) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield a statement of each label, effect and restriction, to see whether settings are usable."""
    rest = {
        "territorial_scope": options.countries,
        "content_date": "2026-01-01",
        "application_date": "2026-01-01",
        "content_type": ["CONTENT_TYPE_IMAGE"],
        "decision_facts": _told(
            {"items": 1, "kinds": {"image": 1}, "source": "SOURCE_VOLUNTARY", "detected": True, "decided": "people",
             "reasons": ["a rule"]},
            options,
        ),
        "source_type": "SOURCE_VOLUNTARY",
        "automated_detection": "Yes",
        "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
        "puid": "sample",
    }  # fmt: skip
    if options.terms_url is not None:
        rest["decision_ground_reference_url"] = options.terms_url
    removed = {"decision_visibility": ["DECISION_VISIBILITY_CONTENT_REMOVED"]}
    for label in options.labels:
        yield f"labels.{label.value}", rest | removed | _ground(label, options) | _categories(label, (), options)
    plain = rest | _ground(Label.OTHER_VIOLATION, options) | _categories(Label.OTHER_VIOLATION, (), options)
    for effect, restricts in options.effects.items():
        yield f"effects.{effect.value}", plain | _merged([(restricts, None)])
    for kind, restricts in options.restrictions.items():
        yield f"restrictions.{kind}", plain | _merged([(restricts, None)])


def _restricted(decision: CaseDecision, records: Records, options: StatementOptions) -> dict[str, Any]:
    parts: list[tuple[Restricts, str | None]] = [
        (options.effects[each], None) for each in decision.effects if each in options.effects
    ]
    if parts:
        # What the guard did to the account at once is part of what is decided on now; alone it is not decided here.
        known = {str(kind): restricts for kind, restricts in options.restrictions.items()}
        parts += [(known[each.kind], each.ends_at) for each in records.in_force if each.kind in known]
    return _merged(parts)


def _merged(parts: Sequence[tuple[Restricts, str | None]]) -> dict[str, Any]:
    """Return what several things restrict together: every visibility, the gravest of the others, until the last end."""
    found: dict[str, Any] = {}
    ends: dict[str, list[str | None]] = {}
    for restricts, ends_at in parts:
        for name, value in restricts.model_dump(exclude_none=True).items():
            if name == "decision_visibility":
                if value:
                    found[name] = [*dict.fromkeys([*found.get(name, []), *value])]
            elif name in _GRAVER:
                order = _GRAVER[name]
                ends.setdefault(name, []).append(ends_at)
                if name not in found or _rank(order, value) > _rank(order, found[name]):
                    found[name] = value
            else:
                found[name] = value
    for name, moments in ends.items():
        known = [each for each in moments if each is not None]
        if name in _END and len(known) == len(moments):
            found[_END[name]] = max(known)[:10]
    return found


def _rank(order: Sequence[str], word: str) -> int:
    return order.index(word) if word in order else -1


def _ground(label: Label, options: StatementOptions) -> dict[str, Any]:
    texts = options.labels[label]
    if texts.ground == "illegal":
        return {
            "decision_ground": values.ILLEGAL,
            "illegal_content_legal_ground": texts.basis,
            "illegal_content_explanation": texts.explanation,
        }
    found = {
        "decision_ground": values.INCOMPATIBLE,
        "incompatible_content_ground": texts.basis,
        "incompatible_content_explanation": texts.explanation,
    }
    if texts.illegal is not None:
        found["incompatible_content_illegal"] = "Yes" if texts.illegal else "No"
    return found


def _categories(label: Label, named: Sequence[Label], options: StatementOptions) -> dict[str, Any]:
    main = options.labels[label]
    all_ = [main, *(options.labels[each] for each in named if each is not label)]
    others = [each.category for each in all_ if each.category != main.category]
    keywords = [keyword for each in all_ for keyword in each.keywords]
    found: dict[str, Any] = {"category": main.category}
    if others:
        found["category_addition"] = [*dict.fromkeys(others)]
    if keywords:
        found["category_specification"] = [*dict.fromkeys(keywords)]
    other = _other_keyword(all_)
    if other is not None and "KEYWORD_OTHER" in keywords:
        found["category_specification_other"] = other
    return found


def _other_keyword(all_: Sequence[LabelTexts]) -> str | None:
    return next((each.keywords_other for each in all_ if each.keywords_other is not None), None)


def _content(about: Sequence[Item], verdicts: Sequence[Verdict], labels: Mapping[str, Label]) -> dict[str, Any]:
    made = {each.item_id for each in verdicts if each.generative_ai is GenerativeAi.YES}
    made |= {item for item, label in labels.items() if label is Label.AIG_CSAM}
    types: list[str] = []
    other: list[str] = []
    for item in about:
        types.append(_CONTENT.get(item.kind, _OTHER_CONTENT))
        if item.kind not in _CONTENT:
            other.append(item.kind.value)
        if item.id in made and item.kind in _MEDIA:
            types.append(_SYNTHETIC)
    found: dict[str, Any] = {"content_type": sorted(set(types)) or [_OTHER_CONTENT]}
    if _OTHER_CONTENT in found["content_type"]:
        found["content_type_other"] = ", ".join(sorted(set(other))) or "unknown"
    return found


def _source(case: Case, about: Sequence[Item], records: Records) -> tuple[str, bool]:
    """Return where the information came from, and whether something was found by automated means."""
    noticed = any(each.notice_id is not None for each in about) or case.door is Door.NOTICE
    detected = any(each.decision_id is not None for each in about) or case.door in _AUTOMATED
    if not noticed:
        return "SOURCE_VOLUNTARY", detected
    for lane, source in _SOURCES.items():
        if lane in records.lanes:
            return source, detected
    return "SOURCE_TYPE_OTHER_NOTIFICATION", detected


def _told(facts: Mapping[str, Any], options: StatementOptions) -> str:
    texts = options.facts
    noticed = facts["source"] != "SOURCE_VOLUNTARY"
    how = "both" if noticed and facts["detected"] else "notice" if noticed else "automated"
    if not noticed and not facts["detected"]:
        how = "other"
    count = facts["items"]
    text = texts.text.format(
        items=f"{count} item" if count == 1 else f"{count} items",
        kinds=", ".join(facts["kinds"]) or "unknown",
        found=getattr(texts.found, how),
        decided=getattr(texts.decided, facts["decided"]),
        reasons="; ".join(facts["reasons"]) or "none",
    )
    return text[:_MOST_FACTS]
