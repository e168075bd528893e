"""A queue as long as wanted: open cases with their items, tasks and events, written as rows by the thousand.

The rows are what opening such cases would have written, queue, turn and due date computed by the same functions; what
the ledger would have got is left out. Subjects, references and digests are numbers: there is no content anywhere.
"""

from __future__ import annotations

import hashlib
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from seawall.cases._office import lane_of
from seawall.cases._openings import subject_key
from seawall.cases._rows import encode
from seawall.cases.model import Door, Severity, SubjectKind, TaskKind
from seawall.cases.policy import ReviewPolicy, Traits
from seawall.cases.priority import stand
from seawall.clock import to_iso

DAYS = 30
"""Over how long the cases came in."""
BATCH = 20_000
HELD = 0.03
"""Share of the cases that rest."""
SPREAD = 0.01
"""Share of the cases that hold the file which is everywhere."""
EVERYWHERE = hashlib.sha256(b"everywhere").hexdigest()

_SHARES: tuple[tuple[int, Door, Severity, str, str | None, bool, bool], ...] = (
    # share, door, severity, category, event class, drill, imminent
    (300, Door.GUARD, Severity.MEDIUM, "other_violation", "request_text", False, False),
    (180, Door.GUARD, Severity.LOW, "adult", "output_blocked", False, False),
    (120, Door.SCAN, Severity.MEDIUM, "other_violation", "training_data_hit", False, False),
    (110, Door.NOTICE, Severity.MEDIUM, "other_violation", "user_report", False, False),
    (70, Door.GUARD, Severity.HIGH, "csem.grooming", "request_text", False, False),
    (50, Door.GUARD, Severity.CRITICAL, "csam", "upload_known", False, False),
    (50, Door.NOTICE, Severity.HIGH, "csem.promotion", "user_report", False, False),
    (40, Door.NOTICE, Severity.HIGH, "ncii_adult", "user_report", False, False),
    (30, Door.HOSTING, Severity.MEDIUM, "other_violation", "model_hosting", False, False),
    (30, Door.NOTICE, Severity.MEDIUM, "other_violation", "trusted_notice", False, False),
    (15, Door.DRILL, Severity.LOW, "canary", "request_text", True, False),
    (5, Door.GUARD, Severity.CRITICAL, "csem.sextortion", "request_text", False, True),
)

COLUMNS = {
    "review_case": (
        "id, subject_kind, subject, subject_key, drill, door, queue, severity, category, event_class, "
        "jurisdiction, state, open, held_from, round, items, findings, found_at, imminent, reach, opened_at, "
        "due_at, due_why, points, turn, why, assigned, closed_at, version"
    ),
    "review_item": (
        "id, case_id, number, key, kind, added_at, sha256, vault, ref, decision_id, notice_id, parent, stage, evidence"
    ),
    "review_task": (
        "id, case_id, kind, round, place, final, queue, lane, turn, due_at, ready, assigned, created_at, "
        "owner, token, lease_until, upto, done_at, done_by, ended"
    ),
    "review_event": ("case_id, number, kind, at, state, person, data"),
}
"""What is filled in of each table, in the order that foreign keys want; the rest is as the database has it."""


@dataclass(slots=True)
class Batch:
    """Rows of some cases, by table, as `COLUMNS` names them."""

    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: {table: [] for table in COLUMNS})


