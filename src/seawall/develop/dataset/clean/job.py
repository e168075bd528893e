"""The clean's own record of itself, in the home and never in the output: which data, by which findings, to where."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seawall.files import storage, write_whole

from .errors import DataChanged, OutputInUse
from .outlet import Outlet
from .units import Unit

_FRESH = "give another --out, or --fresh, which empties it first"


@dataclass(frozen=True, slots=True)
class Job:
    """A clean's identity.

    Attributes:
        id: Random name given at the first run, kept by every resumption.
        at: When the first run began, RFC 3339.
        identity: Hash of everything that decides what is removed, and from what.
        plan: Digest of the plan; empty until there is one.
        state: Directory of the record.
    """

    id: str
    at: str
    identity: str
    plan: str
    state: Path

    @classmethod
    def open(cls, state: Path, outlet: Outlet, identity: str, at: str, *, fresh: bool) -> Job:
        """Open the record, or begin one. The caller holds the lock.

        Args:
            state: Directory of the record.
            outlet: The output.
            identity: What decides.
            at: The present moment.
            fresh: Empty the output and begin anew.

        Raises:
            OutputInUse: If the output holds another clean's data, or anything else.
        """
        path = state / "job.json"
        known = _read(path)
        if known is not None and fresh:
            outlet.clear()
            shutil.rmtree(state / "done", ignore_errors=True)
            path.unlink()
            known = None
        if known is not None:
            if known["identity"] != identity:
                raise OutputInUse("the output holds a clean of other data or by other findings", hint=_FRESH)
            return cls(known["id"], known["at"], identity, known["plan"], state)
        if not outlet.is_empty():
            raise OutputInUse("the output holds files that no clean of this home wrote", hint="give an empty --out")
        shutil.rmtree(state / "done", ignore_errors=True)
        job = cls(uuid.uuid4().hex, at, identity, "", state)
        job._write()
        return job

    def _write(self) -> None:
        body = {"id": self.id, "at": self.at, "identity": self.identity, "plan": self.plan}
        write_whole(self.state / "job.json", json.dumps(body).encode())

    def write_plan(self, units: Iterable[Unit]) -> tuple[Job, int]:
        """Write the plan; return the record that names it, and the number of units.

        Raises:
            DataChanged: If the data are not those that this clean began with.
        """
        digest, count = hashlib.sha256(), 0
        temporary = self.state / "plan.new"
        with storage(self.state), temporary.open("w", encoding="utf-8") as file:
            for unit in units:
                file.write(json.dumps(unit.to_dict()) + "\n")
                digest.update(unit.id.encode())
                count += 1
        plan = digest.hexdigest()
        if self.plan not in ("", plan):
            raise DataChanged("the data changed since this clean began", hint=_FRESH)
        temporary.replace(self.state / "plan.jsonl")
        job = replace(self, plan=plan)
        job._write()
        return job, count

    def units(self) -> Iterator[Unit]:
        """Read the plan."""
        with (self.state / "plan.jsonl").open(encoding="utf-8") as file:
            for line in file:
                yield Unit.from_dict(json.loads(line))


def _read(path: Path) -> Mapping[str, Any] | None:
    try:
        data: Mapping[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        raise OutputInUse(f"{path} is damaged", hint="remove it, and give an empty --out") from None
    return data
