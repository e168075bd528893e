"""The rows of a fine-tuning job as a request states them, bounded before anything is decoded.

A row is a text, a medium (by its bytes or its digest), or a medium with a text: a caption.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seawall.errors import UsageError

MOST_ROWS = 100_000
MOST_BYTES = 64 << 20
"""Longest data of one job, texts and media together, as they travel inside the request."""

_KEYS = frozenset({"text", "sha256", "base64"})
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ManifestMalformed(UsageError):
    """The manifest of the fine-tuning job is not as it must be."""

    code = "manifest_malformed"


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        number: Its place, from 0.
        text: Its text.
        sha256: Digest of its medium, if the bytes are not here.
        encoded: Its medium in base64, if they are.
    """

    number: int
    text: str | None = field(default=None, repr=False)
    sha256: str | None = None
    encoded: str | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """What the row is called."""
        return f"row.{self.number}"

    def data(self) -> bytes:
        """Return the bytes of its medium.

        Raises:
            ManifestMalformed: If they are not in base64.
        """
        try:
            return base64.b64decode(self.encoded or "", validate=True)
        except (binascii.Error, ValueError):
            raise ManifestMalformed(f"items.{self.number}.base64 is not base64") from None


def read_rows(items: object) -> list[Row]:
    """Return the rows that a manifest's `items` state.

    Raises:
        ManifestMalformed: If they are not as they must be; the message names the place, never the value.
    """
    if not isinstance(items, list) or not items:
        raise ManifestMalformed("items is a list of at least one row")
    if len(items) > MOST_ROWS:
        raise ManifestMalformed(f"a job has at most {MOST_ROWS} rows", hint="split it, or sign it with 'seawall clean'")
    rows = [_row(number, item) for number, item in enumerate(items)]
    if sum(_size(row) for row in rows) > MOST_BYTES:
        raise ManifestMalformed(
            f"the rows of a job have at most {MOST_BYTES >> 20} MiB", hint="split it, or sign it with 'seawall clean'"
        )
    return rows


def _row(number: int, item: object) -> Row:
    if not isinstance(item, Mapping) or not item or not item.keys() <= _KEYS:
        raise ManifestMalformed(f"items.{number} has text, sha256 or base64, and nothing else")
    fields: dict[str, Any] = dict(item)
    if not all(isinstance(value, str) for value in fields.values()):
        raise ManifestMalformed(f"items.{number}: every value is a string")
    if "sha256" in fields and "base64" in fields:
        raise ManifestMalformed(f"items.{number} has either sha256 or base64")
    if "sha256" in fields and not _SHA256.fullmatch(fields["sha256"]):
        raise ManifestMalformed(f"items.{number}.sha256 is 64 hexadecimal digits in lower case")
    return Row(number, fields.get("text"), fields.get("sha256"), fields.get("base64"))


def _size(row: Row) -> int:
    return 4 * len(row.text or "") // (1 if not (row.text or "").isascii() else 4) + 3 * len(row.encoded or "") // 4