def batches(policy: ReviewPolicy, cases: int, now: datetime) -> Iterator[Batch]:
    """Yield the rows of so many open cases, the oldest first."""
    chance = random.Random(1)
    kinds = chance.choices(_SHARES, [each[0] for each in _SHARES], k=cases)
    queues = {each: policy.queue_for(Traits(each[1], each[2], each[3], each[4], each[5], each[6])) for each in _SHARES}
    began = now - timedelta(days=DAYS)
    batch = Batch()
    for number, kind in enumerate(kinds):
        _, door, severity, category, event_class, drill, imminent = kind
        queue = queues[kind]
        moment = began + timedelta(days=DAYS) * ((number + chance.random()) / cases)
        at, due = to_iso(moment), to_iso(moment + timedelta(minutes=queue.sla_minutes))
        reach = int(10 ** (5 * chance.random())) if chance.random() < 0.2 else 0
        findings = 1 + (chance.random() < 0.1)
        standing = stand(
            policy.weights,
            queue,
            severity=severity,
            imminent=imminent,
            findings=findings,
            reach=reach,
            opened_at=at,
            due_at=due,
        )
        held = chance.random() < HELD
        state, items = "on_hold" if held else "new", 1 + int(chance.random() * 2)
        milliseconds = int(moment.timestamp() * 1000)
        case_id, task_id = _id(milliseconds, 0, number), _id(milliseconds, 1, number)
        whose = SubjectKind.SOURCE if door in (Door.SCAN, Door.HOSTING) else SubjectKind.ACCOUNT
        subject = subject_of(number)
        jurisdiction = chance.choice((None, "US", "GB", "DE", "CA"))
        batch.rows["review_case"].append((
            case_id, whose.value, subject, subject_key(whose, subject), drill, door.value, queue.name, int(severity),
            category, event_class, jurisdiction, state, True, "new" if held else None, 1, items, findings, at, imminent,
            reach, at, due, f"{queue.ground} (queue {queue.name})", standing.points, standing.turn,
            encode(list(standing.why)), None, None, 1 + held,
        ))  # fmt: skip
        for place in range(1, items + 1):
            digest = EVERYWHERE if place == 1 and chance.random() < SPREAD else f"{chance.getrandbits(256):064x}"
            evidence = {"detectors": [{"name": "stand-in", "score": round(chance.random(), 4)}], "action": "block"}
            batch.rows["review_item"].append((
                _id(milliseconds, 2, number * 4 + place), case_id, place, f"decision/{number}/{place}",
                "image" if place == 1 else "prompt", at, digest if place == 1 else None, None, f"upload-{number}",
                None, None, None, "input", encode(evidence),
            ))  # fmt: skip
        batch.rows["review_task"].append((
            task_id, case_id, "first", 1, 1, False, queue.name,
            lane_of(queue.name, TaskKind.FIRST, int(severity), category), standing.turn, due, not held, None, at, None,
            0, None, 0, None, None, None,
        ))  # fmt: skip
        batch.rows["review_event"].append((case_id, 1, "opened", at, "new", None, encode({"items": items})))
        if held:
            batch.rows["review_event"].append((case_id, 2, "held", at, "on_hold", "somebody", encode({})))
        if len(batch.rows["review_case"]) == BATCH:
            yield batch
            batch = Batch()
    yield batch


def subject_of(number: int) -> str:
    """Return the subject of a case, by its number."""
    return f"account-{number:08d}"


def fill(url: str, policy: ReviewPolicy, cases: int) -> None:
    """Write so many open cases into an empty database of the present schema."""
    now = datetime.now(UTC)
    if url.startswith("sqlite"):
        _fill_sqlite(url.removeprefix("sqlite:///"), batches(policy, cases, now))
    else:
        _fill_postgres(url.replace("postgresql+psycopg", "postgresql"), batches(policy, cases, now))


def _fill_sqlite(path: str, made: Iterator[Batch]) -> None:
    database = sqlite3.connect(path, isolation_level=None)
    try:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA cache_size = -1000000")
        for batch in made:
            database.execute("BEGIN IMMEDIATE")
            for table, columns in COLUMNS.items():
                marks = ", ".join("?" * len(columns.split(", ")))
                database.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", batch.rows[table])
            database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        database.close()


def _fill_postgres(url: str, made: Iterator[Batch]) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as database:
        for batch in made:
            with database.transaction():
                for table, columns in COLUMNS.items():
                    written = "".join("\t".join(map(_written, row)) + "\n" for row in batch.rows[table])
                    with database.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                        copy.write(written)
        # What its own housekeeping does a minute later.
        for table in COLUMNS:
            database.execute(f"VACUUM (ANALYZE) {table}")


def _written(value: object) -> str:
    # Nothing that is written here holds a tab, a line end or a backslash.
    return r"\N" if value is None else str(value)


def _id(milliseconds: int, table: int, number: int) -> str:
    """Return an id in the form of `new_id`, of a moment in the past."""
    return f"{milliseconds:012x}7{table:03x}8{number:015x}"
