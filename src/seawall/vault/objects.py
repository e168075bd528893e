"""What the vault tells about an object, and what it takes as names: short plain texts that may be recorded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from seawall.errors import UsageError

_PURPOSE = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}")
_OBJECT_ID = re.compile(r"[0-9a-f]{32}")
MAX_NAME = 128
MAX_REASON = 500


class Purpose(StrEnum):
    """Why bytes are kept. An operator may use other words of the same form."""

    REMOVED = "removed"
    """Taken out of a dataset."""
    EVIDENCE = "evidence"
    """Belongs to a case."""
    QUARANTINE = "quarantine"
    """Withheld until a person decides."""
    CANARY = "canary"
    """A harmless stand-in."""


@dataclass(frozen=True, slots=True)
class Destroyed:
    """The certificate of a destruction. `seawall ledger prove EVENT` proves that it was recorded.

    Attributes:
        id: The object.
        at: When its key was erased.
        person: Who destroyed it.
        reason: On what ground.
        event: Key of the ledger event.
    """

    id: str
    at: str
    person: str
    reason: str
    event: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {"id": self.id, "at": self.at, "person": self.person, "reason": self.reason, "event": self.event}


@dataclass(frozen=True, slots=True)
class VaultObject:
    """One object, as far as it may be shown without opening it.

    Attributes:
        id: 32 random hex digits.
        purpose: Why it is kept.
        person: Who put it in.
        case: The case that it belongs to.
        sha256: Digest of the bytes, in hex.
        size: Number of bytes.
        media_type: As the caller stated it.
        put_at: When.
        key_id: Which key its own key is wrapped with.
        destroyed: The certificate, once its key is erased.
    """

    id: str
    purpose: str
    person: str
    case: str | None
    sha256: str
    size: int
    media_type: str | None
    put_at: str
    key_id: str
    destroyed: Destroyed | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "id": self.id,
            "purpose": self.purpose,
            "person": self.person,
            "case": self.case,
            "sha256": self.sha256,
            "size": self.size,
            "media_type": self.media_type,
            "put_at": self.put_at,
            "key_id": self.key_id,
            "destroyed": self.destroyed.to_dict() if self.destroyed else None,
        }


class Hold(Protocol):
    """Something that can forbid a destruction, for example a duty to preserve."""

    def may_destroy(self, item: VaultObject) -> str | None:
        """Return None if it may be destroyed, else why not.

        It is asked while the object's row is locked, and must not write to the database.
        """


def purpose_of(value: str) -> str:
    """Return a purpose in its stored form.

    Raises:
        UsageError: If it is not a lower-case word.
    """
    if not _PURPOSE.fullmatch(value):
        raise UsageError(
            "a purpose is a lower-case word of at most 64 characters", hint=f"for example {Purpose.REMOVED}"
        )
    return str(value)


def name_of(value: str, what: str, *, longest: int = MAX_NAME) -> str:
    """Return a text that may be recorded: one printable line, not empty, not too long.

    Raises:
        UsageError: If it is something else. The text itself is not repeated.
    """
    if not (0 < len(value) <= longest and value.isprintable() and value.strip()):
        raise UsageError(f"{what} must be a printable text of 1 to {longest} characters")
    return value


def media_type_of(value: str) -> str:
    """Return a media type.

    Raises:
        UsageError: If it is not of the form type/subtype.
    """
    if not _MEDIA_TYPE.fullmatch(value):
        raise UsageError("a media type is written type/subtype, in lower case")
    return value


def id_of(value: str) -> str:
    """Return an object id.

    Raises:
        UsageError: If it is not 32 hex digits.
    """
    if not _OBJECT_ID.fullmatch(value):
        raise UsageError("a vault object's id is 32 hex digits", hint="see 'seawall vault ls'")
    return value
