"""What `seawall doctor` says of notices, appeals and retention, and of the files that people decide by.

Counts alone are shown: no notice, no case, no party. Drills are never late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from seawall.cli._doctor_found import Finding, Installation, Level, many, usable
from seawall.clock import to_iso
from seawall.errors import SeawallError

_MANY = 1000
_PURGED = timedelta(days=2)


def check_notices(found: Installation) -> Iterator[Finding]:
    """No notice is past its time undecided, and what was to be removed is known to be gone."""
    if not usable(found):
        yield Finding(Level.OK, "none yet")
        return
    from seawall.store.tables import notice, notice_case

    late = notice.select().with_only_columns(notice.c.id).distinct().limit(_MANY)
    late = late.where(notice.c.due_at < to_iso(found.clock()), notice.c.drill.is_(False))
    there = late.join_from(notice, notice_case, notice.c.id == notice_case.c.notice)
    with found.store().read() as connection:
        undecided = len(connection.execute(late.where(notice.c.decided_at.is_(None))).all())
        unsure = notice_case.c.removal & notice_case.c.removed_at.is_(None)
        remaining = len(connection.execute(there.where(notice.c.decided_at.is_not(None), unsure)).all())
    if undecided:
        yield Finding(Level.PROBLEM, f"notices past their time: {many(undecided, _MANY)}", "see 'seawall notices ls'")
    if remaining:
        detail = f"notices past their time whose removals nobody acknowledged: {many(remaining, _MANY)}"
        yield Finding(Level.PROBLEM, detail, "the host says so, or 'seawall effects ack'")
    yield Finding(Level.OK, "none is past its time")


def check_appeals(found: Installation) -> Iterator[Finding]:
    """No appeal is past its time."""
    if not usable(found):
        yield Finding(Level.OK, "none yet")
        return
    from seawall.store.tables import appeal

    late = appeal.select().with_only_columns(appeal.c.id).where(appeal.c.due_at < to_iso(found.clock())).limit(_MANY)
    with found.store().read() as connection:
        open_ = len(connection.execute(late.where(appeal.c.decided_at.is_(None), appeal.c.drill.is_(False))).all())
    if open_:
        yield Finding(Level.PROBLEM, f"appeals past their time: {many(open_, _MANY)}", "see 'seawall appeals ls'")
    yield Finding(Level.OK, "none is past its time")


def check_retention(found: Installation) -> Iterator[Finding]:
    """What nothing holds any more was destroyed."""
    if not usable(found):
        yield Finding(Level.OK, "nothing is kept yet")
        return
    from seawall.ledger import KeyFile, Ledger
    from seawall.vault.retention import Retention

    store = found.store()
    due = len(Retention(store, Ledger(store, KeyFile(found.home / "keys"))).due(found.clock() - _PURGED))
    if due:
        detail = f"objects that nothing has held for {_PURGED.days} days or more: {due}"
        yield Finding(Level.WARNING, detail, "run 'seawall vault purge' every day")
    yield Finding(Level.OK, "nothing is kept for longer than it is held")


def check_files(found: Installation) -> Iterator[Finding]:
    """The files of the home that people decide by can be read, and so can what sign-in is set to."""
    from seawall.web.sessions.oidc import OidcSettings
    from seawall.web.sessions.options import SessionOptions

    files = {name: load for name, load in _files().items() if (found.home / name).exists()}
    loads: list[Callable[[], Any]] = [partial(load, found.home / name) for name, load in files.items()]
    for load in (*loads, SessionOptions.from_env, OidcSettings.from_env):
        try:
            load()
        except SeawallError as error:
            yield Finding(Level.PROBLEM, error.message, error.hint)
    yield Finding(Level.OK, f"{len(files)} of your own, the others as shipped")


def _files() -> dict[str, Callable[[Path], Any]]:
    from seawall.cases import load_review_policy
    from seawall.casework.installation import FLOOR, QUALITY, REPEATS, REVIEW_POLICY
    from seawall.deploy import notices
    from seawall.maintain import appeals, statements
    from seawall.maintain.authorities import options as authorities
    from seawall.maintain.review import load_floor, load_quality, load_repeats

    return {
        REVIEW_POLICY: load_review_policy,
        FLOOR: load_floor,
        QUALITY: load_quality,
        REPEATS: load_repeats,
        notices.FILE: lambda path: notices.load_options(path.parent),
        appeals.FILE: lambda path: appeals.load_options(path.parent),
        statements.FILE: lambda path: statements.load_options(path.parent),
        authorities.FILE: lambda path: authorities.load_options(path.parent),
    }
