"""Doing what follows from decisions: each effect is tried until it is done, and its result is written once.

An effect and what it takes back are of one lane, so one comes after the other; whoever does one holds its row. What is
written in the database is written together with the effect's result; what is written in files may be written twice.
Nothing is done for an effect that is taken back by then; but every decision is told to the account, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seawall.cases.effects.about import About, about, checks_of, finish, labels_of, note, result_of
from seawall.cases.effects.acknowledged import note_acknowledged, removed_at
from seawall.cases.effects.bank import Banks, signals_of
from seawall.cases.effects.host import Statements, checked_statement, tell_host
from seawall.cases.effects.plan import TOPIC
from seawall.cases.effects.strikes import give, gravest, void
from seawall.cases.effects.struck import TOPIC as UNSTRIKE
from seawall.cases.effects.struck import still_standing
from seawall.cases.model import EffectKind, SubjectKind
from seawall.errors import SeawallError
from seawall.store.outbox import Lease, Message, Outbox

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.accounts import Accounts
    from seawall.cases.book import Cases

DRILL_PURPOSE = "canary"
_TOLD = (EffectKind.REMOVE, EffectKind.NOTIFY)


@dataclass(frozen=True, slots=True)
class Performed:
    """How one attempt ended.

    Attributes:
        id: The effect.
        kind: What it is.
        failure: Why it failed, in one word; None if nothing is left to do here.
    """

    id: str
    kind: str
    failure: str | None


class CaseEffects:
    """Does what follows from decisions of cases. Several may run beside each other.

    Args:
        cases: The book of cases.
        accounts: Gives strikes; a ladder is active.
        banks: The operator's own.
        statements: Writes statements of reasons for notices; None: notices have none.
        drills: Whether the host is told of drills. They are marked as such, and nobody is struck by them.
        outbox: Where effects wait; by default that of the store.
    """

    def __init__(
        self,
        cases: Cases,
        accounts: Accounts,
        banks: Banks,
        *,
        statements: Statements | None = None,
        drills: bool = True,
        outbox: Outbox | None = None,
    ) -> None:
        self._office = cases.office
        self._accounts = accounts
        self._banks = banks
        self._statements = statements
        self._drills = drills
        self._outbox = outbox or Outbox(cases.office.store)

    def once(self, limit: int = 100) -> list[Performed]:
        """Note what the host has acknowledged, and do what is due; return how each attempt ended.

        Args:
            limit: How many attempts at most.
        """
        note_acknowledged(self._office, limit)
        done: list[Performed] = []
        for topic, perform in ((TOPIC, self._perform), (UNSTRIKE, self._unstrike)):
            while len(done) < limit and (lease := self._outbox.lease(topic)) is not None:
                done.append(self._attempt(lease, perform))
        return done

    def removed_at(self, decision_id: str) -> str | None:
        """Return when the host acknowledged the last removal of a decision; None if one is not acknowledged yet."""
        return removed_at(self._office, decision_id)

    def _attempt(self, lease: Lease, perform: Callable[[Message], None]) -> Performed:
        failure = None
        try:
            perform(lease.message)
        except SeawallError as problem:
            failure = problem.code
        except OSError:
            failure = "system"
        if failure is None:
            self._outbox.delivered(lease)
        else:
            self._outbox.failed(lease, failure)
        return Performed(lease.message.id, str(lease.message.payload.get("kind", "")), failure)

    def _unstrike(self, message: Message) -> None:
        strikes = still_standing(self._office.store, message.payload)
        void(self._accounts, strikes, f"case decision {message.payload['decision']} found it harmless")

    def _perform(self, message: Message) -> None:
        effect_id = message.id
        with self._office.store.read() as connection:
            known = about(connection, effect_id)
        if known.settled:
            return
        skipped = self._skipped(known)
        if skipped is not None:
            self._end(effect_id, {"skipped": skipped})
        elif known.kind is EffectKind.REPORT_DRAFT:
            self._end(effect_id, {"draft": effect_id})
        elif known.kind in _TOLD:
            self._tell(known)
        elif known.kind is EffectKind.BANK:
            (self._bank if known.original is None else self._withdraw)(known)
        else:
            (self._strike if known.original is None else self._void)(known)

    def _skipped(self, known: About) -> str | None:
        """Return why nothing is done for an effect; None if something is."""
        told = known.kind is EffectKind.NOTIFY
        if known.taken_back and not known.result and not told:
            return "taken back"
        if known.original is not None and not told:
            before = result_of(known.original)
            if not before or "skipped" in before:
                # It was not done, or a person has given it up before it was.
                return "nothing was done"
        if known.drill and (known.kind is EffectKind.STRIKE or (known.kind in _TOLD and not self._drills)):
            return "drill"
        subject = SubjectKind(known.case["subject_kind"])
        if subject is not SubjectKind.ACCOUNT and known.kind in (EffectKind.STRIKE, EffectKind.NOTIFY):
            return "no account"
        return None

    def _tell(self, known: About) -> None:
        statement = None
        if known.kind is EffectKind.NOTIFY and self._statements is not None:
            statement = checked_statement(self._statements.payload(known.row["decision_id"]))
        with self._office.store.begin() as connection:
            held = about(connection, known.row["id"], lock=True)
            if not self._open(connection, held):
                return
            host = tell_host(connection, held.row, held.case, held.item, self._office.now(), statement)
            note(connection, held.row, {"message": host}, host=host)

    def _bank(self, known: About) -> None:
        effect_id = known.row["id"]
        with self._office.store.read() as connection:
            label = labels_of(connection, known.row["decision_id"]).get(str(known.row["item_id"]))
        bank = self._office.policy.banks.get(label) if label is not None else None
        signals = signals_of(known.item) if known.item is not None else ()
        if label is None or bank is None:
            self._end(effect_id, {"skipped": "no bank"})
        elif (bank.purpose == DRILL_PURPOSE) is not known.drill:
            self._end(effect_id, {"skipped": "drill"})
        elif not signals:
            self._end(effect_id, {"skipped": "no hash"})
        else:
            added = self._banks.put(bank, effect_id, signals, label.value, lambda: self._still_wanted(effect_id))
            self._end(effect_id, {"bank": bank.name, "hashes": added})

    def _withdraw(self, known: About) -> None:
        name = _before(known).get("bank")
        gone = self._banks.withdraw(name, known.row["of"]) if isinstance(name, str) else 0
        self._end(known.row["id"], {"bank": name, "hashes": gone})

    def _still_wanted(self, effect_id: str) -> bool:
        with self._office.store.read() as connection:
            known = about(connection, effect_id)
        return not (known.settled or known.taken_back)

    def _strike(self, known: About) -> None:
        effect_id, decision_id = known.row["id"], known.row["decision_id"]
        with self._office.store.begin() as connection:
            held = about(connection, effect_id, lock=True)
            if not self._open(connection, held):
                return
            result = held.result
            if not result:
                labels = labels_of(connection, decision_id)
                ladder = self._accounts.ladders.active(connection)
                name = gravest(ladder, self._office.policy.strikes, labels.values())
                if name is None:
                    finish(self._office, connection, held.row, {"skipped": "no strike class"})
                    return
                strike, replaced = give(
                    self._accounts,
                    connection,
                    decision_id=decision_id,
                    account=held.case["subject"],
                    name=name,
                    seen=checks_of(connection, labels),
                    at=self._office.now(),
                )
                result = {"strike": strike, "given": strike == decision_id, "replaces": replaced}
                note(connection, held.row, result)
        void(self._accounts, result["replaces"], f"case decision {decision_id} takes its place")
        self._end(effect_id, result)

    def _void(self, known: About) -> None:
        strike = _before(known).get("strike")
        if isinstance(strike, str):
            void(self._accounts, [strike], f"case decision {known.row['decision_id']}")
        self._end(known.row["id"], {"strike": strike})

    def _end(self, effect_id: str, result: Mapping[str, Any]) -> None:
        with self._office.store.begin() as connection:
            held = about(connection, effect_id, lock=True)
            if not held.settled:
                finish(self._office, connection, held.row, result)

    def _open(self, connection: Connection, held: About) -> bool:
        """Whether there is something to do still, now that nobody else does it."""
        if held.settled:
            return False
        if held.taken_back and not held.result and held.kind is not EffectKind.NOTIFY:
            finish(self._office, connection, held.row, {"skipped": "taken back"})
            return False
        return True


def _before(known: About) -> Mapping[str, Any]:
    """Return what was done by the effect that this one takes back."""
    return {} if known.original is None else result_of(known.original)
