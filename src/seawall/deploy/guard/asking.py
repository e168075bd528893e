"""From requests to works: which parts there are, what each is called, and how much they weigh."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from seawall.deploy.guard.contract import Media
from seawall.deploy.guard.media.spool import MemoryMedia
from seawall.deploy.guard.requests import (
    MAX_BATCH,
    Attachment,
    BatchItem,
    FinetuneCheck,
    InputCheck,
    Meta,
    OutputCheck,
    Prose,
    Turn,
    UploadCheck,
)
from seawall.deploy.guard.work import Work
from seawall.errors import UsageError
from seawall.policy.guard import CheckKind

FILE = "file"
TEXT = "text"

_NAMES = ("account", "request_id", "surface", "jurisdiction", "model", "generation_id", "locale")
_KINDS: Mapping[str, type[InputCheck | OutputCheck | FinetuneCheck]] = {
    "input": InputCheck,
    "output": OutputCheck,
    "finetune": FinetuneCheck,
}
_OVERHEAD = 512


def input_work(check: InputCheck) -> Work:
    """Return the work of a request to a model."""
    _expect_plain(check)
    texts = [("prompt", check.prompt)] if check.prompt else []
    if check.negative_prompt:
        texts.append(("negative_prompt", check.negative_prompt))
    if check.system:
        texts.append(("system", check.system))
    if check.history:
        texts += _turns(check.history)
    return Work(CheckKind.INPUT, check, texts, *_attached(check.attachments))


def upload_work(check: UploadCheck, media: Media) -> Work:
    """Return the work of a file that a user brings."""
    _expect_plain(check)
    return Work(CheckKind.UPLOAD, check, (), [(FILE, media)])


def output_work(check: OutputCheck, media: Media | None) -> Work:
    """Return the work of what a model has made.

    Raises:
        UsageError: If there is neither a text nor a medium.
    """
    if check.text is None and media is None:
        raise UsageError("an output has a text or a file")
    _expect_plain(check)
    texts = [(TEXT, check.text)] if check.text else []
    attached, digests = _attached(check.attachments)
    made = [(FILE, media)] if media is not None else []
    return Work(CheckKind.OUTPUT, check, texts + context_of(check), made + attached, digests)


def finetune_work(check: FinetuneCheck) -> Work:
    """Return the work of a fine-tuning job."""
    _expect_plain(check)
    return Work(CheckKind.FINETUNE, check, finetune=check)


def batch_works(items: Sequence[dict[str, Any]]) -> list[Work]:
    """Return the works of a batch.

    Raises:
        UsageError: If one is malformed; the message names its place, and nothing of its content.
    """
    if len(items) > MAX_BATCH:
        raise UsageError(f"a batch has at most {MAX_BATCH} items")
    works = []
    for place, item in enumerate(items):
        try:
            works.append(_item(item))
        except ValidationError as error:
            raise UsageError(f"item {place} of the batch: {_first(error)}") from None
        except UsageError as error:
            raise UsageError(f"item {place} of the batch: {error.message}") from None
    return works


def context_of(check: OutputCheck) -> list[tuple[str, str]]:
    """Return the texts that an output was made from."""
    texts = [("prompt", check.prompt)] if check.prompt else []
    return texts + _turns(check.history) if check.history else texts


def weight(work: Work) -> int:
    """Return how many bytes a work holds, about."""
    return (
        _OVERHEAD
        + sum(len(text) for _, text in work.texts)
        + sum(media.size for _, media in work.media if isinstance(media, MemoryMedia))
    )


def _item(item: dict[str, Any]) -> Work:
    kind = "input"
    if "kind" in item or "check" in item:
        one = BatchItem.model_validate(item)
        kind, item = one.kind, one.check
    check = _KINDS[kind].model_validate(item)
    if isinstance(check, InputCheck):
        return input_work(check)
    if isinstance(check, OutputCheck):
        return output_work(check, None)
    return finetune_work(check)


def _attached(attachments: Sequence[Attachment]) -> tuple[list[tuple[str, Media]], list[tuple[str, str]]]:
    """Return the media of attachments, and the digests of those whose bytes are not here."""
    media: list[tuple[str, Media]] = []
    digests: list[tuple[str, str]] = []
    for place, each in enumerate(attachments):
        if each.base64 is not None:
            media.append((f"attachment.{place}", MemoryMedia(each.base64)))
        elif each.sha256 is not None:
            digests.append((f"attachment.{place}", each.sha256))
    return media, digests


def _turns(history: Sequence[Turn | Prose]) -> list[tuple[str, str]]:
    return [
        (f"history.{place}", text)
        for place, turn in enumerate(history)
        if (text := turn if isinstance(turn, str) else turn.content)
    ]


def _expect_plain(check: Meta) -> None:
    """Refuse names that cannot be recorded, such as a NUL or half a surrogate pair.

    Raises:
        UsageError: If there is one.
    """
    for name in _NAMES:
        value = getattr(check, name)
        if value is not None and not (value.isascii() and value.isprintable()) and not _plain(value):
            raise UsageError(f"{name} has characters that cannot be recorded")


def _plain(value: str) -> bool:
    return not any(character < " " or "\ud800" <= character <= "\udfff" for character in value)


def _first(error: ValidationError) -> str:
    """Return where the first error of a request is, without words of the request."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "extra_forbidden":
        return "a field that there is not"
    return ".".join(_steps(first["loc"])) + f": {first['type']}"


def _steps(place: tuple[int | str, ...]) -> Iterator[str]:
    for step in place[:4]:
        yield str(step) if isinstance(step, int) or step in _FIELDS else "…"


_FIELDS = frozenset(
    name
    for fields in (*(each.model_fields for each in _KINDS.values()), Turn.model_fields, BatchItem.model_fields)
    for name in fields
)
