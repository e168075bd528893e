"""The texts of prevention, a file a language: what is said to whom, in plain words.

Every text says of itself who reviewed it. Those that ship are drafts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from seawall.deploy.prevention._reading import parse, read
from seawall.deploy.prevention.audience import HOLDOUT, NEUTRAL, PLAIN, THEMES, Audience
from seawall.deploy.prevention.errors import TextsInvalid
from seawall.policy.guard import Tier

DRAFT = "draft, not reviewed by a prevention organisation"
FALLBACK = "en"
_MOST_LOCALES = 200
_SAME = {"no": "nb", "nn": "nb"}

# Languages of countries, for accounts of whose language nothing is known.
_SPOKEN = {
    "en": "GB UK IE US CA AU NZ",
    "de": "DE AT CH LI",
    "fr": "FR LU MC SN CI",
    "es": "ES MX AR CO CL PE EC UY PY BO CR PA GT HN SV NI DO CU VE",
    "pt": "PT BR AO MZ CV",
    "it": "IT SM VA",
    "nl": "NL BE SR",
    "sv": "SE AX",
    "nb": "NO SJ",
}
_BY_COUNTRY = {country: language for language, countries in _SPOKEN.items() for country in countries.split()}

Text = Annotated[str, StringConstraints(min_length=1, max_length=800, strip_whitespace=True)]


class Themes(BaseModel):
    """What adults are told, by theme."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    law: Text
    harm: Text
    help: Text


class Texts(BaseModel):
    """The texts of one language.

    Attributes:
        neutral: The refusal that accuses nobody.
        cooldown: Added for whoever tries again and again.
        help_with: Leads to the services that follow.
        help_without: Said where no service is known.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    format: Literal["seawall-messages-1"]
    locale: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]
    version: Annotated[int, Field(ge=1, le=9999)]
    reviewed: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    neutral: Text
    cooldown: Text
    help_with: Text
    help_without: Text
    adult: Themes
    worried: Text
    minor: Text
    victim: Text
    bystander: Text

    @property
    def language(self) -> str:
        """The language without a country."""
        return self.locale.partition("-")[0]

    def compose(self, tier: Tier, arm: str, audience: Audience, *, services: bool) -> str:
        """Return what is said.

        Args:
            tier: How it speaks.
            arm: A theme, `holdout`, `neutral` or `plain`.
            audience: To whom.
            services: Whether services follow.
        """
        if tier is Tier.T0 or arm in (HOLDOUT, NEUTRAL):
            return self.neutral
        said = [getattr(self.adult, arm) if audience is Audience.ADULT else getattr(self, audience.value)]
        # Those whose own conduct is not meant are never told to take a break.
        if tier is Tier.T2 and audience in (Audience.ADULT, Audience.MINOR):
            said.append(self.cooldown)
        if services:
            said.append(self.help_with)
        elif audience in (Audience.ADULT, Audience.WORRIED):
            said.append(self.help_without)
        return " ".join(said)

    def parts(self) -> Iterator[tuple[str, str]]:
        """Yield every text, with its place in the file."""
        for name in ("neutral", "cooldown", "help_with", "help_without", "worried", "minor", "victim", "bystander"):
            yield name, getattr(self, name)
        for theme in THEMES:
            yield f"adult.{theme}", getattr(self.adult, theme)

    def wholes(self) -> Iterator[tuple[str, str]]:
        """Yield everything that can be said, as a user would read it."""
        for tier in Tier:
            for audience in Audience:
                arms = THEMES if audience is Audience.ADULT else (PLAIN,)
                for arm in arms:
                    for services in (True, False):
                        place = f"{tier.value}.{arm}.{audience.value}"
                        yield place, self.compose(tier, arm, audience, services=services)


class Catalogue:
    """The texts of every language.

    Args:
        texts: By locale.
    """

    def __init__(self, texts: Mapping[str, Texts]) -> None:
        if FALLBACK not in texts:
            raise TextsInvalid(f"there are no texts in {FALLBACK}")
        self.texts = dict(sorted(texts.items()))

    @classmethod
    def open(cls, home: Path | None = None) -> Catalogue:
        """Read the shipped texts, and those in `HOME/messages`, which replace them by language.

        Raises:
            TextsInvalid: If a file holds no texts, or its name is not its language.
        """
        texts = dict(shipped_texts())
        folder = home / "messages" if home is not None else None
        if folder is not None and folder.is_dir():
            for path in sorted(folder.glob("*.yaml"))[:_MOST_LOCALES]:
                own = read(path, Texts, TextsInvalid)
                if own.locale != path.stem:
                    raise TextsInvalid(f"{path}: the locale in it is {own.locale}")
                texts[own.locale] = own
        return cls(texts)

    def choose(self, locale: str | None, country: str | None) -> Texts:
        """Return the texts for a user: the locale, its language, the language of the country, English."""
        for wanted in _wanted(locale, country):
            if wanted in self.texts:
                return self.texts[wanted]
        return self.texts[FALLBACK]


@cache
def shipped_texts() -> Mapping[str, Texts]:
    """Return the texts that ship with seawall."""
    found = {}
    for file in (files(__package__) / "texts").iterdir():
        if file.name.endswith(".yaml"):
            texts = parse(file.read_text("utf-8"), file.name, Texts, TextsInvalid)
            found[texts.locale] = texts
    return found


def _wanted(locale: str | None, country: str | None) -> Iterator[str]:
    if locale:
        parts = locale.replace("_", "-").split("-")
        language = parts[0].lower()
        language = _SAME.get(language, language)
        for region in parts[1:]:
            if len(region) == 2 and region.isalpha():
                yield f"{language}-{region.upper()}"
        yield language
    if country and country.upper() in _BY_COUNTRY:
        yield _BY_COUNTRY[country.upper()]
