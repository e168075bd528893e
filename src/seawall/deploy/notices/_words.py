"""Words and contacts of senders, in the vault: put before the notice is recorded, and gone if it cannot be."""

from __future__ import annotations

import io
import json
from dataclasses import asdict

from seawall.deploy.notices.model import NewNotice, StoredNotice
from seawall.vault import Vault

PERSON = "notices"
"""Under which name the vault is used."""
_WORDS = "notice"
_CONTACT = "notice_contact"


class Words:
    """What senders wrote.

    Args:
        vault: Keeps it.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def keep(self, notice_id: str, notice: NewNotice) -> tuple[str | None, str | None]:
        """Keep the words and the contact of a notice; return their vault objects."""
        told = {name: value for name, value in asdict(notice.contact).items() if value}
        if notice.signature:
            told["signature"] = notice.signature
        words = notice.text.encode("utf-8") if notice.text else None
        contact = json.dumps(told, ensure_ascii=False).encode("utf-8") if told else None
        kept = self._put(words, _WORDS, "text/plain", notice_id)
        try:
            return kept, self._put(contact, _CONTACT, "application/json", notice_id)
        except Exception:
            self.forget(kept)
            raise

    def forget(self, *objects: str | None) -> None:
        """Destroy what belongs to a notice that could not be recorded."""
        for each in objects:
            if each is not None:
                self._vault.destroy(each, person=PERSON, reason="the notice could not be recorded")

    def text(self, stored: StoredNotice, *, person: str, purpose: str) -> str:
        """Return what a sender wrote; that somebody read it is recorded first."""
        if stored.content is None:
            return ""
        with self._vault.open(stored.content, person=person, purpose=purpose) as stream:
            return stream.read().decode("utf-8")

    def contact(self, stored: StoredNotice, *, person: str, purpose: str) -> dict[str, str]:
        """Return how to reach a sender, and a signature; that somebody read it is recorded first."""
        if stored.contact is None:
            return {}
        with self._vault.open(stored.contact, person=person, purpose=purpose) as stream:
            told: dict[str, str] = json.loads(stream.read())
        return told

    def _put(self, data: bytes | None, purpose: str, media_type: str, notice_id: str) -> str | None:
        if data is None:
            return None
        key = f"{purpose}/{notice_id}"
        put = self._vault.put(io.BytesIO(data), purpose=purpose, person=PERSON, key=key, media_type=media_type)
        return put.id
