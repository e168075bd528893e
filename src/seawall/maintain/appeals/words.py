"""What parties write, in the vault: put before the appeal is recorded, and gone if it cannot be."""

from __future__ import annotations

import io

from seawall.maintain.appeals.errors import AppealInvalid
from seawall.vault import Vault

PERSON = "appeals"
"""Under which name the vault is used."""
MOST_WORDS = 5000
_PURPOSE = "appeal"


class Words:
    """What parties wrote.

    Args:
        vault: Keeps it.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def keep(self, appeal_id: str, text: str, case_id: str) -> str | None:
        """Keep what a party wrote; return its vault object, or None if that is nothing.

        Raises:
            AppealInvalid: If it is too long, or no text.
        """
        text = text.strip()
        if not text:
            return None
        if len(text) > MOST_WORDS:
            raise AppealInvalid(f"an appeal has at most {MOST_WORDS} characters")
        if "\0" in text or any(0xD800 <= ord(sign) < 0xE000 for sign in text):
            raise AppealInvalid("the text holds signs that cannot be stored")
        put = self._vault.put(
            io.BytesIO(text.encode("utf-8")),
            purpose=_PURPOSE,
            person=PERSON,
            case=case_id,
            key=f"{_PURPOSE}/{appeal_id}",
            media_type="text/plain",
        )
        return put.id

    def forget(self, vault_id: str | None) -> None:
        """Destroy what belongs to an appeal that could not be recorded."""
        if vault_id is not None:
            self._vault.destroy(vault_id, person=PERSON, reason="the appeal could not be recorded")

    def read(self, vault_id: str | None, *, person: str, purpose: str) -> str:
        """Return what a party wrote; that somebody read it is recorded first."""
        if vault_id is None:
            return ""
        with self._vault.open(vault_id, person=person, purpose=purpose) as stream:
            return stream.read().decode("utf-8")
