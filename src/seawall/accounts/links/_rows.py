"""Rows of tokens and links."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, delete, or_, select, update

from seawall.accounts.links.model import Link, LinkState
from seawall.accounts.links.score import Evidence
from seawall.accounts.links.tokens import Token
from seawall.store import insert_or_replace
from seawall.store.tables import account as account_table
from seawall.store.tables import account_link, link_token, restriction


def keep_tokens(connection: Connection, account: str, tokens: Iterable[tuple[Token, str]], at: str) -> None:
    """Write that an account has tokens, each until a moment."""
    rows = [
        {
            "account": account,
            "kind": token.kind,
            "epoch": token.epoch,
            "token": token.value,
            "seen_at": at,
            "expires_at": expires,
        }
        for token, expires in tokens
    ]
    insert_or_replace(connection, link_token, rows)


def tokens_of(connection: Connection, account: str, at: str) -> list[tuple[str, int, str]]:
    """Return an account's tokens, each as kind, epoch and value."""
    found = select(link_token.c.kind, link_token.c.epoch, link_token.c.token).where(
        link_token.c.account == account, link_token.c.expires_at > at
    )
    return [(kind, epoch, token) for kind, epoch, token in connection.execute(found)]


def sharers(connection: Connection, account: str, token: tuple[str, int, str], at: str, most: int) -> list[str]:
    """Return the other accounts of the same tenant that have a token, `most` at most."""
    kind, epoch, value = token
    ours = select(account_table.c.tenant).where(account_table.c.ref == account).scalar_subquery()
    found = (
        select(link_token.c.account)
        .join(account_table, account_table.c.ref == link_token.c.account)
        .where(
            link_token.c.kind == kind,
            link_token.c.epoch == epoch,
            link_token.c.token == value,
            link_token.c.expires_at > at,
            link_token.c.account != account,
            account_table.c.tenant.is_not_distinct_from(ours),
        )
    )
    return list(connection.execute(found.order_by(link_token.c.account).limit(most)).scalars())


def save(connection: Connection, link: Link) -> None:
    """Write a suggestion, in place of one that is there."""
    row: dict[str, Any] = {
        "id": link.id,
        "account": link.accounts[0],
        "other": link.accounts[1],
        "state": link.state.value,
        "score": link.score,
        "data": json.dumps([each.to_dict() for each in link.evidence]),
        "suggested_at": link.suggested_at,
        "expires_at": link.expires_at,
    }
    insert_or_replace(connection, account_link, [row])


def decide(connection: Connection, link: str, state: LinkState, at: str, person: str, reason: str) -> None:
    """Write what became of a link."""
    values = {"state": state.value, "decided_at": at, "person": person, "reason": reason}
    connection.execute(update(account_link).where(account_link.c.id == link).values(values))


def find(connection: Connection, link: str) -> Link | None:
    """Return a link by its id."""
    row = connection.execute(select(account_link).where(account_link.c.id == link)).mappings().first()
    return _link(row) if row is not None else None


def of_account(connection: Connection, account: str) -> list[Link]:
    """Return an account's links."""
    mine = or_(account_link.c.account == account, account_link.c.other == account)
    rows = connection.execute(select(account_link).where(mine).order_by(account_link.c.id)).mappings()
    return [_link(row) for row in rows]


def in_state(connection: Connection, state: LinkState | None) -> list[Link]:
    """Return links, the strongest first."""
    wanted = select(account_link).order_by(account_link.c.score.desc(), account_link.c.id)
    if state is not None:
        wanted = wanted.where(account_link.c.state == state.value)
    return [_link(row) for row in connection.execute(wanted).mappings()]


def drop_tokens(connection: Connection, account: str) -> int:
    """Delete an account's tokens; return how many."""
    return connection.execute(delete(link_token).where(link_token.c.account == account)).rowcount


def drop_epoch(connection: Connection, epoch: int) -> int:
    """Delete the tokens of an epoch; return how many."""
    return connection.execute(delete(link_token).where(link_token.c.epoch == epoch)).rowcount


def drop_expired(connection: Connection, at: str) -> tuple[int, int]:
    """Delete tokens that expired, and suggestions that nobody decided in time; return how many of each."""
    tokens = connection.execute(delete(link_token).where(link_token.c.expires_at <= at)).rowcount
    lapsed = and_(account_link.c.state == LinkState.SUGGESTED.value, account_link.c.expires_at <= at)
    return tokens, connection.execute(delete(account_link).where(lapsed)).rowcount


def inherited(connection: Connection, links: Sequence[str]) -> list[str]:
    """Return the restrictions that were inherited by links and are not lifted."""
    lifted = restriction.alias("lifted")
    found = (
        select(restriction.c.id)
        .outerjoin(lifted, lifted.c.inverse_of == restriction.c.id)
        .where(restriction.c.link.in_(links), restriction.c.inverse_of.is_(None), lifted.c.id.is_(None))
    )
    return list(connection.execute(found.order_by(restriction.c.change)).scalars())


def _link(row: RowMapping) -> Link:
    return Link(
        id=row["id"],
        accounts=(row["account"], row["other"]),
        state=LinkState(row["state"]),
        score=row["score"],
        evidence=tuple(Evidence(**each) for each in json.loads(row["data"])),
        suggested_at=row["suggested_at"],
        expires_at=row["expires_at"],
        decided_at=row["decided_at"],
        person=row["person"],
        reason=row["reason"],
    )
