"""What is said of an object in words: its row, its format, and the media type that its bytes have."""

from __future__ import annotations

import json
from collections.abc import Mapping

from seawall.content.media import Medium, Sniffed
from seawall.vault.derivatives.model import Derivative, MediumFacts
from seawall.vault.objects import VaultObject

PLAIN = "text/plain; charset=utf-8"
UNKNOWN = "application/octet-stream"

_TYPES: Mapping[str, str] = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "bmp": "image/bmp",
    "tiff": "image/tiff",
    "avif": "image/avif",
    "heif": "image/heif",
    "ico": "image/x-icon",
    "mp4": "video/mp4",
    "matroska": "video/x-matroska",
    "avi": "video/x-msvideo",
    "mpeg": "video/mpeg",
    "flv": "video/x-flv",
    "asf": "video/x-ms-asf",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "wav": "audio/wav",
    "aac": "audio/aac",
    "m4a": "audio/mp4",
    "aiff": "audio/aiff",
    "utf-8": PLAIN,
}


def media_type(kind: Sniffed, head: bytes) -> str:
    """Return the media type that bytes have; what the caller of `put` stated is never used."""
    if kind.format == "matroska" and b"webm" in head:
        return "video/webm"
    return _TYPES.get(kind.format, UNKNOWN)


def metadata(item: VaultObject) -> Derivative:
    """Return what the row of an object says, as JSON."""
    told = {"size": item.size, "stated_media_type": item.media_type, "purpose": item.purpose, "put_at": item.put_at}
    return Derivative("application/json", json.dumps(told, separators=(",", ":")).encode())


def caption(facts: MediumFacts, size: int) -> str:
    """Return what a file is, in words."""
    told = [f"{facts.medium.value}: {facts.format}" if facts.format else facts.medium.value]
    if facts.width and facts.height:
        told.append(f"{facts.width} x {facts.height} pixels")
    if facts.medium is Medium.IMAGE and facts.frames and facts.frames > 1:
        told.append("more than one frame")
    if facts.duration is not None:
        minutes, seconds = divmod(facts.duration, 60)
        told.append(f"{int(minutes)} min {seconds:.1f} s")
    elif facts.medium in (Medium.VIDEO, Medium.AUDIO):
        told.append("length unknown")
    told.append(f"{size:,} bytes")
    return ", ".join(told)
