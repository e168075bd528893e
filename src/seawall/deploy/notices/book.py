"""Notices: taken from anybody, opened as cases, followed until what was to be removed is known to be gone.

What a sender writes and how to reach them is in the vault, never in a log, an event or an error. A receipt is kept as
a digest. A notice that concerns a child is never turned away for who sent it.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from seawall.clock import to_iso
from seawall.decisions import Recorder
from seawall.deploy.notices import _rows
from seawall.deploy.notices._words import Words
from seawall.deploy.notices.clocks import due
from seawall.deploy.notices.errors import ReporterSuspended, UnknownReceipt
from seawall.deploy.notices.evidence import EvidenceDesk
from seawall.deploy.notices.flaggers import Flagger, Flaggers
from seawall.deploy.notices.model import (
    Lane,
    NewNotice,
    NoticeObject,
    ObjectType,
    Receipt,
    Relation,
    Sender,
    Status,
    StoredNotice,
)
from seawall.deploy.notices.openings import CaseBook, Received, object_key, opening, subjects
from seawall.deploy.notices.options import NoticeOptions, default_options
from seawall.deploy.notices.rates import SenderRates
from seawall.deploy.notices.receipts import derive_receipt, read_receipt, receipt_digest
from seawall.deploy.notices.reporters import Reporter, Reporters
from seawall.deploy.notices.validation import checked, sufficient
from seawall.deploy.prevention import Audience, Directory
from seawall.errors import NotFound
from seawall.ledger import Ledger
from seawall.store import Store, StoreConflict
from seawall.store.tables import notice as table
from seawall.vault import Vault

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.deploy.guard.requests import HelpService

Resolvable = Callable[[NoticeObject], bool]
Locate = Callable[[str], "str | None"]
"""Returns the account that an id of the host belongs to, if seawall knows it."""


class Notices:
    """Takes notices, and says what became of them. May be shared between threads.

    Args:
        store: The database.
        ledger: In the same store.
        vault: Keeps words and contacts.
        cases: Opens cases.
        secret: Keys receipts, senders and rates; `notice_secret` reads it.
        options: Clocks, bounds and hosts.
        resolvable: Says of which objects the bytes can be fetched.
        locate: Finds the account behind an id, so that notices of one account are one case.
        helpers: The help services that senders are shown; by default none.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        vault: Vault,
        cases: CaseBook,
        *,
        secret: bytes,
        options: NoticeOptions | None = None,
        resolvable: Resolvable | None = None,
        locate: Locate | None = None,
        helpers: Directory | None = None,
    ) -> None:
        self.options = options or default_options()
        self.flaggers = Flaggers(store, ledger)
        self.reporters = Reporters(store, ledger, secret, self.options.misuse)
        self.rates = SenderRates(store, secret)
        self.evidence = EvidenceDesk(store, ledger, vault, cases)
        self._store = store
        self._ledger = ledger
        self._words = Words(vault)
        self._cases = cases
        self._secret = secret
        self._resolvable = resolvable or (lambda _each: False)
        self._locate = locate or (lambda _id: None)
        self._helpers = helpers

    def receive(self, notice: NewNotice, sender: Sender | None = None, *, flagger: Flagger | None = None) -> Receipt:
        """Take a notice. The same again, under the same `request_id`, gives the same receipt and no second notice.

        Args:
            notice: What is told.
            sender: Who tells it, as far as that was verified.
            flagger: The flagger whose notice an operator hands in, from a file.

        Raises:
            NoticeInvalid: If something is missing.
            TooManyNotices: If one sender sends too many; the notice was not taken.
            ReporterSuspended: If the sender was suspended and the notice concerns no child.
        """
        sender = sender or Sender()
        if flagger is None and sender.key_name is not None:
            flagger = self.flaggers.with_key(sender.key_name)
        if flagger is not None:
            sender = replace(sender, host=False)
        notice = checked(notice, sender)
        token = self._token(notice, sender, flagger)
        known = self._by_token(token)
        if known is not None:
            return _receipt(known, token)
        self._bound(sender)
        now = self._store.clock()
        reporter = self._reporter(notice, sender, flagger, now)
        notice = replace(notice, objects=tuple(map(self._located, notice.objects)))
        received = self._weighed(notice, flagger, reporter, now)
        try:
            stored = self._put(received, token, flagger, reporter, now)
        except StoreConflict:
            # Another worker took the same notice at the same time.
            first = self._by_token(token)
            if first is None:
                raise
            return _receipt(first, token)
        self._ledger.append_pending()
        return _receipt(stored, token)

    def status(self, receipt: str) -> Status:
        """Return what the holder of a receipt may know.

        Raises:
            UnknownReceipt: If there is no notice with it.
        """
        found = self._with_receipt(receipt)
        return Status(
            found.stage, found.lane, found.received_at, found.due_at, found.decided_at, found.outcome,
            found.removed_at, found.imminent, found.country, found.locale,
        )  # fmt: skip

    def by_receipt(self, receipt: str) -> StoredNotice:
        """Return a notice by its receipt.

        Raises:
            UnknownReceipt: If there is none.
        """
        return self._with_receipt(receipt)

    def get(self, notice_id: str) -> StoredNotice:
        """Return a notice by its id.

        Raises:
            NotFound: If there is none.
        """
        with self._store.read() as connection:
            found = _rows.by_id(connection, notice_id)
        if found is None:
            raise NotFound(f"there is no notice {notice_id[:64]}", hint="see 'seawall notices ls'")
        return found

    def list(
        self,
        *,
        lane: Lane | None = None,
        open_only: bool = False,
        late_only: bool = False,
        flagger: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> list[StoredNotice]:
        """Return notices in the order in which they came.

        Args:
            lane: Only those of one way.
            open_only: Only those that are not decided.
            late_only: Only those that should have been decided by now, and are not.
            flagger: Only those of one flagger, by id.
            after: Only those after this id.
            limit: So many at most.
        """
        conditions: list[Any] = []
        if lane is not None:
            conditions.append(table.c.lane == lane.value)
        if open_only or late_only:
            conditions.append(table.c.decided_at.is_(None))
        if late_only:
            conditions.append(table.c.due_at < to_iso(self._store.clock()))
        if flagger is not None:
            conditions.append(table.c.flagger == flagger)
        with self._store.read() as connection:
            return _rows.page(connection, *conditions, after=after, limit=limit)

    def help(self, relation: Relation | None, country: str | None) -> tuple[HelpService, ...]:
        """Return the services that a sender may turn to: those for whom it concerns, or those for who came across."""
        if self._helpers is None:
            return ()
        audience = Audience.VICTIM if relation is Relation.SELF else Audience.BYSTANDER
        return self._helpers.services(country=country, audience=audience, now=self._store.clock())

    def of_case(self, case_id: str) -> Sequence[StoredNotice]:
        """Return the notices of a case, in the order in which they came."""
        with self._store.read() as connection:
            return _rows.of_cases(connection, [case_id])

    def words(self, notice_id: str, *, person: str, purpose: str) -> str:
        """Return what a sender wrote; that somebody read it is recorded first.

        Raises:
            NotFound: If there is no such notice.
        """
        return self._words.text(self.get(notice_id), person=person, purpose=purpose)

    def contact(self, notice_id: str, *, person: str, purpose: str) -> dict[str, str]:
        """Return how to reach a sender, and the signature of a request; that somebody read it is recorded first.

        Raises:
            NotFound: If there is no such notice.
        """
        return self._words.contact(self.get(notice_id), person=person, purpose=purpose)

    def _token(self, notice: NewNotice, sender: Sender, flagger: Flagger | None) -> str:
        # Only who says exactly the same again gets the same receipt: an id can be guessed, a notice cannot.
        request = notice.request_id or Recorder.new_id()
        said = hashlib.sha256(json.dumps(asdict(notice), sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()
        return derive_receipt(self._secret, flagger.id if flagger else sender.key_name or "", request, said)

    def _by_token(self, token: str) -> StoredNotice | None:
        with self._store.read() as connection:
            return _rows.by_token(connection, receipt_digest(token))

    def _with_receipt(self, receipt: str) -> StoredNotice:
        token = read_receipt(receipt)
        found = self._by_token(token) if token is not None else None
        if found is None:
            raise UnknownReceipt
        return found

    def _located(self, each: NoticeObject) -> NoticeObject:
        if each.account is not None or each.kind in (ObjectType.ACCOUNT, ObjectType.LINK):
            return each
        return replace(each, account=self._locate(each.location))

    def _bound(self, sender: Sender) -> None:
        if sender.key_name is not None:
            self.rates.take("key", sender.key_name, self.options.rates.key)
        elif sender.address is not None:
            self.rates.take("address", _neighbourhood(sender.address), self.options.rates.address)

    def _reporter(self, notice: NewNotice, sender: Sender, flagger: Flagger | None, now: datetime) -> Reporter | None:
        identity = self.reporters.identify(notice, sender, flagger.id if flagger else None)
        if identity is None:
            return None
        record = self.reporters.get(identity)
        until = record.suspended_until
        if until is not None and to_iso(now) < until and not notice.child_safety:
            raise ReporterSuspended(until)
        return record

    def _weighed(
        self, notice: NewNotice, flagger: Flagger | None, reporter: Reporter | None, now: datetime
    ) -> Received:
        lane = Lane.TAKE_IT_DOWN if notice.take_it_down else Lane.USER
        if flagger is not None and lane is Lane.USER:
            lane = flagger.lane(notice.category, to_iso(now))
        weight = reporter.weight if reporter is not None else 1.0
        clock = due(notice, lane, weight, self.options.clocks, now)
        return Received(Recorder.new_id(), notice, lane, weight, clock.at, None, flagger.id if flagger else None)

    def _put(
        self, received: Received, token: str, flagger: Flagger | None, reporter: Reporter | None, now: datetime
    ) -> StoredNotice:
        notice = received.notice
        content, contact = self._words.keep(received.id, notice)
        received = replace(received, content=content)
        clock = due(notice, received.lane, received.weight, self.options.clocks, now)
        row = {
            "id": received.id,
            "token": receipt_digest(token),
            "lane": received.lane.value,
            "category": notice.category.value,
            "child_safety": notice.child_safety,
            "imminent": notice.imminent_danger,
            "sufficient": sufficient(notice),
            "drill": notice.drill,
            "relation": notice.relation.value if notice.relation else None,
            "locale": notice.locale,
            "country": notice.country,
            "follow_up": notice.follow_up,
            "reporter": reporter.id if reporter else None,
            "flagger": flagger.id if flagger else None,
            "reference": notice.reference,
            "weight": received.weight,
            "content": content,
            "contact": contact,
            "received_at": to_iso(now),
            "due_at": clock.at,
            "escalate_at": clock.escalate_at,
        }
        try:
            with self._store.begin() as connection:
                self._open(connection, received, row)
                stored = _rows.by_id(connection, received.id)
        except Exception:
            self._words.forget(content, contact)
            raise
        if stored is None:
            raise NotFound("the notice is gone")
        return stored

    def _open(self, connection: Connection, received: Received, row: dict[str, Any]) -> None:
        objects: list[dict[str, Any]] = []
        cases: dict[str, dict[str, Any]] = {}
        for subject, numbers in subjects(connection, received).items():
            case_id = self._cases.open(connection, opening(received, subject, numbers))
            named = {"subject_kind": subject.kind.value, "subject": subject.name}
            cases[case_id] = {"notice": received.id, "case_id": case_id, "removal": False} | named
            for number in numbers:
                each = received.notice.objects[number]
                wanted = "wanted" if self._resolvable(each) else None
                objects.append(
                    {
                        "notice": received.id,
                        "number": number,
                        "kind": each.kind.value,
                        "location": each.location,
                        "part": each.part,
                        "account": each.account,
                        "key": object_key(each),
                        "case_id": case_id,
                        "fetch_state": wanted,
                        "fetch_at": row["received_at"] if wanted else None,
                    }
                )
        _rows.add(connection, row, objects, list(cases.values()))
        body = {
            "notice": received.id,
            "lane": received.lane.value,
            "category": received.notice.category.value,
            "objects": len(objects),
            "cases": sorted(cases),
            "flagger": received.flagger,
            "drill": received.notice.drill,
        }
        self._ledger.record(connection, "notice.received", f"notice/{received.id}/received", body)


def _neighbourhood(address: str) -> str:
    """Return what stands for a network address: who has one of IPv6 has all that share its first half."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _receipt(stored: StoredNotice, token: str) -> Receipt:
    return Receipt(
        token, stored.id, stored.lane, stored.received_at, stored.due_at, stored.child_safety, stored.imminent,
        stored.country, stored.locale,
    )  # fmt: skip
