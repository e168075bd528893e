"""A guard on another host, behind the same seam as one in this process."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from seawall.client.async_client import AsyncClient
from seawall.client.errors import Refused
from seawall.deploy.guard.contract import Media, Release
from seawall.deploy.guard.requests import (
    BatchCheck,
    BatchReply,
    CheckReply,
    FinetuneCheck,
    InputCheck,
    OutputCheck,
    UploadCheck,
)
from seawall.deploy.local.permission import permit

MAX_TEXT = 1 << 20


class RemoteChecks:
    """`Checks` over HTTP. Where a guard raises that it is unavailable or busy, this raises `NotDecided`.

    Args:
        client: Asks the server; stays open.
    """

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def input(self, check: InputCheck) -> CheckReply:
        """Check a request to a model."""
        return await self._client.check_input(**_fields(check))

    async def upload(self, check: UploadCheck, media: Media) -> CheckReply:
        """Check a file that a user brings."""
        return await self._client.check_upload(media, **_fields(check))

    async def output(self, check: OutputCheck, media: Media | None = None) -> CheckReply:
        """Check what a model has made."""
        return await self._client.check_output(media, **_fields(check))

    async def finetune(self, check: FinetuneCheck) -> CheckReply:
        """Check a fine-tuning job."""
        return await self._client.check_finetune(**_fields(check))

    async def batch(self, check: BatchCheck) -> BatchReply:
        """Check many; answers in order."""
        return BatchReply(results=await self._client.check_batch(check.items))

    def stream(self, check: OutputCheck) -> RemoteStream:
        """Begin to check a text that is still being made. All of it is held back to the end."""
        return RemoteStream(self._client, check)


class RemoteStream:
    """A text that is checked once it is whole: nothing is shown before.

    Args:
        client: Asks the server.
        check: What is known of the output.
    """

    def __init__(self, client: AsyncClient, check: OutputCheck) -> None:
        self._client = client
        self._check = check
        self._pieces: list[str] = []
        self._length = 0
        self._reply: CheckReply | None = None

    async def feed(self, text: str) -> Release:
        """Take the next piece; nothing is released yet.

        Raises:
            Refused: If the text is longer than can be checked.
        """
        self._length += len(text)
        if self._length > MAX_TEXT:
            raise Refused("the text is longer than can be checked", hint="check it in this process, with Checks.stream")
        self._pieces.append(text)
        return Release()

    async def finish(self) -> Release:
        """Check the whole text, and release it or stop.

        Raises:
            NotDecided: If there is no decision.
        """
        text = "".join(self._pieces)
        self._reply = await self._client.check_output(**{**_fields(self._check), "text": text})
        return Release(text) if permit(self._reply) else Release(stopped=self._reply)

    async def close(self) -> None:
        """Have what there is of a text that was given up checked, so that its decision is recorded.

        Raises:
            NotDecided: If there is no decision.
        """
        if self._reply is None and self._pieces:
            await self.finish()

    @property
    def reply(self) -> CheckReply | None:
        """The decision, once there is one."""
        return self._reply


def _fields(check: BaseModel) -> dict[str, Any]:
    return {name: getattr(check, name) for name in check.model_fields_set}
