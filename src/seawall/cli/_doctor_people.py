"""What `seawall doctor` says of those who review, of what waits for them, and of what their decisions set off.

Counts alone are shown: no name, no case, no address.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from seawall.cli._doctor_found import Finding, Installation, Level, many, usable
from seawall.clock import to_iso

_STUCK = timedelta(hours=1)
_SLOW = timedelta(days=1)
_MANY = 1000


def check_people(found: Installation) -> Iterator[Finding]:
    """Somebody can look after the users and somebody may see what waits; everybody has a second factor."""
    if not usable(found):
        yield Finding(Level.OK, "nobody yet")
        return
    from seawall.store.tables import review_case, staff

    with found.store().read() as connection:
        people = connection.execute(staff.select().where(staff.c.disabled_at.is_(None))).mappings().all()
        waiting = connection.execute(review_case.select().where(review_case.c.open).limit(1)).first() is not None
    if people and not any(one["role"] == "admin" for one in people):
        yield Finding(Level.PROBLEM, "no administrator can sign in", "see 'seawall users'")
    granted = sum(bool(one["granted_at"]) for one in people)
    if waiting and not granted:
        detail = "cases wait, and nobody has the child-safety grant"
        yield Finding(Level.PROBLEM, detail, "an administrator gives it to another person: 'seawall users grant'")
    if waiting and granted == 1:
        detail = "one person alone has the child-safety grant: second reviews and appeals wait for another"
        yield Finding(Level.WARNING, detail, "'seawall users grant'")
    bare = sum(one["password"] is not None and one["factor"] is None for one in people)
    if bare:
        yield Finding(Level.WARNING, f"{bare} of {len(people)} users have no second factor", "they enrol at sign-in")
    yield Finding(Level.OK, f"{len(people)} users")


def check_cases(found: Installation) -> Iterator[Finding]:
    """No case is past its time, and no task is left behind by whoever held it."""
    if not usable(found):
        yield Finding(Level.OK, "none yet")
        return
    from seawall.store.tables import review_case, review_task

    now = found.clock()
    late = review_case.select().where(review_case.c.open, review_case.c.due_at < to_iso(now))
    left = review_task.select().where(review_task.c.lease_until < to_iso(now - _STUCK))
    with found.store().read() as connection:
        overdue = len(connection.execute(late.with_only_columns(review_case.c.id).limit(_MANY)).all())
        stuck = len(connection.execute(left.with_only_columns(review_task.c.id).limit(_MANY)).all())
    if overdue:
        yield Finding(Level.PROBLEM, f"cases past their time: {many(overdue, _MANY)}", "see 'seawall cases ls'")
    if stuck:
        detail = f"leases that ended over an hour ago, and nobody took the task since: {many(stuck, _MANY)}"
        yield Finding(Level.WARNING, detail, "see 'seawall cases queues'")
    yield Finding(Level.OK, "none is past its time")


def check_effects(found: Installation) -> Iterator[Finding]:
    """What decisions set off was delivered, and said to be done. What a person gave up is counted, no more."""
    if not usable(found):
        yield Finding(Level.OK, "none yet")
        return
    from seawall.store.tables import outbox

    before = to_iso(found.clock() - _SLOW)
    old = outbox.select().with_only_columns(outbox.c.id).where(outbox.c.queued_at < before).limit(_MANY)
    dead = outbox.select().with_only_columns(outbox.c.id).where(outbox.c.state == "dead").limit(_MANY)
    with found.store().read() as connection:
        waiting = len(connection.execute(old.where(outbox.c.state == "queued")).all())
        unsaid = len(connection.execute(old.where(outbox.c.state == "delivered")).all())
        given_up = len(connection.execute(dead).all())
    if waiting:
        yield Finding(
            Level.PROBLEM, f"effects not delivered within a day: {many(waiting, _MANY)}", "see 'seawall effects ls'"
        )
    if unsaid:
        detail = f"effects delivered, but not acknowledged within a day: {many(unsaid, _MANY)}"
        yield Finding(Level.WARNING, detail, "the host says so, or 'seawall effects ack'")
    yield Finding(Level.OK, f"none is late; {many(given_up, _MANY)} given up by a person")
