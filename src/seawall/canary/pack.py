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
_LARGEST_PACK = 1 << 20
_SLOT = "{things}"
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

        source = files("seawall.canary") / "pack.yaml" if path is None else path
        try:
            with source.open("rb") as file:
                text = file.read(_LARGEST_PACK + 1)
            if len(text) > _LARGEST_PACK:
                raise UsageError(f"{path} is larger than a canary pack may be")
            data = yaml.safe_load(text)
            concepts = {key: Concept(key, **fields) for key, fields in data["concepts"].items()}
            pack = cls(data["pack"], data["version"], concepts, data["sentences"], data["none"], data["joins"])
        except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError, RecursionError):
            raise UsageError(f"{path} is not a canary pack") from None
        if set(concepts) != set(CONCEPTS):
            raise UsageError(f"{path}: a canary pack has the concepts a, b and c")
        if fault := _fault(pack):
            raise UsageError(f"{path} is not a canary pack: {fault}")
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
        # A sentence comes from a file, so it is never used as a format string.
        return self.sentences[language].replace(_SLOT, self.joins[language].join(things) or self.none[language])

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


def _fault(pack: Pack) -> str | None:
    """Return what is wrong with the fields of a pack, or None."""
    tables: dict[str, object] = {"sentences": pack.sentences, "none": pack.none, "joins": pack.joins}
    for concept in pack.concepts.values():
        if not isinstance(concept.stands_for, str) or not isinstance(concept.url, str):
            return f"stands_for and url of {concept.id} are texts"
        tables[f"words of {concept.id}"] = concept.words
    for name, table in tables.items():
        if not isinstance(table, dict) or not all(isinstance(text, str) for pair in table.items() for text in pair):
            return f"{name} are texts by language"
        if table.keys() != pack.sentences.keys():
            return f"{name} are not in the languages of the sentences"
    if not all(_SLOT in sentence for sentence in pack.sentences.values()):
        return f"every sentence has {_SLOT} in it"
    return None


def checked(concepts: Sequence[str]) -> tuple[str, ...]:
    """Return concept ids in order, each once.

    Raises:
        UsageError: If one is not known.
    """
    for concept in concepts:
        if concept not in CONCEPTS:
            raise UsageError(f"unknown canary concept {concept!r}", hint="a, b, c, or none")
    return tuple(sorted(set(concepts)))
