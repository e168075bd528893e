"""Which files are texts: UTF-8 of a bounded length, and nothing that stands for pictures or video."""

from __future__ import annotations

MAX_TEXT_BYTES = 1 << 20
"""Longest document that is read as text."""

_HEAD = 4096
_EMBEDDED = ("data:image/", "data:video/")
_DRAWN = ("<svg", "<mpd")
_PLAYLISTS = ("#extm3u", "ffconcat", "[playlist]")


def plain_text(data: bytes) -> str | None:
    """Return bytes as text, or None if they are not UTF-8, hold a zero byte, or are longer than `MAX_TEXT_BYTES`."""
    if len(data) > MAX_TEXT_BYTES or b"\0" in data:
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def stands_for_media(text: str) -> bool:
    """Whether a file is a drawing or a playlist written as text, or has pictures in it: nobody would look at them."""
    text = text.casefold()
    head = text[:_HEAD]
    return (
        head.lstrip().startswith(_PLAYLISTS)
        or any(mark in head for mark in _DRAWN)
        or any(mark in text for mark in _EMBEDDED)
    )
