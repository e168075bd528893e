"""Terms in texts: one pass over the operator's packs, the age references and all canary words, told apart by hit.

It answers for the detectors `term-packs` and `canary` in one pass of this process, because prompts come by the
thousand. A pack that cannot be used (expired, changed, its key lost) makes the whole answer a failure, as it does
everywhere: nobody may think that its terms were looked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from seawall.canary.minted import minted_state, minted_terms
from seawall.canary.terms import canary_terms
from seawall.clock import Clock, system_clock
from seawall.deploy.guard.seen import Seen
from seawall.deploy.guard.text.holding import joined
from seawall.errors import SeawallError, SystemRefused
from seawall.policy.classes import ADULT_SEXUAL, CSEM_PREFIX, MINOR_REFERENCE
from seawall.policy.guard import State
from seawall.policy.separation import Signs
from seawall.text import Matcher, Matches, Pack, age_references
from seawall.text.packs import PackStore
from seawall.text.packs.pack import LONGEST_TERM

TERM_PACKS = "term-packs"
CANARY = "canary"
ADULT_TERMS = "adult-terms"
"""Name under which the reply says that no pack or model of the operator answers the question of adult content."""

AGE_TERMS = "age-terms"
"""The same of references to minors."""

OK, ERROR, NOT_CONFIGURED = "ok", "error", "not_configured"

_WINDOW = 1 << 18
_OVERLAP = 1 << 15
_QUIET = Signs(text=True)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the open packs answer for.

    Attributes:
        states: What keeps every answer from being whole.
        checks: (name, status) of each checker.
        adult: Whether an operator's pack answers the question of adult content.
        minor: Whether references to minors are looked for.
    """

    states: frozenset[State] = frozenset()
    checks: tuple[tuple[str, str], ...] = ()
    adult: bool = False
    minor: bool = False


@dataclass(frozen=True, slots=True)
class _Open:
    matcher: Matcher
    coverage: Coverage
    expires: date | None
    longest: int
    folder: tuple[object, ...] = field(default=())


class Terms:
    """Open packs. Safe to use from several threads.

    Args:
        home: seawall's home, whose packs count.
        packs: Whether packs and age references are looked for; canary words, minted ones too, are in any case.
        others: Packs beside those of the home, for tests and embedders.
        clock: Tells the day, for packs that expire.
    """

    def __init__(
        self, home: Path, *, packs: bool = True, others: Sequence[Pack] = (), clock: Clock = system_clock
    ) -> None:
        self._home = home
        self._packs = packs
        self._others = tuple(others)
        self._clock = clock
        self._open = self._load()

    @property
    def coverage(self) -> Coverage:
        """What the packs answer for."""
        return self._open.coverage

    @property
    def longest(self) -> int:
        """Characters of the longest term."""
        return self._open.longest

    def refresh(self) -> None:
        """Open the packs again if one was installed, minted, removed or has expired. Costs a look at directories."""
        opened = self._open
        expired = opened.expires is not None and self._clock().date() > opened.expires
        if expired or self._folder() != opened.folder:
            self._open = self._load()

    def match(self, texts: Sequence[str]) -> list[Matches]:
        """Return what is found in each text; long ones are read in windows that overlap."""
        matcher = self._open.matcher
        if all(len(text) <= _WINDOW for text in texts):
            return matcher.match(texts)
        return [matcher.match([text])[0] if len(text) <= _WINDOW else _joined(matcher, text) for text in texts]

    def _load(self) -> _Open:
        folder = self._folder()
        packs, error = self._found() if self._packs else ([], None)
        minted, unminted = self._minted()
        every = [canary_terms(), *minted, *([age_references()] if self._packs else []), *packs]
        states: set[State] = set()
        checks = [(CANARY, OK if unminted is None else ERROR)]
        if self._packs:
            checks.append((TERM_PACKS, OK if error is None else ERROR))
        if error is not None or unminted is not None:
            states.add(State.FAILED)
        blind = any(pack.blind is not None for pack in packs)
        longest = LONGEST_TERM if blind else max(len(term.text) for pack in every for term in pack.terms)
        expires = min((pack.expires for pack in packs if pack.expires is not None), default=None)
        adult = any(_names_adult(pack) for pack in packs if not pack.drill)
        coverage = Coverage(frozenset(states), tuple(checks), adult, self._packs)
        return _Open(
            Matcher(every) if packs or minted or not self._packs else _shipped(), coverage, expires, longest, folder
        )

    def _found(self) -> tuple[list[Pack], SeawallError | None]:
        """Return the operator's packs, and why one cannot be used."""
        packs = list(self._others)
        error: SeawallError | None = None
        try:
            for installed in PackStore(self._home, clock=self._clock).all():
                if installed.opened is None:
                    error = installed.error or SeawallError()
                else:
                    packs.append(installed.opened.pack)
        except (SeawallError, OSError) as failure:
            error = SystemRefused() if isinstance(failure, OSError) else failure
        return packs, error

    def _minted(self) -> tuple[list[Pack], SeawallError | None]:
        """Return the canary words of this home, and why they cannot be used."""
        try:
            found = minted_terms(self._home)
        except SeawallError as error:
            return [], error
        return ([found] if found is not None else []), None

    def _folder(self) -> tuple[object, ...]:
        folder, minted = self._home / "packs", minted_state(self._home)
        try:
            packs = sorted((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in folder.iterdir())
        except OSError:
            return (minted,)
        return (minted, *packs)


@cache
def _shipped() -> Matcher:
    """Return what finds the terms that ship. They never change, and making them ready takes half a second."""
    return Matcher([canary_terms(), age_references()])


def seen_of(name: str, matches: Matches) -> Seen:
    """Return what a text says by its terms, canaries apart."""
    hits = matches.hits
    if not hits:
        states = frozenset({State.ABSTAINED}) if matches.abstained is not None else frozenset[State]()
        return Seen(name, _QUIET, states=states)
    drills = tuple(hit for hit in hits if hit.drill)
    real = matches.scores() if not drills else Matches(tuple(hit for hit in hits if not hit.drill)).scores()
    canary = {hit.category: 1.0 for hit in drills}
    return Seen(
        name,
        signs_of(real),
        signs_of(canary) if drills else None,
        scores=own_classes(real),
        canary_scores=own_classes(canary),
    )


def signs_of(labels: Mapping[str, float]) -> Signs:
    """Return the signs of a text's labels."""
    return Signs(
        text=True,
        minor_reference=labels.get(MINOR_REFERENCE, 0.0),
        sexual_text=labels.get(ADULT_SEXUAL, 0.0),
    )


def own_classes(labels: Mapping[str, float]) -> dict[str, float]:
    """Return the labels that are not the joint rule's own: `csem.*`, and what packs and models name."""
    return {label: score for label, score in labels.items() if label not in _JOINT}


_JOINT = frozenset({MINOR_REFERENCE, ADULT_SEXUAL})


def _names_adult(pack: Pack) -> bool:
    return any(category == ADULT_SEXUAL or category.startswith(CSEM_PREFIX) for category in pack.categories)


def _joined(matcher: Matcher, text: str) -> Matches:
    """Return what is found in a long text, a window at a time."""
    starts = range(0, max(1, len(text) - _OVERLAP), _WINDOW - _OVERLAP)
    return joined([(matcher.match([text[start : start + _WINDOW]])[0], start) for start in starts])
