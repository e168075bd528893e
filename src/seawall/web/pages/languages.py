"""The words of pages, a YAML file a language and feature, and the choice of a language for a request.

English is complete and stands in for what another language lacks; a word that even English lacks is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml
from markupsafe import Markup, escape
from starlette.requests import Request

FALLBACK = "en"
_RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})
_MOST_CHOICES = 12


@dataclass(frozen=True, slots=True)
class Language:
    """A language of pages.

    Attributes:
        code: As HTML names it, such as `de`.
        name: As its speakers call it.
    """

    code: str
    name: str

    @property
    def direction(self) -> str:
        """Which way it is written: `ltr` or `rtl`."""
        return "rtl" if self.code.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"


class Wording:
    """All words of all features, by language.

    Args:
        root: Folder of the features, each with a `catalogues` folder.
    """

    def __init__(self, root: Traversable | None = None) -> None:
        self._words: dict[str, dict[str, str]] = {}
        for feature in (root or files("seawall.web")).iterdir():
            folder = feature / "catalogues"
            if feature.is_dir() and folder.is_dir():
                for file in sorted(folder.iterdir(), key=lambda each: each.name):
                    if file.name.endswith(".yaml"):
                        self._add(feature.name, file)
        self.languages = {
            code: Language(code, words.get("pages.language", code)) for code, words in sorted(self._words.items())
        }

    def _add(self, feature: str, file: Traversable) -> None:
        words = self._words.setdefault(file.name.removesuffix(".yaml"), {})
        words.update(_flat(feature, yaml.safe_load(file.read_text("utf-8")) or {}))

    def has(self, key: str, language: Language) -> bool:
        """Whether a language, or English, has a word."""
        return key in self._words.get(language.code, {}) or key in self._words.get(FALLBACK, {})

    def say(self, language: Language, key: str, **values: Any) -> str:
        """Return words in a language; `{name}` in them stands for a value.

        Raises:
            KeyError: If there are no such words.
        """
        words = self._words.get(language.code, {}).get(key)
        if words is None:
            words = self._words[FALLBACK][key]
        return words.format(**values) if values else words

    def speaker(self, language: Language) -> Callable[..., Markup]:
        """Return what templates call as `t`: words as plain text, and values escaped."""

        def speak(key: str, **values: Any) -> Markup:
            shown = {name: escape(value) for name, value in values.items()}
            return Markup(escape(self.say(language, key))).format(**shown)  # noqa: S704 (both are escaped)

        return speak

    def keys(self, code: str) -> frozenset[str]:
        """Return the names of all words of a language."""
        return frozenset(self._words.get(code, {}))

    def choose(self, request: Request) -> Language:
        """Return the language for a request: as `lang=` says, or as the browser asks, or English."""
        wanted = request.query_params.get("lang", "")
        for code in (wanted.lower(), *_accepted(request.headers.get("accept-language", ""))):
            for each in (code, code.partition("-")[0]):
                if each in self.languages:
                    return self.languages[each]
        return self.languages.get(FALLBACK, Language(FALLBACK, "English"))


def _flat(prefix: str, words: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in words.items():
        key = f"{prefix}.{name}"
        if isinstance(value, dict):
            yield from _flat(key, value)
        else:
            yield key, str(value).strip()


def _accepted(header: str) -> list[str]:
    weighed = []
    for place, part in enumerate(header[:400].split(",")[:_MOST_CHOICES]):
        code, _, rest = part.strip().lower().partition(";")
        weight = 1.0
        if rest.strip().startswith("q="):
            try:
                weight = float(rest.strip()[2:])
            except ValueError:
                weight = 0.0
        if code and 0 < weight <= 1:
            weighed.append((-weight, place, code))
    return [code for _, _, code in sorted(weighed)]
