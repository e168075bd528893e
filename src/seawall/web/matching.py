"""`POST /v1/match/batch`: many hashes of one type at once, and one decision for all of them."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from seawall.decisions import DecisionRecord
from seawall.deploy.guard.requests import Name
from seawall.hashing.signal import BadSignal, Comparison, SignalType
from seawall.matching import Match
from seawall.policy.decide import CANARY, Evidence
from seawall.policy.guard import CheckKind, EventClass, Facts, GuardAction, Look, State
from seawall.policy.separation import Partition
from seawall.web.document import refusals
from seawall.web.errors import Invalid
from seawall.web.keys.model import ApiKey, Scope
from seawall.web.parts import Parts
from seawall.web.route import KEY, Reply, add, needs

MAX_VALUES = 20_000
RADIUS = 31
_MOST_EVIDENCE = 64
_HASH_ONLY = "hash_only"

Value = Annotated[str, StringConstraints(min_length=1, max_length=4096)]


class MatchBatch(BaseModel):
    """Hashes to look up.

    Attributes:
        type: Their signal type: `pdq`, `md5` and so on.
        values: The hashes.
        account: The host's opaque reference to whose they are; the key's id by default.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")]
    values: Annotated[list[Value], Field(max_length=MAX_VALUES)]
    account: Name | None = None


class Near(BaseModel):
    """An entry near a hash."""

    list: str
    entry: str
    distance: float


class MatchBatchReply(BaseModel):
    """What was found: `results` in the order of the values, and what policy makes of them all.

    Attributes:
        results: Matches of each value.
        action: What policy says of the batch as a whole, from hashes alone.
        decision_id: Under which it was recorded.
        policy: Hash of the policy.
        drill: Whether canaries alone matched.
    """

    results: list[list[Near]]
    action: GuardAction
    decision_id: str
    policy: str
    drill: bool = False


def add_matching(app: FastAPI, parts: Parts) -> None:
    """Add the route."""

    @needs(Scope.HMA, unless=lambda parts: parts.hma_open)
    async def match_batch(request: Request, batch: MatchBatch) -> Reply:
        """Look many hashes of one type up, within 31 bits; labels are not shown."""
        key: ApiKey | None = request.scope.get(KEY)
        account = batch.account or (f"key:{key.id}" if key else "key:none")
        return Reply(await run_in_threadpool(_matched, parts, batch, account))

    add(
        app,
        "POST",
        "/v1/match/batch",
        match_batch,
        response_model=MatchBatchReply,
        responses=refusals(400, 408, 413, 415, 422),
    )


def _matched(parts: Parts, batch: MatchBatch, account: str) -> bytes:
    if batch.type not in parts.types:
        raise _invalid(["type"], "unknown_type")
    kind = parts.types[batch.type]
    values = _parsed(kind, batch.values)
    radius = RADIUS if kind.comparison is Comparison.HAMMING else None
    found = parts.lists.search(kind.name, values, max_distance=radius) if values else []
    decision = _recorded(parts, kind, values, found, account)
    judgement = decision.judgement
    told: dict[str, Any] = {
        "results": [
            [{"list": match.list, "entry": match.entry, "distance": match.distance} for match in matches]
            for matches in found
        ],
        "action": decision.action.value,
        "decision_id": decision.id,
        "policy": judgement.policy if judgement else "",
        "drill": decision.drill,
    }
    return json.dumps(told).encode()


def _recorded(
    parts: Parts, kind: SignalType, values: list[bytes], found: list[list[Match]], account: str
) -> DecisionRecord:
    evidence: dict[Evidence, None] = {}
    for matches in found:
        for match in matches:
            if len(evidence) < _MOST_EVIDENCE:
                exact = kind.comparison is Comparison.EXACT
                evidence[Evidence(match.purpose, match.list, match.type, match.distance, exact, match.labels)] = None
    real = Look(tuple(each for each in evidence if each.purpose != CANARY))
    drawn = any({"canary.a", "canary.b"} <= set(each.labels) for each in evidence if each.purpose == CANARY)
    side = Partition.BOTH if drawn else Partition.NEITHER
    rehearsed = Look(tuple(evidence), side) if len(real.matches) < len(evidence) else None
    facts = Facts(CheckKind.UPLOAD, states=frozenset({State.UNCOVERED}), real=real, rehearsed=rehearsed)
    judgement = parts.judge(account, facts)
    quiet = judgement.action is GuardAction.ALLOW
    record = DecisionRecord(
        id=parts.decisions.new_id(),
        at=parts.decisions.now(),
        kind=CheckKind.UPLOAD,
        account=account,
        action=judgement.action,
        judgement=judgement,
        facts=facts,
        event_class=None if quiet else EventClass.UPLOAD_KNOWN,
        checks=(("lists", "ok"),),
        digest=parts.decisions.digest([kind.name.encode(), *values]),
        reason=_HASH_ONLY,
    )
    return parts.decisions.record([record])[0]


def _parsed(kind: SignalType, texts: list[str]) -> list[bytes]:
    values = []
    for place, text in enumerate(texts):
        try:
            values.append(kind.parse(text))
        except BadSignal:
            raise _invalid(["values", place], "bad_signal") from None
    return values


def _invalid(loc: list[str | int], kind: str) -> Invalid:
    problem = Invalid()
    problem.fields = [{"loc": loc, "type": kind}]
    return problem
