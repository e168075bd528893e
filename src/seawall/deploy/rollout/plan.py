"""Rollout plans as data: who may use a model at which stage, and what must be shown before the next.

Strict: unknown keys are errors, a stage never admits fewer than the one before, and a share of the public needs a bar.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from seawall.deploy.rollout.errors import PlanInvalid
from seawall.deploy.rollout.sequential import BettingTest
from seawall.policy.guard import CheckKind
from seawall.policy.guard.bounded_yaml import read_yaml
from seawall.policy.guard.errors import GuardPolicyError

FORMAT = "seawall-rollout-1"
_MOST_BYTES = 1 << 20
_MOST_MODELS = 1000
_MOST_STAGES = 20
_MOST_ACCOUNTS = 40_000

Name = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Bar(_Strict):
    """What the share of breaches must be shown to be below, and at what risk of a false claim."""

    rate: Annotated[float, Field(gt=0, lt=1)]
    alpha: Annotated[float, Field(gt=0, le=0.5)] = 0.05
    stop_rate: Annotated[float, Field(gt=0, lt=1)] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.stop_rate is not None and self.stop_rate < self.rate:
            raise ValueError("stop_rate is not below rate")
        return self

    def test(self) -> BettingTest:
        """Return the test that this bar asks for."""
        return BettingTest(self.rate, self.alpha, self.stop_rate)


class Stage(_Strict):
    """One stage.

    Attributes:
        name: What it is called.
        accounts: Accounts that are admitted by name; those of earlier stages stay admitted.
        percent: Share of all accounts that is admitted, by a keyed and stable choice.
        bar: The abuse-rate bar; only a stage for named accounts may do without.
        checks: Least number of checks before the next stage.
        hours: Least time in the stage before the next.
        max_age_hours: Evidence whose newest check is older than this is stale.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _.%-]{0,39}$")]
    accounts: Annotated[list[Name], Field(max_length=_MOST_ACCOUNTS)] = []
    percent: Annotated[float, Field(gt=0, le=100)] | None = None
    bar: Bar | None = None
    checks: Annotated[int, Field(ge=0, le=10**9)] = 0
    hours: Annotated[float, Field(ge=0, le=8760)] = 0
    max_age_hours: Annotated[float, Field(gt=0, le=8760)] = 72

    @model_validator(mode="after")
    def _admits_somebody(self) -> Self:
        if not self.accounts and self.percent is None:
            raise ValueError("a stage admits accounts or a percentage")
        if self.percent is not None and self.bar is None:
            raise ValueError("a stage with a percentage needs a bar")
        return self


class ModelPlan(_Strict):
    """The stages of one model.

    Attributes:
        weights: Digest of what is released; a change begins again at the first stage.
        count: Which checks are trials.
        stages: In order.
    """

    weights: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:_.-]{1,200}$")] | None = None
    count: Annotated[list[CheckKind], Field(min_length=1)] = [CheckKind.INPUT, CheckKind.OUTPUT]
    stages: Annotated[list[Stage], Field(min_length=1, max_length=_MOST_STAGES)]

    @model_validator(mode="after")
    def _grows(self) -> Self:
        if len({stage.name for stage in self.stages}) != len(self.stages):
            raise ValueError("two stages have one name")
        shares = [stage.percent or 0 for stage in self.stages]
        if shares != sorted(shares):
            raise ValueError("a later stage has a smaller percentage")
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of the plan."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def keeps(self, earlier: ModelPlan, stage: int) -> bool:
        """Say whether everything that an earlier plan demanded up to a stage is as it was; accounts may change."""
        if (self.weights, sorted(self.count)) != (earlier.weights, sorted(earlier.count)):
            return False
        if stage >= len(self.stages):
            return False
        ours, theirs = self.stages[: stage + 1], earlier.stages[: stage + 1]
        return [each.model_copy(update={"accounts": []}) for each in ours] == [
            each.model_copy(update={"accounts": []}) for each in theirs
        ]


class Plan(_Strict):
    """A plan file: models that are released in stages, and what holds for every other."""

    format: Literal["seawall-rollout-1"]
    unlisted: Literal["open", "closed"] = "open"
    models: Annotated[dict[Name, ModelPlan], Field(min_length=1, max_length=_MOST_MODELS)]

    @model_validator(mode="after")
    def _named(self) -> Self:
        if "*" in self.models:
            raise ValueError("* is no model")
        return self


def read_plan(path: Path) -> Plan:
    """Read a plan from a YAML file.

    Raises:
        PlanInvalid: If it cannot be read or is none; the message names the place.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PlanInvalid(f"cannot read {path}: {type(error).__name__}") from None
    if len(data) > _MOST_BYTES:
        raise PlanInvalid(f"{path} is too large for a plan")
    return parse_plan(text, str(path))


def parse_plan(text: str, name: str = "plan") -> Plan:
    """Read a plan from YAML text; `name` is what errors call it.

    Raises:
        PlanInvalid: If it is none.
    """
    try:
        data = read_yaml(text, name)
    except GuardPolicyError as error:
        raise PlanInvalid(error.message) from None
    try:
        return Plan.model_validate(data)
    except ValidationError as error:
        raise PlanInvalid(f"{name}: {_first(error)}") from None


def stored_plan(text: str) -> ModelPlan:
    """Read a model's plan as the database keeps it.

    Raises:
        PlanInvalid: If it is damaged.
    """
    try:
        return ModelPlan.model_validate_json(text)
    except ValidationError as error:
        raise PlanInvalid(f"a stored plan is damaged: {_first(error)}") from None


def summary(plan: ModelPlan) -> dict[str, Any]:
    """Return what may be shown and recorded of a plan: counts of accounts, never the accounts."""
    data: dict[str, Any] = json.loads(plan.model_dump_json())
    for stage in data["stages"]:
        stage["accounts"] = len(stage["accounts"])
    return data


def _first(error: ValidationError) -> str:
    found = error.errors(include_input=False, include_url=False, include_context=False)[0]
    # Keys of the file are the operator's; values are not repeated.
    place = ".".join(str(part) for part in found["loc"])[:200]
    return f"{place}: {found['msg']}" if place else found["msg"]
