"""Who is admitted now, as one value that a file can hold: admission works from it when no database answers.

The file is private and replaced whole. What cannot be read is no posture, and without one nobody is admitted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seawall.deploy.guard.contract import Admission
from seawall.files import write_whole
from seawall.policy.guard import CheckKind

_FORMAT = "seawall-posture-1"
_SPACE = 1 << 64

KILLED = "rollout:killed"
COHORT = "rollout:cohort"
FROZEN = "rollout:frozen"
UNKNOWN = "rollout:unknown"


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may use one model now.

    Attributes:
        salt: Keys the choice of accounts, in hex; the model keeps it for ever.
        accounts: Admitted by name.
        percent: Share of all accounts that is admitted.
        frozen: Whether the rollout is frozen.
        count: Which checks are trials.
    """

    salt: str
    accounts: frozenset[str]
    percent: float
    frozen: bool
    count: frozenset[CheckKind]

    def admits(self, account: str) -> bool:
        """Say whether an account is in. Whoever is in at some percentage is in at every larger one."""
        if account in self.accounts or self.percent >= 100:
            return True
        return self.percent > 0 and bucket(self.salt, account) < self.percent / 100


@dataclass(frozen=True, slots=True)
class Posture:
    """What holds for all models.

    Attributes:
        revision: Rises with every change.
        unlisted: Whether models without a plan are open.
        gates: By model.
        killed: Models that are killed, here or elsewhere; `*` is all.
    """

    revision: int
    unlisted: bool
    gates: Mapping[str, Gate]
    killed: frozenset[str]

    def admit(self, model: str | None, account: str) -> Admission:
        """Say whether an account may use a model."""
        if self.killed and ("*" in self.killed or model in self.killed):
            return Admission(False, KILLED)
        gate = self.gates.get(model) if model is not None else None
        if gate is None:
            return Admission(True) if self.unlisted else Admission(False, UNKNOWN)
        if gate.admits(account):
            return Admission(True)
        return Admission(False, FROZEN if gate.frozen else COHORT)

    def save(self, path: Path) -> None:
        """Write it, if the file says anything else.

        Raises:
            OSError: If that fails.
            StorageFull: If there is no space.
        """
        data = {
            "format": _FORMAT,
            "revision": self.revision,
            "unlisted": self.unlisted,
            "killed": sorted(self.killed),
            "gates": {model: _gate(gate) for model, gate in sorted(self.gates.items())},
        }
        body = json.dumps(data, separators=(",", ":")).encode()
        with suppress(OSError):
            if path.read_bytes() == body:
                return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, body)

    @classmethod
    def load(cls, path: Path) -> Posture | None:
        """Read what `save` wrote; None if there is nothing that can be trusted."""
        try:
            data = json.loads(path.read_bytes())
            if data["format"] != _FORMAT:
                return None
            gates = {str(model): _read_gate(gate) for model, gate in data["gates"].items()}
            return cls(int(data["revision"]), data["unlisted"] is True, gates, frozenset(map(str, data["killed"])))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None


def bucket(salt: str, account: str) -> float:
    """Return where an account lies between 0 and 1, by a keyed hash: evenly, for ever, and unknown without the key."""
    key = bytes.fromhex(salt)
    digest = hashlib.blake2b(account.encode("utf-8", "surrogatepass"), key=key, digest_size=8).digest()
    return int.from_bytes(digest, "big") / _SPACE


def _gate(gate: Gate) -> dict[str, Any]:
    return {
        "salt": gate.salt,
        "accounts": sorted(gate.accounts),
        "percent": gate.percent,
        "frozen": gate.frozen,
        "count": sorted(kind.value for kind in gate.count),
    }


def _read_gate(data: Mapping[str, Any]) -> Gate:
    bytes.fromhex(data["salt"])
    return Gate(
        data["salt"],
        frozenset(map(str, data["accounts"])),
        float(data["percent"]),
        data["frozen"] is True,
        frozenset(map(CheckKind, data["count"])),
    )
