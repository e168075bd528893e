"""Other cases that may matter: the same bytes, the same subject before, and accounts that a person has linked."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, or_, select

from seawall.cases._office import Office
from seawall.cases._openings import subject_key
from seawall.cases._rows import Row
from seawall.cases.model import CaseState, SubjectKind
from seawall.cases.reading import row_of
from seawall.cases.submission import Related
from seawall.store.tables import account_link, review_case, review_item

MOST = 50
_MOST_DIGESTS = 200
_CONFIRMED = "confirmed"


def related(office: Office, case_id: str) -> list[Related]:
    """Return the cases that may matter to one, each with its reasons; at most `MOST` for each sort of reason."""
    found: dict[str, tuple[Row, list[str]]] = {}
    with office.store.read() as connection:
        case = row_of(connection, case_id)
        for row, why in _all(connection, case):
            found.setdefault(row["id"], (row, []))[1].append(why)
    return [
        Related(row["id"], CaseState(row["state"]), row["opened_at"], "; ".join(dict.fromkeys(reasons)))
        for row, reasons in found.values()
    ]


def _all(connection: Connection, case: Row) -> Iterator[tuple[Row, str]]:
    for row in _same_bytes(connection, case):
        yield row, "holds an item of the same bytes"
    for row in _same_subject(connection, case, case["subject_key"]):
        yield row, f"an earlier case of the same {case['subject_kind']}"
    if case["subject_kind"] == SubjectKind.ACCOUNT.value:
        for other in _linked(connection, case["subject"]):
            for row in _same_subject(connection, case, subject_key(SubjectKind.ACCOUNT, other)):
                yield row, "a case of an account that a person has linked with this one"


def _same_bytes(connection: Connection, case: Row) -> list[Row]:
    mine = select(review_item.c.sha256).where(review_item.c.case_id == case["id"], review_item.c.sha256.is_not(None))
    digests = list(connection.execute(mine.distinct().limit(_MOST_DIGESTS)).scalars())
    if not digests:
        return []
    others = (
        select(review_item.c.case_id)
        .where(review_item.c.sha256.in_(digests), review_item.c.case_id != case["id"])
        .distinct()
        .limit(MOST)
    )
    ids = list(connection.execute(others).scalars())
    wanted = select(review_case).where(review_case.c.id.in_(ids), review_case.c.drill.is_(bool(case["drill"])))
    return list(connection.execute(wanted.order_by(review_case.c.id.desc())).mappings())


def _same_subject(connection: Connection, case: Row, key: str) -> list[Row]:
    wanted = select(review_case).where(
        review_case.c.subject_key == key,
        review_case.c.id != case["id"],
        review_case.c.drill.is_(bool(case["drill"])),
    )
    return list(connection.execute(wanted.order_by(review_case.c.id.desc()).limit(MOST)).mappings())


def _linked(connection: Connection, account: str) -> list[str]:
    here = or_(account_link.c.account == account, account_link.c.other == account)
    wanted = select(account_link.c.account, account_link.c.other).where(here, account_link.c.state == _CONFIRMED)
    rows = connection.execute(wanted.order_by(account_link.c.id).limit(MOST)).all()
    return [other if one == account else one for one, other in rows]
