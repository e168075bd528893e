"""Words in several languages, a YAML file a language in a package's `texts`: checked as a whole, found by locale."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from pydantic import BaseModel

FALLBACK = "en"
_M = TypeVar("_M", bound="BaseModel")
_T = TypeVar("_T")


def texts_of(package: str, kind: type[_M]) -> dict[str, _M]:
    """Return the words of all languages of a package, by language, in their order.

    Args:
        package: Whose `texts` folder is read.
        kind: What each file must be.
    """
    import yaml

    found: dict[str, _M] = {}
    for file in sorted((files(package) / "texts").iterdir(), key=lambda each: each.name):
        if file.name.endswith(".yaml"):
            found[file.name.removesuffix(".yaml")] = kind.model_validate(yaml.safe_load(file.read_text("utf-8")))
    return found


def closest(locale: str, known: Mapping[str, _T]) -> tuple[str, _T]:
    """Return a language that is known and closest to a locale, and its words; English if none is close."""
    for code in (locale, locale.partition("-")[0].lower()):
        if code in known:
            return code, known[code]
    return FALLBACK, known[FALLBACK]
