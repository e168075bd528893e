"""Which role may do what, as data.

No role holds `OPEN_EVIDENCE`, and no role stands for all permissions: content is opened by a named grant, or by
breaking the glass.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from seawall.users.model import Permission, Role

ROLES: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.REVIEWER: frozenset({Permission.REVIEW}),
        Role.LEAD: frozenset(
            {
                Permission.REVIEW,
                Permission.ASSIGN,
                Permission.DECIDE_APPEALS,
                Permission.DESTROY,
                Permission.SEE_AGGREGATES,
            }
        ),
        Role.ADMIN: frozenset({Permission.MANAGE_USERS, Permission.MANAGE_SETTINGS}),
        Role.AUDITOR: frozenset({Permission.READ_AUDIT, Permission.SEE_AGGREGATES}),
    }
)
"""What a role may do without more."""

GRANTABLE = frozenset({Role.REVIEWER, Role.LEAD})
"""Who may be granted access to evidence."""

GLASS = frozenset({Role.LEAD, Role.ADMIN})
"""Who may break the glass when nobody with a grant can be reached."""


def permissions(role: Role, *, child_safety: bool, glass: bool) -> frozenset[Permission]:
    """Return what somebody may do.

    Args:
        role: Their role.
        child_safety: Whether they hold the named grant.
        glass: Whether they broke the glass within the hour.
    """
    opened = (child_safety and role in GRANTABLE) or (glass and role in GLASS)
    return ROLES[role] | {Permission.OPEN_EVIDENCE} if opened else ROLES[role]
