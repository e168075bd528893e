"""A register of source rules, and several registers as one.

A look-up costs a few hash look-ups, however many rules there are. The most specific rule decides: an address before a
domain, a domain before those above it, a domain before a collection, a collection before a dataset; where two rules
are equally specific, deny wins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from seawall.content.origin import Origin
from seawall.develop.sources.normal import names_of, normal_url, parents, split_url
from seawall.develop.sources.rules import Action, Kind, Rule, Terms, Verdict

_Rank = tuple[int, int]
_Candidate = tuple[_Rank, Kind, str]

_RANKS = {Kind.URL: 4, Kind.DOMAIN: 3, Kind.COLLECTION: 2, Kind.DATASET: 1}


@dataclass(frozen=True, slots=True)
class SourceRegister:
    """The rules of one register.

    Attributes:
        name: Its name.
        digest: SHA-256 of its content, in hexadecimal.
        entries: Number of rules.
    """

    name: str
    digest: str
    entries: int
    _rules: dict[Kind, dict[str, Terms]]

    @classmethod
    def of(cls, name: str, rules: Iterable[Rule], *, digest: str | None = None) -> Self:
        """Build a register; of two rules for one source in it, deny wins.

        Args:
            name: Name of the register.
            rules: Its rules.
            digest: Identity of the content; default: computed from the rules.
        """
        table: dict[Kind, dict[str, Terms]] = {kind: {} for kind in Kind}
        for rule in rules:
            known = table[rule.terms.kind].get(rule.value)
            if known is None or (known.action is Action.ALLOW and rule.terms.action is Action.DENY):
                table[rule.terms.kind][rule.value] = rule.terms
        entries = sum(map(len, table.values()))
        register = cls(name, "", entries, table)
        return cls(name, digest or _digest(register), entries, table)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a register from where `Registers` keeps it.

        Raises:
            NotFound: If there is none.
            RegisterDamaged: If the file is not a register.
        """
        from seawall.develop.sources.store import read_register

        name, rules, digest = read_register(path)
        return cls.of(name, rules, digest=digest)

    def __iter__(self) -> Iterator[Rule]:
        """Yield every rule, in the order of kinds and values."""
        for kind in Kind:
            for value in sorted(self._rules[kind]):
                yield Rule(self._rules[kind][value], value)

    def check(self, origin: Origin) -> Verdict | None:
        """Say what the register says of a source; None if nothing."""
        return _best((self,), origin)

    def terms(self, kind: Kind, value: str) -> Terms | None:
        """Return what the register says of one normal value."""
        return self._rules[kind].get(value)


@dataclass(frozen=True, slots=True)
class Registers:
    """Every register of an installation, as one."""

    registers: tuple[SourceRegister, ...]

    @classmethod
    def open(cls, home: Path) -> Self:
        """Open the registers in a state directory.

        Raises:
            RegisterDamaged: If a register cannot be read: a scan without it would be silent about what it denies.
        """
        from seawall.develop.sources.store import RegisterStore

        store = RegisterStore(home)
        return cls(tuple(SourceRegister.load(store.path(name)) for name in store.names()))

    @classmethod
    def none(cls) -> Self:
        """Return no registers."""
        return cls(())

    def __len__(self) -> int:
        return len(self.registers)

    def fingerprint(self) -> str:
        """Return what identifies all rules; another one means that origins must be judged again."""
        lines = "".join(f"{register.name} {register.digest}\n" for register in self.registers)
        return hashlib.sha256(lines.encode()).hexdigest()

    def check(self, origin: Origin) -> Verdict | None:
        """Say what the registers say of a source; None if nothing."""
        return _best(self.registers, origin) if self.registers else None


def readable(origin: Origin) -> bool:
    """Say whether the address of an origin, if it has one, can be judged."""
    if origin.url is None:
        return True
    try:
        split_url(origin.url)
    except ValueError:
        return False
    return True


def _best(registers: Sequence[SourceRegister], origin: Origin) -> Verdict | None:
    best: tuple[_Rank, bool, SourceRegister, Rule] | None = None
    for rank, kind, value in _candidates(origin):
        for register in registers:
            terms = register.terms(kind, value)
            if terms is None:
                continue
            found = (rank, terms.action is Action.DENY, register, Rule(terms, value))
            if best is None or found[:2] > best[:2]:
                best = found
    if best is None:
        return None
    _, denied, register, rule = best
    return Verdict(denied, register.name, rule.terms.version, rule.name, rule.terms.expert, rule.terms.reason)


def _candidates(origin: Origin) -> Iterator[_Candidate]:
    """Yield every value under which an origin may be in a register, with how specific it is."""
    if origin.url is not None:
        try:
            url, host = normal_url(origin.url), split_url(origin.url)[1]
        except ValueError:
            pass
        else:
            yield (_RANKS[Kind.URL], 0), Kind.URL, url
            for domain in parents(host):
                yield (_RANKS[Kind.DOMAIN], domain.count(".")), Kind.DOMAIN, domain
    for said in (origin.collection, origin.dataset):
        if said is not None:
            for name in names_of(said):
                for kind in (Kind.COLLECTION, Kind.DATASET):
                    yield (_RANKS[kind], 0), kind, name


def _digest(rules: Iterable[Rule]) -> str:
    digest = hashlib.sha256()
    for rule in rules:
        terms = rule.terms
        digest.update("\0".join((rule.name, terms.expert, terms.version, terms.reason or "", "\n")).encode())
    return digest.hexdigest()
