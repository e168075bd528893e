"""The way out: an answer is held back until the guard has let it go, whole or piece by piece.

Nothing of an answer that was not checked is sent. After a stop, nothing more is.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import Any

from seawall.client.media import HeldBytes
from seawall.client.middleware.events import Cutter, Events, Piece, PlainText
from seawall.client.middleware.pointers import NotJson, Pointer, read_json, strings
from seawall.client.middleware.reading import read_media
from seawall.client.middleware.refusals import Message, Refusal, Send, blocked, unavailable, unexaminable
from seawall.client.middleware.routes import Output
from seawall.deploy.guard.contract import Checks, Release, TextStream
from seawall.deploy.guard.requests import CheckReply, OutputCheck
from seawall.deploy.local.fields import CheckMalformed
from seawall.deploy.local.permission import permit
from seawall.errors import SeawallError

_EVENTS = "text/event-stream"
_NOTHING = frozenset({204, 205, 304})
_ELSEWHERE = (b"x-accel-redirect", b"x-sendfile", b"x-lighttpd-send-file")


class AnswerStopped(OSError):
    """The answer was stopped; servers say the same of a connection that is gone."""


class AnswerGate:
    """Stands between an application and its server for one answer.

    Args:
        checks: The guard.
        output: What is to be checked.
        known: What is known of the output: account, prompt, surface.
        not_examined_ok: Whether what is out of scope by jurisdiction may leave.
        send: The server's.
    """

    def __init__(self, checks: Checks, output: Output, known: OutputCheck, not_examined_ok: bool, send: Send) -> None:
        self._checks = checks
        self._output = output
        self._known = known
        self._not_examined_ok = not_examined_ok
        self._send = send
        self._start: Message | None = None
        self._started = False
        self._held = bytearray()
        self._flow: _Flow | None = None
        self.stopped = False

    async def send(self, message: Message) -> None:
        """Take what the application sends.

        Raises:
            AnswerStopped: If the answer was stopped.
        """
        if self.stopped:
            raise AnswerStopped("the answer was stopped")
        if message["type"] == "http.response.start":
            self._begin(message)
        elif message["type"] == "http.response.body":
            await self._take(message.get("body", b""), not message.get("more_body", False))
        else:
            await self._refuse(unexaminable("it is sent in a way that cannot be read"))

    async def close(self) -> None:
        """Have what there was of an unfinished stream decided and recorded: its reader went away."""
        if self._flow is not None:
            # Nobody waits for an answer any more; a guard that is down has recorded nothing before either.
            with suppress(SeawallError):
                await self._flow.close()

    def _begin(self, message: Message) -> None:
        self._start = message
        kind = _header(message, b"content-type").partition(";")[0].strip().lower()
        # A whole answer can be refused by a status; a text that is still being made is let go as it is checked.
        if kind == _EVENTS:
            self._flow = _Flow(self._checks.stream(self._known), Events(self._output.deltas))
        elif kind.startswith("text/"):
            self._flow = _Flow(self._checks.stream(self._known), PlainText())

    async def _take(self, data: bytes, last: bool) -> None:
        if self._start is None:
            raise RuntimeError("an application sent a body before it began an answer")
        encoding = _header(self._start, b"content-encoding").strip().lower()
        try:
            if encoding not in ("", "identity"):
                await self._refuse(unexaminable("it is compressed"))
            elif any(_header(self._start, name) for name in _ELSEWHERE):
                await self._refuse(unexaminable("a server before this one would put another body in its place"))
            elif self._flow is not None:
                await self._pour(self._flow, data, last)
            else:
                await self._hold(data, last)
        except (CheckMalformed, NotJson) as error:
            await self._refuse(unexaminable(error.message))
        except SeawallError as error:
            await self._refuse(unavailable(error))

    async def _hold(self, data: bytes, last: bool) -> None:
        self._held += data
        if len(self._held) > self._output.most:
            await self._refuse(unexaminable("it is too long"))
        elif last:
            body = bytes(self._held)
            for reply in await self._judge(body):
                if not self._may(reply):
                    await self._refuse(blocked(reply))
                    return
            await self._release(body, last=True)

    async def _judge(self, body: bytes) -> list[CheckReply]:
        if not body or self._message["status"] in _NOTHING:
            return []
        kind = _header(self._message, b"content-type").partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            return [await self._checks.output(self._known, HeldBytes(body))]
        texts, media = self._found(read_json(body))
        replies = [await self._checks.output(self._known, HeldBytes(each)) for each in media]
        if texts:
            check = OutputCheck.model_validate({**_fields(self._known), "text": "\n".join(texts)})
            replies.append(await self._checks.output(check))
        return replies

    def _found(self, document: Any) -> tuple[list[str], list[bytes]]:
        pictures = [value for each in self._output.images for value in Pointer.parse(each).find(document)]
        good = self._message["status"] < 400
        if self._output.texts and good:
            texts = [value for each in self._output.texts for value in Pointer.parse(each).find(document)]
            if not texts and not pictures:
                raise CheckMalformed("it has nothing where its text must be")
            texts = [text for value in texts for text in strings(value)]
        else:
            # An answer that is a refusal by the application may repeat what was asked: all of it is read.
            seen = {id(each) for each in pictures}
            texts = [text for text in strings(document) if id(text) not in seen]
        return texts, [read_media(each) for each in pictures]

    async def _pour(self, flow: _Flow, data: bytes, last: bool) -> None:
        released, stop = await flow.pour(data, last)
        decided = stop or flow.reply
        refused = decided is not None and (stop is not None or not self._may(decided))
        if released and (stop is not None or not refused):
            await self._release(released, last=False)
        if decided is not None and refused:
            await self._refuse(blocked(decided))
        elif last:
            if not flow.empty:
                await self._refuse(unexaminable("the end of it was not released"))
            else:
                await self._release(b"", last=True)

    @property
    def _message(self) -> Message:
        return self._start if self._start is not None else {}

    def _may(self, reply: CheckReply) -> bool:
        return permit(reply, not_examined_ok=self._not_examined_ok)

    async def _release(self, body: bytes, *, last: bool) -> None:
        await self._open()
        await self._send({"type": "http.response.body", "body": body, "more_body": not last})

    async def _open(self) -> None:
        if self._started:
            return
        self._started = True
        message = dict(self._message)
        if self._flow is not None:
            message["headers"] = [pair for pair in message["headers"] if pair[0].lower() != b"content-length"]
        await self._send(message)

    async def _refuse(self, refusal: Refusal) -> None:
        self.stopped = True
        if not self._started:
            self._started = True
            await refusal.send(self._send)
            return
        is_events = _header(self._message, b"content-type").startswith(_EVENTS)
        await self._send({"type": "http.response.body", "body": refusal.event() if is_events else b""})


class _Flow:
    """A stream on its way through the guard.

    Args:
        stream: The guard's view of its text.
        cutter: Cuts it.
    """

    def __init__(self, stream: TextStream, cutter: Cutter) -> None:
        self._stream = stream
        self._cutter = cutter
        self._waiting: deque[Piece] = deque()
        self._unreleased = ""
        self._free = 0

    @property
    def empty(self) -> bool:
        """Whether nothing is held back."""
        return not self._waiting

    @property
    def reply(self) -> CheckReply | None:
        """The decision on the whole, once there is one."""
        return self._stream.reply

    async def close(self) -> None:
        """Give the text up, if it has not ended."""
        await self._stream.close()

    async def pour(self, data: bytes, last: bool) -> tuple[bytes, CheckReply | None]:
        """Take bytes; return what may be sent, and what stops the stream."""
        sent = b""
        for piece in self._cutter.cut(data, last):
            self._waiting.append(piece)
            if piece.text:
                self._unreleased += piece.text
                sent += self._let_go(release := await self._stream.feed(piece.text))
                if release.stopped is not None:
                    return sent, release.stopped
        if last:
            sent += self._let_go(release := await self._stream.finish())
            return sent, release.stopped
        return sent + self._let_go(Release()), None

    def _let_go(self, release: Release) -> bytes:
        if not self._unreleased.startswith(release.text):
            raise CheckMalformed("the guard released another text than it was given")
        self._unreleased = self._unreleased[len(release.text) :]
        self._free += len(release.text)
        sent = b""
        while self._waiting and len(self._waiting[0].text) <= self._free:
            piece = self._waiting.popleft()
            self._free -= len(piece.text)
            sent += piece.data
        if self._free and self._waiting and self._waiting[0].plain:
            first, self._waiting[0] = self._waiting[0].split(self._free)
            self._free = 0
            sent += first.data
        return sent


def _fields(check: OutputCheck) -> dict[str, Any]:
    return {name: getattr(check, name) for name in check.model_fields_set}


def _header(message: Message, name: bytes) -> str:
    values = [value.decode("latin-1") for key, value in message.get("headers", ()) if key.lower() == name]
    return ", ".join(values)
