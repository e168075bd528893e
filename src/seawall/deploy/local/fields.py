"""Keyword arguments of checks, and the models that they become.

What a caller gets wrong is named by its field; the value, which may be content, is in no error text.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, TypeVar

from pydantic import BaseModel, ValidationError

from seawall.deploy.guard.requests import Attachment, Turn
from seawall.errors import UsageError
from seawall.policy.guard import AgeSignal

_Model = TypeVar("_Model", bound=BaseModel)


class CheckMalformed(UsageError):
    """The check is not as it must be."""

    code = "check_malformed"


class MetaFields(TypedDict, total=False):
    """What every check may say of itself; see `seawall.deploy.guard.requests.Meta`."""

    request_id: str | None
    surface: str | None
    jurisdiction: str | None
    age_signal: AgeSignal
    model: str | None
    generation_id: str | None
    locale: str | None


class InputFields(MetaFields, total=False):
    """What a request to a model may carry beside its prompt."""

    negative_prompt: str | None
    system: str | None
    history: Sequence[Turn | str]
    attachments: Sequence[Attachment | bytes]


class OutputFields(MetaFields, total=False):
    """What may be said of an output beside the output itself."""

    prompt: str | None
    history: Sequence[Turn | str]


def attachment(data: bytes) -> Attachment:
    """Return an attachment of bytes."""
    return Attachment(base64=base64.b64encode(data))


def build(model: type[_Model], values: Mapping[str, Any]) -> _Model:
    """Make a check; bytes among its attachments are wrapped.

    Raises:
        CheckMalformed: If it is not as it must be; the message names the field, never its value.
    """
    given = dict(values)
    if given.get("attachments"):
        given["attachments"] = [attachment(each) if isinstance(each, bytes) else each for each in given["attachments"]]
    if "history" in given:
        given["history"] = list(given["history"])
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise CheckMalformed(_explain(error)) from None


def _explain(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "the check"
    return f"{place}: {first['msg']}"
