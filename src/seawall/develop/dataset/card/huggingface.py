"""A Hugging Face dataset card: front matter, and a child-safety section filled from the ledger.

The section stands between two marks, so that it can be renewed in a card that people have written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from seawall.develop.dataset.report.text import moment, plural, whole

from .safety import SafetyFacts

BEGIN, END = "<!-- child safety: begin (written by seawall) -->", "<!-- child safety: end -->"
_SECTION = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
_SIZES = ((1e3, "n<1K"), (1e4, "1K<n<10K"), (1e5, "10K<n<100K"), (1e6, "100K<n<1M"), (1e7, "1M<n<10M"))
_MORE_SIZES = ((1e8, "10M<n<100M"), (1e9, "100M<n<1B"), (1e10, "1B<n<10B"))


@dataclass(frozen=True, slots=True)
class DatasetNames:
    """What the ledger cannot know of a dataset.

    Attributes:
        name: Its name.
        licence: SPDX id, or address of its licence.
        url: Where it is.
        description: What it is, in a sentence.
    """

    name: str
    licence: str | None = None
    url: str | None = None
    description: str | None = None


def huggingface_card(facts: SafetyFacts, names: DatasetNames) -> str:
    """Return a whole card."""
    import yaml

    front: dict[str, Any] = {
        "pretty_name": names.name,
        "license": _hub_licence(names.licence),
        "size_categories": [_size(int(facts.closed["items"]))],
        "tags": ["child-safety", f"seawall-{facts.kind}"],
    }
    head = yaml.safe_dump({key: value for key, value in front.items() if value}, sort_keys=False, allow_unicode=True)
    from ._markdown import markdown

    described = f"{markdown(names.description)}\n\n" if names.description else ""
    return f"---\n{head}---\n\n# {markdown(names.name)}\n\n{described}{safety_section(facts)}\n"


def renewed_card(card: str, facts: SafetyFacts) -> str:
    """Return a card with its child-safety section renewed, or added at the end."""
    section = safety_section(facts)
    if BEGIN in card and END in card:
        return _SECTION.sub(lambda _: section, card, count=1)
    return f"{card.rstrip()}\n\n{section}\n"


def safety_section(facts: SafetyFacts) -> str:
    """Return the child-safety section, marks included."""
    from seawall.develop.dataset.report.environment import environment

    from ._markdown import markdown

    filters: dict[str, Callable[..., Any]] = {"md": markdown, "whole": whole, "moment": moment, "plural": plural}
    template = environment(__package__, filters).get_template("child_safety.md")
    return f"{BEGIN}\n{template.render(facts=facts, closed=facts.closed).strip()}\n{END}"


def _size(items: int) -> str:
    return next(
        (name for most, name in (*_SIZES, *_MORE_SIZES) if items < most), "n>1T" if items >= 1e12 else "10B<n<100B"
    )


def _hub_licence(licence: str | None) -> str | None:
    """The hub's ids are SPDX ids in lower case; anything else is `other`."""
    if licence is None:
        return None
    return licence.lower() if re.fullmatch(r"[A-Za-z0-9.+-]{2,40}", licence) else "other"
