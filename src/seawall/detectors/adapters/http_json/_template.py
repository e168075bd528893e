"""The body of a request as the operator wrote it, with places for content: filled in as values, never as JSON."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from typing import Any, Final

from seawall.detectors.adapters._section import Section
from seawall.detectors.adapters.service import Prepared
from seawall.detectors.contract import Modality

EACH: Final = "$each"
"""A list with one mapping of this key alone has an entry for each item of a batch."""

_PICTURE, _TEXT, _SHA256 = "{image_base64}", "{text}", "{sha256}"
_PLACE: Final = re.compile(r"\{(?:image_base64|text|sha256)\}")
_CONTENT: Final = {Modality.IMAGE: _PICTURE, Modality.TEXT: _TEXT}
_DEEPEST = 20
_MOST_VALUES = 500


def read_template(section: Section, key: str, modality: Modality) -> Any:
    """Return a template that asks for content of a modality.

    Raises:
        ConfigurationError: If it is none, or takes no content of that modality, or more than one item in one place.
    """
    template = section.value(key)
    texts = _texts(section, key, template)
    if not any(_CONTENT[modality] in text for text in texts):
        raise section.wrong(key, f"has no place for content: {_CONTENT[modality]}")
    if any(other in text for text in texts for kind, other in _CONTENT.items() if kind is not modality):
        raise section.wrong(key, f"has a place for content that is no {modality.value}")
    return template


def takes_batch(template: Any) -> bool:
    """Whether a template has a place for each item of a batch."""
    if isinstance(template, dict):
        return any(takes_batch(value) for value in template.values())
    return isinstance(template, list) and (_is_each(template) or any(takes_batch(value) for value in template))


def fill(template: Any, items: Sequence[Prepared]) -> Any:
    """Return a template with content in its places."""
    if isinstance(template, dict):
        return {key: fill(value, items) for key, value in template.items()}
    if isinstance(template, list):
        if _is_each(template):
            return [fill(template[0][EACH], [item]) for item in items]
        return [fill(value, items) for value in template]
    return _filled(template, items[0]) if isinstance(template, str) else template


def _is_each(template: list[Any]) -> bool:
    return len(template) == 1 and isinstance(template[0], dict) and set(template[0]) == {EACH}


def _filled(text: str, item: Prepared) -> str:
    """Put one item's values into a text; what they hold is not searched again for places."""
    return _PLACE.sub(lambda found: _value(found.group(), item), text)


def _value(place: str, item: Prepared) -> str:
    if place == _PICTURE:
        return base64.b64encode(item.jpeg).decode()
    return item.text if place == _TEXT else hashlib.sha256(item.jpeg or item.text.encode()).hexdigest()


def _texts(section: Section, key: str, template: Any) -> list[str]:
    """Return every text of a template, which holds plain values only."""
    texts: list[str] = []
    left = [(template, 0)]
    seen = 0
    while left:
        value, depth = left.pop()
        seen += 1
        if depth > _DEEPEST or seen > _MOST_VALUES:
            raise section.wrong(key, "is too deep or too long")
        if isinstance(value, dict):
            if not all(isinstance(name, str) for name in value) or (EACH in value and len(value) != 1):
                raise section.wrong(key, "is a mapping of names")
            left += [(each, depth + 1) for each in value.values()]
        elif isinstance(value, list):
            left += [(each, depth + 1) for each in value]
        elif isinstance(value, str):
            texts.append(value)
        elif not isinstance(value, int | float | bool | None):
            raise section.wrong(key, "holds what JSON cannot")
    return texts
