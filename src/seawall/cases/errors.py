"""What can go wrong with cases. Messages name ids, rules and places; never content, nor what another reviewer said."""

from __future__ import annotations

from seawall.errors import SeawallError


class CaseError(SeawallError):
    """That cannot be done with this case."""

    code = "case"


class IllegalTransition(CaseError):
    """A case in this state does not allow that."""

    code = "case_state"
    hint = "'seawall cases show CASE' says what it allows"


class OpeningInvalid(CaseError):
    """What was handed in cannot be a case."""

    code = "case_opening"


class LeaseLost(CaseError):
    """The task is no longer yours: somebody else has taken it, or it has ended."""

    code = "lease_lost"
    hint = "your draft is kept; claim the next task"


class NotForYou(CaseError):
    """The task cannot be given to this person."""

    code = "not_for_you"


class SubmissionInvalid(CaseError):
    """What was submitted is not whole, or does not fit together."""

    code = "submission"


class ReviewPolicyInvalid(SeawallError):
    """The review policy cannot be used."""

    code = "review_policy"
    hint = "see docs/cases.md"
