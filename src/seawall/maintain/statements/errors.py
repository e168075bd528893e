"""What can go wrong with statements of reasons. Messages name fields and rules; never what is written in a field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seawall.errors import SeawallError

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a statement.

    Attributes:
        field: Which field.
        rule: Which rule it breaks, in one word.
        words: The rule in words.
    """

    field: str
    rule: str
    words: str


class StatementInvalid(SeawallError):
    """The statement of reasons would not be accepted, so the decision is not saved."""

    code = "statement"
    hint = "correct the decision, or the texts in statements.yaml; see docs/statements.md"

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        shown = "; ".join(f"{each.field}: {each.words}" for each in self.faults[:_SHOWN])
        more = f"; and {len(self.faults) - _SHOWN} more" if len(self.faults) > _SHOWN else ""
        super().__init__(f"the statement of reasons is not right: {shown}{more}")


class PersonalData(StatementInvalid):
    """A statement of reasons names somebody, so the decision is not saved."""

    code = "statement_personal"
    hint = "say it without names, addresses, numbers and accounts; see docs/statements.md"


class StatementOptionsInvalid(SeawallError):
    """The settings of statements cannot be used."""

    code = "statement_options"
    hint = "see docs/statements.md"
