"""Phased release behind OpenFeature: a boolean flag named like a model, asked for an account. Fails closed.

Needs the extra `flags`. Importing this module imports the SDK.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import TypeMismatchError
from openfeature.flag_evaluation import FlagResolutionDetails, Reason
from openfeature.provider import AbstractProvider, Metadata

if TYPE_CHECKING:
    from openfeature.flag_evaluation import FlagValueType

    from seawall.deploy.guard.contract import Rollouts


class SeawallProvider(AbstractProvider):
    """Answers whether an account may use a model; whatever cannot be told is False, whatever default the caller gave.

    Args:
        rollouts: Says who is admitted; a `RolloutBook`.
    """

    def __init__(self, rollouts: Rollouts) -> None:
        super().__init__()
        self._rollouts = rollouts

    def get_metadata(self) -> Metadata:
        """Return the provider's name."""
        return Metadata(name="seawall")

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        """Say whether the account `targeting_key` may use the model `flag_key`."""
        account = evaluation_context.targeting_key if evaluation_context is not None else None
        if not account:
            # An error code would make the SDK answer the caller's default, which may be True.
            return FlagResolutionDetails(value=False, reason=Reason.ERROR, variant="no_account")
        try:
            admission = self._rollouts.admit(flag_key, account)
        except Exception:  # noqa: BLE001 (whatever fails, nobody is let in by it)
            return FlagResolutionDetails(value=False, reason=Reason.ERROR, variant="error")
        if admission.allowed:
            return FlagResolutionDetails(value=True, reason=Reason.TARGETING_MATCH, variant="admitted")
        variant = (admission.reason or "refused").removeprefix("rollout:")
        return FlagResolutionDetails(value=False, reason=Reason.TARGETING_MATCH, variant=variant)

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """Refuse: a rollout is a boolean."""
        raise TypeMismatchError("a rollout is a boolean flag")

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """Refuse: a rollout is a boolean."""
        raise TypeMismatchError("a rollout is a boolean flag")

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """Refuse: a rollout is a boolean."""
        raise TypeMismatchError("a rollout is a boolean flag")

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Sequence[FlagValueType] | Mapping[str, FlagValueType],
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Sequence[FlagValueType] | Mapping[str, FlagValueType]]:
        """Refuse: a rollout is a boolean."""
        raise TypeMismatchError("a rollout is a boolean flag")
