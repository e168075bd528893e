"""The headers of every page: no foreign script, style, picture or frame, nothing kept, nothing told to other hosts."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
)
_SENSORS = ("autoplay", "camera", "display-capture", "geolocation", "microphone", "payment", "usb")
_ALWAYS = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": ", ".join(f"{name}=()" for name in _SENSORS),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
}


def content_policy(frame_ancestors: Sequence[str] = (), *, media: bool = False) -> str:
    """Return the content policy of a page.

    Args:
        frame_ancestors: Origins that may show it in a frame; by default nobody.
        media: Whether it has a player of what this server keeps.
    """
    ancestors = " ".join(frame_ancestors) or "'none'"
    sources = "'self'" if media else "'none'"
    return "; ".join((*_POLICY, f"media-src {sources}", f"frame-ancestors {ancestors}"))


def secure(response: Response, *, frame_ancestors: Sequence[str] = (), media: bool = False) -> Response:
    """Put the headers of a page on an answer, and return it."""
    headers = response.headers
    for name, value in _ALWAYS.items():
        headers[name] = value
    headers["content-security-policy"] = content_policy(frame_ancestors, media=media)
    headers.setdefault("cache-control", "no-store")
    if not frame_ancestors:
        headers["x-frame-options"] = "DENY"
    return response
