"""A policy's own tests: facts, and what they are to come to. They lie beside the policy as `NAME.tests.yaml`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from seawall.policy.guard import _fields as fields
from seawall.policy.guard.bounded_yaml import read_text, read_yaml
from seawall.policy.guard.errors import GuardPolicyError
from seawall.policy.guard.facts import Facts
from seawall.policy.guard.judge import judge
from seawall.policy.guard.judgement import Judgement, Tier
from seawall.policy.guard.model import GuardPolicy
from seawall.policy.guard.parse import read_action
from seawall.policy.rules import PolicyError

_CASE = {"name", "facts", "expect"}
_EXPECT = ("action", "category", "rules", "drill", "evidence", "strike", "tier")
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Case:
    """One test.

    Attributes:
        name: What it is about.
        facts: The facts.
        expect: What the judgement is to say, by field; fields that are not named are free.
    """

    name: str
    facts: Facts
    expect: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one test went.

    Attributes:
        case: The test.
        judgement: What the policy says.
        wrong: Fields that say something else.
    """

    case: Case
    judgement: Judgement
    wrong: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether it went as expected."""
        return not self.wrong

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "name": self.case.name,
            "passed": self.passed,
            "wrong": {name: {"expected": self.case.expect[name], "found": _found(self, name)} for name in self.wrong},
        }


def tests_beside(policy: Path) -> Path:
    """Return where the tests of a policy are."""
    return policy.with_name(f"{policy.stem}.tests.yaml")


def load_tests(path: Path | None = None) -> tuple[Case, ...]:
    """Read tests from a YAML file, or those of the policy that ships.

    Raises:
        GuardPolicyError: If it cannot be read or holds no tests; the message names the place.
    """
    if path is None:
        return parse_tests((files(__package__) / "default.tests.yaml").read_text("utf-8"), "the shipped tests")
    return parse_tests(read_text(path), str(path))


def parse_tests(text: str, name: str = "tests") -> tuple[Case, ...]:
    """Read tests from YAML text; `name` is what errors call it."""
    data = fields.table(read_yaml(text, name), {"tests"}, name)
    written = data.get("tests")
    if not isinstance(written, list) or not 0 < len(written) <= _MOST:
        raise GuardPolicyError(f"{name}: tests is a list of 1 to {_MOST}")
    return tuple(_case(each, f"{name}: test {place}") for place, each in enumerate(written, 1))


def run_tests(policy: GuardPolicy, cases: Iterable[Case]) -> list[CaseResult]:
    """Judge the facts of every test, and compare."""
    results = []
    for case in cases:
        judgement = judge(policy, case.facts)
        result = CaseResult(case, judgement, ())
        wrong = tuple(name for name in case.expect if _found(result, name) != case.expect[name])
        results.append(CaseResult(case, judgement, wrong))
    return results


def _case(data: object, place: str) -> Case:
    given = fields.table(data, _CASE, place)
    name = fields.text(given.get("name"), f"{place}: name")
    written = fields.table(given.get("expect"), _EXPECT, f"{place}: expect")
    if "action" not in written:
        raise GuardPolicyError(f"{place}: expect names at least an action")
    try:
        facts = Facts.from_dict(fields.mapping(given.get("facts"), f"{place}: facts"))
    except PolicyError as error:
        raise GuardPolicyError(f"{place}: {error.message}") from None
    expect = dict(written)
    expect["action"] = read_action(written["action"], f"{place}: action").value
    if expect.get("tier") is not None and "tier" in expect:
        expect["tier"] = fields.choice(Tier, expect["tier"], f"{place}: tier").value
    return Case(name, facts, expect)


def _found(result: CaseResult, name: str) -> Any:
    value = getattr(result.judgement, name)
    if name == "rules":
        return list(value)
    return value.value if name in ("action", "tier") and value is not None else value
