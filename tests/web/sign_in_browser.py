"""A browser as far as signing in needs one: cookies by the rules of their attributes, forms, redirects."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher

from seawall.ledger import KeyFile, Ledger
from seawall.settings import Settings
from seawall.store import Store
from seawall.users import Passwords, Role, User, Users
from seawall.web.sessions import SessionOptions, Sessions, add_sessions

PASSWORD = "three plain boats"
HTML = {"accept": "text/html,application/xhtml+xml"}
LOCAL = "http://127.0.0.1"


class Moment:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **lengths: float) -> None:
        self.now += timedelta(**lengths)


@dataclass
class Browser:
    """One browser."""

    server: Any
    base: str = LOCAL
    cookies: dict[str, str] = field(default_factory=dict)
    lax: set[str] = field(default_factory=set)
    page: str = ""

    def ask(self, method: str, path: str, *, cross_site: bool = False, **options: Any) -> httpx.Response:
        sent = {name: token for name, token in self.cookies.items() if not cross_site or name in self.lax}
        headers = HTML | ({"sec-fetch-site": "cross-site"} if cross_site else {}) | options.pop("headers", {})
        if sent:
            headers["cookie"] = "; ".join(f"{name}={token}" for name, token in sent.items())
        answer = self.server.ask(method, path, key=None, base=self.base, headers=headers, **options)
        for line in answer.headers.get_list("set-cookie"):
            self._keep(line)
        self.page = answer.text
        return answer

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("GET", path, **options)

    def post(self, path: str, fields: dict[str, str] | None = None, **options: Any) -> httpx.Response:
        """Send a form with the token that the last page carried."""
        return self.ask("POST", path, data={"csrf": self.csrf, **(fields or {})}, **options)

    @property
    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.page)
        return found[1] if found else ""

    def value(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        assert found is not None
        return unescape(found[1])

    def sign_in(self, name: str, password: str = PASSWORD, goal: str = "") -> httpx.Response:
        """Open the form and send it."""
        self.get(f"/sign-in?next={goal}" if goal else "/sign-in")
        return self.post("/sign-in", {"name": name, "password": password, "next": goal})

    @property
    def session(self) -> str | None:
        return next((token for name, token in self.cookies.items() if name.endswith("seawall_session")), None)

    def _keep(self, line: str) -> None:
        first, *rest = (part.strip() for part in line.split(";"))
        name, _, token = first.partition("=")
        attributes = {part.partition("=")[0].lower(): part.partition("=")[2].lower() for part in rest}
        assert "httponly" in attributes and attributes["path"] == "/" and "domain" not in attributes
        assert ("secure" in attributes) == name.startswith("__Host-") == self.base.startswith("https")
        assert attributes["samesite"] == ("lax" if name.endswith("flow") else "strict")
        if attributes.get("max-age") == "0":
            self.cookies.pop(name, None)
            return
        self.cookies[name] = token
        if attributes["samesite"] == "lax":
            self.lax.add(name)


@dataclass
class House:
    """A server at which people can sign in."""

    server: Any
    users: Users
    sessions: Sessions
    moment: Moment
    ada: User

    def browser(self, base: str = LOCAL) -> Browser:
        return Browser(self.server, base)


@contextmanager
def open_house(
    server: Any, database: Path, folder: Path, *, options: SessionOptions | None = None, provider: Any = None
) -> Iterator[House]:
    """Open a server with an administrator, ada."""
    moment = Moment()
    shutil.copy(database, folder / "people.db")
    with Store.open(f"sqlite:///{folder / 'people.db'}", clock=moment) as store:
        ledger = Ledger.open(store, KeyFile(folder / "keys"))
        cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        users = Users(store, ledger, Settings(folder / "home", ""), passwords=cheap)
        sessions = Sessions(users, options, provider)
        add_sessions(server.app, server.parts, sessions)
        yield House(server, users, sessions, moment, users.add("ada", Role.ADMIN, PASSWORD))
