"""The ladder: what strikes weigh, and what follows from their weight. Data, hashed, and checked before it is used."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from seawall.accounts.errors import LadderInvalid
from seawall.accounts.model import Decay, RestrictionKind, Strike
from seawall.clock import to_iso

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"([1-9][0-9]{0,8})([smhd])")
_WORD = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_LONGEST = 20 * 366 * 86400
_MOST_POINTS = 1000
_MOST = 100
_RATES = ("minute", "hour", "day")


@dataclass(frozen=True, slots=True)
class Rung:
    """What is done at a weight.

    Attributes:
        at: The weight from which on it is done; 0 for what a class does outright.
        do: What is done.
        feature: Which feature is turned off.
        seconds: For how long; None: until a person lifts it.
    """

    at: int
    do: RestrictionKind
    feature: str | None = None
    seconds: int | None = None

    def ends(self, start: str) -> str | None:
        """Return when it ends if it starts at a moment. A warning ends when it starts."""
        if self.do is RestrictionKind.WARN:
            return start
        if self.seconds is None:
            return None
        return to_iso(datetime.fromisoformat(start) + timedelta(seconds=self.seconds))

    @property
    def text(self) -> str:
        """What it does, in one word for each part."""
        return ":".join([self.do.value, self.feature or "", str(self.seconds or "")])


@dataclass(frozen=True, slots=True)
class StrikeClass:
    """What one strike weighs.

    Attributes:
        name: The word that policies use.
        points: Weight when new.
        seconds: How long it counts.
        decay: How it fades.
        half_life: Seconds, with `Decay.HALF_LIFE`.
        outright: What it does whatever the weight: a zero-tolerance class skips the ladder.
    """

    name: str
    points: int
    seconds: int
    decay: Decay
    half_life: int | None = None
    outright: Rung | None = None

    def expires(self, start: str) -> str:
        """Return when a strike expires that is given at a moment."""
        return to_iso(datetime.fromisoformat(start) + timedelta(seconds=self.seconds))


@dataclass(frozen=True, slots=True)
class Pace:
    """How many checks are too many.

    Attributes:
        rate: Checks of any kind by `minute`, `hour`, `day`.
        refusals: So many refused checks of any kind within `seconds` are probing; None turns it off.
        distinct: So many of different content are probing already; None: only `refusals` counts.
        seconds: The window.
        not_counted: Patterns of rule ids; a refusal by such rules alone does not count as a refused attempt.
    """

    rate: Mapping[str, int] = field(default_factory=dict)
    refusals: int | None = None
    distinct: int | None = None
    seconds: int = 3600
    not_counted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ladder:
    """A ladder.

    Attributes:
        name: What its makers call it, version included.
        classes: Strike classes by name.
        otherwise: The class that a word counts as which the ladder does not name.
        rungs: What is done at which weight, rising.
        pace: What is too many.
        digest: SHA-256 of its canonical JSON.
        source: That JSON.
    """

    name: str
    classes: Mapping[str, StrikeClass]
    otherwise: str
    rungs: tuple[Rung, ...]
    pace: Pace
    digest: str
    source: str = field(repr=False)

    def terms(self, name: str) -> StrikeClass:
        """Return the class of this name, or the one that unknown names count as."""
        return self.classes.get(name) or self.classes[self.otherwise]

    def strike(
        self,
        identity: str,
        account: str,
        name: str,
        at: str,
        *,
        decision_id: str | None = None,
        person: str | None = None,
        reason: str | None = None,
    ) -> Strike:
        """Return a strike of a class, given at a moment by a decision or a person."""
        terms = self.terms(name)
        return Strike(
            id=identity,
            account=account,
            name=name,
            points=terms.points,
            decay=terms.decay,
            half_life=terms.half_life,
            issued_at=at,
            expires_at=terms.expires(at),
            ladder=self.digest,
            decision_id=decision_id,
            person=person,
            reason=reason,
        )

    def rung(self, points: float) -> Rung | None:
        """Return the highest rung that a weight reaches."""
        return next((rung for rung in reversed(self.rungs) if points >= rung.at), None)


def parse_ladder(data: object) -> Ladder:
    """Read a ladder from plain values, and check it.

    Raises:
        LadderInvalid: If it is not a ladder, or cannot mean what it says; the message names the place.
    """
    top = _mapping(data, "the ladder", {"name", "classes", "otherwise", "rungs", "pace"}, {"name", "classes", "rungs"})
    raw = _mapping(top["classes"], "classes")
    if not 0 < len(raw) <= _MOST:
        raise LadderInvalid(f"classes: there must be 1 to {_MOST}")
    classes = {name: _class(name, terms) for name, terms in raw.items()}
    otherwise = top.get("otherwise")
    if not isinstance(otherwise, str) or otherwise not in classes:
        raise LadderInvalid("otherwise: it must name one of the classes", hint="unknown strike classes count as it")
    rungs = _rungs(top["rungs"])
    pace = _pace(top.get("pace") or {})
    if not isinstance(top["name"], str) or not 0 < len(top["name"]) <= 128:
        raise LadderInvalid("name: it must be a text of 1 to 128 characters")
    source = json.dumps(top, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(source.encode()).hexdigest()
    return Ladder(top["name"], classes, otherwise, rungs, pace, digest, source)


def _class(name: str, data: object) -> StrikeClass:
    place = f"classes.{name}"
    if not _WORD.fullmatch(name):
        raise LadderInvalid("classes: names have small letters, digits, '.', '_' and '-', 64 at most")
    terms = _mapping(data, place, {"points", "expires", "decay", "outright"}, {"points", "expires"})
    points = _count(terms["points"], f"{place}.points", least=0)
    seconds = duration(terms["expires"], f"{place}.expires")
    decay, half_life = Decay.NONE, None
    said = terms.get("decay", "none")
    if isinstance(said, dict):
        half_life = duration(_mapping(said, f"{place}.decay", {"half_life"}, {"half_life"})["half_life"], place)
        decay = Decay.HALF_LIFE
        if half_life > seconds:
            raise LadderInvalid(f"{place}.decay: the half-life is longer than the strike counts")
    elif said in ("none", "linear"):
        decay = Decay(said)
    else:
        raise LadderInvalid(f"{place}.decay: it is none, linear, or half_life with a duration")
    outright = _rung(terms["outright"], f"{place}.outright", at=0) if "outright" in terms else None
    if outright is None and points == 0:
        raise LadderInvalid(f"{place}: it neither weighs anything nor does anything outright")
    if outright is not None and outright.do is RestrictionKind.WARN:
        raise LadderInvalid(f"{place}.outright: a warning is no reason to skip the ladder")
    return StrikeClass(name, points, seconds, decay, half_life, outright)


def _rungs(data: object) -> tuple[Rung, ...]:
    if not isinstance(data, list) or not 0 < len(data) <= _MOST:
        raise LadderInvalid(f"rungs: there must be 1 to {_MOST}")
    rungs: list[Rung] = []
    for number, each in enumerate(data):
        place = f"rungs[{number}]"
        fields = _mapping(each, place, {"at", "do", "feature", "for"}, {"at", "do"})
        at = _count(fields["at"], f"{place}.at", least=1)
        rung = _rung({name: value for name, value in fields.items() if name != "at"}, place, at=at)
        if rungs and rung.at <= rungs[-1].at:
            raise LadderInvalid(f"{place}.at: it must be more than the {rungs[-1].at} of the rung before")
        if rungs and rung.do.severity < rungs[-1].do.severity:
            raise LadderInvalid(f"{place}.do: {rung.do} is milder than the {rungs[-1].do} of the rung before")
        rungs.append(rung)
    return tuple(rungs)


def _rung(data: object, place: str, *, at: int) -> Rung:
    fields = _mapping(data, place, {"do", "feature", "for"}, {"do"})
    try:
        do = RestrictionKind(fields["do"])
    except ValueError:
        raise LadderInvalid(f"{place}.do: it is one of {', '.join(RestrictionKind)}") from None
    feature = fields.get("feature")
    if (feature is not None) != (do is RestrictionKind.FEATURE_OFF):
        raise LadderInvalid(f"{place}: feature_off, and it alone, names a feature")
    if feature is not None and not (isinstance(feature, str) and _WORD.fullmatch(feature)):
        raise LadderInvalid(f"{place}.feature: it has small letters, digits, '.', '_' and '-', 64 at most")
    seconds = duration(fields["for"], f"{place}.for") if "for" in fields else None
    if seconds is not None and do in (RestrictionKind.WARN, RestrictionKind.BAN):
        raise LadderInvalid(f"{place}.for: a {do} has no length", hint="suspend is what ends by itself")
    if seconds is None and do is RestrictionKind.COOLDOWN:
        raise LadderInvalid(f"{place}.for: a cooldown must end by itself")
    return Rung(at, do, feature, seconds)


def _pace(data: object) -> Pace:
    fields = _mapping(data, "pace", {"rate", "probing"})
    rates = _mapping(fields.get("rate") or {}, "pace.rate", set(_RATES))
    rate = {name: _count(rates[name], f"pace.rate.{name}", least=1, most=10**9) for name in _RATES if name in rates}
    if list(rate.values()) != sorted(rate.values()):
        raise LadderInvalid("pace.rate: a longer window must allow at least as much as a shorter one")
    if not fields.get("probing"):
        return Pace(rate)
    probing = _mapping(
        fields["probing"], "pace.probing", {"refusals", "distinct", "within", "not_counted"}, {"refusals", "within"}
    )
    refusals = _count(probing["refusals"], "pace.probing.refusals", least=1)
    distinct = _count(probing["distinct"], "pace.probing.distinct", least=1) if "distinct" in probing else None
    if distinct is not None and distinct > refusals:
        raise LadderInvalid("pace.probing.distinct: more than refusals, so it would never count")
    seconds = duration(probing["within"], "pace.probing.within")
    if seconds > _UNITS["d"]:
        raise LadderInvalid("pace.probing.within: a day at most")
    patterns = probing.get("not_counted", [])
    if not isinstance(patterns, list) or len(patterns) > _MOST or not all(isinstance(each, str) for each in patterns):
        raise LadderInvalid(f"pace.probing.not_counted: it must be a list of up to {_MOST} patterns of rule ids")
    return Pace(rate, refusals, distinct, seconds, tuple(patterns))


def _mapping(
    data: object, place: str, known: set[str] | None = None, needed: set[str] | None = None
) -> Mapping[str, Any]:
    if not isinstance(data, dict) or not all(isinstance(name, str) for name in data):
        raise LadderInvalid(f"{place}: it must be a mapping")
    strange = sorted(set(data) - known) if known is not None else []
    if strange:
        raise LadderInvalid(f"{place}: there is no {strange[0][:64]!r} in a ladder")
    missing = sorted((needed or set()) - set(data))
    if missing:
        raise LadderInvalid(f"{place}: {missing[0]} is missing")
    return data


def _count(value: object, place: str, *, least: int, most: int = _MOST_POINTS) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise LadderInvalid(f"{place}: it must be a whole number from {least} to {most}")
    return value


def duration(value: object, place: str) -> int:
    """Read a duration such as 15m, 12h or 90d.

    Raises:
        LadderInvalid: If it is none; the message names the place.
    """
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 0 < seconds <= _LONGEST:
        raise LadderInvalid(f"{place}: it must be a duration such as 15m, 12h or 90d, 20 years at most")
    return seconds
