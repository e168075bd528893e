"""The documents of a CyberTipline report, made of what is on record. The mapping is reporting.md, section 3.

Whoever uploaded or asked is named where the record names an account; a hit in training data names nobody. Prompts are
content, never EXIF details. What nobody knows is left out: absent and false are not the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from seawall.cases.model import ItemKind, Label, SubjectKind
from seawall.maintain.authorities.drafting.grounds import made_by_ai, provenance, traceable
from seawall.maintain.authorities.drafting.model import CaseFacts, ItemFacts, ReportClass
from seawall.maintain.authorities.ncmec.package import Package, read_package
from seawall.maintain.authorities.ncmec.provenance import write_provenance
from seawall.maintain.authorities.ncmec.schema import Schema
from seawall.maintain.authorities.options import Contact, NcmecOptions

REPORT_ID = "0"
"""Stands where the id of the report will, until the authority gives one."""
FILE_ID = "{:032x}"
"""Stands where the id of a file will; made of its number."""

MOST_CONTENT = 20_000
"""Longer words go as a file."""

_MATERIAL = "Child Pornography (possession, manufacture, and distribution)"
_ENTICEMENT = "Online Enticement of Children for Sexual Acts"
_TYPES = {Label.CSEM_GROOMING: _ENTICEMENT, Label.CSEM_SEXTORTION: _ENTICEMENT}
_FLAGS = {Label.CSEM_SEXTORTION: "sextortion", Label.CSEM_SOLICITATION: "csamSolicitation"}
_WORDS = frozenset({ItemKind.PROMPT, ItemKind.TEXT, ItemKind.CONVERSATION})
_OF_PLACES = frozenset({ReportClass.TRAINING_DATA_HIT, ReportClass.MODEL_HOSTING, ReportClass.LINK_OR_AD})
_URL = 2083
_MOST_URLS = 200
_MOST_LINES = 50

_MOMENTS = {
    ReportClass.TRAINING_DATA_HIT: "The moment at which the item was found in data; when it was made is not known.",
    ReportClass.OUTPUT_DELIVERED: "The moment at which the output was checked, and delivered.",
    ReportClass.OUTPUT_BLOCKED: "The moment at which the output was checked; it was not delivered.",
    ReportClass.REQUEST_TEXT: "The moment at which the request was checked.",
}
_MOMENT = "The moment at which it was found; when it was uploaded is not on record."
_UNTRACED = "Informational: where the item came from is not on record as a whole, and no person is known."
_CLASSES = {
    ReportClass.TRAINING_DATA_HIT: "found in data for training; no user of ours is known to have handled it",
    ReportClass.UPLOAD_KNOWN: "uploaded, and on a list of known material",
    ReportClass.UPLOAD_NOVEL: "uploaded, and on no list",
    ReportClass.REQUEST_TEXT: "asked for in words",
    ReportClass.OUTPUT_BLOCKED: "put out by a model, and not delivered",
    ReportClass.OUTPUT_DELIVERED: "put out by a model, and delivered",
    ReportClass.MODEL_HOSTING: "hosted for others as, or in, a model or a dataset",
    ReportClass.LINK_OR_AD: "linked to, listed or advertised",
}


def draft_documents(facts: CaseFacts, options: NcmecOptions, schema: Schema) -> tuple[Package, tuple[ItemFacts, ...]]:
    """Return the documents of a report, and of which items its files are, in their order.

    Args:
        facts: What is on record.
        options: Who reports, and how.
        schema: Of the profile that holds.
    """
    sent = tuple(each for each in facts.items if _is_sent(each))
    files = [_file(each, number, facts, options) for number, each in enumerate(sent, 1)]
    report = {
        "incidentSummary": _summary(facts, options, schema),
        "internetDetails": list(_places(facts, options)),
        "reporter": _reporter(options),
        "personOrUserReported": list(_person(facts, options)),
        "additionalInfo": _additional(facts),
    }
    return read_package({"report": report, "files": files}, schema), sent


def informational(facts: CaseFacts) -> bool:
    """Whether nobody can act on it: a hit in training data without its source chain."""
    hits = [each for each in facts.items if each.event_class is ReportClass.TRAINING_DATA_HIT]
    return len(hits) == len(facts.items) and not any(traceable(each) for each in hits)


def _is_sent(facts: ItemFacts) -> bool:
    if facts.kept is None:
        return False
    return facts.item.kind not in _WORDS or facts.text is None or len(facts.text) > MOST_CONTENT


def _summary(facts: CaseFacts, options: NcmecOptions, schema: Schema) -> dict[str, Any]:
    flags = {_FLAGS[each.label]: True for each in facts.items if each.label in _FLAGS}
    if facts.answers.get("minor_to_minor") == "yes":
        flags["minorToMinorInteraction"] = True
    known = schema.roots["report"].type.by_name["incidentSummary"].type.by_name["reportAnnotations"].type.by_name
    if informational(facts) and "informational" in known:
        flags["informational"] = True
    return {
        "incidentType": _TYPES.get(facts.items[0].label, _MATERIAL),
        "platform": options.service,
        "escalateToHighPriority": facts.answers.get("escalate"),
        "reportAnnotations": flags,
        "incidentDateTime": _moment(min(each.happened_at for each in facts.items)),
        "incidentDateTimeDescription": _MOMENTS.get(facts.event_class, _MOMENT),
    }


def _places(facts: CaseFacts, options: NcmecOptions) -> Iterator[dict[str, Any]]:
    urls = list(dict.fromkeys(url for each in facts.items if (url := address_of(each)) is not None))
    elsewhere = facts.event_class is ReportClass.TRAINING_DATA_HIT
    if urls:
        web: dict[str, Any] = {"url": urls[:_MOST_URLS]}
        if elsewhere:
            web["@thirdPartyHostedContent"] = True
        if len(urls) > _MOST_URLS:
            web["additionalInfo"] = f"{len(urls) - _MOST_URLS} more addresses are not listed"
        yield {"webPageIncident": web}
    elif facts.event_class in _OF_PLACES:
        named = list(dict.fromkeys(each.item.ref for each in facts.items if each.item.ref))[:_MOST_LINES]
        if named:
            yield {"webPageIncident": {"additionalInfo": "\n".join(named)}}
    spoken = [each for each in facts.items if each.text is not None and len(each.text) <= MOST_CONTENT]
    if spoken or (facts.event_class not in _OF_PLACES and not urls):
        surfaces = sorted({each.decision.surface for each in facts.items if each.decision and each.decision.surface})
        yield {
            "chatImIncident": {
                "chatClient": options.service,
                "content": "\n\n".join(f"[{each.happened_at}] {each.text}" for each in spoken) or None,
                "additionalInfo": f"surface: {', '.join(surfaces)}" if surfaces else None,
            }
        }


def _reporter(options: NcmecOptions) -> dict[str, Any]:
    return {
        "reportingPerson": _contact(options.reporter),
        "contactPerson": _contact(options.contact) if options.contact is not None else None,
        "companyTemplate": options.company,
        "termsOfService": options.terms_of_service,
        "legalURL": options.legal_url,
    }


def _contact(contact: Contact) -> dict[str, Any]:
    return {
        "firstName": contact.first_name,
        "lastName": contact.last_name,
        "phone": list(contact.phone),
        "email": list(contact.email),
    }


def _person(facts: CaseFacts, options: NcmecOptions) -> Iterator[dict[str, Any]]:
    if facts.case.subject_kind is not SubjectKind.ACCOUNT or facts.event_class is ReportClass.TRAINING_DATA_HIT:
        return
    compromised = facts.answers.get("compromised_account")
    yield {
        "espIdentifier": facts.case.subject,
        "espService": options.service,
        "compromisedAccount": None if compromised is None else compromised == "yes",
        "priorCTReports": list(facts.prior),
    }


def _additional(facts: CaseFacts) -> str:
    counts: dict[ReportClass, int] = {}
    for each in facts.items:
        counts[each.event_class] = counts.get(each.event_class, 0) + 1
    lines = [f"{count} {'item' if count == 1 else 'items'} {_CLASSES[name]}" for name, count in counts.items()]
    if informational(facts):
        lines.append(_UNTRACED)
    # Items with a file carry their own block; the report has that of the gravest, and of those without a file.
    lines.append(write_provenance(provenance(facts.items[0])))
    bare = [each for each in facts.items[1:] if not _is_sent(each)]
    lines += [write_provenance(provenance(each)) for each in bare[:_MOST_LINES]]
    if len(bare) > _MOST_LINES:
        lines.append(f"{len(bare) - _MOST_LINES} more items are not listed")
    return "\n".join(lines)


def _file(each: ItemFacts, number: int, facts: CaseFacts, options: NcmecOptions) -> dict[str, Any]:
    context = each.item.kind in _WORDS
    flags: dict[str, bool] = {}
    if made_by_ai(each):
        flags["generativeAi"] = True
    if facts.answers.get("self_production") == "yes" and not context:
        flags["possibleSelfProduction"] = True
    industry = each.industry.value if each.industry is not None and options.industry_classification else None
    return {
        "reportId": REPORT_ID,
        "fileId": FILE_ID.format(number),
        "locationOfFile": address_of(each),
        "fileViewedByEsp": each.viewed.entire,
        # No page shows EXIF data, so nobody has seen any.
        "exifViewedByEsp": False,
        "fileRelevance": "Supplemental Reported" if context else "Reported",
        "fileAnnotations": flags,
        "industryClassification": None if context else industry,
        "originalFileHash": [{"@hashType": "SHA256", "#text": each.kept.sha256}] if each.kept is not None else [],
        "additionalInfo": [write_provenance(provenance(each))],
    }


def address_of(each: ItemFacts) -> str | None:
    """Return the address that an item was found at; None if it has none that a report takes."""
    origin = each.item.evidence.get("origin")
    known: Sequence[object] = [origin.get("url") if isinstance(origin, dict) else None, each.item.ref]
    for text in known:
        if not isinstance(text, str) or len(text) > _URL:
            continue
        try:
            parts = urlsplit(text)
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and parts.hostname and text.isprintable() and " " not in text:
            return text
    return None


def _moment(text: str) -> str:
    """Return a moment as records write it, without fractions of seconds."""
    return text[:19] + "Z"
