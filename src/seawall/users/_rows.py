"""Rows of users, and what only this package reads of them: hashes and sealed secrets never leave it."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seawall.errors import NotFound
from seawall.store.tables import known_device, personal_token, staff, staff_session
from seawall.users.errors import UserProblem
from seawall.users.model import Role, User

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

LOCK = "staff"
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_REASON = 1000
_SUBJECT = 255
_ISSUER = 500
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a user.

    Attributes:
        user: What may be shown.
        password: Hash; None if they have none.
        factor: Sealed secret of one-time codes.
        factor_pending: One that was not confirmed yet.
        factor_step: The last step whose code was used.
    """

    user: User
    password: str | None
    factor: str | None
    factor_pending: str | None
    factor_step: int


def checked_name(name: str) -> str:
    """Return the name of a user, in small letters.

    Raises:
        UserProblem: If it cannot be one.
    """
    wanted = name.strip().lower()
    if not _NAME.fullmatch(wanted):
        raise UserProblem("a name has 1 to 64 letters, digits, '.', '_', '@' or '-', and starts with a letter or digit")
    return wanted


def checked_reason(reason: str) -> str:
    """Return a reason that a person gave.

    Raises:
        UserProblem: If there is none, or it is a treatise.
    """
    wanted = " ".join(reason.split())
    if not wanted:
        raise UserProblem("this needs a reason", hint="in words, for whoever reads the record")
    if len(wanted) > _REASON:
        raise UserProblem(f"a reason has at most {_REASON} characters", hint="")
    return wanted


def expect_subject(issuer: str, subject: str) -> None:
    """Refuse what cannot be a subject of single sign-on.

    Raises:
        UserProblem: If it cannot.
    """
    if not issuer.startswith(("https://", "http://")) or len(issuer) > _ISSUER or any(map(str.isspace, issuer)):
        raise UserProblem("an issuer is an address, as its configuration states it")
    if not 0 < len(subject) <= _SUBJECT:
        raise UserProblem(f"a subject has 1 to {_SUBJECT} characters")


def new_pseudonym() -> str:
    """Return a name that says nothing, not even a role."""
    return "person-" + "".join(secrets.choice(_LETTERS) for _ in range(8))


def find(connection: Connection, user_id: str, *, change: bool = False) -> Kept:
    """Return what is kept of a user; for a change, nobody else changes it until the transaction ends.

    Raises:
        NotFound: If there is no such user.
    """
    query = staff.select().where(staff.c.id == user_id)
    row = connection.execute(query.with_for_update() if change else query).mappings().first()
    if row is None:
        raise NotFound("there is no such user", hint="'seawall users ls' shows who there is")
    return read(row)


def named(connection: Connection, name: str) -> Kept | None:
    """Return what is kept of the user of a name."""
    row = connection.execute(staff.select().where(staff.c.name == name.strip().lower()[:65])).mappings().first()
    return read(row) if row is not None else None


def linked(connection: Connection, issuer: str, subject: str) -> Kept | None:
    """Return what is kept of the user of a subject of single sign-on."""
    query = staff.select().where(staff.c.issuer == issuer, staff.c.subject == subject)
    row = connection.execute(query).mappings().first()
    return read(row) if row is not None else None


def change(connection: Connection, user_id: str, **values: Any) -> None:
    """Write some columns of a user."""
    connection.execute(staff.update().where(staff.c.id == user_id).values(**values))


def end_tokens(connection: Connection, user_id: str) -> int:
    """End the personal tokens of somebody; return how many there were."""
    return connection.execute(personal_token.delete().where(personal_token.c.person == user_id)).rowcount


def end_sessions(connection: Connection, user_id: str, *, but: str | None = None) -> int:
    """End the sessions of a user at once.

    Args:
        connection: A transaction.
        user_id: Whose.
        but: Id of a session that goes on.
    """
    end_tokens(connection, user_id)
    doomed = staff_session.delete().where(staff_session.c.person == user_id)
    if but is not None:
        doomed = doomed.where(staff_session.c.id != but)
    return connection.execute(doomed).rowcount


def forget_devices(connection: Connection, user_id: str) -> None:
    """Know no browser of a user any more."""
    connection.execute(known_device.delete().where(known_device.c.person == user_id))


def cut_off(connection: Connection, user_id: str) -> int:
    """End all sessions of a user, and know none of their browsers any more; return how many sessions there were."""
    forget_devices(connection, user_id)
    return end_sessions(connection, user_id)


def read(row: RowMapping) -> Kept:
    """Return what a row says."""
    user = User(
        id=row["id"],
        name=row["name"],
        role=Role(row["role"]),
        pseudonym=row["pseudonym"],
        created_at=row["created_at"],
        child_safety=row["granted_by"] is not None,
        granted_by=row["granted_by"],
        granted_at=row["granted_at"],
        disabled_at=row["disabled_at"],
        second_factor=row["factor"] is not None,
        subject=f"{row['issuer']} {row['subject']}" if row["issuer"] is not None else None,
    )
    return Kept(user, row["password"], row["factor"], row["factor_pending"], row["factor_step"])
