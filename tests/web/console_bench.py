"""The review console of an installation in a temporary home: its people, its cases, and every answer that it gave."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from seawall.cases.model import Door, ItemKind, NewItem, Opening, Severity, SubjectKind
from seawall.casework import Casework, open_casework
from seawall.casework.prints import PERSON
from seawall.deploy.guard.media.spool import MediaBudget
from seawall.ledger import KeyFile, Ledger
from seawall.ledger.events import Event, decode
from seawall.settings import Settings
from seawall.store import Store
from seawall.store.tables import exposure, ledger_event
from seawall.users import Passwords, Role, User, Users
from seawall.vault.objects import Purpose
from seawall.web.app import create_app
from seawall.web.instruments import Instruments
from seawall.web.logs import make_logger
from seawall.web.parts import Parts
from seawall.web.review import Console
from seawall.web.sessions import SessionOptions, Sessions
from tests.web.sign_in_browser import LOCAL, PASSWORD, Browser, Moment

WORDS = "The heron put the lantern beside the river and waited."
"""A harmless text that is on no page."""


@dataclass
class Answer:
    """An answer of the server.

    Attributes:
        method, path: Of the request, without its query.
        status: HTTP status.
        headers: As text.
        body: All of it.
        exposures: How many exposures were on record when it came.
    """

    method: str
    path: str
    status: int
    headers: str
    body: bytes = field(repr=False)
    exposures: int = 0


class Person(Browser):
    """Somebody at their browser, signed in."""

    user: User
    form_token = ""

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask, and remember what the forms of the last page carried."""
        answer = super().ask(method, path, **options)
        self.form_token = super().csrf or self.form_token
        return answer

    @property
    def csrf(self) -> str:
        """The token of the session, also when the last answer was no page."""
        return self.form_token

    @property
    def id(self) -> str:
        """Their user id."""
        return self.user.id

    def take(self, queue: str = "") -> str:
        """Ask for the next task, and return its id."""
        self.get("/review")
        answer = self.post("/review/next", {"queue": queue})
        found = re.fullmatch(r"/review/tasks/([0-9a-f]{32})", answer.headers["location"])
        assert found is not None, answer.headers["location"]
        self.get(answer.headers["location"])
        return found[1]

    def ask_for(self, task: str, item: str, rung: str) -> httpx.Response:
        """Ask for a step of the ladder of an item."""
        return self.post(f"/review/tasks/{task}/items/{item}/show", {"rung": rung, "n": "1"})

    def look(self, task: str, item: str, rung: str) -> str:
        """Ask for a step, and return the address of what is shown."""
        answer = self.ask_for(task, item, rung)
        assert answer.status_code == 303, (rung, answer.status_code)
        found = re.search(r"[?&]e=([0-9a-f]{32})", answer.headers["location"])
        assert found is not None
        return f"/review/exposures/{found[1]}"

    def lease(self, task: str) -> str:
        """The fencing number on the page of a task."""
        self.get(f"/review/tasks/{task}")
        return self.value("token")

    def decide(self, task: str, fields: dict[str, Any], **options: Any) -> httpx.Response:
        """Send the form of the decision."""
        return self.post(f"/review/tasks/{task}/decide", {"token": self.lease(task), **fields}, **options)


@dataclass
class Bench:
    """An installation, and a server of its console."""

    casework: Casework
    sessions: Sessions
    users: Users
    moment: Moment
    admin: User
    runner: asyncio.Runner
    app: FastAPI = field(init=False)
    console: Console = field(init=False)
    answers: list[Answer] = field(default_factory=list, repr=False)

    def ask(self, method: str, path: str, *, key: None = None, base: str = LOCAL, **options: Any) -> httpx.Response:
        """Ask the server once, and keep its answer."""

        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
            async with httpx.AsyncClient(transport=transport, base_url=base) as client:
                return await client.request(method, path, **options)

        answer = self.runner.run(asyncio.wait_for(go(), 60))
        kept = Answer(
            method, path.partition("?")[0], answer.status_code, str(answer.headers), answer.content, len(self.shown())
        )
        self.answers.append(kept)
        return answer

    def person(self, name: str, role: Role = Role.REVIEWER, *, grant: bool = True) -> Person:
        """Add somebody, and sign them in."""
        made = self.users.add(name, role, PASSWORD, self.admin.id)
        if grant and role in (Role.REVIEWER, Role.LEAD):
            made = self.users.grant_child_safety(made.id, self.admin.id, "named for this test")
        found = Person(self)
        found.user = made
        assert found.sign_in(name).status_code == 303
        found.get("/account")
        return found

    def keep(self, data: bytes, media_type: str | None = None) -> tuple[str, str]:
        """Put bytes in the vault; return the object's id and their digest."""
        kept = self.casework.vault.put(
            io.BytesIO(data), purpose=Purpose.EVIDENCE, person="door", key=None, media_type=media_type
        )
        return kept.id, kept.sha256

    def item(self, data: bytes, kind: ItemKind = ItemKind.IMAGE, **rest: Any) -> NewItem:
        """Keep bytes, and return the item that they are."""
        vault, sha256 = self.keep(data)
        given = {"key": f"item/{vault}", "sha256": sha256, "vault": vault, **rest}
        return NewItem(kind=kind, **given)

    def open(self, *items: NewItem, **rest: Any) -> str:
        """Open a case; return its id."""
        number = len(self.answers) + len(items)
        given: dict[str, Any] = {
            "subject_kind": SubjectKind.ACCOUNT,
            "subject": f"account-{number}-{items[0].key[-8:]}",
            "door": Door.SCAN,
            "severity": Severity.MEDIUM,
            "category": "other",
            **rest,
        }
        return self.casework.cases.open_case(Opening(items=tuple(items), **given))

    def ids(self, case: str) -> list[str]:
        """Ids of a case's items, in the order of their coming."""
        return [each.id for each in self.casework.cases.items(case)]

    def shown(self) -> list[str]:
        """Ids of all exposures on record, the first first."""
        with self.casework.store.read() as connection:
            rows = connection.execute(exposure.select().order_by(exposure.c.seq)).all()
        return [row.id for row in rows]

    def events(self, *kinds: str) -> list[Event]:
        """What the ledger tells of people, the first first: the program's own comparing stays out."""
        with self.casework.store.read() as connection:
            rows = connection.execute(ledger_event.select().order_by(ledger_event.c.seq)).all()
        found = [decode(row.data.encode()) for row in rows]
        return [each for each in found if each.kind in kinds and each.body.get("person") != PERSON]

    def with_parts(self, **parts: Any) -> Bench:
        """Return a bench of the same installation whose console has other parts."""
        made = replace(self, answers=[])
        made.console = replace(self.console, **parts)
        made.app = create_app(replace(self.app.state.parts, console=made.console), log=make_logger(io.StringIO()))
        return made


