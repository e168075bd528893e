"""Which requests are guarded, and where in them lies what is to be checked."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from seawall.client.middleware.pointers import Pointer
from seawall.errors import UsageError

Scope = MutableMapping[str, Any]
AccountOf = Callable[[Scope], "str | Awaitable[str | None] | None"]
"""Says whose request it is, from the ASGI scope; None if it cannot be told, and the request is refused."""

_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
_BESIDE = re.compile(r"/{2,}")
_STEP = re.compile(r"\{[^{}/]+\}")


class Body(StrEnum):
    """What a request carries."""

    JSON = "json"
    MEDIA = "media"
    """The body itself is the file that a user brings."""


@dataclass(frozen=True, slots=True)
class Output:
    """How answers are checked before they leave.

    Attributes:
        texts: Pointers to texts in JSON answers; none means every string of the answer.
        images: Pointers to media in base64 or data URLs in JSON answers.
        deltas: Pointers to the text of an event in a stream; none means the event's data as it is.
        most: Longest answer that is held back, bytes.
    """

    texts: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    deltas: tuple[str, ...] = ()
    most: int = 32 << 20

    def __post_init__(self) -> None:
        for pointer in (*self.texts, *self.images, *self.deltas):
            Pointer.parse(pointer)


@dataclass(frozen=True, slots=True)
class Route:
    """A guarded route.

    Attributes:
        path: The path as the application has it: `{name}` stands for one step, `*` at the end for any rest.
        account: Name of the header that carries the account, set by something that you trust; or a callable.
        prompt: Pointers to the prompt; several texts are checked as one prompt.
        negative_prompt, system: Pointers to them.
        history: Pointer to the conversation: texts, or messages with role and content. Without a prompt, its last
            message is the prompt.
        attachments: Pointers to media in base64 or data URLs.
        model: Pointer to the model's name.
        surface: Where: `chat`, `image`.
        methods: Guarded methods; None for all but GET, HEAD and OPTIONS.
        body: What a request carries.
        output: How answers are checked; None if they are not.
        most: Longest request, bytes.
    """

    path: str
    account: str | AccountOf
    prompt: str | tuple[str, ...] = "/prompt"
    negative_prompt: str | None = None
    system: str | None = None
    history: str | None = None
    attachments: tuple[str, ...] = ()
    model: str | None = None
    surface: str | None = None
    methods: frozenset[str] | None = None
    body: Body = Body.JSON
    output: Output | None = None
    most: int = 4 << 20
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.path.startswith("/"):
            raise UsageError(f"the path {self.path!r} must begin with a slash")
        if self.body is Body.JSON and not self.prompts and self.history is None:
            raise UsageError(f"the route {self.path} names neither a prompt nor a history: nothing would be checked")
        named = (self.negative_prompt, self.system, self.history, self.model)
        for pointer in (*self.prompts, *self.attachments, *(each for each in named if each is not None)):
            Pointer.parse(pointer)
        object.__setattr__(self, "_pattern", _compile(self.path))

    @property
    def prompts(self) -> tuple[str, ...]:
        """Pointers to the prompt."""
        return (self.prompt,) if isinstance(self.prompt, str) else self.prompt

    def guards(self, scope: Scope) -> bool:
        """Say whether a request is this route's."""
        if scope["type"] == "http":
            method = scope["method"].upper()
            if method in _HARMLESS if self.methods is None else method not in self.methods:
                return False
        return any(self._pattern.fullmatch(path) for path in _paths(scope))


def find_route(routes: Iterable[Route], scope: Scope) -> Route | None:
    """Return the first route that guards a request."""
    return next((route for route in routes if route.guards(scope)), None)


def _paths(scope: Scope) -> set[str]:
    """Return every form in which a router may read the path: servers differ in whether a mount's prefix is in it."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    forms = {path}
    if root and path.startswith(root + "/"):
        forms.add(path[len(root) :])
    return {_plain(form) for form in forms}


def _plain(path: str) -> str:
    return _BESIDE.sub("/", "/" + path).rstrip("/") or "/"


def _compile(path: str) -> re.Pattern[str]:
    rest = path.endswith("*")
    plain = _plain(path.removesuffix("*"))
    parts = [r"[^/]+" if _STEP.fullmatch(step) else re.escape(step) for step in plain.split("/")]
    # Some routers do not mind case: a request that is checked without need costs less than one that slips through.
    return re.compile("/".join(parts) + (r"(/.*)?" if rest else "") or "/", re.IGNORECASE | re.DOTALL)
