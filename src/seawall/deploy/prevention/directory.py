"""The directory of help services: dated, sourced, and silent about what has expired.

A row that nobody has looked at for 180 days is not shown. A telephone number is shown only inside its country.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from seawall.deploy.guard.requests import HelpService
from seawall.deploy.prevention._reading import parse, read
from seawall.deploy.prevention.audience import Audience
from seawall.deploy.prevention.errors import DirectoryInvalid

LIFETIME = timedelta(days=180)
_SHIPPED = "the shipped directory"
_ALIASES = {"UK": "GB"}

Short = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
# No query and no fragment: a link must not carry who followed it.
Web = Annotated[
    str, StringConstraints(pattern=r"^https://[a-z0-9-]+(\.[a-z0-9-]+)+(/[A-Za-z0-9._~/-]*)?$", max_length=300)
]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ()./-]{1,30}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Channels(_Strict):
    """How a service is reached; at least one."""

    phone: Phone | None = None
    web: Web | None = None
    chat: Web | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.phone is None and self.web is None and self.chat is None:
            raise ValueError("a service needs a channel")
        return self


class Row(_Strict):
    """One service.

    Attributes:
        id: What it is called here.
        country: ISO 3166-1 alpha-2; None for a service of any country.
        languages: BCP 47 languages.
        audience: Whom it is for.
        source: Where the contact was seen.
        source_url: Address of the source, where it has one.
        verified_on: When it was seen there.
        verified_by: By whom.
        expires_on: From this day on it is not shown.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    languages: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]], Field(min_length=1, max_length=50)
    ]
    name: Short
    operator: Short | None = None
    audience: Annotated[list[Audience], Field(min_length=1)]
    channels: Channels
    cost: Short | None = None
    hours: Short | None = None
    note: Annotated[str, StringConstraints(max_length=500)] | None = None
    source: Short | None = None
    source_url: Web | None = None
    verified_on: date
    verified_by: Short
    expires_on: date

    @model_validator(mode="after")
    def _dated(self) -> Self:
        if self.source is None and self.source_url is None:
            raise ValueError("a service needs a source")
        if not self.verified_on < self.expires_on <= self.verified_on + LIFETIME:
            raise ValueError(f"expires_on is within {LIFETIME.days} days of verified_on")
        if self.country is None and self.channels.phone is not None:
            raise ValueError("a telephone number belongs to a country")
        return self

    def expired(self, now: datetime) -> bool:
        """Say whether it is shown no more."""
        return _day(now) >= self.expires_on

    def shown(self, *, inside: bool) -> HelpService:
        """Return what a user sees of it.

        Args:
            inside: Whether the user is in its country.
        """
        channels = self.channels
        return HelpService(
            name=self.name,
            country=self.country,
            phone=channels.phone if inside else None,
            web=channels.web,
            chat=channels.chat,
            hours=self.hours,
            languages=self.languages,
        )


class _File(_Strict):
    format: Literal["seawall-helplines-1"]
    without: Annotated[list[str], Field(max_length=1000)] = []
    rows: Annotated[list[Row], Field(max_length=1000)] = []

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if len({row.id for row in self.rows}) != len(self.rows):
            raise ValueError("two rows have one id")
        return self


class Directory:
    """The services of one installation: those that ship, and those that the operator added or replaced.

    Args:
        rows: The services.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = tuple(sorted(rows, key=lambda row: row.id))

    @classmethod
    def open(cls, home: Path | None = None) -> Self:
        """Read the shipped services, and those of `HOME/helplines.yaml`, which add to and replace them by id.

        Raises:
            DirectoryInvalid: If a file is not a directory, or a row of the operator has no `source_url`.
        """
        rows = {row.id: row for row in shipped_rows()}
        path = home / "helplines.yaml" if home is not None else None
        try:
            own = read(path, _File, DirectoryInvalid) if path is not None else None
        except FileNotFoundError:
            own = None
        if own is not None:
            for name in own.without:
                if rows.pop(name, None) is None:
                    raise DirectoryInvalid(f"{path}: without: there is no service {name}")
            for row in own.rows:
                if row.source_url is None:
                    raise DirectoryInvalid(f"{path}: {row.id}: a service needs a source_url")
            rows |= {row.id: row for row in own.rows}
        return cls(rows.values())

    def services(self, *, country: str | None, audience: Audience, now: datetime) -> tuple[HelpService, ...]:
        """Return what may be shown: services of the country, else those of any country."""
        country = _ALIASES.get(country or "", country)
        fit = [row for row in self.rows if audience in row.audience and not row.expired(now)]
        if country is not None:
            own = [row.shown(inside=True) for row in fit if row.country == country]
            if own:
                return tuple(own)
        return tuple(row.shown(inside=False) for row in fit if row.country is None)

    def problems(self, now: datetime, *, ahead: timedelta = timedelta(0)) -> list[str]:
        """Return what is wrong with the rows: expired, or about to be, or verified in the future.

        Args:
            now: The moment.
            ahead: How long before they expire rows count already.
        """
        found = []
        for row in self.rows:
            if row.expired(now + ahead):
                word = "expired" if row.expired(now) else "expires"
                found.append(f"{row.id}: {word} on {row.expires_on.isoformat()}")
            elif row.verified_on > _day(now):
                found.append(f"{row.id}: verified_on lies in the future")
        return found


@cache
def shipped_rows() -> tuple[Row, ...]:
    """Return the services that ship with seawall, expired ones too."""
    text = (files(__package__) / "helplines.yaml").read_text("utf-8")
    return tuple(parse(text, _SHIPPED, _File, DirectoryInvalid).rows)


def check_directory(now: datetime, home: Path | None = None) -> list[str]:
    """Return what keeps the directory from being released; empty if nothing does. For `make release` and doctor."""
    return Directory.open(home).problems(now)


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
