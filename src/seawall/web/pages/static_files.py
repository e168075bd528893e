"""Styles, scripts and pictures of pages: their names carry a digest of their bytes, so they may be kept for a year."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

PREFIX = "/static/"
_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "woff2": "font/woff2",
}
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is served."""

    path: str
    media_type: str
    body: bytes


class StaticFiles:
    """All static files of all features, in memory.

    Args:
        root: Folder of the features, each with a `static` folder.
    """

    def __init__(self, root: Traversable | None = None) -> None:
        self._by_name: dict[str, str] = {}
        self._by_path: dict[str, StaticFile] = {}
        for feature in (root or files("seawall.web")).iterdir():
            folder = feature / "static"
            if feature.is_dir() and folder.is_dir():
                for file in sorted(folder.iterdir(), key=lambda each: each.name):
                    self._add(feature.name, file)

    def _add(self, feature: str, file: Traversable) -> None:
        stem, _, ending = file.name.rpartition(".")
        if ending not in _TYPES:
            return
        body = file.read_bytes()
        digest = hashlib.sha256(body).hexdigest()[:_DIGITS]
        path = f"{feature}/{stem}.{digest}.{ending}"
        self._by_name[f"{feature}/{file.name}"] = path
        self._by_path[path] = StaticFile(path, _TYPES[ending], body)

    def url(self, name: str) -> str:
        """Return the address of a file, `feature/name` or the name of one that all pages share.

        Raises:
            KeyError: If there is no such file.
        """
        return PREFIX + self._by_name[name if "/" in name else f"pages/{name}"]

    def get(self, path: str) -> StaticFile | None:
        """Return the file under a path."""
        return self._by_path.get(path)