@contextmanager
def open_bench(database: Path, folder: Path, files: Mapping[str, str] | None = None) -> Iterator[Bench]:
    """Open an installation with an administrator, ada, and a server of its console and its public pages.

    Args:
        database: Of the present schema, without rows; copied.
        folder: Where the home is made.
        files: Of the home, by name, such as the operator's settings.
    """
    from seawall.web.serving.opening import _console

    moment = Moment()
    home = folder / "console-home"
    home.mkdir(mode=0o700)
    shutil.copy(database, home / "seawall.db")
    for name, text in (files or {}).items():
        (home / name).write_text(text)
    settings = Settings(home, f"sqlite:///{home / 'seawall.db'}")
    with Store.open(settings.database_url, clock=moment) as store:
        ledger = Ledger.open(store, KeyFile(home / "keys"))
        with open_casework(settings, store, ledger) as casework, asyncio.Runner() as runner:
            cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
            users = Users(store, ledger, settings, passwords=cheap)
            # Tests move the clock by hours; how sessions end is tested elsewhere.
            sessions = Sessions(users, SessionOptions(idle=timedelta(days=99), absolute=timedelta(days=99)))
            bench = Bench(casework, sessions, users, moment, users.add("ada", Role.ADMIN, PASSWORD), runner)
            bench.console = _console(casework)
            nothing: Any = None  # No route of these pages asks what programs do.
            parts = Parts(
                checks=None,
                keys=nothing,
                decisions=nothing,
                lists=nothing,
                judge=nothing,
                acknowledge=nothing,
                types=nothing,
                hashes=nothing,
                budget=MediaBudget(1 << 20),
                surfaces=frozenset({"console", "public"}),
                notices=casework.notices,
                sessions=sessions,
                console=bench.console,
                instruments=Instruments(),
            )
            bench.app = create_app(parts, log=make_logger(io.StringIO()))
            yield bench


def mark_of(number: int) -> str:
    """Return a string that only the bytes of one picture have."""
    return "only-in-the-original-" + hashlib.sha256(f"mark {number}".encode()).hexdigest()[:24]


def picture(number: int = 1) -> bytes:
    """Return a harmless picture with a string in it that nothing else has."""
    made = Image.radial_gradient("L").resize((240, 180)).convert("RGB")
    made.paste((25 * number % 255, 120, 200), (15 + 12 * number % 100, 20, 80 + 12 * number % 100, 120))
    made.paste((220, 60 * number % 255, 40), (130, 30 + 7 * number % 60, 220, 120 + 7 * number % 60))
    info = PngInfo()
    info.add_text("mark", mark_of(number))
    data = io.BytesIO()
    made.save(data, "PNG", pnginfo=info)
    return data.getvalue()


def looks(text: str) -> Sequence[bytes]:
    """Return the forms in which a string could be hidden in a page."""
    raw = text.encode()
    coded = [base64.b64encode(b" " * shift + raw)[(shift + 2) // 3 * 4 + 4 : -4] for shift in range(3)]
    return [raw, raw.hex().encode(), *(each for each in coded if len(each) > 8)]


def has(data: bytes, text: str) -> bool:
    """Tell whether a string is in bytes, plain or coded."""
    return any(each in data for each in looks(text))


def benign(*items: str, outcome: str = "no_violation", **rest: Any) -> dict[str, Any]:
    """The fields of a form that says that nothing is wrong."""
    return {f"label-{each}": "benign" for each in items} | {"outcome": outcome, **rest}


def rule_broken(*items: str, **rest: Any) -> dict[str, Any]:
    """The fields of a form that says that a rule is broken."""
    said = {f"label-{each}": "other_violation" for each in items} | {f"why-{each}": "a rule" for each in items}
    return said | {"outcome": "not_reportable", "reasons": "rule-1", **rest}
