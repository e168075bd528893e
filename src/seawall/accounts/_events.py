"""What the ledger is told: ids, pseudonyms, numbers and moments; no reason that a person wrote, no reference."""

from __future__ import annotations

from typing import Any

from seawall.accounts.model import Change, Strike, Void

LedgerEvent = tuple[str, str, dict[str, Any]]


def strike_event(strike: Strike, account: str) -> LedgerEvent:
    """Return the event of a strike on an account, by its pseudonym."""
    body = {
        "strike": strike.id,
        "account": account,
        "class": strike.name,
        "points": strike.points,
        "expires_at": strike.expires_at,
        "ladder": strike.ladder,
        "decision": strike.decision_id,
        "person": strike.person,
    }
    return "account.strike", f"strike/{strike.id}", body


def void_event(void: Void, account: str) -> LedgerEvent:
    """Return the event of a strike that was taken back."""
    body = {"strike": void.strike, "account": account, "person": void.person}
    return "account.strike_voided", f"strike/{void.strike}/void", body


def change_event(change: Change, account: str) -> LedgerEvent:
    """Return the event of a restriction, or of its lift."""
    made = change.restriction
    body: dict[str, Any] = {
        "restriction": made.id,
        "account": account,
        "kind": made.kind.value,
        "feature": made.feature,
    }
    if change.lift is not None:
        body |= {"inverse": made.inverse, "person": change.lift.person}
        return "account.lifted", f"restriction/{made.id}/lifted", body
    body |= {
        "starts_at": made.starts_at,
        "ends_at": made.ends_at,
        "strike": made.strike,
        "ladder": made.ladder,
        "person": made.person,
        "link": made.link,
    }
    return "account.restricted", f"restriction/{made.id}", body
