"""Videos: jobs that end later. A job's video is checked together with the prompt that asked for it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from seawall.deploy.gateway.errors import BadReply
from seawall.deploy.gateway.pieces import Pieces, others, plain, refuse, text_of, word

VARIANTS = ("video", "thumbnail", "spritesheet")
_KNOWN = frozenset({"prompt", "negative_prompt", "model", "user", "safety_identifier", "seconds", "size"})


def read(body: Mapping[str, Any], files: tuple[bytes, ...] = ()) -> Pieces:
    """Return what a request shows the model.

    Raises:
        Unsupported: If something of it cannot be checked.
    """
    refuse(body, ("input_reference", "remix_video_id", "image", "video"))
    return Pieces(
        text_of(body.get("prompt"), "prompt"),
        system=others(body, _KNOWN),
        negative=text_of(body.get("negative_prompt"), "negative_prompt") or None,
        attachments=tuple(base64.b64encode(each).decode() for each in files),
    )


def show(reply: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of a job.

    Raises:
        BadReply: If it has no id.
    """
    words = ("id", "object", "status", "model", "seconds", "size", "quality")
    shown: dict[str, Any] = plain(reply, words, ("created_at", "completed_at", "expires_at", "progress"))
    if "id" not in shown or "/" in shown["id"] or shown["id"].startswith("."):
        raise BadReply("the video job has no usable id")
    error = reply.get("error")
    shown["error"] = (
        {"code": word(error.get("code")) or "failed", "message": "the job failed"} if isinstance(error, dict) else None
    )
    return shown
