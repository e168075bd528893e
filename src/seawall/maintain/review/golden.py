"""Golden tasks: harmless stand-ins whose right answer is known, among the real tasks and looking like them.

The card of a golden task resembles that of a real case which waits in the same queue; what is behind it is a drawn
picture. Until it is submitted nothing that the page is given says so. It is no case: nothing follows from it.
"""

from __future__ import annotations

import hashlib
import io
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, BinaryIO, Protocol

from seawall.cases.model import Case, CaseState, Item, ItemKind, Label
from seawall.clock import to_iso
from seawall.errors import NotFound, UsageError
from seawall.maintain.review.sampling import QualityPolicy, unforeseen
from seawall.maintain.review.side import SideKind, SideTask, SideTasks
from seawall.store.ids import new_id
from seawall.store.tables import golden_item, side_task
from seawall.vault.objects import Purpose

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

    from seawall.ledger import Ledger
    from seawall.store import Store
    from seawall.vault import VaultObject

MOST_DRAWN = 500
_PERSON = "golden tasks"
_DIGITS, _SMALL, _LARGE = "0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Keeper(Protocol):
    """Keeps bytes; `seawall.vault.Vault` does."""

    def put(
        self, stream: BinaryIO, *, purpose: str, person: str, key: str | None = None, media_type: str | None = None
    ) -> VaultObject:
        """Keep them."""
        ...


@dataclass(frozen=True, slots=True)
class StandIn:
    """A stand-in of the stock, without what it could be recognised by on a page.

    Attributes:
        id: Its own, which no page shows.
        answer: The right one.
        made_at, retired_at: RFC 3339 in UTC.
    """

    id: str
    answer: Label
    made_at: str
    retired_at: str | None


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """How a golden task went; for the person who did it.

    Attributes:
        right: Whether every answer was the known one.
        given: Label by item id.
        expected: The known one.
    """

    right: bool
    given: dict[str, Label]
    expected: dict[str, Label]


