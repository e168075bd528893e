"""What a report says of an item beside its file: what the finding rests on, and whether AI made it.

`generativeAi` means that a file is believed to be made by AI. A person says so, and a record bears it out: a
generation whose output has the very same digest, or a mark of provenance that verifies. That it came through an AI
product is none.
"""

from __future__ import annotations

from seawall.cases.model import GenerativeAi
from seawall.maintain.authorities.drafting.model import ItemFacts, ReportClass
from seawall.maintain.review.proposals import Ground, propose

_OUTPUTS = {ReportClass.OUTPUT_DELIVERED: "delivered", ReportClass.OUTPUT_BLOCKED: "blocked"}
_LONGEST = 1000


def generation(facts: ItemFacts) -> str | None:
    """Return the id of the generation of which an item is the output, byte for byte; None if none is on record."""
    decision, item = facts.decision, facts.item
    if decision is None or facts.event_class not in _OUTPUTS or facts.kept is None:
        return None
    if facts.kept.id not in decision.vault or facts.kept.sha256 != item.sha256:
        return None
    return decision.generation_id or decision.id


def evidence_of_ai(facts: ItemFacts) -> str | None:
    """Return what bears out that AI made an item, in a word; None if nothing does."""
    if generation(facts) is not None:
        return "generation record with equal digest"
    if any(sign.ground is Ground.MARK for sign in propose(facts.item).signs):
        return "verified provenance mark"
    return None


def made_by_ai(facts: ItemFacts) -> bool:
    """Whether a report says that AI made it: a person confirmed it, and a record bears it out."""
    return facts.generative_ai is GenerativeAi.YES and evidence_of_ai(facts) is not None


def provenance(facts: ItemFacts) -> dict[str, str]:
    """Return what an item rests on, as the block of provenance takes it."""
    said: dict[str, str | None] = {"event-class": facts.event_class.value, "reviewed": _reviewed(facts)}
    match = next(iter(facts.matches), None)
    if match is not None:
        said |= {
            "matched-list": _text(match.get("list")),
            "matched-list-version": _text(match.get("list_version")),
            "matched-member": _text(match.get("entry")),
            "match-distance": _text(match.get("distance")),
        }
    if facts.decision is not None:
        judgement = facts.decision.judgement
        said |= {
            "decision-id": facts.decision.id,
            "policy": judgement.policy if judgement is not None else None,
            "model": facts.decision.model,
            "generation-id": generation(facts),
            "output": _OUTPUTS.get(facts.event_class),
        }
    if made_by_ai(facts):
        said["generation-evidence"] = evidence_of_ai(facts)
    if facts.event_class is ReportClass.TRAINING_DATA_HIT:
        said |= _chain(facts)
    if facts.notice is not None:
        said |= {"notice-received-at": facts.notice.received_at, "notice-channel": facts.notice.channel}
    if facts.item.sha256 is not None:
        said["file-sha256"] = facts.item.sha256
    return {key: value[:_LONGEST] for key, value in said.items() if value}


def traceable(facts: ItemFacts) -> bool:
    """Whether a hit in training data carries its whole source chain: where it was found, in what, and when."""
    chain = _chain(facts)
    listed = any(each.get("list") for each in facts.matches)
    return listed and all(chain.get(name) for name in ("source-url", "dataset", "shard", "crawled-at"))


def _chain(facts: ItemFacts) -> dict[str, str | None]:
    origin = facts.item.evidence.get("origin")
    known = origin if isinstance(origin, dict) else {}
    return {
        "dataset": _text(known.get("dataset")),
        "shard": _text(known.get("shard")),
        "source-url": _text(known.get("url")),
        "crawled-at": _text(known.get("crawled_at")),
        "licensor": _text(known.get("licensor")),
        "still-live": "not checked" if known.get("url") else None,
    }


def _reviewed(facts: ItemFacts) -> str:
    if facts.judges == 0:
        return "not by a person: decided like an equal item that people judged"
    people = "one person" if facts.judges == 1 else f"{facts.judges} people"
    return f"by {people}; the file was viewed: {facts.viewed.value}"


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "" else None
