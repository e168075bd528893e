"""Settings of notices: `HOME/notices.yaml`. Every promise of time has its ground beside it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from seawall.deploy.notices.errors import OptionsInvalid
from seawall.policy.guard.operator_file import checked, read_data

FILE = "notices.yaml"

Hours = Annotated[float, Field(gt=0, le=24 * 90)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Origin = Annotated[str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$", max_length=300)]
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]+(:[0-9]{1,5})?$", max_length=300)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
Link = Annotated[str, StringConstraints(pattern=r"^(about:blank|https://[^\s\"'<>]{1,300})$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Clock(_Strict):
    """By when notices of a kind are to be decided.

    Attributes:
        hours: From when they were received.
        ground: Why so many: a law, or the operator's own promise.
        escalate: After so many hours an undecided one goes to whoever decides on escalations.
    """

    hours: Hours
    ground: Line
    escalate: Hours | None = None


class Clocks(_Strict):
    """The clock of each way; the shortest that applies counts."""

    imminent: Clock = Clock(hours=1, ground="somebody may be in danger")
    child_safety: Clock = Clock(hours=24, ground="our own promise for what concerns children")
    trusted: Clock = Clock(hours=24, ground="priority of trusted flaggers, DSA article 22(1)")
    hotline: Clock = Clock(hours=24, ground="our own promise to hotlines")
    take_it_down: Clock = Clock(hours=48, ground="TAKE IT DOWN Act, section 3: 48 hours", escalate=36)
    user: Clock = Clock(hours=168, ground="timely decisions, DSA article 16(6)")


class Rates(_Strict):
    """How many notices one sender may send within an hour before the next are put off, never dropped.

    Attributes:
        address: From one network address without a key.
        key: With one API key.
    """

    address: Count = 30
    key: Count = 1000


class Misuse(_Strict):
    """When a sender counts as one who often sends manifestly unfounded notices (DSA article 23).

    Attributes:
        decided: Only once so many were decided.
        share: And at least this share of them was unfounded.
        after_warning: Unfounded ones since the warning, before a suspension.
        days: How long a suspension lasts at most.
    """

    decided: Count = 10
    share: Annotated[float, Field(gt=0, le=1)] = 0.8
    after_warning: Count = 3
    days: Annotated[int, Field(ge=1, le=365)] = 30


class Emergency(_Strict):
    """Whom to call in a country; seawall ships none, because it ships no number that nobody looked up.

    Attributes:
        number: The number.
        source: Where it was seen.
        verified_on: When.
    """

    number: Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ()./-]{1,20}$")]
    source: Line
    verified_on: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class NoticeOptions(_Strict):
    """Settings of notices.

    Attributes:
        service: What the pages call this service.
        embed: Origins that may show the form in a frame.
        exit_url: Where the quick exit leads.
        evidence_hosts: Hosts from which the bytes of a noticed item may be fetched.
        evidence_bytes: Most bytes of one item.
        emergency: Whom to call, by country.
        contact: How to reach the operator otherwise, shown below the form.
    """

    format: Literal["seawall-notices-1"] = "seawall-notices-1"
    service: Line | None = None
    embed: Annotated[list[Origin], Field(max_length=50)] = []
    exit_url: Link = "about:blank"
    evidence_hosts: Annotated[list[Host], Field(max_length=200)] = []
    evidence_bytes: Annotated[int, Field(ge=1024, le=4 << 30)] = 256 << 20
    emergency: dict[Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")], Emergency] = {}
    contact: Line | None = None
    clocks: Clocks = Clocks()
    rates: Rates = Rates()
    misuse: Misuse = Misuse()


def load_options(home: Path) -> NoticeOptions:
    """Read `HOME/notices.yaml`; without one, the defaults.

    Raises:
        OptionsInvalid: If it cannot be used.
    """
    return checked(read_data(home / FILE, OptionsInvalid), FILE, NoticeOptions, OptionsInvalid)


@cache
def default_options() -> NoticeOptions:
    """Return the settings that hold without a file."""
    return NoticeOptions()
