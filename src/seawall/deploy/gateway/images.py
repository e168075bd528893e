"""Images: prompts and pictures of a request, pictures of a reply."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seawall.deploy.gateway.errors import BadReply, Unsupported
from seawall.deploy.gateway.pieces import Pieces, others, plain, refuse, reply_list, reply_text, text_of

_KNOWN = frozenset({"prompt", "negative_prompt", "model", "user", "safety_identifier", "stream"})


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a reply.

    Attributes:
        data: Its bytes, if they came with it.
        url: Where it is, if not.
        revised: The prompt as the model server wrote it anew.
    """

    data: bytes | None = field(default=None, repr=False)
    url: str | None = field(default=None, repr=False)
    revised: str | None = field(default=None, repr=False)


def read(body: Mapping[str, Any], files: tuple[bytes, ...] = ()) -> Pieces:
    """Return what a request shows the model.

    Raises:
        Unsupported: If something of it cannot be checked.
    """
    refuse(body, ("images", "image", "mask", "input_reference", "partial_images"))
    if body.get("stream") not in (None, False, "false"):
        raise Unsupported("pictures are not streamed: part of a picture cannot be checked")
    negative = text_of(body.get("negative_prompt"), "negative_prompt") or None
    attachments = tuple(base64.b64encode(each).decode() for each in files)
    return Pieces(
        text_of(body.get("prompt"), "prompt"), (), others(body, _KNOWN), negative=negative, attachments=attachments
    )


def show(reply: Mapping[str, Any]) -> tuple[dict[str, Any], list[Picture]]:
    """Return a reply without its pictures, and these.

    Raises:
        BadReply: If it cannot be checked.
    """
    found = []
    for each in reply_list(reply.get("data")):
        written, url = reply_text(each.get("b64_json")), reply_text(each.get("url"))
        revised = reply_text(each.get("revised_prompt"))
        if (written is None) == (url is None):
            raise BadReply("a picture of the reply has neither bytes nor an address, or both")
        found.append(Picture(None if written is None else _decoded(written), url, revised))
    return plain(reply, ("background", "output_format", "quality", "size")), found


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise BadReply("a picture of the reply is not base64") from None
