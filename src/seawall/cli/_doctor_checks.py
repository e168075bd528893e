"""What `seawall doctor` looks at: a check a function, each said in a line. Nothing is mended, and nothing created.

A check that cannot run is a problem, never a tick. More checks are added to `CHECKS`.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta

from seawall.cli._doctor_clocks import check_appeals, check_files, check_notices, check_retention
from seawall.cli._doctor_found import Check, Finding, Installation, Level, sqlite_file, sqlite_schema, usable
from seawall.cli._doctor_people import check_cases, check_effects, check_people
from seawall.cli._doctor_reports import check_reports
from seawall.errors import SeawallError

_SOON = timedelta(days=30)
_STALE = timedelta(days=30)
_TIGHT, _FULL = 2 << 30, 200 << 20
_QUEUED = 10_000


def check_home(found: Installation) -> Iterator[Finding]:
    """The state directory is its owner's alone."""
    if not found.home.exists():
        yield Finding(Level.OK, "no state directory yet")
        return
    mode = stat.S_IMODE(found.home.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        yield Finding(Level.PROBLEM, f"others may enter {found.home} (mode {mode:04o})", "chmod 700 it")
    else:
        yield Finding(Level.OK, str(found.home))


def check_keys(found: Installation) -> Iterator[Finding]:
    """Keys are readable by their owner alone."""
    folder = found.home / "keys"
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    for path in files:
        mode = stat.S_IMODE(path.stat().st_mode)
        if os.name == "posix" and mode & 0o077:
            detail = f"others may read keys/{path.relative_to(folder)} (mode {mode:04o})"
            yield Finding(Level.PROBLEM, detail, "chmod 600 it, and think about who has read it")
    yield Finding(Level.OK, f"{len(files)} key files")


def check_database(found: Installation) -> Iterator[Finding]:
    """The database can be reached, and its schema is ours. An older schema is not upgraded by looking."""
    from seawall.store import migrate

    path = sqlite_file(found.settings.database_url)
    if path is not None:
        if not path.exists():
            yield Finding(Level.OK, "no database yet")
            return
        version = sqlite_schema(path)
        if version != migrate.HEAD:
            known = version is None or version < migrate.HEAD
            detail = f"schema {version or 'none'}; this seawall has {migrate.HEAD}"
            hint = "the next command upgrades it: keep a copy" if known else "use the seawall that wrote it"
            yield Finding(Level.WARNING if known else Level.PROBLEM, detail, hint)
            return
    store = found.store()
    with store.read() as connection:
        version = migrate.revision(connection)
    yield Finding(Level.OK, f"{store.place}, schema {version}")


def check_ledger(found: Installation) -> Iterator[Finding]:
    """The head of the tree fits its last checkpoint. `seawall ledger verify` reads all of it."""
    if not usable(found):
        yield Finding(Level.OK, "no ledger yet")
        return
    from seawall.ledger import KeyFile, Ledger, open_note
    from seawall.store.tables import ledger_checkpoint, ledger_event

    store = found.store()
    ledger = Ledger(store, KeyFile(found.home / "keys"))
    size, root = ledger.size, ledger.root()
    with store.read() as connection:
        newest = ledger_checkpoint.select().order_by(ledger_checkpoint.c.size.desc()).limit(1)
        row = connection.execute(newest).mappings().first()
        waiting = ledger_event.select().with_only_columns(ledger_event.c.id).where(ledger_event.c.leaf.is_(None))
        queued = len(connection.execute(waiting.limit(_QUEUED)).all())
    if row is not None:
        saved = open_note(row["note"], ledger.public_key())
        if saved.size > size or (saved.size == size and saved.root.hex() != root):
            yield Finding(Level.PROBLEM, "the tree does not fit its last checkpoint", "run 'seawall ledger verify'")
            return
    if queued >= _QUEUED:
        yield Finding(Level.WARNING, "many events wait for the tree", "is the service running?")
    yield Finding(Level.OK, f"{size} events, {queued} waiting")


def check_lists(found: Installation) -> Iterator[Finding]:
    """There is something to match against, and it is fresh."""
    from seawall.matching.lists import ListStore, Provenance, Purpose

    lists = ListStore(found.home / "lists")
    now, real = found.clock(), 0
    for name in lists.names():
        manifest = lists.manifest(name)
        if manifest.purpose is Purpose.CANARY:
            continue
        real += 1
        age = now - datetime.fromisoformat(manifest.current.at)
        if manifest.provenance is Provenance.RECEIVED and age > _STALE:
            yield Finding(Level.WARNING, f"{name} is {age.days} days old", "import its newest version")
    if not real:
        yield Finding(Level.WARNING, "no hash list but the canaries", "import one with 'seawall lists import'")
    yield Finding(Level.OK, f"{real} lists")


def check_weights(found: Installation) -> Iterator[Finding]:
    """Model files are there, in their length; detectors check the digests before they use them."""
    from seawall.detectors.weights import shipped_weights, weights_directories

    folders = weights_directories(found.settings)
    known = shipped_weights().values()
    there = 0
    for weight in known:
        sizes = [path.stat().st_size for folder in folders if (path := folder / weight.name).is_file()]
        if not sizes:
            yield Finding(Level.WARNING, f"{weight.name} is not installed", "run 'seawall detectors fetch'")
        elif weight.size not in sizes:
            yield Finding(Level.PROBLEM, f"{weight.name} is another file", "run 'seawall detectors fetch'")
        else:
            there += 1
    yield Finding(Level.OK, f"{there} of {len(known)} model files")


def check_disk(found: Installation) -> Iterator[Finding]:
    """There is room for evidence and records."""
    place = next(path for path in (found.home, *found.home.parents) if path.exists())
    free = shutil.disk_usage(place).free
    text = f"{free / (1 << 30):.1f} GiB free"
    if free < _FULL:
        yield Finding(Level.PROBLEM, text, "free some space: without it nothing can be recorded, or allowed")
    elif free < _TIGHT:
        yield Finding(Level.WARNING, text, "free some space soon")
    else:
        yield Finding(Level.OK, text)


def check_policy(found: Installation) -> Iterator[Finding]:
    """The guard policy that is live can be read."""
    from seawall.policy.guard import load_guard_policy

    if not usable(found):
        yield Finding(Level.OK, f"{load_guard_policy().label}, as shipped")
        return
    from seawall.ledger import KeyFile, Ledger
    from seawall.policy.guard.lifecycle import PolicyStore

    store = found.store()
    yield Finding(Level.OK, PolicyStore(store, Ledger(store, KeyFile(found.home / "keys"))).live().label)


def check_helplines(found: Installation) -> Iterator[Finding]:
    """No help service has expired: what has is shown to nobody."""
    from seawall.deploy.prevention import Directory

    directory, now = Directory.open(found.home), found.clock()
    expired = directory.problems(now)
    for each in expired:
        yield Finding(Level.PROBLEM, each, "ask the service, and replace the row in HOME/helplines.yaml")
    for each in directory.problems(now, ahead=_SOON):
        if each not in expired:
            yield Finding(Level.WARNING, each, "ask the service, and replace the row in HOME/helplines.yaml")
    yield Finding(Level.OK, f"{len(directory.rows) - len(expired)} help services")


def check_texts(found: Installation) -> Iterator[Finding]:
    """Prevention texts keep their rules, and somebody who knows has read them."""
    from seawall.deploy.prevention import Catalogue, Options, lint

    Options.open(found.home)
    texts = Catalogue.open(found.home).texts.values()
    for each in texts:
        for complaint in lint(each):
            yield Finding(Level.PROBLEM, str(complaint), "see docs/prevention.md")
    drafts = [each.locale for each in texts if each.reviewed.startswith("draft")]
    if drafts:
        detail = f"not reviewed by a prevention organisation: {', '.join(drafts)}"
        yield Finding(Level.WARNING, detail, "have one read them, and keep yours in HOME/messages")
    yield Finding(Level.OK, f"{len(texts)} languages")


def check_killswitch(found: Installation) -> Iterator[Finding]:
    """The kill switch can be read; if not, everything is killed."""
    from seawall.deploy.rollout import KillSwitch

    if not (found.home / "killswitch").exists():
        yield Finding(Level.OK, "not in use yet")
        return
    kills = KillSwitch(found.home).kills()
    for kill in kills:
        detail = f"killed since {kill.at}: {kill.model or kill.file}"
        yield Finding(Level.WARNING, detail, "lift it with 'seawall rollout revive'")
    yield Finding(Level.OK, f"{len(kills)} kills")


def check_rollouts(found: Installation) -> Iterator[Finding]:
    """No rollout is frozen, or open on somebody's word alone."""
    if not usable(found):
        yield Finding(Level.OK, "none yet")
        return
    from seawall.deploy.rollout import RolloutStore
    from seawall.ledger import KeyFile, Ledger

    store = found.store()
    statuses = RolloutStore(store, Ledger(store, KeyFile(found.home / "keys"))).status()
    for each in statuses:
        if each.row.frozen:
            yield Finding(Level.WARNING, f"{each.model} is frozen: {each.row.reason}", "see 'seawall rollout status'")
        if each.row.override is not None:
            detail = f"{each.model} is at {each.stage} by override until {each.row.override.expires_at}"
            yield Finding(Level.WARNING, detail, "see 'seawall rollout status'")
    yield Finding(Level.OK, f"{len(statuses)} models")


CHECKS: dict[str, Check] = {
    "home": check_home,
    "keys": check_keys,
    "database": check_database,
    "ledger": check_ledger,
    "lists": check_lists,
    "weights": check_weights,
    "disk": check_disk,
    "policy": check_policy,
    "killswitch": check_killswitch,
    "rollouts": check_rollouts,
    "helplines": check_helplines,
    "texts": check_texts,
    "people": check_people,
    "cases": check_cases,
    "effects": check_effects,
    "notices": check_notices,
    "appeals": check_appeals,
    "retention": check_retention,
    "reports": check_reports,
    "files": check_files,
}
"""Every check by name, in the order in which they run."""


def examine(found: Installation, checks: dict[str, Check] | None = None) -> Iterator[tuple[str, Finding]]:
    """Run checks; what a check cannot find out is a problem of its own.

    Yields:
        The name of the check and what it says; `ok` only if it says nothing worse.
    """
    for name, check in (CHECKS if checks is None else checks).items():
        try:
            said = list(check(found))
        except SeawallError as error:
            said = [Finding(Level.PROBLEM, error.message, error.hint)]
        except Exception as error:  # noqa: BLE001 (a fault in a check must not hide what the others find)
            said = [Finding(Level.PROBLEM, f"could not be checked: {type(error).__name__}", "see the file it is about")]
        worse = [finding for finding in said if finding.level is not Level.OK]
        for finding in worse or said:
            yield name, finding
