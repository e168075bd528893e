"""The bytes of a noticed item: brought by its host, or fetched from a host that the operator allows; into the vault.

Bytes are taken only of what somebody gave notice of. They are bound to its case as an item made from the noticed one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from seawall.cases.model import Door, ItemKind, NewItem, Opening, SubjectKind
from seawall.clock import to_iso
from seawall.decisions import Recorder
from seawall.deploy.notices import _rows
from seawall.deploy.notices.errors import EvidenceConflict, NotNoticed
from seawall.deploy.notices.model import CASE_CATEGORY, ITEM_KIND, SEVERITY, NoticeObject, ObjectType, StoredNotice
from seawall.deploy.notices.openings import CaseBook, item_key, object_key
from seawall.deploy.notices.receipts import read_receipt, receipt_digest
from seawall.deploy.notices.validation import normalised
from seawall.ledger import Ledger
from seawall.store import Store
from seawall.store.rows import insert_new
from seawall.store.tables import notice_case, notice_evidence, notice_object
from seawall.vault import Purpose, Vault

if TYPE_CHECKING:
    from sqlalchemy import Connection

_STEP = 1 << 18
_KINDS = {"image": ItemKind.IMAGE, "video": ItemKind.VIDEO, "audio": ItemKind.AUDIO, "text": ItemKind.TEXT}


@dataclass(frozen=True, slots=True)
class Noticed:
    """An object that somebody gave notice of.

    Attributes:
        notice: The notice.
        number: Which of its objects.
        key: Digest of what it is and where.
        case_id: Its case.
    """

    notice: StoredNotice
    number: int
    key: str
    case_id: str

    @property
    def object(self) -> NoticeObject:
        """The object."""
        return self.notice.objects[self.number]


@dataclass(frozen=True, slots=True)
class Brought:
    """Bytes that are in the vault now.

    Attributes:
        id: Of the evidence, 32 hex digits.
        notice_id: The notice.
        case_id: The case that it belongs to.
        vault: The vault object.
        sha256: Digest of the bytes, in hex.
        size: Their number.
        new: Whether they were not there before.
    """

    id: str
    notice_id: str
    case_id: str
    vault: str
    sha256: str
    size: int
    new: bool


class EvidenceDesk:
    """Takes the bytes of noticed items.

    Args:
        store: The database.
        ledger: In the same store.
        vault: Keeps them.
        cases: Gets them as items.
    """

    def __init__(self, store: Store, ledger: Ledger, vault: Vault, cases: CaseBook) -> None:
        self._store = store
        self._ledger = ledger
        self._vault = vault
        self._cases = cases

    def find(
        self,
        *,
        receipt: str | None = None,
        notice: str | None = None,
        subject: str | None = None,
        number: int | None = None,
    ) -> Noticed:
        """Return the noticed object that is meant.

        Args:
            receipt: Of the notice.
            notice: Id of the notice.
            subject: Address or id of the object, as the notice names it.
            number: Which object of the notice, from 0.

        Raises:
            NotNoticed: If nobody gave notice of it, or it is not clear which object is meant.
        """
        with self._store.read() as connection:
            if receipt is not None or notice is not None:
                found = self._notice(connection, receipt, notice)
                return self._of(connection, found, subject, number)
            if subject is None:
                raise NotNoticed
            return self._latest(connection, subject)

    def bring(
        self,
        noticed: Noticed,
        stream: BinaryIO,
        *,
        source: str,
        sha256: str | None = None,
        media_type: str | None = None,
    ) -> Brought:
        """Keep the bytes of a noticed object in the vault, and add them to its case. The same again adds nothing.

        Args:
            noticed: The object.
            stream: Its bytes; it can be sought.
            source: Who brings them.
            sha256: The digest that they must have, in hex.
            media_type: What they are, as the source says.

        Raises:
            EvidenceConflict: If there are none, or the digest is another; nothing is kept.
        """
        digest, size = _digest(stream)
        if size == 0:
            raise EvidenceConflict("the evidence is empty")
        if sha256 is not None and sha256 != digest:
            raise EvidenceConflict("the bytes have another digest than the one that was given")
        known = self._known(noticed.key, digest)
        if known is not None:
            return known
        stream.seek(0)
        put = self._vault.put(
            stream,
            purpose=Purpose.EVIDENCE,
            person=source,
            case=noticed.case_id,
            key=f"evidence/{noticed.key}/{digest}",
            media_type=media_type,
            sha256=bytes.fromhex(digest),
        )
        made = Brought(Recorder.new_id(), noticed.notice.id, noticed.case_id, put.id, digest, size, True)
        with self._store.begin() as connection:
            case_id = self._cases.open(connection, _opening(noticed, made, _subject(connection, noticed), media_type))
            brought = Brought(made.id, made.notice_id, case_id, made.vault, digest, size, True)
            self._note(connection, noticed, brought, source)
        self._ledger.append_pending()
        return self._known(noticed.key, digest, new=True) or brought

    def _note(self, connection: Connection, noticed: Noticed, brought: Brought, source: str) -> None:
        row = {
            "id": brought.id,
            "key": noticed.key,
            "notice": brought.notice_id,
            "number": noticed.number,
            "case_id": brought.case_id,
            "vault": brought.vault,
            "sha256": brought.sha256,
            "size": brought.size,
            "at": to_iso(self._store.clock()),
            "source": source,
        }
        insert_new(connection, notice_evidence, [row])
        if brought.case_id != noticed.case_id:
            # The first case was closed meanwhile: the notice waits for the one that these bytes have opened.
            subject = _subject(connection, noticed)
            named = {"subject_kind": subject[0].value, "subject": subject[1]}
            case = {"notice": brought.notice_id, "case_id": brought.case_id, "removal": False} | named
            insert_new(connection, notice_case, [case])
        mine = (notice_object.c.key == noticed.key) & notice_object.c.fetch_state.is_not(None)
        connection.execute(notice_object.update().where(mine).values(fetch_state="fetched"))
        body = {"notice": brought.notice_id, "case": brought.case_id, "vault": brought.vault, "size": brought.size}
        self._ledger.record(connection, "notice.evidence", f"notice/evidence/{noticed.key}/{brought.vault}", body)

    def of_notice(self, notice_id: str) -> list[Brought]:
        """Return the evidence of a notice's objects."""
        with self._store.read() as connection:
            keyed = notice_object.select().with_only_columns(notice_object.c.key)
            keys = [
                row["key"] for row in connection.execute(keyed.where(notice_object.c.notice == notice_id)).mappings()
            ]
            wanted = notice_evidence.select().where(notice_evidence.c.key.in_(keys)).order_by(notice_evidence.c.id)
            return [_read(row, new=False) for row in connection.execute(wanted).mappings()]

    def _known(self, key: str, digest: str, *, new: bool = False) -> Brought | None:
        ours = (notice_evidence.c.key == key) & (notice_evidence.c.sha256 == digest)
        with self._store.read() as connection:
            row = connection.execute(notice_evidence.select().where(ours)).mappings().first()
        return _read(row, new=new) if row is not None else None

    def _notice(self, connection: Connection, receipt: str | None, notice: str | None) -> StoredNotice:
        found = None
        if receipt is not None:
            token = read_receipt(receipt)
            found = _rows.by_token(connection, receipt_digest(token)) if token is not None else None
        elif notice is not None:
            found = _rows.by_id(connection, notice)
        if found is None or (notice is not None and found.id != notice):
            raise NotNoticed
        return found

    def _of(self, connection: Connection, found: StoredNotice, subject: str | None, number: int | None) -> Noticed:
        numbers = range(len(found.objects))
        if number is not None:
            numbers = range(number, number + 1) if number in numbers else range(0)
        if subject is not None:
            named = [
                each for each in numbers if normalised(found.objects[each].location) == normalised(subject.strip())
            ]
        else:
            named = list(numbers)
        if len(named) != 1:
            raise NotNoticed("it is not clear which item of the notice is meant" if len(named) > 1 else None)
        return self._noticed(connection, found, named[0])

    def _latest(self, connection: Connection, subject: str) -> Noticed:
        location = subject.strip()
        keys = [object_key(NoticeObject(kind, location)) for kind in ObjectType]
        wanted = notice_object.select().where(notice_object.c.key.in_(keys)).order_by(notice_object.c.notice.desc())
        row = connection.execute(wanted.limit(1)).mappings().first()
        found = _rows.by_id(connection, row["notice"]) if row is not None else None
        if row is None or found is None:
            raise NotNoticed
        return self._noticed(connection, found, row["number"])

    def _noticed(self, connection: Connection, found: StoredNotice, number: int) -> Noticed:
        ours = (notice_object.c.notice == found.id) & (notice_object.c.number == number)
        row = connection.execute(notice_object.select().where(ours)).mappings().one()
        return Noticed(found, number, row["key"], row["case_id"])


