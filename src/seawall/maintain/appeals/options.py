"""Settings of appeals: `HOME/appeals.yaml`. The time for an appeal can be made longer than the law's, never shorter."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from seawall.maintain.appeals.errors import AppealOptionsInvalid
from seawall.policy.guard.operator_file import checked, read_data

FILE = "appeals.yaml"
LAWFUL_MONTHS = 6
"""DSA article 20(1)."""

Line = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]


class AppealOptions(BaseModel):
    """Settings of appeals.

    Attributes:
        months: How long an appeal is taken, from the day on which the party was told.
        days: Within how many days an appeal is to be decided.
        ground: Why so many.
        out_of_court: Certified bodies for out-of-court settlement, as they are shown.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    format: Literal["seawall-appeals-1"] = "seawall-appeals-1"
    months: Annotated[int, Field(ge=LAWFUL_MONTHS, le=120)] = LAWFUL_MONTHS
    days: Annotated[int, Field(ge=1, le=90)] = 14
    ground: Line = "our own promise; article 20(4) of the Digital Services Act asks for a timely decision"
    out_of_court: Line | None = None


def load_options(home: Path) -> AppealOptions:
    """Read `HOME/appeals.yaml`; without one, the defaults.

    Raises:
        AppealOptionsInvalid: If it cannot be used.
    """
    return checked(read_data(home / FILE, AppealOptionsInvalid), FILE, AppealOptions, AppealOptionsInvalid)


@cache
def default_options() -> AppealOptions:
    """Return the settings that hold without a file."""
    return AppealOptions()
