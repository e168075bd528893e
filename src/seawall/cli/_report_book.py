"""What the commands about reports have in common: the book, which report is meant, and who says so."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seawall.cli._staff import COMMAND_LINE
from seawall.errors import NotFound, UsageError

if TYPE_CHECKING:
    from seawall.maintain.authorities.destinations import Destination
    from seawall.maintain.authorities.reports import Report, Reports
    from seawall.users import Permission, User

TOKEN = "SEAWALL_TOKEN"  # noqa: S105 (the name of a variable)
ID = re.compile(r"[0-9a-f]{32}")
TOKEN_SESSION = "token"  # noqa: S105 (how somebody is known)
_MOST_BYTES = 1024

Which = Annotated[str, typer.Argument(metavar="CASE", help="A case, or one of its reports.", show_default=False)]
TokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", metavar="FILE", help=f"Holds your personal token; default {TOKEN}."),
]


@contextmanager
def opened() -> Iterator[Reports]:
    """Open the reports of the installation."""
    from seawall.maintain.authorities.installation import open_reports
    from seawall.settings import Settings

    with open_reports(Settings.from_env()) as reports:
        yield reports


def one(reports: Reports, which: str) -> Report:
    """Return the report that is meant: by its id, or the newest of a case.

    Raises:
        NotFound: If there is none.
    """
    if not ID.fullmatch(which):
        raise UsageError("a case, or a report, has an id of 32 hex digits", hint="'seawall reports ls' shows them")
    found = reports.of_case(which)
    return found[-1] if found else reports.get(which)


def routed(reports: Reports, case_id: str) -> list[Destination]:
    """Return who has to be told of a case."""
    from seawall.maintain.authorities.destinations import route

    if not ID.fullmatch(case_id):
        raise UsageError("a case has an id of 32 hex digits", hint="'seawall cases ls' shows them")
    receipts = reports.receipts(case_id)
    return route(reports.facts(case_id), established=reports.options.established, receipts=receipts)


def text_for(case_id: str, authority: str) -> str:
    """Return the text for an authority without an API.

    Raises:
        UsageError: If it is not one that has to be told of this case.
    """
    from seawall.maintain.authorities.destinations import portal_text

    with opened() as reports:
        found = {each.authority: each for each in routed(reports, case_id)}
        if authority not in found:
            there = ", ".join(found) or "nobody"
            raise UsageError(f"{authority[:40]!r} is not told of this case", hint=f"those who are: {there}")
        options = reports.options.ncmec
        facts = reports.facts(case_id)
        return portal_text(found[authority], facts, reporter=options.reporter, service=options.service)


def reader_of(reports: Reports, token_file: Path | None) -> str:
    """Return who reads a report: whoever's token it is, or whoever has the shell."""
    from seawall.users import Permission

    if token_file is None and TOKEN not in os.environ:
        return COMMAND_LINE
    return person(reports, token_file, Permission.OPEN_EVIDENCE).id


def person(reports: Reports, token_file: Path | None, *wanted: Permission) -> User:
    """Return whose personal token was given, if they may do one of these.

    Raises:
        SignInRefused: If it is nobody's.
        NotPermitted: If they may not.
    """
    from seawall.settings import Settings
    from seawall.users import NotPermitted, Users

    users = Users(reports.store, reports.ledger, Settings.from_env())
    user = users.tokens.owner(_token(token_file))
    if not users.permissions(user) & set(wanted):
        raise NotPermitted(f"{user.name} may not do this: it takes the permission {wanted[0].value}")
    return user


def _token(path: Path | None) -> str:
    if path is None:
        found = os.environ.get(TOKEN, "")
        if not found:
            raise UsageError("who are you?", hint=f"--token-file, or {TOKEN}; 'seawall users token' makes one")
        return found.strip()
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode("ascii", "replace").strip()
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
