"""What is sent: one request for each kind of check, the same for the sync and the async client.

A check is sent again only under a request id, which the client makes if the caller has none, so that the guard
decides once. The name of a file is never sent.
"""

from __future__ import annotations

import io
import json
import re
import secrets
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from pydantic import BaseModel

from seawall.client.errors import Refused
from seawall.deploy.guard.contract import Media
from seawall.deploy.guard.requests import BatchCheck, FinetuneCheck, InputCheck, OutputCheck, UploadCheck
from seawall.deploy.local.fields import build
from seawall.errors import UsageError

File = bytes | Path | BinaryIO | Media
"""What can be uploaded. A stream is read from where it stands, and is left open."""

_ID = re.compile(r"[0-9a-f]{32}")
_BATCHED: Mapping[str, type[BaseModel]] = {"input": InputCheck, "output": OutputCheck, "finetune": FinetuneCheck}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file beside a check.

    Attributes:
        meta: The check, as JSON.
        file: The file.
        start: Where a stream stood at first; None if it cannot go back there.
        boundary: Separates the parts; random, so that no file can hold it.
    """

    meta: bytes = field(repr=False)
    file: File = field(repr=False)
    start: int | None
    boundary: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def content_type(self) -> str:
        """Value of the header."""
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def head(self) -> bytes:
        """What is sent before the file."""
        line = f"--{self.boundary}\r\nContent-Disposition: form-data; name="
        return (
            f'{line}"meta"\r\nContent-Type: application/json\r\n\r\n'.encode()
            + self.meta
            + f'\r\n{line}"file"; filename="file"\r\nContent-Type: application/octet-stream\r\n\r\n'.encode()
        )

    @property
    def tail(self) -> bytes:
        """What is sent after the file."""
        return f"\r\n--{self.boundary}--\r\n".encode()

    def length(self) -> int | None:
        """Return how long all of it is; None if that cannot be told.

        Raises:
            OSError: If the file is not there.
        """
        size: int | None = None
        stream = _as_stream(self.file)
        if isinstance(self.file, bytes):
            size = len(self.file)
        elif isinstance(self.file, Path):
            size = self.file.stat().st_size if self.file.is_file() else None
        elif stream is None:
            size = cast(Media, self.file).size
        elif self.start is not None:
            size = stream.seek(0, io.SEEK_END) - self.start
            stream.seek(self.start)
        return None if size is None else len(self.head) + size + len(self.tail)

    def open(self) -> tuple[BinaryIO, bool]:
        """Return the file at its start, and whether it is to be closed afterwards.

        Raises:
            OSError: If it cannot be opened.
        """
        if isinstance(self.file, bytes):
            return io.BytesIO(self.file), True
        if isinstance(self.file, Path):
            return self.file.open("rb"), True
        stream = _as_stream(self.file)
        if stream is None:
            return cast(Media, self.file).open(), True
        if self.start is not None:
            stream.seek(self.start)
        return stream, False


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        method: HTTP method.
        path: Path below the base URL.
        body: JSON; None if there is an upload, or nothing.
        upload: A file with its check.
        repeatable: Whether it may be sent again.
        answers: How many decisions there must be.
    """

    method: str
    path: str
    body: bytes | None = field(default=None, repr=False)
    upload: Upload | None = None
    repeatable: bool = True
    answers: int = 1


def input_call(prompt: str, account: str, fields: Mapping[str, Any]) -> Call:
    """Return the call for an input check."""
    return Call("POST", "/v1/check/input", _json(_made(InputCheck, {"prompt": prompt, "account": account, **fields})))


def upload_call(file: File, account: str, fields: Mapping[str, Any]) -> Call:
    """Return the call for an upload check."""
    return _with_file("/v1/check/upload", _made(UploadCheck, {"account": account, **fields}), file)


def output_call(file: File | None, account: str, fields: Mapping[str, Any]) -> Call:
    """Return the call for an output check: of a text, a file, or a file with its text."""
    if file is None and fields.get("text") is None:
        raise Refused("an output has a text or a file")
    check = _made(OutputCheck, {"account": account, **fields})
    return _with_file("/v1/check/output", check, file)


def finetune_call(
    manifest: Mapping[str, Any], trigger_words: Sequence[str], account: str, fields: Mapping[str, Any]
) -> Call:
    """Return the call for a check of a fine-tuning job."""
    values = {"manifest": dict(manifest), "trigger_words": list(trigger_words), "account": account, **fields}
    return Call("POST", "/v1/check/finetune", _json(_made(FinetuneCheck, values)))


def batch_call(items: Sequence[InputCheck | Mapping[str, Any]]) -> Call:
    """Return the call for a batch; every item gets a request id of its own."""
    raw = [_item(place, each) for place, each in enumerate(items)]
    return Call("POST", "/v1/check/batch", _json(_checked(BatchCheck, {"items": raw})), answers=len(raw))


def decision_call(decision_id: str) -> Call:
    """Return the call for a decision that was made before."""
    if not _ID.fullmatch(decision_id):
        raise Refused("a decision id has 32 hex digits")
    return Call("GET", f"/v1/decisions/{decision_id}")


def _item(place: int, item: InputCheck | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(item, InputCheck):
        return _named(item).model_dump(mode="json", exclude_unset=True)
    kind = item.get("kind", "input") if "check" in item else None
    values = item["check"] if kind is not None else item
    model = _BATCHED.get(kind or "input")
    if model is None or not isinstance(values, Mapping):
        raise Refused(f"item {place} is no check of a batch")
    try:
        check = _made(model, values).model_dump(mode="json", exclude_unset=True)
    except Refused as error:
        raise Refused(f"item {place}: {error.message}") from None
    return check if kind is None else {"kind": kind, "check": check}


def _made(model: type[BaseModel], values: Mapping[str, Any]) -> BaseModel:
    return _named(_checked(model, {name: value for name, value in values.items() if value is not None}))


def _checked(model: type[BaseModel], values: Mapping[str, Any]) -> BaseModel:
    try:
        return build(model, values)
    except UsageError as error:
        raise Refused(f"the check is not as it must be: {error.message}", hint="it was not sent") from None


def _named(check: BaseModel) -> BaseModel:
    if getattr(check, "request_id", None) is not None:
        return check
    return check.model_copy(update={"request_id": uuid.uuid4().hex})


def _json(check: BaseModel) -> bytes:
    return check.model_dump_json(exclude_unset=True).encode()


def _with_file(path: str, check: BaseModel, file: File | None) -> Call:
    meta = _json(check)
    if file is None:
        parts: dict[str, Any] = json.loads(meta)
        return Call("POST", path, json.dumps(parts).encode())
    stream = _as_stream(file)
    start = _start(stream) if stream is not None else None
    return Call("POST", path, upload=Upload(meta, file, start), repeatable=stream is None or start is not None)


def _as_stream(file: File) -> BinaryIO | None:
    return cast(BinaryIO, file) if hasattr(file, "read") else None


def _start(stream: BinaryIO) -> int | None:
    with suppress(OSError, ValueError):
        if stream.seekable():
            return stream.tell()
    return None
