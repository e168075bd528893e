"""Flags by the people who use a local build: what somebody found wrong, as ids, digests and names; never content.

A flag is a small file that is created once and never written again; the ledger keeps its digest. Nothing is sent
anywhere: flags stay until somebody exports them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from seawall.clock import Clock, system_clock, to_iso
from seawall.decisions import Recorder
from seawall.deploy.local.errors import FlagRefused, FlagsDamaged
from seawall.files import create_once
from seawall.ledger import EventConflict, KeyFile, Ledger, open_store
from seawall.settings import Settings

MAX_NOTE = 500
_MAX_BYTES = 16 << 10
_ID = re.compile(r"[0-9a-f]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REASON = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,256}")
_MOMENT = re.compile(r"[0-9T:.-]{19,32}Z")


class FlagKind(StrEnum):
    """What is flagged."""

    PROMPT = "prompt"
    OUTPUT = "output"
    UPLOAD = "upload"
    MODEL = "model"
    LORA = "lora"
    WORKFLOW = "workflow"
    DATASET = "dataset"
    EXTENSION = "extension"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag.

    Attributes:
        id: 32 hex digits, in the order of time.
        at: When, RFC 3339 in UTC.
        kind: What is flagged.
        reason: Why, in a word of small letters: `csae`, `no_consent`, `nudifier`.
        decision_id: The guard's decision on it, if there was one.
        decision: What that decision said: action, category, policy; no content.
        sha256: Digest of the flagged file.
        model: Name of the model.
        model_version: Its version.
        model_sha256: Digest of its file.
        app: The application.
        app_version: Its version.
        note: A sentence by the person; stays here unless an export asks for notes.
    """

    id: str
    at: str
    kind: FlagKind
    reason: str
    decision_id: str | None = None
    decision: Mapping[str, Any] | None = None
    sha256: str | None = None
    model: str | None = None
    model_version: str | None = None
    model_sha256: str | None = None
    app: str | None = None
    app_version: str | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        expected = {
            "id": _ID,
            "at": _MOMENT,
            "reason": _REASON,
            "decision_id": _ID,
            "sha256": _SHA256,
            "model": _NAME,
            "model_version": _NAME,
            "model_sha256": _SHA256,
            "app": _NAME,
            "app_version": _NAME,
        }
        for name, pattern in expected.items():
            value = getattr(self, name)
            if value is None and name not in ("id", "at", "reason"):
                continue
            if not isinstance(value, str) or not pattern.fullmatch(value):
                raise FlagRefused(f"the flag's {name} is not as it must be", hint="see 'docs/local.md'")
        if self.note is not None and (not isinstance(self.note, str) or not 0 < len(self.note) <= MAX_NOTE):
            raise FlagRefused(
                f"a note has at most {MAX_NOTE} characters", hint="no prompt and no content belongs in it"
            )

    def to_dict(self, *, notes: bool = True) -> dict[str, Any]:
        """Return plain JSON; what is not known is left out."""
        known = {name: value for name, value in asdict(self).items() if value is not None}
        if not notes:
            known.pop("note", None)
        return known

    @classmethod
    def from_dict(cls, data: Any) -> Flag:
        """Read what `to_dict` returned.

        Raises:
            FlagRefused: If it is not that.
        """
        known = {field.name for field in fields(cls)}
        if not isinstance(data, dict) or not {"id", "at", "kind", "reason"} <= data.keys() <= known:
            raise FlagRefused()
        decision = data.get("decision")
        if decision is not None and not isinstance(decision, dict):
            raise FlagRefused()
        try:
            return cls(**{**data, "kind": FlagKind(data["kind"])})
        except ValueError:
            raise FlagRefused("a flag is of no known kind") from None


class FlagBook:
    """The flags of one installation.

    Args:
        settings: Where they are kept.
        clock: Tells the time.
    """

    def __init__(self, settings: Settings, clock: Clock = system_clock) -> None:
        self._settings = settings
        self._folder = settings.home / "local" / "flags"
        self._clock = clock

    def add(self, kind: FlagKind | str, reason: str, **known: Any) -> Flag:
        """Keep a flag, durably when this returns.

        Args:
            kind: What is flagged.
            reason: Why.
            known: The other attributes of `Flag`.

        Raises:
            FlagRefused: If it is not as it must be.
        """
        try:
            flag = Flag(Recorder.new_id(), to_iso(self._clock()), FlagKind(kind), reason, **known)
        except ValueError:
            raise FlagRefused("a flag is of no known kind", hint=", ".join(FlagKind)) from None
        data = _encode(flag)
        if len(data) > _MAX_BYTES:
            raise FlagRefused("the flag is too long")
        create_once(self._folder / f"{flag.id}.json", data)
        self._record([(flag, data)])
        return flag

    def __iter__(self) -> Iterator[Flag]:
        """Yield every flag in the order of time.

        Raises:
            FlagsDamaged: If one cannot be read.
        """
        for flag, _ in self._kept():
            yield flag

    def verified(self) -> list[Flag]:
        """Return every flag, each compared with the ledger.

        Raises:
            FlagsDamaged: If one was changed after it was kept.
        """
        kept = list(self._kept())
        self._record(kept)
        return [flag for flag, _ in kept]

    def _kept(self) -> Iterator[tuple[Flag, bytes]]:
        for path in sorted(self._folder.glob("*.json")) if self._folder.is_dir() else ():
            with path.open("rb") as file:
                data = file.read(_MAX_BYTES + 1)
            try:
                flag = Flag.from_dict(json.loads(data))
            except (ValueError, RecursionError, FlagRefused):
                raise FlagsDamaged(f"the flag {path.name} cannot be read") from None
            if path.name != f"{flag.id}.json":
                raise FlagsDamaged(f"the flag {path.name} bears the id of another")
            yield flag, data

    def _record(self, kept: list[tuple[Flag, bytes]]) -> None:
        """Put the digests of flags into the ledger; those that are in it already must be the same."""
        if not kept:
            return
        with open_store(self._settings) as store:
            ledger = Ledger.open(store, KeyFile(self._settings.home / "keys"))
            for flag, data in kept:
                body = {"flag": flag.id, "kind": flag.kind.value, "sha256": hashlib.sha256(data).hexdigest()}
                try:
                    with store.begin() as connection:
                        ledger.record(connection, "local.flag", f"local.flag/{flag.id}", body)
                except EventConflict:
                    raise FlagsDamaged(f"the flag {flag.id} was changed after it was kept") from None
            ledger.append_pending()


def _encode(flag: Flag) -> bytes:
    return (json.dumps(flag.to_dict(), sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")
