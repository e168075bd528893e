"""Files reports to a test kit and dies where it is told to: each life is a fork of one warm process.

Run with the path of a plan: a JSON list of runs, each with the step to die at and the faults of the kit. A step is a
commit, before and after. Prints a line of JSON for each run: what the kit has, and what the installation knows.
"""

from __future__ import annotations

import json
import mmap
import os
import shutil
import signal
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from seawall.cases import Cases, load_review_policy
from seawall.ledger import KeyFile, Ledger
from seawall.maintain.authorities.ncmec.client import Credentials, ReportingApi
from seawall.maintain.authorities.ncmec.environment import EnvironmentName, environment
from seawall.maintain.authorities.options import load_options
from seawall.maintain.authorities.reports import Filer, Reports, ReportState
from seawall.maintain.authorities.testkit.clock import VirtualClock
from seawall.settings import Settings
from seawall.store import Store
from seawall.vault import Vault, key_provider
from seawall.vault.retention import Retention
from seawall.vault.viewing import ViewingRecord

LEASE = 250
LIVES = 12
ENDED, NOT_YET, WRONG = 0, 3, 4


def told(address: str, path: str, body: Any = None) -> Any:
    """Steer the kit."""
    data = None if body is None and path == "state" else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{address}/_testkit/{path}", data), timeout=30) as answer:
        return json.loads(answer.read() or b"null")


@contextmanager
def reports(home: Path, ahead: float) -> Iterator[Reports]:
    """Open an installation whose clock is ahead of the machine's."""
    settings = Settings(home, f"sqlite:///{home / 'seawall.db'}")
    clock = VirtualClock()
    clock.forward(ahead)
    with Store.open(settings.database_url, clock=clock) as store:
        ledger = Ledger(store, KeyFile(home / "keys"))
        vault = Vault(store, ledger, key_provider(settings), home / "vault")
        cases = Cases(store, ledger, load_review_policy(None))
        viewing, retention = ViewingRecord(store, ledger), Retention(store, ledger)
        yield Reports(store, ledger, cases, vault, viewing, retention, load_options(home))


def die_at(step: int, passed: mmap.mmap) -> None:
    """Let this process be killed at a step, counted through all lives of a run."""

    def count(*_arguments: Any) -> None:
        number = int.from_bytes(passed[:4])
        passed[:4] = (number + 1).to_bytes(4)
        if number == step:
            os.kill(os.getpid(), signal.SIGKILL)

    begin = Store.begin

    @contextmanager
    def counted(self: Store, **how: Any) -> Iterator[Connection]:
        with begin(self, **how) as connection:
            yield connection
            count()
        count()

    Store.begin = counted  # type: ignore[method-assign]


def live(home: Path, address: str, ahead: float) -> int:
    """File what is due, once; return whether anything is left to do."""

    def connect(name: EnvironmentName) -> ReportingApi | None:
        if name is not EnvironmentName.TEST:
            return None
        return ReportingApi(environment(name, f"{address}/ispws"), Credentials("testkit", "testkit"))

    with reports(home, ahead) as book:
        Filer(book, connect, wait=lambda _tries: timedelta()).once(1)
        states = {each.state for each in book.list()}
    return ENDED if states == {ReportState.FILED} else NOT_YET


def forked(home: Path, address: str, ahead: float, step: int | None, passed: mmap.mmap) -> int:
    """Live in a process of its own; return how that ended."""
    child = os.fork()
    if child == 0:
        code = WRONG
        try:
            if step is not None:
                die_at(step, passed)
            code = live(home, address, ahead)
        except BaseException as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
        finally:
            os._exit(code)
    return child


def run(template: Path, home: Path, address: str, plan: dict[str, Any]) -> dict[str, Any]:
    """Do one run: die as planned, and live on until it is filed."""
    shutil.copytree(template, home)
    told(address, "reset", {})
    told(address, "faults", plan["faults"])
    ahead, lives, killed = 0.0, 0, False
    passed = mmap.mmap(-1, 4)
    for lives in range(1, LIVES + 1):
        # Who is split off from itself lives twice at once, and the second one believes that the lease is over.
        children = [forked(home, address, ahead, plan["step"], passed)]
        if plan.get("split") and lives == 1:
            children.append(forked(home, address, ahead + LEASE, None, passed))
        ended = [os.waitpid(child, 0)[1] for child in children]
        killed = killed or any(os.WIFSIGNALED(each) for each in ended)
        if any(os.WIFEXITED(each) and os.WEXITSTATUS(each) == ENDED for each in ended):
            break
        if any(os.WIFEXITED(each) and os.WEXITSTATUS(each) == WRONG for each in ended) and not plan.get("split"):
            break
        ahead += LEASE
        told(address, "clock", {"forward": LEASE})
    with reports(home, ahead) as book:
        known = [(each.state.value, each.remote_id, each.complete) for each in book.list()]
    there = told(address, "state")["/ispws"]["reports"]
    shutil.rmtree(home)
    steps = int.from_bytes(passed[:4])
    return {"plan": plan, "lives": lives, "killed": killed, "steps": steps, "known": known, "there": there}


def main() -> None:
    """Do all runs of a plan."""
    template, address = Path(sys.argv[1]), sys.argv[2]
    for number, plan in enumerate(json.loads(Path(sys.argv[3]).read_text())):
        home = template.parent / f"run-{os.getpid()}-{number}"
        print(json.dumps(run(template, home, address, plan)), flush=True)


if __name__ == "__main__":
    main()
