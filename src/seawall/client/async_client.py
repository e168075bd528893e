"""The asynchronous client, for asyncio and trio: the same as `Client`, and as strict."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack

import anyio
import httpx

from seawall.client import _connection as wire
from seawall.client._answers import Answer
from seawall.client._backoff import Backoff
from seawall.client._calls import (
    Call,
    File,
    batch_call,
    decision_call,
    finetune_call,
    input_call,
    output_call,
    upload_call,
)
from seawall.client.errors import NotDecided, Refused, Unreachable
from seawall.deploy.guard.requests import CheckReply, InputCheck
from seawall.deploy.local.permission import permit

if TYPE_CHECKING:
    from seawall.deploy.local.fields import InputFields, MetaFields, OutputFields


class AsyncClient:
    """Asks a seawall server for decisions. Tasks of one event loop may share one.

    Args:
        base_url: The server: `https://guard.example`. Plain HTTP to this machine alone.
        key: An API key, as `seawall keys create` printed it.
        timeout: Seconds for each wait on the network, and for the whole answer once the check is sent.
        retries: How often a check is tried again, under the same request id; a number, or a `Backoff`.
        tls: What verifies the server's certificate; default: the usual authorities.
        allow_plain_http: Send the key and the content unencrypted to another machine.
        transport: For tests.

    Raises:
        UsageError: If the address or the key cannot be one.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        timeout: float = 30.0,
        retries: int | Backoff = 2,
        tls: ssl.SSLContext | None = None,
        allow_plain_http: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url = wire.checked_url(base_url, allow_plain_http)
        self._timeout = timeout
        self._backoff = retries if isinstance(retries, Backoff) else Backoff(retries)
        self._http = httpx.AsyncClient(
            headers=wire.headers(key),
            timeout=httpx.Timeout(timeout, connect=min(timeout, 5.0)),
            verify=wire.checked_tls(tls),
            follow_redirects=False,
            trust_env=False,
            transport=transport,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._url!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections; later checks are refused."""
        await self._http.aclose()

    @staticmethod
    def permit(reply: CheckReply, *, not_examined_ok: bool = False) -> bool:
        """Say whether what was checked may go on: on `allow` and `warn` alone."""
        return permit(reply, not_examined_ok=not_examined_ok)

    async def check_input(self, prompt: str, *, account: str, **fields: Unpack[InputFields]) -> CheckReply:
        """Check a request to a model, before anything is generated.

        Raises:
            NotDecided: If there is no decision; the caller must refuse. So do all the methods below.
        """
        return (await self._send(input_call(prompt, account, fields))).reply(CheckReply)

    async def check_upload(self, file: File, *, account: str, **fields: Unpack[MetaFields]) -> CheckReply:
        """Check a file that a user brings. It is read piece by piece, and may be larger than memory."""
        return (await self._send(upload_call(file, account, fields))).reply(CheckReply)

    async def check_output(
        self, file: File | None = None, *, account: str, text: str | None = None, **fields: Unpack[OutputFields]
    ) -> CheckReply:
        """Check what a model has made, a file or a text, before anybody sees it."""
        return (await self._send(output_call(file, account, {**fields, "text": text}))).reply(CheckReply)

    async def check_finetune(
        self,
        manifest: Mapping[str, Any],
        *,
        account: str,
        trigger_words: Sequence[str] = (),
        **fields: Unpack[MetaFields],
    ) -> CheckReply:
        """Check a fine-tuning job: its data by manifest, and the words that will call it up."""
        return (await self._send(finetune_call(manifest, trigger_words, account, fields))).reply(CheckReply)

    async def check_batch(self, items: Sequence[InputCheck | Mapping[str, Any]]) -> list[CheckReply]:
        """Check many at once; decisions in order."""
        call = batch_call(items)
        return (await self._send(call)).replies(call.answers)

    async def decision(self, decision_id: str) -> dict[str, Any]:
        """Return what the server recorded of a decision."""
        return (await self._send(decision_call(decision_id))).record()

    async def _send(self, call: Call) -> Answer:
        attempt = 0
        while True:
            try:
                return await self._attempt(call)
            except NotDecided as error:
                pause = self._backoff.pause(attempt, error) if call.repeatable else None
                if pause is None:
                    raise
            await anyio.sleep(pause)
            attempt += 1

    async def _attempt(self, call: Call) -> Answer:
        if self._http.is_closed:
            raise Refused("this client is closed")
        content = call.body if call.upload is None else wire.pieces_async(call)
        try:
            async with self._http.stream(
                call.method, self._url + call.path, content=content, headers=wire.content_headers(call)
            ) as response:
                collected = wire.Collected(wire.limit(call), response.headers)
                # httpx bounds each wait; a server that drips would otherwise hold the caller for as long as it likes.
                with anyio.fail_after(self._timeout):
                    async for piece in response.aiter_bytes():
                        collected.add(piece)
                answer = Answer(response.status_code, response.headers, collected.whole())
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            raise Unreachable(f"the guard could not be reached ({type(error).__name__})") from error
        except TimeoutError:
            raise Unreachable("the guard's answer took too long") from None
        except (OSError, ValueError) as error:
            raise Refused(f"the file could not be read ({type(error).__name__})", hint="it was not checked") from None
        answer.expect_success()
        return answer
