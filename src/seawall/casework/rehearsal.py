"""A first case to try: harmless drawn stand-ins, marked as a drill throughout, go the whole way of a case."""

from __future__ import annotations

import hashlib
import io
import secrets
from typing import TYPE_CHECKING

from seawall.cases.model import Door, ItemKind, NewItem, Opening, Severity, SubjectKind
from seawall.errors import UsageError
from seawall.vault.objects import Purpose

if TYPE_CHECKING:
    from seawall.casework.installation import Casework

MOST = 20
SUBJECT = "rehearsal"


def rehearse(casework: Casework, cases: int = 1) -> list[str]:
    """Open drill cases of one picture and one text each; return their ids. Every time other stand-ins are drawn.

    Args:
        casework: The parts of deciding.
        cases: How many.

    Raises:
        UsageError: If these are too many.
    """
    if not 0 < cases <= MOST:
        raise UsageError(f"open 1 to {MOST} cases at a time")
    from seawall.canary.draw import variants

    opened = []
    for variant in variants(("a", "b"), cases, secrets.randbelow(1 << 31)):
        name = secrets.token_hex(4)
        buffer = io.BytesIO()
        variant.picture.save(buffer, "PNG")
        text = f"This is rehearsal {name}. It stands in for a text, says nothing, and harms nobody.\n"
        items = (
            _item(casework, f"{name}/picture", ItemKind.IMAGE, buffer.getvalue(), "image/png"),
            _item(casework, f"{name}/text", ItemKind.TEXT, text.encode(), "text/plain"),
        )
        opening = Opening(
            subject_kind=SubjectKind.ACCOUNT,
            subject=f"{SUBJECT}-{name}",
            door=Door.DRILL,
            severity=Severity.HIGH,
            category="canary",
            items=items,
            drill=True,
        )
        opened.append(casework.cases.open_case(opening))
    return opened


def _item(casework: Casework, key: str, kind: ItemKind, data: bytes, media_type: str) -> NewItem:
    stream, digest = io.BytesIO(data), hashlib.sha256(data).hexdigest()
    kept = casework.vault.put(
        stream, purpose=Purpose.CANARY, person=SUBJECT, key=f"{SUBJECT}/{digest}", media_type=media_type
    )
    return NewItem(
        key=f"{SUBJECT}/{key}",
        kind=kind,
        sha256=kept.sha256,
        vault=kept.id,
        ref=f"{SUBJECT}/{key}",
        evidence={"canary": "pack", "rule": SUBJECT},
    )
