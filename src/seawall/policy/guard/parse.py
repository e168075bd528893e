"""Reading guard policies: strict, so that a slip of the pen is an error and never a milder rule.

Every key is known and given once, every value is of its kind. Errors name the file and the rule.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

from seawall.policy.classes import CSEM_PREFIX
from seawall.policy.guard import _fields as fields
from seawall.policy.guard._when import Resolver, read_match
from seawall.policy.guard.bounded_yaml import read_text, read_yaml
from seawall.policy.guard.conditions import AllOf, AnyOf, Condition, Matched, Not, StateIs
from seawall.policy.guard.errors import GuardPolicyError
from seawall.policy.guard.facts import CheckKind, State
from seawall.policy.guard.judgement import GuardAction, Tier
from seawall.policy.guard.model import CANARY_CATEGORY, FAILURES, GuardPolicy, NegativePrompt, Outcome, Rule, ScoreClass

_POLICY = {
    "guard", "version", "description", "rules", "states", "benign_bank_softens", "ignore_matches", "negative_prompt",
    "classes", "conditions", "strikes_for",
}  # fmt: skip
_RULE = {"id", "description", "when", "action", "category", "evidence", "strike", "tier"}
_CLASS = {"description", "scores"}
_MOST_RULES = 1000
_ACTIONS = {action.value for action in GuardAction} - {GuardAction.NOT_EXAMINED.value}


def load_guard_policy(path: Path | None = None) -> GuardPolicy:
    """Read a guard policy from a YAML file, or the one that ships with seawall.

    Raises:
        GuardPolicyError: If it cannot be read or is not one; the message names the place.
    """
    if path is None:
        return parse_guard_policy((files(__package__) / "default.yaml").read_text("utf-8"), "the shipped policy")
    return parse_guard_policy(read_text(path), str(path))


def parse_guard_policy(text: str, name: str = "policy") -> GuardPolicy:
    """Read a guard policy from YAML text; `name` is what errors call it.

    Raises:
        GuardPolicyError: If it is not one.
    """
    data = fields.table(read_yaml(text, name), _POLICY, name)
    for key in ("guard", "version", "rules", "states"):
        if key not in data:
            raise GuardPolicyError(f"{name} lacks {key!r}")
    classes = _classes(data.get("classes", {}), f"{name}: classes")
    written = fields.mapping(data.get("conditions", {}), f"{name}: conditions")
    conditions = tuple(fields.identifier(each, f"{name}: conditions") for each in written)
    resolver = Resolver(written, classes, name)
    for each in conditions:
        resolver.read({"use": each}, f"{name}: conditions")
    ignored = [read_match(each, f"{name}: ignore_matches") for each in _list(data.get("ignore_matches", []), name)]
    for match, _ in ignored:
        _expect_narrow(match, f"{name}: ignore_matches")
    return GuardPolicy(
        name=fields.identifier(data["guard"], f"{name}: guard"),
        version=fields.whole(data["version"], f"{name}: version"),
        rules=_rules(data["rules"], resolver, name),
        states=_states(data["states"], f"{name}: states"),
        softened=_softened(data.get("benign_bank_softens", "block"), f"{name}: benign_bank_softens"),
        ignored=tuple(match for match, _ in ignored),
        ignored_meaning=tuple(meaning["match"] for _, meaning in ignored),
        negative_prompt=fields.choice(
            NegativePrompt, data.get("negative_prompt", "joined"), f"{name}: negative_prompt"
        ),
        strikes_for=fields.choices(CheckKind, data.get("strikes_for", list(CheckKind)), f"{name}: strikes_for"),
        classes=classes,
        conditions=conditions,
        description=fields.text(data.get("description", ""), f"{name}: description"),
        text=text,
        source=name,
    )


def read_action(data: object, place: str) -> GuardAction:
    """Return an action that a policy may give."""
    if data == GuardAction.NOT_EXAMINED:
        raise GuardPolicyError(f"{place}: not_examined is for jurisdictions alone", hint="see docs/jurisdictions.md")
    if not isinstance(data, str) or data not in _ACTIONS:
        raise GuardPolicyError(f"{place} names no action", hint="one of allow, warn, review, block")
    return GuardAction(data)


def _rules(data: object, resolver: Resolver, name: str) -> tuple[Rule, ...]:
    written = _list(data, f"{name}: rules")
    if len(written) > _MOST_RULES:
        raise GuardPolicyError(f"{name}: a policy has at most {_MOST_RULES} rules")
    rules: dict[str, Rule] = {}
    for place, each in enumerate(written, 1):
        given = fields.table(each, _RULE, f"{name}: rule {place}")
        rule_id = fields.identifier(given.get("id"), f"{name}: rule {place}: id")
        if rule_id in rules:
            raise GuardPolicyError(f"{name}: rule {rule_id}: there are two of this id")
        rules[rule_id] = _rule(rule_id, given, resolver, f"{name}: rule {rule_id}")
    return tuple(rules.values())


def _rule(rule_id: str, given: dict[str, Any], resolver: Resolver, place: str) -> Rule:
    if "when" not in given:
        raise GuardPolicyError(f"{place} lacks 'when'", hint="when: {} holds always")
    condition, meaning, uses = resolver.read(given["when"], f"{place}: when")
    action = read_action(given.get("action"), f"{place}: action")
    category = fields.identifier(given["category"], f"{place}: category") if "category" in given else None
    outcome = Outcome(
        action=action,
        category=category,
        evidence=fields.flag(given.get("evidence", False), f"{place}: evidence"),
        strike=fields.identifier(given["strike"], f"{place}: strike") if "strike" in given else None,
        tier=fields.choice(Tier, given["tier"], f"{place}: tier") if "tier" in given else None,
    )
    if category == CANARY_CATEGORY:
        raise GuardPolicyError(f"{place}: the category 'canary' is given to drills, by no rule")
    if action in (GuardAction.ALLOW, GuardAction.WARN):
        if _states_in(condition) & FAILURES:
            raise GuardPolicyError(
                f"{place}: what was not checked is review or block", hint="there is no fail-open setting"
            )
        if category is not None and category.startswith(CSEM_PREFIX):
            raise GuardPolicyError(f"{place}: a category csem.* is review or block")
    if action is GuardAction.ALLOW and (outcome.strike or outcome.evidence or outcome.tier):
        raise GuardPolicyError(f"{place}: what is allowed has no strike, no evidence and no message")
    description = fields.text(given.get("description", ""), f"{place}: description")
    return Rule(rule_id, condition, outcome, meaning, description, uses)


def _states(data: object, place: str) -> dict[CheckKind, dict[State, GuardAction]]:
    given = fields.table(data, tuple(State), place)
    table: dict[CheckKind, dict[State, GuardAction]] = {kind: {} for kind in CheckKind}
    for state in State:
        at = f"{place}: {state}"
        if state not in given:
            raise GuardPolicyError(f"{place} lacks {state.value!r}")
        value = given[state.value]
        if not isinstance(value, dict):
            value = dict.fromkeys(CheckKind, value)
        by_kind = fields.table(value, tuple(CheckKind), at)
        for kind in CheckKind:
            if kind not in by_kind:
                raise GuardPolicyError(f"{at} lacks {kind.value!r}")
            table[kind][state] = read_action(by_kind[kind], f"{at}: {kind}")
    return table


def _softened(data: object, place: str) -> GuardAction:
    action = read_action(data, place)
    if action.severity < GuardAction.REVIEW.severity:
        raise GuardPolicyError(f"{place} is review or block")
    return action


def _classes(data: object, place: str) -> dict[str, ScoreClass]:
    found = {}
    for key, value in fields.mapping(data, place).items():
        name = fields.identifier(key, place)
        given = fields.table(value, _CLASS, f"{place}: {name}")
        scores = fields.mapping(given.get("scores"), f"{place}: {name}: scores")
        read = {
            fields.name(label, f"{place}: {name}: scores"): fields.threshold(at_least, f"{place}: {name}: scores")
            for label, at_least in scores.items()
        }
        if not 0 < len(read) <= fields.MOST_NAMES:
            raise GuardPolicyError(f"{place}: {name}: scores names at least one label")
        found[name] = ScoreClass(name, read, fields.text(given.get("description", ""), f"{place}: {name}: description"))
    return found


def _expect_narrow(match: Matched, place: str) -> None:
    """Refuse to leave out matches of a whole purpose other than a negative bank's, or of everything."""
    if match.labels is None and match.lists is None and match.purposes != frozenset({"benign"}):
        raise GuardPolicyError(f"{place}: names a label, a list, or the purpose 'benign'")


def _states_in(condition: Condition) -> frozenset[State]:
    if isinstance(condition, StateIs):
        return condition.states
    if isinstance(condition, AllOf | AnyOf):
        return frozenset().union(*map(_states_in, condition.items))
    if isinstance(condition, Not):
        return _states_in(condition.item)
    return frozenset()


def _list(data: object, place: str) -> list[Any]:
    if not isinstance(data, list):
        raise GuardPolicyError(f"{place} is a list")
    return data
