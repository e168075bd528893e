"""From what was seen of a check to its decision record and its reply. Nothing here looks at content.

Harmless checks look alike: their facts and judgements are made once for each combination of what a policy may see.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from seawall.decisions import DecisionRecord
from seawall.deploy.guard.contract import Message, Messenger, Standing
from seawall.deploy.guard.joining import QUIET, look_of
from seawall.deploy.guard.parts import Records
from seawall.deploy.guard.requests import CheckReply, CheckStatus, HelpService
from seawall.deploy.guard.work import Checked, Gate, Work
from seawall.policy.guard import (
    CheckKind,
    EventClass,
    Facts,
    GuardAction,
    GuardPolicy,
    Judgement,
    Look,
    NegativePrompt,
    Tier,
    judge,
)
from seawall.policy.separation import Partition, SeparationPolicy

ROLLOUT = "rollout"
"""Category of what was refused because its model is not open to the account."""

_REMEMBERED = 4096
_STOPPED = (GuardAction.REVIEW, GuardAction.BLOCK)
_NO_EVENT = (GuardAction.ALLOW, GuardAction.NOT_EXAMINED)
_NOBODY = Standing()


class Chosen(Protocol):
    """The policies for one account: the one that counts, and those that are only watched."""

    @property
    def live(self) -> GuardPolicy:
        """The one that counts."""
        ...

    @property
    def shadows(self) -> Sequence[GuardPolicy]:
        """Those that are judged by, and recorded, without effect."""
        ...


class Policies(Protocol):
    """The policies that are in force."""

    def choose(self, unit: str) -> Chosen:
        """Return the policies for an account."""
        ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """Facts, and what policies say of them."""

    facts: Facts
    judgement: Judgement
    shadows: tuple[Judgement, ...] = ()


class Decider:
    """Judges works, and makes records and replies of them. Safe to use from several threads.

    Args:
        policies: Those in force.
        separation: Puts signs on a side.
        messenger: Prevention.
        records: Makes ids and digests.
    """

    def __init__(
        self, policies: Policies, separation: SeparationPolicy, messenger: Messenger, records: Records
    ) -> None:
        self._policies = policies
        self._separation = separation
        self._messenger = messenger
        self._records = records
        self._quiet: OrderedDict[tuple[Any, ...], Verdict] = OrderedDict()
        self._statuses: dict[Checked, list[CheckStatus]] = {}
        self._replies: dict[tuple[Any, ...], CheckReply] = {}

    def verdict(self, work: Work) -> Verdict:
        """Judge a work by what was seen of it."""
        check = work.check
        chosen = self._policies.choose(check.account)
        policy = chosen.live
        standing = work.gate.standing if work.gate is not None else _NOBODY
        if work.seen:
            return self._judged(work, chosen, standing)
        key = (
            policy.hash,
            tuple(each.hash for each in chosen.shadows) if chosen.shadows else (),
            work.kind,
            check.surface,
            check.jurisdiction,
            check.age_signal,
            check.model,
            standing.restrictions,
            standing.pace,
            work.states,
        )
        found = self._quiet.get(key)
        if found is None:
            found = self._quiet[key] = self._judged(work, chosen, standing)
            while len(self._quiet) > _REMEMBERED:
                self._quiet.popitem(last=False)
        return found

    def decide(self, work: Work, at: str, decision_id: str | None = None) -> DecisionRecord:
        """Return the record of a work's decision, and give the work its message."""
        gate = work.gate
        if gate is not None and gate.closed:
            return self._closed(work, gate, at)
        verdict = self.verdict(work)
        judgement = verdict.judgement
        action = judgement.action
        if judgement.tier is not None and action is not GuardAction.ALLOW:
            work.message = self._message(work, judgement.tier)
        check = work.check
        return DecisionRecord(
            decision_id or self._records.new_id(),
            at,
            work.kind,
            check.account,
            action,
            judgement,
            verdict.facts,
            None if action in _NO_EVENT else _event_class(work, verdict),
            work.checks,
            work.digest,
            check.request_id,
            check.surface,
            check.jurisdiction,
            check.model,
            check.generation_id,
            None,
            verdict.shadows,
            (),
            work.message.id if work.message is not None else None,
        )

    def reply(self, work: Work, record: DecisionRecord) -> CheckReply:
        """Return the reply that tells of a record, which may be an earlier one of the same request."""
        if record is not work.record:
            work.message = self._message(work, _tier(record)) if record.message is not None else None
        message = work.message
        if record.judgement is None or message is not None or record.action is not GuardAction.ALLOW:
            return self._reply(record, message)
        key = (record.judgement.policy, record.checks, record.reasons)
        like = self._replies.get(key)
        if like is None:
            if len(self._replies) >= _REMEMBERED:
                self._replies.clear()
            like = self._replies[key] = self._reply(record, None)
        return like.model_copy(update={"decision_id": record.id})

    def _judged(self, work: Work, chosen: Chosen, standing: Standing) -> Verdict:
        policy, check = chosen.live, work.check
        alone = policy.negative_prompt is NegativePrompt.ALONE
        real: Look | None = QUIET
        rehearsed = None
        if work.seen:
            real = look_of(work.seen, self._separation, canaries=False, negative_alone=alone)
            rehearsed = look_of(work.seen, self._separation, canaries=True, negative_alone=alone)
        facts = Facts(
            work.kind,
            check.surface,
            check.jurisdiction,
            check.age_signal,
            check.model,
            standing.restrictions,
            standing.pace,
            work.states,
            real or QUIET,
            rehearsed,
        )
        return Verdict(facts, judge(policy, facts), tuple(judge(each, facts) for each in chosen.shadows))

    def _closed(self, work: Work, gate: Gate, at: str) -> DecisionRecord:
        check = work.check
        judgement = None
        action = GuardAction.NOT_EXAMINED
        if gate.refused is not None:
            action = GuardAction.BLOCK
            judgement = Judgement(action, ROLLOUT, (), self._policies.choose(check.account).live.hash)
        return DecisionRecord(
            id=self._records.new_id(),
            at=at,
            kind=work.kind,
            account=check.account,
            action=action,
            judgement=judgement,
            checks=work.checks,
            digest=work.digest,
            request_id=check.request_id,
            surface=check.surface,
            jurisdiction=check.jurisdiction,
            model=check.model,
            generation_id=check.generation_id,
            reason=gate.refused or gate.out_of_scope,
        )

    def _message(self, work: Work, tier: Tier) -> Message | None:
        check = work.check
        standing = work.gate.standing if work.gate is not None else _NOBODY
        if standing.repeated and tier is Tier.T1:
            tier = Tier.T2
        country = check.jurisdiction if check.jurisdiction != "EU" else None
        unit = self._records.digest([b"unit", check.account.encode("utf-8", "surrogatepass")])[:32]
        try:
            return self._messenger.message(
                tier=tier, age_signal=check.age_signal, locale=check.locale, country=country, unit=unit
            )
        except Exception:  # noqa: BLE001 (whatever goes wrong with words must not change what is decided)
            work.note((("messages", "error"),))
            return None

    def _reply(self, record: DecisionRecord, message: Message | None) -> CheckReply:
        judgement = record.judgement
        services: list[HelpService] = list(message.services) if message is not None else []
        return CheckReply.model_construct(
            action=record.action,
            category=record.category,
            reasons=list(record.reasons),
            message=message.text if message is not None else None,
            message_id=message.id if message is not None else None,
            services=services,
            policy=judgement.policy if judgement else self._policies.choose(record.account).live.hash,
            decision_id=record.id,
            event_class=record.event_class,
            checks=self._status(record.checks),
            drill=record.drill,
        )

    def _status(self, checks: Checked) -> list[CheckStatus]:
        found = self._statuses.get(checks)
        if found is None:
            if len(self._statuses) >= _REMEMBERED:
                self._statuses.clear()
            found = [CheckStatus.model_construct(name=name, status=status) for name, status in checks]
            self._statuses[checks] = found
        return list(found)


def stops(action: GuardAction) -> bool:
    """Say whether an action keeps something from being shown."""
    return action in _STOPPED


def _tier(record: DecisionRecord) -> Tier:
    tier = record.judgement.tier if record.judgement else None
    return tier or Tier.T0


def _event_class(work: Work, verdict: Verdict) -> EventClass:
    facts, judgement = verdict.facts, verdict.judgement
    if work.kind is CheckKind.FINETUNE:
        return EventClass.TRAINING_DATA_HIT
    if work.kind is CheckKind.OUTPUT:
        return EventClass.OUTPUT_BLOCKED if stops(judgement.action) else EventClass.OUTPUT_DELIVERED
    look = facts.rehearsed if judgement.drill and facts.rehearsed is not None else facts.real
    if look.matches:
        return EventClass.UPLOAD_KNOWN
    if work.kind is CheckKind.UPLOAD:
        return EventClass.UPLOAD_NOVEL
    # An attachment that is on a forbidden side by itself is the event; otherwise it is what was asked.
    alone = (side for name, side in look.parts.items() if name.startswith("attachment."))
    return EventClass.UPLOAD_NOVEL if Partition.BOTH in alone else EventClass.REQUEST_TEXT
