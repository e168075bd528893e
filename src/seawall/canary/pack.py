"""The canary words: data, never code. A deployment can mint tokens of its own, which nobody else knows."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from seawall.errors import UsageError

CONCEPTS = ("a", "b", "c")
_SYLLABLES = [consonant + vowel for consonant in "bdklmn" for vowel in "aeiou"]


@dataclass(frozen=True, slots=True)
class Concept:
    """One stand-in.

    Attributes:
        id: `a`, `b` or `c`.
        stands_for: Class id of the rules that it fires.
        words: Its words, by language.
        url: Its address, under a reserved name that resolves nowhere.
    """

    id: str
    stands_for: str
    words: dict[str, str]
    url: str


@dataclass(frozen=True, slots=True)
class Pack:
    """A canary pack.

    Attributes:
        name: Name of the pack.
        version: Its version.
        concepts: Stand-ins by id.
        sentences: Sentence by language, with `{things}`.
        none: Something that is no canary, by language.
        joins: What joins two things, by language.
    """

    name: str
    version: int
    concepts: dict[str, Concept]
    sentences: dict[str, str]
    none: dict[str, str]
    joins: dict[str, str]

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a pack, or the one that ships.

        Raises:
            UsageError: If the file is not a canary pack.
        """
        import yaml

        try:
            text = (
                (files("seawall.canary") / "pack.yaml").read_text("utf-8") if path is None else path.read_text("utf-8")
            )
            data = yaml.safe_load(text)
            concepts = {key: Concept(key, **fields) for key, fields in data["concepts"].items()}
            pack = cls(data["pack"], data["version"], concepts, data["sentences"], data["none"], data["joins"])
        except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError):
            raise UsageError(f"{path} is not a canary pack") from None
        if set(concepts) != set(CONCEPTS):
            raise UsageError(f"{path}: a canary pack has the concepts a, b and c")
        return pack

    def prompt(self, concepts: Sequence[str] = (), language: str = "en") -> str:
        """Return a benign sentence made of pack words.

        Raises:
            UsageError: If a concept or the language is not in the pack.
        """
        if language not in self.sentences:
            raise UsageError(
                f"the pack has no language {language!r}", hint="it has " + ", ".join(sorted(self.sentences))
            )
        things = [self.concepts[concept].words[language] for concept in checked(concepts)]
        return self.sentences[language].format(things=self.joins[language].join(things) or self.none[language])

    def to_yaml(self) -> str:
        """Return the pack as it is read."""
        import yaml

        concepts = {
            each.id: {"stands_for": each.stands_for, "words": each.words, "url": each.url}
            for each in self.concepts.values()
        }
        data: dict[str, Any] = {"pack": self.name, "version": self.version, "concepts": concepts}
        data |= {"sentences": self.sentences, "none": self.none, "joins": self.joins}
        return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)


def mint() -> Pack:
    """Return a pack of fresh nonsense words, for a deployment that wants canaries nobody else knows."""
    shipped = Pack.load()
    concepts = {}
    for concept in shipped.concepts.values():
        token = "".join(secrets.choice(_SYLLABLES) for _ in range(8))
        words = dict.fromkeys(concept.words, token)
        concepts[concept.id] = Concept(concept.id, concept.stands_for, words, f"https://canary.invalid/{token}")
    return Pack("canary-minted", 1, concepts, shipped.sentences, shipped.none, shipped.joins)


def checked(concepts: Sequence[str]) -> tuple[str, ...]:
    """Return concept ids in order, each once.

    Raises:
        UsageError: If one is not known.
    """
    for concept in concepts:
        if concept not in CONCEPTS:
            raise UsageError(f"unknown canary concept {concept!r}", hint="a, b, c, or none")
    return tuple(sorted(set(concepts)))