def _digest(stream: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(_STEP):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def _subject(connection: Connection, noticed: Noticed) -> tuple[SubjectKind, str]:
    ours = (notice_case.c.notice == noticed.notice.id) & (notice_case.c.case_id == noticed.case_id)
    row = connection.execute(notice_case.select().where(ours)).mappings().one()
    return SubjectKind(row["subject_kind"]), row["subject"]


def _opening(noticed: Noticed, made: Brought, subject: tuple[SubjectKind, str], media_type: str | None) -> Opening:
    notice, each = noticed.notice, noticed.object
    kind = _KINDS.get((media_type or "").partition("/")[0], ITEM_KIND[each.kind])
    parent = item_key(noticed.key)
    item = NewItem(
        f"{parent}/{made.sha256[:32]}",
        kind,
        sha256=made.sha256,
        vault=made.vault,
        ref=each.location,
        notice_id=notice.id,
        parent=parent,
        evidence={"notice": {"lane": notice.lane.value, "category": notice.category.value}},
    )
    return Opening(
        subject_kind=subject[0],
        subject=subject[1],
        door=Door.NOTICE,
        severity=SEVERITY[notice.category],
        category="canary" if notice.drill else CASE_CATEGORY[notice.category],
        items=(item,),
        event_class="user_report" if notice.lane.value == "user" else "trusted_notice",
        drill=notice.drill,
        jurisdiction=notice.country,
        due_at=notice.due_at,
        imminent=notice.imminent,
    )


def _read(row: Mapping[Any, Any], *, new: bool) -> Brought:
    return Brought(row["id"], row["notice"], row["case_id"], row["vault"], row["sha256"], row["size"], new)
