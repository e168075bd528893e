"""Scores texts by the terms of packs. It says that terms stand in a text, never what the text means.

A pack that cannot be opened (expired, changed, its key lost) stops the whole detector: nobody may think that its terms
were looked for. A category counts as looked for only if a real pack has it; canary words alone do not cover it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from seawall.canary.minted import minted_terms
from seawall.canary.pack import Pack as CanaryPack
from seawall.canary.terms import canary_terms
from seawall.detectors.contract import (
    Info,
    Input,
    LoadContext,
    Modality,
    Result,
    Runs,
    ScoreKind,
    Task,
    Text,
)
from seawall.errors import SeawallError
from seawall.policy.classes import DRILL, MINOR_REFERENCE
from seawall.settings import Settings
from seawall.text.age_references import age_references
from seawall.text.hits import Matches
from seawall.text.matcher import LARGEST_TEXT, Matcher
from seawall.text.packs import Pack, PackStore

ID = "term-packs"
"""Id of the detector."""

NOT_TEXT = "not_text"
NOT_LOADED = "not_loaded"

_VERSION = "1"
_BATCH = 4096


class TermPacks:
    """Finds the terms of packs in texts."""

    def __init__(self, home: Path | None = None) -> None:
        """Name the home whose packs count; nothing is read yet.

        Args:
            home: Its directory; default: that of the environment.
        """
        self._home = home
        self._matcher: Matcher | None = None

    @cached_property
    def info(self) -> Info:
        """What it says of itself, as its packs are when first asked."""
        packs, digest, _ = self._packs
        real = [pack for pack in packs if not pack.drill]
        listed = ", ".join(f"{pack.name} {pack.version}" for pack in real)
        categories = sorted(frozenset[str]().union(*(pack.categories for pack in real)))
        return Info(
            id=ID,
            version=f"{_VERSION}.{digest[:8]}",
            task=Task.TERMS,
            modalities=frozenset({Modality.TEXT}),
            labels=(*categories, DRILL),
            score_kind=ScoreKind.ORDINAL,
            code_licence="Apache-2.0",
            training_data_note="none: lists of words, by people",
            max_batch=_BATCH,
            max_bytes=LARGEST_TEXT,
            input_spec=f"views raw, folded, bidi and bare of texts up to {LARGEST_TEXT:,} bytes; packs: {listed}",
            limits_note="words say little: a term in a text is not what the text means, and what no pack names is not "
            "found; what is found in the bare view alone counts half",
            runs=Runs.WORKER,
        )

    def load(self, context: LoadContext) -> None:
        """Open the packs and make them ready.

        Raises:
            SeawallError: If one is refused.
        """
        packs, _, error = self._packs
        if error is not None:
            raise error
        self._matcher = Matcher(packs)

    def close(self) -> None:
        """Let go of the terms."""
        self._matcher = None

    def score(self, items: Sequence[Input]) -> list[Result]:
        """Answer for each item: the largest weight by category."""
        matcher = self._matcher
        if matcher is None:
            return [Result.error(NOT_LOADED) for _ in items]
        texts = [item.text if isinstance(item, Text) else "" for item in items]
        none = dict.fromkeys((label for label in self.info.labels if label != DRILL), 0.0)
        return [
            _result(matches, none) if isinstance(item, Text) else Result.unsupported(NOT_TEXT)
            for item, matches in zip(items, matcher.match(texts), strict=True)
        ]

    def examples(self) -> Sequence[tuple[Input, Result]]:
        """Return sentences about nobody, about a canary, and about an age."""
        none = dict.fromkeys((label for label in self.info.labels if label != DRILL), 0.0)
        canaries = CanaryPack.load()
        return [
            (Text(canaries.prompt((), "en"), "en"), Result.ok(none)),
            (Text(canaries.prompt(("a",), "en"), "en"), Result.ok(none | {MINOR_REFERENCE: 1.0, DRILL: 1.0})),
            (Text("She is 9 years old and likes trains.", "en"), Result.ok(none | {MINOR_REFERENCE: 1.0})),
        ]

    @cached_property
    def _packs(self) -> tuple[tuple[Pack, ...], str, SeawallError | None]:
        """Return the packs that open, a digest of all, and why one did not."""
        home = Settings.from_env().home if self._home is None else self._home
        packs = [canary_terms(), age_references()]
        digest = hashlib.sha256(_VERSION.encode())
        error: SeawallError | None = None
        try:
            minted = minted_terms(home)
        except SeawallError as fault:
            minted, error = None, fault
        for installed in PackStore(home).all():
            if installed.opened is None:
                error = error or installed.error
                continue
            packs.append(installed.opened.pack)
            digest.update(installed.opened.sha256.encode())
        # The minted words change the version only where there are some: elsewhere it stays what it was.
        packs += [minted] if minted is not None else []
        for pack in (*packs[:2], *([minted] if minted is not None else [])):
            digest.update(f"{pack.name} {pack.version} {pack.size}\n".encode())
        return tuple(packs), digest.hexdigest(), error


def _result(matches: Matches, none: Mapping[str, float]) -> Result:
    if matches.abstained is not None:
        return Result.abstain(matches.abstained)
    # A canary's category that no real pack covers is not given: it would pass for having looked.
    labels = dict(none) | {label: score for label, score in matches.scores().items() if label in none}
    if matches.hits and all(hit.drill for hit in matches.hits):
        labels[DRILL] = 1.0
    return Result.ok(labels)
