"""The hook: a pipeline that cannot be called past the guard. Neither diffusers nor torch is imported.

The pipeline itself is changed, so that whoever holds it, and whatever its own methods return, holds a guarded one.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import types
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from seawall.client.diffusers.arguments import Asked, read_arguments
from seawall.client.diffusers.errors import BlockedInput, BlockedOutput
from seawall.client.diffusers.results import Made, Result
from seawall.deploy.guard.requests import MAX_ATTACHMENTS, Attachment, CheckReply
from seawall.deploy.local.permission import permit
from seawall.errors import UsageError

if TYPE_CHECKING:
    from typing import Unpack

    from seawall.deploy.local.fields import InputFields, MetaFields, OutputFields

_MARK = "__seawall_guarded__"
_MOST_INLINE = 4 << 20
"""Bytes of pictures that go within a request; a server takes JSON of 8 MiB."""

_Pipeline = TypeVar("_Pipeline")


class Guard(Protocol):
    """A guard that answers at once: a `Client`, or the `LocalGuard` of this machine."""

    def check_input(self, prompt: str, *, account: str, **fields: Unpack[InputFields]) -> CheckReply:
        """Check a request to a model."""
        ...

    def check_upload(self, file: bytes, *, account: str, **fields: Unpack[MetaFields]) -> CheckReply:
        """Check a file that a user brings."""
        ...

    def check_output(
        self, file: bytes | None = None, *, account: str, text: str | None = None, **fields: Unpack[OutputFields]
    ) -> CheckReply:
        """Check what a model has made."""
        ...


class OnBlocked(StrEnum):
    """What happens with outputs that are not let through."""

    RAISE = "raise"
    """Everything that was generated is wiped, and `BlockedOutput` is raised."""
    REPLACE = "replace"
    """A neutral grey picture takes the place of each; `result.seawall` holds the decisions."""


def guard_pipeline(
    pipeline: _Pipeline,
    guard: Guard,
    *,
    account: str | Callable[[], str],
    on_blocked: OnBlocked | str = OnBlocked.RAISE,
    surface: str = "image",
    model: str | None = None,
    not_examined_ok: bool = False,
) -> _Pipeline:
    """Guard every call of a pipeline, and return the pipeline.

    Args:
        pipeline: Anything that is called as diffusers' pipelines are.
        guard: Decides.
        account: Opaque reference to whoever asks; a callable is asked at every call.
        on_blocked: What happens with outputs that are not let through.
        surface: Where this is.
        model: The model's name; default: the name of the pipeline's class.
        not_examined_ok: Let pass what is out of scope by jurisdiction, and was not looked at.

    Raises:
        UsageError: If the pipeline cannot be guarded, or is already.
    """
    cls = type(pipeline)
    if getattr(cls, _MARK, False):
        raise UsageError("this pipeline is guarded already")
    if not callable(pipeline):
        raise UsageError("this pipeline cannot be called")
    original: Callable[..., Any] = cls.__call__
    watch = _Watch(guard, account, OnBlocked(on_blocked), surface, model or cls.__name__, not_examined_ok)
    signature = inspect.signature(original)

    @functools.wraps(original)
    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        asked = read_arguments(signature, (self, *arguments), named)
        who = watch.let_in(asked)
        return watch.let_out(original(self, *arguments, **named), asked, who)

    # No dictionary of its own: an object can only become one of a class with the same layout.
    names = {"__call__": call, _MARK: True, "__slots__": (), "__module__": cls.__module__, "__doc__": cls.__doc__}
    try:
        guarded = types.new_class(cls.__name__, (cls,), exec_body=lambda namespace: namespace.update(names))
        guarded.__qualname__ = cls.__qualname__
        object.__setattr__(pipeline, "__class__", guarded)
    except (TypeError, AttributeError):
        raise UsageError("this pipeline cannot be guarded", hint="it must be an object of a class in Python") from None
    return pipeline


class _Watch:
    """Asks the guard on the way in and on the way out."""

    def __init__(
        self,
        guard: Guard,
        account: str | Callable[[], str],
        on_blocked: OnBlocked,
        surface: str,
        model: str,
        not_examined_ok: bool,
    ) -> None:
        self._guard = guard
        self._account = account
        self._on_blocked = on_blocked
        self._surface = surface
        self._model = model
        self._not_examined_ok = not_examined_ok

    def let_in(self, asked: Asked) -> str:
        """Check what goes in, texts and pictures together; return whose it is.

        Raises:
            BlockedInput: If it may not.
            SeawallError: If there is no decision.
        """
        account = self._account() if callable(self._account) else self._account
        attachments: list[Attachment | bytes] = []
        room = _MOST_INLINE
        for picture in asked.pictures:
            room -= len(picture)
            if room >= 0 and len(attachments) < MAX_ATTACHMENTS:
                attachments.append(picture)
                continue
            # What is too large to go along is uploaded, and named by its digest.
            self._expect_in(
                self._guard.check_upload(picture, account=account, surface=self._surface, model=self._model)
            )
            attachments.append(Attachment(sha256=hashlib.sha256(picture).hexdigest()))
        reply = self._guard.check_input(
            asked.prompt,
            account=account,
            negative_prompt=asked.negative_prompt,
            attachments=attachments[:MAX_ATTACHMENTS],
            surface=self._surface,
            model=self._model,
        )
        self._expect_in(reply)
        return account

    def let_out(self, value: Any, asked: Asked, account: str) -> Any:
        """Check what comes out, and return what may be seen.

        Raises:
            BlockedOutput: If it may not, and is not to be replaced.
            SeawallError: If there is no decision; what was generated is wiped.
        """
        result = Result(value)
        decided: list[tuple[CheckReply, ...]] = []
        try:
            for made in result.made:
                decided.append(self._judge(made, asked, account))
        except BaseException:
            result.wipe()
            raise
        stopped = [reply for replies in decided for reply in replies if not self._may(reply)]
        if stopped and self._on_blocked is OnBlocked.RAISE:
            result.wipe()
            raise BlockedOutput(stopped)
        for made, replies in zip(result.made, decided, strict=True):
            if not all(map(self._may, replies)):
                made.put(made.grey())
        return result.value(tuple(_worst(replies) for replies in decided))

    def _judge(self, made: Made, asked: Asked, account: str) -> tuple[CheckReply, ...]:
        replies = []
        files: Sequence[bytes | None] = made.pictures or [None]
        for file in files:
            reply = self._guard.check_output(
                file,
                account=account,
                text=made.text if file is None else None,
                prompt=asked.prompt or None,
                surface=self._surface,
                model=self._model,
            )
            replies.append(reply)
            if not self._may(reply):
                break
        return tuple(replies)

    def _expect_in(self, reply: CheckReply) -> None:
        if not self._may(reply):
            raise BlockedInput([reply])

    def _may(self, reply: CheckReply) -> bool:
        return permit(reply, not_examined_ok=self._not_examined_ok)


def _worst(replies: Sequence[CheckReply]) -> CheckReply:
    return max(replies, key=lambda reply: reply.action.severity)
