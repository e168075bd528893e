"""The canary detector: it knows the drawn stand-ins and the canary words, and answers as if they were the real thing.

It needs no model, and never says anything about content that is no canary but zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from seawall.canary.minted import minted_terms
from seawall.canary.pack import Pack
from seawall.canary.terms import canary_terms
from seawall.detectors.canary._listed import MAX_DISTANCE, Listed, list_version
from seawall.detectors.contract import (
    Info,
    Input,
    LoadContext,
    Modality,
    Picture,
    Result,
    ScoreKind,
    Task,
    Text,
)
from seawall.errors import SeawallError
from seawall.policy.classes import (
    ADULT_SEXUAL,
    CHILD_DEPICTION,
    MINOR_REFERENCE,
    PERSONS,
    PERSONS_ABSTAINED,
    UNDER_21,
)
from seawall.settings import Settings
from seawall.text import Matcher
from seawall.text import Pack as TermPack

_BLURRED = "blurred"


class Canary:
    """Scores what the stand-ins stand for."""

    def __init__(self, home: Path | None = None) -> None:
        """Name the home whose minted words count; nothing is read yet.

        Args:
            home: Its directory; default: that of the environment.
        """
        self._home = home
        self._listed: Listed | None = None
        self._words: Matcher | None = None

    @cached_property
    def info(self) -> Info:
        """What it says of itself."""
        minted, _ = self._minted
        return Info(
            id="canary",
            version=f"1.{list_version()}" + (f".{minted.version[:8]}" if minted is not None else ""),
            task=Task.CANARY,
            modalities=frozenset({Modality.IMAGE, Modality.TEXT}),
            labels=(ADULT_SEXUAL, CHILD_DEPICTION, UNDER_21, PERSONS, PERSONS_ABSTAINED, MINOR_REFERENCE),
            score_kind=ScoreKind.BOOLEAN,
            code_licence="Apache-2.0",
            training_data_note="none: drawings and words of seawall's own",
            max_batch=256,
            input_spec=f"PDQ of the picture in eight orientations within {MAX_DISTANCE} of the shipped canary list; "
            "texts in all views, by the words of the shipped canary pack and of those that were minted here",
            limits_note="it knows canaries alone: zeros say nothing about content",
        )

    def load(self, context: LoadContext) -> None:
        """Read the list and the words.

        Raises:
            SeawallError: If a minted pack cannot be used.
        """
        minted, error = self._minted
        if error is not None:
            raise error
        self._listed = Listed.shipped()
        self._words = Matcher([canary_terms(), *([minted] if minted is not None else [])])

    def close(self) -> None:
        """Let go of the list."""
        self._listed = self._words = None

    def score(self, items: Sequence[Input]) -> list[Result]:
        """Answer for each item."""
        listed, words = self._listed, self._words
        if listed is None or words is None:
            return [Result.error("not_loaded") for _ in items]
        return [
            _of_text(item, words) if isinstance(item, Text) else _of_concepts(_concepts(item, listed)) for item in items
        ]

    def examples(self) -> Sequence[tuple[Input, Result]]:
        """Return a drawing and a sentence for every combination of stand-ins, and some that are no canaries."""
        import numpy as np

        from seawall.canary.scenes import draw_scene

        pack = Pack.load()
        found: list[tuple[Input, Result]] = []
        for concepts in ((), ("a",), ("b",), ("c",), ("a", "b"), ("b", "c"), ("a", "b", "c")):
            pixels = np.asarray(draw_scene(concepts, 0))
            picture = Picture(pixels, pixels.shape[1], pixels.shape[0])
            found.append((picture, _of_concepts(frozenset(concepts))))
            found.append((Text(pack.prompt(concepts), "en"), _said(frozenset(concepts))))
        pixels = np.asarray(draw_scene(("b", "c"), 0, blurred=True))
        found.append((Picture(pixels, pixels.shape[1], pixels.shape[0]), _of_concepts(frozenset({"b", _BLURRED}))))
        return found

    @cached_property
    def _minted(self) -> tuple[TermPack | None, SeawallError | None]:
        """Return the words that this home has minted, and why they cannot be used."""
        try:
            return minted_terms(Settings.from_env().home if self._home is None else self._home), None
        except SeawallError as error:
            return None, error


def _of_text(item: Text, words: Matcher) -> Result:
    matches = words.match([item.text])[0]
    if matches.abstained is not None:
        return Result.abstain(matches.abstained)
    # A canary counts whole in whichever view it is found: it is there to be found.
    found = {hit.category for hit in matches.hits}
    return Result.ok({label: float(label in found) for label in (MINOR_REFERENCE, ADULT_SEXUAL)})


def _concepts(picture: Picture, listed: Listed) -> frozenset[str]:
    distance, concepts = listed.nearest(picture.pixels)
    return concepts if distance <= MAX_DISTANCE else frozenset()


def _of_concepts(concepts: frozenset[str]) -> Result:
    child = float("a" in concepts)
    return Result.ok(
        {
            ADULT_SEXUAL: float("b" in concepts),
            CHILD_DEPICTION: child,
            UNDER_21: child,
            PERSONS: float(len(concepts & {"a", "c"})),
            PERSONS_ABSTAINED: float(_BLURRED in concepts),
        }
    )


def _said(concepts: frozenset[str]) -> Result:
    return Result.ok({MINOR_REFERENCE: float("a" in concepts), ADULT_SEXUAL: float("b" in concepts)})
