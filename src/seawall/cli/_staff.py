"""Who does something at the command line: a person of this installation, by name, who may do it now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seawall.errors import NotFound

if TYPE_CHECKING:
    from seawall.users import Permission, User, Users

COMMAND_LINE = "command line"
"""Who read something, if nobody was named: whoever has the shell is trusted, and recorded as that."""


def named(users: Users, name: str, *wanted: Permission) -> User:
    """Return a person by name.

    Args:
        users: Those of the installation.
        name: As they sign in.
        wanted: All of these they must be allowed.

    Raises:
        NotFound: If there is nobody of this name.
        NotPermitted: If they are disabled, or their role is not for it.
    """
    from seawall.users import NotPermitted

    user = users.by_name(name)
    held = users.permissions(user)
    if user.disabled_at is not None:
        raise NotPermitted(f"{user.name} is disabled", hint="'seawall users enable' changes that")
    missing = next((each for each in wanted if each not in held), None)
    if missing is not None:
        raise NotPermitted(f"{user.name} may not do this: it takes the permission {missing.value}")
    return user


def reader(users: Users, name: str | None) -> str:
    """Return who reads a case, as the ledger records it: somebody who may review, or read the audit.

    Raises:
        NotFound: If there is nobody of this name.
        NotPermitted: If they are disabled, or neither is theirs.
    """
    from seawall.users import NotPermitted, Permission

    if name is None:
        return COMMAND_LINE
    user = named(users, name)
    if not users.permissions(user) & {Permission.REVIEW, Permission.READ_AUDIT}:
        raise NotPermitted(f"{user.name} may not read cases")
    return user.id


def called(users: Users, person: str) -> str:
    """Return how a person is called where others read it: their pseudonym; what is nobody's id, as it is."""
    try:
        return users.get(person).pseudonym
    except NotFound:
        return person