class Golden:
    """Golden tasks of one installation.

    Args:
        store: The database.
        ledger: In the same store.
        side: Where their tasks are.
        policy: How many.
        chance: Returns a number in [0, 1); by default one that nobody can foresee.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        side: SideTasks,
        policy: QualityPolicy,
        chance: Callable[[], float] = unforeseen,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._side = side
        self._policy = policy
        self._chance = chance

    def stock(self, vault: Keeper, count: int, *, seed: int | None = None, by: str | None = None) -> int:
        """Draw stand-ins and keep them in the vault; return how many are new.

        Half of them are canaries, whose answer is `canary`; the others are drawn too, and are `benign`.

        Args:
            vault: Keeps them.
            count: How many.
            seed: The same draws the same; by default one that nobody knows.
            by: Id of who wants them; recorded.

        Raises:
            UsageError: If there are too many at a time.
        """
        if not 0 < count <= MOST_DRAWN:
            raise UsageError(f"draw 1 to {MOST_DRAWN} stand-ins at a time")
        from seawall.canary.draw import variants

        chosen = secrets.randbelow(1 << 31) if seed is None else seed
        drawn = [(Label.CANARY, each) for each in variants(("a", "b"), (count + 1) // 2, chosen)]
        drawn += [(Label.BENIGN, each) for each in variants((), count // 2, chosen)]
        made = 0
        for answer, variant in drawn:
            buffer = io.BytesIO()
            variant.picture.save(buffer, "PNG")
            made += self._keep(vault, buffer.getvalue(), answer, by)
        return made

    def stand_ins(self) -> list[StandIn]:
        """Return every stand-in in the order of their making, those that are retired too."""
        query = golden_item.select().order_by(golden_item.c.made_at, golden_item.c.id)
        with self._store.read() as connection:
            rows = connection.execute(query).mappings()
            return [StandIn(row["id"], Label(row["answer"]), row["made_at"], row["retired_at"]) for row in rows]

    def retire(self, ids: Collection[str], *, by: str | None = None) -> int:
        """Give stand-ins to nobody any more; return how many were given until now.

        Whoever holds one meanwhile goes on with it. Their bytes stay in the vault.

        Args:
            ids: Which.
            by: Id of who says so; recorded.

        Raises:
            NotFound: If there is no such stand-in; none is retired then.
        """
        retired = 0
        with self._store.begin() as connection:
            for each in sorted(set(ids)):
                row = connection.execute(golden_item.select().where(golden_item.c.id == each)).mappings().first()
                if row is None:
                    raise NotFound("there is no such stand-in", hint="'seawall review golden ls' shows them")
                if row["retired_at"] is None:
                    change = {"retired_at": to_iso(self._store.clock())}
                    connection.execute(golden_item.update().where(golden_item.c.id == each).values(**change))
                    self._note(connection, "review.golden_retired", each, by)
                    retired += 1
        return retired

    def in_stock(self) -> int:
        """Return how many stand-ins there are."""
        with self._store.read() as connection:
            return len(connection.execute(golden_item.select().where(golden_item.c.retired_at.is_(None))).all())

    def due(self, user_id: str) -> bool:
        """Whether the next task of somebody is a golden one: by chance, and not too often on one day."""
        if self._chance() >= self._policy.golden_rate:
            return False
        since = to_iso(self._store.clock() - timedelta(days=1))
        with self._store.read() as connection:
            return len(_made_for(connection, user_id, since)) < self._policy.golden_a_day

    def offer(self, user_id: str, like: Case, item_like: Item | None = None) -> SideTask | None:
        """Lease a golden task that looks like a case; None if there is no stand-in that they have not met of late.

        Args:
            user_id: Who.
            like: A case that waits in the queue which they would take the next task from.
            item_like: One of its items.
        """
        now = self._store.clock()
        since = to_iso(now - timedelta(days=self._policy.golden_days_apart))
        with self._store.begin() as connection:
            met = {item.sha256 for row in _made_for(connection, user_id, since) for item in _items(row)}
            query = golden_item.select().where(golden_item.c.retired_at.is_(None))
            stock = [row for row in connection.execute(query).mappings() if row["sha256"] not in met]
            if not stock:
                return None
            chosen = stock[secrets.randbelow(len(stock))]
            case = self._card(like)
            item = _item(case, chosen, item_like)
            expected = {item.id: Label(chosen["answer"])}
            made = self._side.add(connection, SideKind.GOLDEN, case, [item], expected, owner=user_id)
        return self._side.get(made)

    def result(self, task: SideTask, given: dict[str, Label]) -> GoldenResult:
        """Return how a golden task went."""
        expected = dict(task.expected)
        return GoldenResult(given == expected, given, expected)

    def _keep(self, vault: Keeper, data: bytes, answer: Label, by: str | None) -> int:
        digest = hashlib.sha256(data).hexdigest()
        with self._store.read() as connection:
            if connection.execute(golden_item.select().where(golden_item.c.sha256 == digest)).first() is not None:
                return 0
        kept = vault.put(
            io.BytesIO(data), purpose=Purpose.CANARY, person=_PERSON, key=f"golden/{digest}", media_type="image/png"
        )
        row = {
            "id": new_id(),
            "kind": ItemKind.IMAGE.value,
            "vault": kept.id,
            "sha256": digest,
            "answer": answer.value,
            "made_at": to_iso(self._store.clock()),
            "retired_at": None,
        }
        with self._store.begin() as connection:
            connection.execute(golden_item.insert(), row)
            self._note(connection, "review.golden_stocked", str(row["id"]), by)
        return 1

    def _note(self, connection: Connection, kind: str, golden: str, by: str | None) -> None:
        body = {"golden": golden} | ({"by": by} if by is not None else {})
        key = f"review.golden/{golden}" + ("/retired" if kind == "review.golden_retired" else "")
        self._ledger.record(connection, kind, key, body)

    def _card(self, like: Case) -> Case:
        return replace(
            like,
            id=new_id(),
            subject=disguised(like.subject),
            state=CaseState.IN_REVIEW,
            drill=False,
            opened_at=to_iso(self._store.clock()),
            assigned=None,
            version=1,
        )


def disguised(text: str) -> str:
    """Return another text of the same form: letters for letters, digits for digits, the rest as it is."""
    return "".join(secrets.choice(group) if (group := _group(each)) else each for each in text)


def _group(letter: str) -> str:
    return next((group for group in (_DIGITS, _SMALL, _LARGE) if letter in group), "")


def _item(case: Case, chosen: RowMapping, like: Item | None) -> Item:
    """Return an item that says of itself what the other one says, but for what it is found by."""
    evidence = {} if like is None else {key: said for key, said in like.evidence.items() if "pdq" not in key}
    ref = disguised(like.ref) if like is not None and like.ref is not None else None
    return Item(
        id=new_id(),
        case_id=case.id,
        key=secrets.token_hex(16),
        kind=ItemKind(chosen["kind"]),
        added_at=case.opened_at,
        sha256=chosen["sha256"],
        vault=chosen["vault"],
        ref=ref,
        stage=like.stage if like is not None else None,
        evidence=evidence,
    )


def _made_for(connection: Connection, user_id: str, since: str) -> Sequence[RowMapping]:
    columns = side_task.c
    query = side_task.select().where(
        columns.made_for == user_id, columns.kind == SideKind.GOLDEN.value, columns.created_at >= since
    )
    return connection.execute(query).mappings().all()


def _items(row: RowMapping) -> tuple[Item, ...]:
    from seawall.maintain.review._cards import read_items

    return read_items(row["items"])
