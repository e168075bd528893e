"""Finding a value in a reply: names and numbers, joined by dots. No search, no wildcard, no surprise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seawall.detectors.adapters._section import Section
from seawall.detectors.adapters.description import class_id
from seawall.detectors.adapters.service import malformed, number, share

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """Where the score of a class is, and what its values mean.

    Attributes:
        label: The class.
        path: Where it is in the answer for one item.
        values: Score by word, for services that answer in words or with true and false; empty for numbers.
        most: Number that stands for 1.
    """

    label: str
    path: Path
    values: Mapping[str, float]
    most: float = 1.0

    def of(self, answer: Any) -> float:
        """Return the score.

        Raises:
            Failure: If there is none, or it is none of the values.
        """
        value = at(answer, self.path)
        if not self.values:
            return share(number(value) / self.most)
        word = {True: "true", False: "false"}[value] if isinstance(value, bool) else value
        if not isinstance(word, str) or word not in self.values:
            raise malformed()
        return self.values[word]


def at(value: Any, path: Path) -> Any:
    """Return what is at a path.

    Raises:
        Failure: If there is nothing.
    """
    for step in path:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isascii() and step.isdigit() and int(step[:9]) < len(value):
            value = value[int(step[:9])]
        else:
            raise malformed()
    return value


def read_path(section: Section, key: str, default: Path | None = None) -> Path:
    """Return a path: a text with dots, or a list where a name has a dot itself; '.' is the whole.

    Raises:
        ConfigurationError: If it is none.
    """
    if default is not None and not section.has(key):
        section.texts(key, ())
        return default
    value = section.value(key)
    steps = [] if value == "." else value.split(".") if isinstance(value, str) else value
    if not isinstance(steps, list) or len(steps) > 20 or not all(isinstance(step, str) and step for step in steps):
        raise section.wrong(key, "is a path, as results.0.score")
    return tuple(steps)


def read_scores(parent: Section) -> tuple[Score, ...]:
    """Return where the scores are.

    Raises:
        ConfigurationError: If it is not said.
    """
    section = parent.section("labels")
    scores = tuple(_score(section, class_id(section, name, name)) for name in section.names())
    if not scores:
        raise parent.wrong("labels", "names no class")
    return scores


def _score(parent: Section, label: str) -> Score:
    section = parent.section(label)
    path = read_path(section, "path")
    words = section.section("values", optional=True)
    values = {word: words.number(word, least=0, most=1) for word in words.names()}
    most = section.number("most", 1.0, least=1e-6, most=1e9)
    if section.has("values") and not values:
        raise section.wrong("values", "gives no word a score")
    if values and most != 1.0:
        raise section.wrong("most", "is for numbers, and values are for words")
    section.done()
    return Score(label, path, values, most)
