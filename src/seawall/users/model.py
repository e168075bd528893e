"""People who work with seawall: reviewers, leads, administrators, auditors. Not the accounts of the host's service."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody is here for. A role never opens evidence by itself: that takes the child-safety grant."""

    REVIEWER = "reviewer"
    LEAD = "lead"
    """Assigns, decides appeals, sees aggregates."""
    ADMIN = "admin"
    """Users, settings, keys; no content."""
    AUDITOR = "auditor"
    """Reads records; no content."""


class Permission(StrEnum):
    """What may be done. Routes and functions name one each."""

    REVIEW = "review"
    OPEN_EVIDENCE = "open_evidence"
    """See derivatives and originals; held by the child-safety grant alone, or by break-glass for an hour."""
    DECIDE_APPEALS = "decide_appeals"
    ASSIGN = "assign"
    DESTROY = "destroy"
    SEE_AGGREGATES = "see_aggregates"
    READ_AUDIT = "read_audit"
    MANAGE_USERS = "manage_users"
    MANAGE_SETTINGS = "manage_settings"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in.

    Attributes:
        id: 32 hex digits; recorded with whatever this person does.
        name: For signing in; unique, in small letters.
        role: What they are here for.
        pseudonym: How they are called outside the organisation, and to colleagues who need not know.
        child_safety: Whether a named person granted access to evidence; with `granted_by` and `granted_at`.
        created_at, disabled_at: RFC 3339 in UTC.
        second_factor: Whether a one-time code is asked at sign-in.
        subject: Issuer and subject of single sign-on; None for local users.
    """

    id: str
    name: str
    role: Role
    pseudonym: str
    created_at: str
    child_safety: bool = False
    granted_by: str | None = None
    granted_at: str | None = None
    disabled_at: str | None = None
    second_factor: bool = False
    subject: str | None = None
