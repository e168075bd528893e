"""Secondary accounts: what two accounts share is a suggestion with named evidence; a person makes it a link.

Nothing here restricts anybody by itself. Links are suggested only to an account that is banned or suspended, and a
ban is inherited by a confirmed link alone, as a restriction of its own, with its own inverse.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from seawall.accounts import _rows as account_rows
from seawall.accounts.book import Accounts
from seawall.accounts.errors import AlreadyDone, LinkError
from seawall.accounts.links import _rows
from seawall.accounts.links.kinds import Kind
from seawall.accounts.links.model import Link, LinkState
from seawall.accounts.links.score import Evidence, evidence, score, suggests
from seawall.accounts.links.tokens import Token, TokenKeys
from seawall.accounts.model import Restriction, RestrictionKind, derived_id
from seawall.clock import to_iso
from seawall.errors import NotFound, UsageError
from seawall.ledger import Ledger
from seawall.store import Store

_GRAVE = (RestrictionKind.BAN, RestrictionKind.SUSPEND)
_MOST_TOKENS = 100
_MOST_DEPTH = 3
_MOST_SHOWN = 100


class Links:
    """The tokens and links of a store.

    Args:
        store: The database.
        ledger: In the same store.
        accounts: The accounts of the store.
        keys: What tokens are made with.
    """

    def __init__(self, store: Store, ledger: Ledger, accounts: Accounts, keys: TokenKeys) -> None:
        self._store = store
        self._ledger = ledger
        self._accounts = accounts
        self.keys = keys
        self._kinds = keys.kinds

    def observe(self, account: str, tokens: Sequence[Token], *, tenant: str | None = None) -> list[Link]:
        """Write that an account has tokens, and return the links that they newly suggest, or suggest more strongly.

        Args:
            account: The host's reference.
            tokens: What stands for its identifiers.
            tenant: Whose account it is; accounts of different tenants never meet.

        Raises:
            LinkError: If a token is of no kind or epoch that there is, there are too many, or the account is another
                tenant's.
        """
        if not 0 < len(tokens) <= _MOST_TOKENS:
            raise LinkError(f"1 to {_MOST_TOKENS} tokens at once")
        now = self._store.clock()
        epochs = set(self.keys.epochs())
        kept = [(token, to_iso(now + timedelta(seconds=self._kinds.get(token.kind).seconds))) for token in tokens]
        if any(token.epoch not in epochs for token in tokens):
            raise LinkError("a token is of an epoch that has no key", hint="it was retired, or never begun")
        at = to_iso(now)
        with self._store.begin() as connection:
            account_rows.open_accounts(connection, [account], at, tenant)
            account_rows.lock_accounts(connection, [account])
            if tenant is not None and account_rows.tenant_of(connection, account, tenant) != tenant:
                raise LinkError("the account is another tenant's")
            _rows.keep_tokens(connection, account, kept, at)
            return self._suggest(connection, account, at)

    def explain(self, account: str, other: str) -> tuple[Evidence, ...]:
        """Return what two accounts share at present."""
        at = to_iso(self._store.clock())
        with self._store.read() as connection:
            return self._shared(connection, account, at).get(other, ())

    def get(self, link: str) -> Link:
        """Return a link.

        Raises:
            NotFound: If there is none with this id.
        """
        with self._store.read() as connection:
            return _found(connection, link)

    def links(self, state: LinkState | None = None, account: str | None = None) -> list[Link]:
        """Return links, the strongest first: of a state, or of an account."""
        with self._store.read() as connection:
            if account is None:
                return _rows.in_state(connection, state)
            found = _rows.of_account(connection, account)
        mine = [each for each in found if state in (None, each.state)]
        return sorted(mine, key=lambda each: (-each.score, each.id))

    def around(self, account: str, depth: int = 2) -> dict[str, int]:
        """Return the accounts that confirmed links lead to, with how many steps away each is; bounded."""
        if not 1 <= depth <= _MOST_DEPTH:
            raise UsageError(f"from 1 to {_MOST_DEPTH} steps")
        found, edge = {account: 0}, [account]
        with self._store.read() as connection:
            for step in range(1, depth + 1):
                reached = []
                for each in edge:
                    for link in _rows.of_account(connection, each):
                        other = link.other(each)
                        if link.state is LinkState.CONFIRMED and other not in found and len(found) <= _MOST_SHOWN:
                            found[other] = step
                            reached.append(other)
                edge = reached
        del found[account]
        return found

    def confirm(self, link: str, *, person: str, reason: str, inherit: bool = True) -> list[Restriction]:
        """Confirm a link, and let the ban or suspension of the one account hold for the other.

        Args:
            link: Its id.
            person: Who decides.
            reason: Why.
            inherit: Whether restrictions are inherited; without it, the link is only a fact.

        Returns:
            The inherited restrictions, each with an inverse of its own.

        Raises:
            NotFound: If there is no such link.
            AlreadyDone: If it was decided before.
        """
        _expect_named(person, reason)
        at = to_iso(self._store.clock())
        with self._store.begin() as connection:
            found = self._undecided(connection, link)
            _rows.decide(connection, link, LinkState.CONFIRMED, at, person, reason)
            made: list[Restriction] = []
            for account in found.accounts if inherit else ():
                made += self._inherit(connection, found, account, at, person, reason)
            body = self._body(found) | {"person": person, "inherited": [each.id for each in made]}
            self._ledger.record(connection, "link.confirmed", f"link/{link}/{at}/confirmed", body)
        return made

    def reject(self, link: str, *, person: str, reason: str) -> None:
        """Reject a link: it is not suggested again.

        Raises:
            NotFound: If there is no such link.
            AlreadyDone: If it was decided before.
        """
        _expect_named(person, reason)
        at = to_iso(self._store.clock())
        with self._store.begin() as connection:
            found = self._undecided(connection, link)
            _rows.decide(connection, link, LinkState.REJECTED, at, person, reason)
            body = self._body(found) | {"person": person}
            self._ledger.record(connection, "link.rejected", f"link/{link}/{at}/rejected", body)

    def forget(self, account: str) -> int:
        """Delete an account's tokens; return how many."""
        with self._store.begin() as connection:
            return _rows.drop_tokens(connection, account)

    def retire(self, epoch: int) -> int:
        """Delete the key of an epoch and its tokens; return how many tokens."""
        self.keys.retire(epoch)
        with self._store.begin() as connection:
            return _rows.drop_epoch(connection, epoch)

    def sweep(self) -> tuple[int, int]:
        """Delete tokens that expired, and suggestions that nobody decided in time; return how many of each."""
        return sweep_links(self._store)

    def _suggest(self, connection: Connection, account: str, at: str) -> list[Link]:
        shared = {
            other: found
            for other, found in self._shared(connection, account, at).items()
            if suggests(found, self._kinds)
        }
        if not shared:
            return []
        held = account_rows.holding(connection, at, [account, *shared])
        grave = {each.account for each in held if each.kind in _GRAVE and each.holds_at(at)}
        known = {each.other(account): each for each in _rows.of_account(connection, account)}
        until = to_iso(self._store.clock() + timedelta(seconds=self._kinds.suggestion_seconds))
        made: list[Link] = []
        for other, found in sorted(shared.items()):
            before = known.get(other)
            if not {account, other} & grave or (before is not None and before.state is not LinkState.SUGGESTED):
                continue
            both = (account, other) if account < other else (other, account)
            link = Link(derived_id("link", *both), both, LinkState.SUGGESTED, score(found), found, at, until)
            _rows.save(connection, link)
            if before is None or before.score < link.score:
                made.append(link)
                self._ledger.record(connection, "link.suggested", f"link/{link.id}/{at}/suggested", self._body(link))
        return made

    def _shared(self, connection: Connection, account: str, at: str) -> dict[str, tuple[Evidence, ...]]:
        """Return what an account shares with whom; tokens that too many share are not followed."""
        by_other: dict[str, list[tuple[Kind, int]]] = {}
        for token in _rows.tokens_of(connection, account, at):
            kind = self._kinds.kinds.get(token[0])
            if kind is None:
                continue
            others = _rows.sharers(connection, account, token, at, kind.fan_out)
            # As many as the cap, and this one: that is one too many.
            for other in others if len(others) < kind.fan_out else ():
                by_other.setdefault(other, []).append((kind, len(others) + 1))
        return {other: evidence(shared, self._kinds) for other, shared in by_other.items()}

    def _undecided(self, connection: Connection, link: str) -> Link:
        account_rows.lock_accounts(connection, _found(connection, link).accounts)
        found = _found(connection, link)
        if found.state is not LinkState.SUGGESTED:
            raise AlreadyDone(f"{link} is {found.state} already")
        return found

    def _inherit(
        self, connection: Connection, link: Link, account: str, at: str, person: str, reason: str
    ) -> Iterable[Restriction]:
        """Yield what an account inherits: the gravest thing that holds for the other, unless it holds here already."""
        theirs = _gravest(account_rows.holding(connection, at, [link.other(account)]), at)
        ours = _gravest(account_rows.holding(connection, at, [account]), at)
        if theirs is not None and (ours is None or ours.kind.severity < theirs.kind.severity) and not theirs.link:
            yield self._accounts.restrict(
                account,
                theirs.kind,
                person=person,
                reason=reason,
                until=theirs.ends_at,
                link=link.id,
                connection=connection,
            )

    def _body(self, link: Link) -> dict[str, Any]:
        return {
            "link": link.id,
            "accounts": [self._accounts.pseudonym(each) for each in link.accounts],
            "score": link.score,
            "kinds": [each.kind for each in link.evidence],
        }


def _found(connection: Connection, link: str) -> Link:
    found = _rows.find(connection, link)
    if found is None:
        raise NotFound("there is no link with this id")
    return found


def _gravest(held: Iterable[Restriction], at: str) -> Restriction | None:
    grave = [each for each in held if each.kind in _GRAVE and each.holds_at(at)]
    return max(grave, key=lambda each: (each.kind.severity, each.ends_at is None, each.ends_at or ""), default=None)


def _expect_named(person: str, reason: str) -> None:
    if not (person.strip() and reason.strip()):
        raise UsageError("a person and a reason must be named")


def sweep_links(store: Store) -> tuple[int, int]:
    """Delete tokens that expired, and suggestions that nobody decided in time; return how many of each."""
    with store.begin() as connection:
        return _rows.drop_expired(connection, to_iso(store.clock()))
