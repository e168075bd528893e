"""The decision: a pure function of a policy and what was found.

An item takes the most severe action of its findings. What could not be examined, in whole or in part, has an action
of its own, so that missing evidence never allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seawall.policy.actions import Action
from seawall.policy.rules import Policy, Rule

CANARY = "canary"
BENIGN = "benign"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One finding as a policy sees it.

    Attributes:
        purpose: Purpose of the list or register that matched.
        list: Its name.
        type: Signal type.
        distance: Distance of the match; None or 0 for an exact one.
        exact: Whether the match is of a cryptographic digest.
        labels: Labels of the entry that matched.
    """

    purpose: str
    list: str
    type: str
    distance: float | None = None
    exact: bool = False
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done with an item, and why.

    Attributes:
        action: The action.
        rules: Ids of the rules that gave it, and of defaults as `default:NAME`.
        per_finding: Action of each finding, in the order given.
        drill: Whether canaries alone led to anything but `allow`.
        policy: Hash of the policy.
    """

    action: Action
    rules: tuple[str, ...]
    per_finding: tuple[Action, ...]
    drill: bool
    policy: str


def decide(policy: Policy, findings: Sequence[Evidence], *, states: Sequence[str] = ()) -> Decision:
    """Decide for one item.

    Args:
        policy: The rules.
        findings: Everything found in the item.
        states: Which of `unexamined`, `damaged`, `abstained` hold for it.

    Returns:
        The decision; the same inputs always give the same one.
    """
    softened = any(finding.purpose == BENIGN for finding in findings)
    judged = [_judge(policy, finding, softened=softened) for finding in findings]
    pairs = judged + [(policy.defaults[state], f"default:{state}") for state in states]
    action = max((action for action, _ in pairs), key=lambda each: each.severity, default=Action.ALLOW)
    rules = tuple(dict.fromkeys(rule for each, rule in pairs if each is action))
    real = any(
        each is not Action.ALLOW and finding.purpose != CANARY
        for (each, _), finding in zip(judged, findings, strict=True)
    )
    drill = any(finding.purpose == CANARY for finding in findings) and not real
    return Decision(action, rules, tuple(each for each, _ in judged), drill, policy.hash)


def _judge(policy: Policy, finding: Evidence, *, softened: bool) -> tuple[Action, str]:
    for rule in policy.rules:
        if _fits(rule, finding):
            soft = policy.defaults["benign_bank_softens"]
            perceptual = not finding.exact and finding.purpose not in (BENIGN, CANARY, "source")
            if softened and perceptual and soft.severity < rule.action.severity:
                return soft, "default:benign_bank_softens"
            return rule.action, rule.id
    return policy.defaults["otherwise"], "default:otherwise"


def _fits(rule: Rule, finding: Evidence) -> bool:
    return (
        rule.purpose in (None, finding.purpose)
        and rule.list in (None, finding.list)
        and rule.type in (None, finding.type)
        and (rule.label is None or rule.label in finding.labels)
        and (rule.max_distance is None or (finding.distance or 0) <= rule.max_distance)
    )
