"""The accounts of a store: every write is a fact, what follows from it, its ledger events and its effects, at once.

An account is locked while a fact is added to it, so its facts have one order, and replaying them in it gives the
tables again. A decision gives one strike at most, however often it is settled.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection, select

from seawall.accounts import _rows
from seawall.accounts._events import change_event, strike_event, void_event
from seawall.accounts.effects import queue_changes
from seawall.accounts.errors import AccountError, AlreadyDone, ReplayDiffers
from seawall.accounts.ladder import Ladder
from seawall.accounts.ladders import LadderStore
from seawall.accounts.links import _rows as link_rows
from seawall.accounts.links.model import Link, LinkState
from seawall.accounts.model import (
    AccountState,
    Change,
    Fact,
    Lift,
    Restriction,
    RestrictionKind,
    Strike,
    Void,
)
from seawall.accounts.news import Deserved, News
from seawall.accounts.replay import after_strike, after_void, automatic, replay, tops
from seawall.clock import to_iso
from seawall.decisions import Recorder
from seawall.errors import NotFound, UsageError
from seawall.ledger import Ledger
from seawall.store import Store
from seawall.store.tables import account as account_table

_PAGE = 500
_WORDS = 500
_GRAVE = (RestrictionKind.BAN, RestrictionKind.SUSPEND)


class Accounts:
    """The book of accounts. Safe to use from several threads.

    Args:
        store: The database.
        ledger: In the same store.
        secret: Keys the pseudonyms by which the ledger knows accounts; see `seawall.decisions.decision_secret`.
    """

    def __init__(self, store: Store, ledger: Ledger, secret: bytes) -> None:
        self.ladders = LadderStore(store, ledger)
        self._store = store
        self._ledger = ledger
        self._secret = secret

    def pseudonym(self, account: str) -> str:
        """Return the name by which the ledger knows an account, here and in `guard.decision` events."""
        mac = hmac.new(self._secret, digestmod=hashlib.sha256)
        for part in (b"account", account.encode("utf-8", "surrogatepass")):
            mac.update(len(part).to_bytes(8, "big") + part)
        return mac.hexdigest()[:32]

    def settle(self, connection: Connection, deserved: Sequence[Deserved]) -> list[Change]:
        """Give the strikes of decisions, within the transaction that records them; each decision once.

        Returns:
            What follows from them.
        """
        done = _rows.given_strikes(connection, [each.decision_id for each in deserved])
        new = {each.decision_id: each for each in deserved if each.decision_id not in done}
        if not new:
            return []
        ladder = self.ladders.active(connection)
        strikes = [
            ladder.strike(each.decision_id, each.account, each.name, each.at, decision_id=each.decision_id)
            for each in new.values()
        ]
        return self._give(connection, strikes, ladder)

    def strike(self, account: str, name: str, *, person: str, reason: str) -> tuple[Strike, list[Change]]:
        """Give a strike by a person's decision.

        Raises:
            UsageError: If the active ladder has no such class, or nobody or no reason is named.
        """
        _expect_named(account, person, reason)
        with self._store.begin() as connection:
            at = to_iso(self._store.clock())
            ladder = self.ladders.active(connection)
            if name not in ladder.classes:
                raise UsageError(f"the ladder has no class {name[:64]!r}; it has {', '.join(sorted(ladder.classes))}")
            strike = ladder.strike(Recorder.new_id(), account, name, at, person=person, reason=reason)
            changes = self._give(connection, [strike], ladder)
        return strike, changes

    def void(self, strike_id: str, *, person: str, reason: str) -> list[Change]:
        """Take a strike back, and whatever it alone justified.

        Raises:
            NotFound: If there is no such strike.
            AlreadyDone: If it is void already.
        """
        with self._store.begin() as connection:
            at = to_iso(self._store.clock())
            strike, number, links = self._locked_strike(connection, strike_id)
            _expect_named(strike.account, person, reason)
            void = Void(strike.id, at, person, reason)
            _rows.add_facts(connection, [(strike.account, number, at, void)])
            before = _rows.state(connection, strike.account)
            before.voids[strike.id] = void
            past = _rows.facts(connection, strike.account)
            lifts, again = after_void(void, past, before, self.ladders.all(connection))
            _rows.void_strike(connection, void)
            self._ledger.record(connection, *void_event(void, self.pseudonym(strike.account)))
            changes = [
                Change(number, before.restrictions[lift.restriction], lift, strike.decision_id) for lift in lifts
            ]
            changes += [Change(number, each, None, strike.decision_id) for each in again]
            self._write(connection, changes)
            self._publish(connection, changes, at)
            if any(change.lift is not None and change.restriction.kind in _GRAVE for change in changes):
                self._purge_links(connection, strike.account, links, void)
        return changes

    def restrict(
        self,
        account: str,
        kind: RestrictionKind,
        *,
        person: str,
        reason: str,
        feature: str | None = None,
        until: str | None = None,
        link: str | None = None,
        connection: Connection | None = None,
    ) -> Restriction:
        """Restrict an account by a person's decision. It stays until it ends, or a person lifts it.

        Args:
            account: The host's opaque reference.
            kind: What to do.
            person: Who decides.
            reason: Why.
            feature: Which feature, with `feature_off`.
            until: RFC 3339 in UTC; None: until it is lifted.
            link: The confirmed link by which it is inherited.
            connection: A transaction of the caller's.

        Raises:
            UsageError: If it does not make sense.
        """
        if connection is None:
            with self._store.begin() as ours:
                return self.restrict(
                    account,
                    kind,
                    person=person,
                    reason=reason,
                    feature=feature,
                    until=until,
                    link=link,
                    connection=ours,
                )
        _expect_named(account, person, reason)
        at = to_iso(self._store.clock())
        if (feature is not None) != (kind is RestrictionKind.FEATURE_OFF):
            raise UsageError("feature_off, and it alone, names a feature")
        if kind is RestrictionKind.WARN:
            until = at
        elif until is not None and until <= at:
            raise UsageError("a restriction must end after it starts")
        if kind is RestrictionKind.COOLDOWN and until is None:
            raise UsageError("a cool-down must end by itself")
        made = Restriction(
            Recorder.new_id(), account, kind, feature, at, until, person=person, reason=reason, link=link
        )
        _rows.open_accounts(connection, [account], at)
        number = _rows.next_number(connection, account)
        _rows.add_facts(connection, [(account, number, at, made)])
        changes = [Change(number, made, None, None)]
        self._write(connection, changes)
        self._publish(connection, changes, at)
        return made

    def lift(self, restriction_id: str, *, person: str, reason: str, connection: Connection | None = None) -> Lift:
        """Take a restriction back by its declared inverse.

        Raises:
            NotFound: If there is no such restriction.
            AlreadyDone: If it was lifted already.
        """
        if connection is None:
            with self._store.begin() as ours:
                return self.lift(restriction_id, person=person, reason=reason, connection=ours)
        at = to_iso(self._store.clock())
        found = _rows.restriction_of(connection, restriction_id)
        if found is None:
            raise NotFound("there is no restriction with this id")
        made = found[0]
        _expect_named(made.account, person, reason)
        number = _rows.next_number(connection, made.account)
        # Only now, under the account's lock, is it certain that nobody else lifts it.
        found = _rows.restriction_of(connection, restriction_id)
        if found is None or found[1]:
            raise AlreadyDone(f"{restriction_id} was lifted already")
        lift = Lift(made.id, at, person, reason)
        _rows.add_facts(connection, [(made.account, number, at, lift)])
        changes = [Change(number, made, lift, None)]
        self._write(connection, changes)
        self._publish(connection, changes, at)
        return lift

    def show(self, account: str) -> AccountState:
        """Return everything on an account; nothing if it was never written of.

        Raises:
            StoreError: If the database cannot be read.
        """
        with self._store.read() as connection:
            return _rows.state(connection, account)

    def facts(self, account: str) -> list[Fact]:
        """Return an account's log."""
        with self._store.read() as connection:
            return _rows.facts(connection, account)

    def refs(self) -> Iterator[str]:
        """Yield every account that was ever written of, sorted."""
        last: str | None = None
        while True:
            page = select(account_table.c.ref).order_by(account_table.c.ref).limit(_PAGE)
            with self._store.read() as connection:
                wanted = page if last is None else page.where(account_table.c.ref > last)
                found = connection.execute(wanted).scalars().all()
            yield from found
            if len(found) < _PAGE:
                return
            last = found[-1]

    def verify(self, account: str) -> int:
        """Replay an account's log, and compare what it comes to with the tables; return how many facts it has.

        Raises:
            ReplayDiffers: If they differ.
        """
        with self._store.read() as connection:
            ladders = self.ladders.all(connection)
            try:
                log = _rows.facts(connection, account)
                agree = same(replay(account, log, ladders), _rows.state(connection, account))
            except (AccountError, KeyError, TypeError, ValueError):
                # Rows that cannot even be read are not what any facts come to.
                raise ReplayDiffers(f"the rows of the account {account!r} cannot be read") from None
        if not agree:
            raise ReplayDiffers(f"the account {account!r} is not what its {len(log)} facts come to")
        return len(log)

    def news(self, connection: Connection, since: int) -> News:
        """Return what changed since a clock of changes; with -1 all that holds."""
        moment = to_iso(self._store.clock())
        ladder = self.ladders.active(connection)
        clock = _rows.clock(connection)
        if since < 0:
            return News(clock, True, (), _rows.holding(connection, moment), ladder)
        changed = _rows.changed_since(connection, since) if clock != since else []
        return News(clock, False, changed, _rows.holding(connection, moment, changed) if changed else (), ladder)

    def _give(self, connection: Connection, strikes: Sequence[Strike], ladder: Ladder) -> list[Change]:
        """Give strikes, many accounts' at once, and write what follows; one after another for each account."""
        now = to_iso(self._store.clock())
        refs = sorted({strike.account for strike in strikes})
        _rows.open_accounts(connection, refs, now)
        # All accounts before the clock of changes, so that no two transactions wait for each other.
        numbers = _rows.lock_accounts(connection, refs)
        first = min(strike.issued_at for strike in strikes)
        states = {ref: AccountState(ref) for ref in refs}
        for each in _rows.holding(connection, first, refs):
            states[each.account].restrictions[each.id] = each
        # Under a ban nothing can follow: a flood of strikes is not weighed again and again.
        open_refs = [ref for ref in refs if not tops(automatic(states[ref], first))]
        for strike in _rows.live_strikes(connection, open_refs, first):
            states[strike.account].strikes[strike.id] = strike
        facts: list[tuple[str, int, str, Fact]] = []
        changes: list[Change] = []
        for strike in strikes:
            state, moment = states[strike.account], strike.issued_at
            numbers[strike.account] += 1
            held = automatic(state, moment)
            found = after_strike(strike, [] if tops(held) else state.live(moment), held, ladder)
            state.strikes[strike.id] = strike
            facts.append((strike.account, numbers[strike.account], moment, strike))
            if found is not None:
                state.restrictions[found.id] = found
                changes.append(Change(numbers[strike.account], found, None, strike.decision_id))
        _rows.add_facts(connection, facts)
        _rows.count_facts(connection, numbers)
        _rows.add_strikes(connection, [(number, fact) for _, number, _, fact in facts if isinstance(fact, Strike)])
        events = [strike_event(strike, self.pseudonym(strike.account)) for strike in strikes]
        self._ledger.record_all(connection, events)
        self._write(connection, changes)
        self._publish(connection, changes, now)
        return changes

    def _write(self, connection: Connection, changes: Sequence[Change]) -> None:
        """Write restrictions and lifts; who follows the clock of changes sees them when this transaction commits."""
        if not changes:
            return
        first = _rows.next_changes(connection, len(changes))
        _rows.add_changes(connection, first, changes)

    def _publish(self, connection: Connection, changes: Iterable[Change], at: str) -> None:
        changes = list(changes)
        events = [change_event(each, self.pseudonym(each.restriction.account)) for each in changes]
        self._ledger.record_all(connection, events)
        queue_changes(connection, changes, at)

    def _locked_strike(self, connection: Connection, strike_id: str) -> tuple[Strike, int, list[Link]]:
        """Return a strike that is not void, the number of the void, and the links of its account; all are locked."""
        found = _rows.strike_of(connection, strike_id)
        if found is None:
            raise NotFound("there is no strike with this id")
        account = found[0].account
        links = link_rows.of_account(connection, account)
        _rows.lock_accounts(connection, [account, *(link.other(account) for link in links)])
        number = _rows.next_number(connection, account)
        # Only now, under the account's lock, is it certain that nobody else voids it.
        found = _rows.strike_of(connection, strike_id)
        if found is None or found[1]:
            raise AlreadyDone(f"{strike_id} was voided already")
        return found[0], number, link_rows.of_account(connection, account)

    def _purge_links(self, connection: Connection, account: str, links: Sequence[Link], void: Void) -> None:
        """Take back what rested on a ban that was overturned: tokens, links, and what others inherited by them."""
        if any(each.kind in _GRAVE for each in _rows.holding(connection, void.at, [account])):
            return
        link_rows.drop_tokens(connection, account)
        ids = [link.id for link in links if link.state in (LinkState.SUGGESTED, LinkState.CONFIRMED)]
        for link in ids:
            link_rows.decide(connection, link, LinkState.PURGED, void.at, void.person, void.reason)
            body = {"link": link, "strike": void.strike, "person": void.person}
            self._ledger.record(connection, "link.purged", f"link/{link}/{void.at}/purged", body)
        for each in link_rows.inherited(connection, ids) if ids else ():
            self.lift(each, person=void.person, reason=void.reason, connection=connection)


def same(one: AccountState, other: AccountState) -> bool:
    """Whether two states say the same, whatever the order of what was written at one moment."""
    return (one.account, one.strikes, one.voids, one.restrictions, one.lifts) == (
        other.account,
        other.strikes,
        other.voids,
        other.restrictions,
        other.lifts,
    )


def _expect_named(account: str, person: str, reason: str) -> None:
    if not (0 < len(person.strip()) <= _WORDS and 0 < len(reason.strip()) <= _WORDS):
        raise UsageError(f"a person and a reason must be named, each in {_WORDS} characters at most")
    if not 0 < len(account) <= _WORDS:
        raise AccountError(f"an account's reference has 1 to {_WORDS} characters")
