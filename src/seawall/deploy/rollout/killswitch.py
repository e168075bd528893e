"""The kill switch: a local file a model under `HOME/killswitch`, which works with database and network down.

A file is enough, whatever it holds. A directory that cannot be read means that everything is killed.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from seawall.clock import Clock, system_clock, to_iso
from seawall.deploy.rollout.errors import KillSwitchUnusable
from seawall.errors import StorageFull
from seawall.files import create_once
from seawall.settings import PRIVATE_DIR

ALL = "*"
"""Stands for every model; its file is `ALL`, so that `touch` is enough in an emergency."""

INTERVAL = 0.5
"""Seconds for which an answer may be old."""

_ALL_FILE = "ALL"
_SUFFIX = ".json"
_MOST_BYTES = 16 * 1024
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Kill:
    """One throw of the switch.

    Attributes:
        id: 32 hex digits.
        model: The model, or `*`; None if the file does not say.
        person: Who did it.
        reason: Why.
        at: When, RFC 3339 in UTC.
        file: Name of the file.
    """

    id: str
    model: str | None
    person: str
    reason: str
    at: str
    file: str


class KillSwitch:
    """The switches of one installation. Safe to use from several threads.

    Args:
        home: seawall's state directory; its directory `killswitch` is made now if it can be.
        clock: Tells the time of kills.
        monotonic: Tells how old an answer is.
    """

    def __init__(
        self, home: Path, *, clock: Clock = system_clock, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.folder = home / "killswitch"
        self._clock = clock
        self._monotonic = monotonic
        self._files: frozenset[str] | None = None
        self._looked = -INTERVAL
        # If it cannot be made, reading it will fail as well, and that is a kill.
        with suppress(OSError):
            home.mkdir(parents=True, exist_ok=True, mode=PRIVATE_DIR)
            self.folder.mkdir(exist_ok=True, mode=PRIVATE_DIR)

    def killed(self, model: str | None) -> bool:
        """Say whether a model is killed here; None is a request that names none."""
        now = self._monotonic()
        if now - self._looked >= INTERVAL or self._files is None:
            self._files = self._look()
            self._looked = now
        files = self._files
        if not files:
            return files is None
        return _ALL_FILE in files or (model is not None and file_of(model) in files)

    def readable(self) -> bool:
        """Say whether the switch can be read at this moment."""
        return self._look() is not None

    def kill(self, model: str, *, person: str, reason: str) -> Kill:
        """Kill a model: from now on nothing is admitted, whether or not the database can be reached.

        Killing again keeps the first.

        Raises:
            KillSwitchUnusable: If no file can be made at all.
        """
        path = self.folder / file_of(model)
        made = Kill(
            secrets.token_hex(16), model, person[:_LONGEST], reason[:_LONGEST], to_iso(self._clock()), path.name
        )
        body = {"model": model, "id": made.id, "person": made.person, "reason": made.reason, "at": made.at}
        try:
            create_once(path, json.dumps(body).encode())
        except (OSError, StorageFull):
            # An empty file needs no space, and kills as well; who and why can be told when it is lifted.
            try:
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
            except OSError as error:
                raise KillSwitchUnusable(f"no file can be made in {self.folder}: {error.strerror}") from None
        self._sync()
        self._looked = -INTERVAL
        return self._read(path.name) or made

    def lift(self, kill_id: str) -> None:
        """Remove the file of a kill that was revived; for `RolloutStore.revive` alone.

        Raises:
            KillSwitchUnusable: If it cannot be removed.
        """
        for kill in self.kills():
            if kill.id == kill_id:
                try:
                    (self.folder / kill.file).unlink(missing_ok=True)
                except OSError as error:
                    raise KillSwitchUnusable(f"{kill.file} cannot be removed: {error.strerror}") from None
        self._sync()
        self._looked = -INTERVAL

    def kills(self) -> list[Kill]:
        """Return what the files say, by file name.

        Raises:
            KillSwitchUnusable: If they cannot be read.
        """
        files = self._look()
        if files is None:
            raise KillSwitchUnusable(f"{self.folder} cannot be read")
        found = (self._read(name) for name in sorted(files))
        return [kill for kill in found if kill is not None]

    def _look(self) -> frozenset[str] | None:
        try:
            with os.scandir(self.folder) as entries:
                names = [entry.name for entry in entries]
        except OSError:
            return None
        return frozenset(name for name in names if _is_switch(name))

    def _read(self, name: str) -> Kill | None:
        path = self.folder / name
        try:
            stamp = path.stat().st_mtime_ns
        except FileNotFoundError:
            return None
        except OSError:
            stamp = 0
        by_hand = Kill(
            hashlib.sha256(f"{name} {stamp}".encode()).hexdigest()[:32],
            ALL if name == _ALL_FILE else None,
            "unknown",
            "a file without details",
            to_iso(datetime.fromtimestamp(stamp // 10**9, UTC)),
            name,
        )
        try:
            with path.open("rb") as file:
                data = json.loads(file.read(_MOST_BYTES + 1))
            kill_id, model, person, reason, at = (data[key] for key in ("id", "model", "person", "reason", "at"))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return by_hand
        if not all(isinstance(each, str) and each for each in (kill_id, model, person, reason, at)):
            return by_hand
        if file_of(model) != name or len(kill_id) != 32:
            return by_hand
        return Kill(kill_id, model, person, reason, at, name)

    def _sync(self) -> None:
        with suppress(OSError):
            descriptor = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def file_of(model: str) -> str:
    """Return the name of a model's file, whatever characters the model's name has."""
    if model == ALL:
        return _ALL_FILE
    return hashlib.sha256(model.encode("utf-8", "surrogatepass")).hexdigest() + _SUFFIX


def _is_switch(name: str) -> bool:
    stem = name.removesuffix(_SUFFIX)
    return name == _ALL_FILE or (name != stem and len(stem) == 64 and not set(stem) - set("0123456789abcdef"))
