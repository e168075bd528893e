"""Settings of reporting: `HOME/authorities.yaml`. Nothing is sent to anybody before the operator says so there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from seawall.errors import SeawallError
from seawall.maintain.authorities.ncmec.environment import Environment, EnvironmentName, environment
from seawall.maintain.authorities.ncmec.schema import OLDEST, PROFILES
from seawall.policy.guard.operator_file import checked, read_data

FILE = "authorities.yaml"

Line = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=20_000, strip_whitespace=True)]
Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s\"'<>]{1,2000}$")]


class AuthoritiesInvalid(SeawallError):
    """The settings of reporting cannot be used."""

    code = "authorities_invalid"
    hint = "see docs/authorities.md"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Contact(_Strict):
    """Who may be asked: a role rather than a person, so that no reviewer's name leaves the house."""

    first_name: Line | None = None
    last_name: Line | None = None
    email: list[Line] = []
    phone: list[Line] = []


class Approval(_Strict):
    """Who approves a report before it is filed.

    Attributes:
        people: How many approve.
        wait_minutes: After so long, a report that waits for its second approval is filed with one; None: never.
        hash_only: Whether a report that rests on exact matches alone, and that nobody viewed, is approved by policy.
    """

    people: Literal[1, 2] = 2
    wait_minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60)] | None = 60
    hash_only: bool = False


class NcmecOptions(_Strict):
    """Settings of reports to NCMEC; see docs/authorities.md for each."""

    environment: EnvironmentName = EnvironmentName.DISABLED
    test_url: str | None = None
    production_url: str | None = None
    profile: str = OLDEST
    service: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    reporter: Contact = Contact()
    contact: Contact | None = None
    company: Prose | None = None
    terms_of_service: Prose | None = None
    legal_url: Address | None = None
    industry_classification: bool = False
    approval: Approval = Approval()

    @model_validator(mode="after")
    def _expect_usable(self) -> NcmecOptions:
        if self.profile not in PROFILES:
            raise ValueError(f"knows the profiles {', '.join(PROFILES)}")
        for name in (EnvironmentName.TEST, EnvironmentName.PRODUCTION):
            if (url := self.url(name)) is not None:
                environment(name, url)
        return self

    def url(self, name: EnvironmentName) -> str | None:
        """Return what is called in place of an authority's own server; None if it is that."""
        return self.test_url if name is EnvironmentName.TEST else self.production_url

    def sends(self, name: EnvironmentName) -> bool:
        """Whether reports of an environment are sent: drills also where production is on."""
        return self.environment is name or (
            name is EnvironmentName.TEST and self.environment is EnvironmentName.PRODUCTION
        )

    def place(self, name: EnvironmentName, *, production_allowed: bool) -> Environment:
        """Return an environment as it is set.

        Raises:
            EnvironmentRefused: If it cannot be used.
        """
        return environment(name, self.url(name), production_allowed=production_allowed)


class AuthorityOptions(_Strict):
    """Settings of reporting.

    Attributes:
        established: Country whose law the provider is under.
        ncmec: Of reports to NCMEC.
    """

    format: Literal["seawall-authorities-1"] = "seawall-authorities-1"
    established: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "US"
    ncmec: NcmecOptions = NcmecOptions()


def load_options(home: Path) -> AuthorityOptions:
    """Return the settings of an installation; without a file, nothing is sent to anybody.

    Raises:
        AuthoritiesInvalid: If the file cannot be used.
    """
    return checked(read_data(home / FILE, AuthoritiesInvalid), FILE, AuthorityOptions, AuthoritiesInvalid)
