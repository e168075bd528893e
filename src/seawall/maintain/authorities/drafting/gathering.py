"""Gathering what is on record of a case: verdicts, decisions, notices, views, the vault, and earlier reports."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from seawall.cases import Cases
from seawall.cases.model import Case, Item, ItemKind, Verdict
from seawall.decisions import DecisionRecord, decided
from seawall.errors import NotFound
from seawall.maintain.authorities.drafting.eligible import GRAVITY, class_of, eligible
from seawall.maintain.authorities.drafting.errors import NothingReportable
from seawall.maintain.authorities.drafting.model import CaseFacts, ItemFacts, NoticeFacts
from seawall.store import Store
from seawall.store.tables import notice, review_case
from seawall.vault import Vault
from seawall.vault.objects import VaultObject
from seawall.vault.viewing import Viewed, ViewingRecord

PERSON = "report drafting"
PURPOSE = "drafting a report to an authority"
MOST_TEXT = 1 << 20
_WORDS = frozenset({ItemKind.PROMPT, ItemKind.TEXT, ItemKind.CONVERSATION})
_JSON = "application/json"
_CHUNK = 200


class Gathering:
    """Reads what is on record.

    Args:
        store: The database.
        cases: The book of cases.
        vault: Keeps words and files.
        viewing: Who saw what.
    """

    def __init__(self, store: Store, cases: Cases, vault: Vault, viewing: ViewingRecord) -> None:
        self._store = store
        self._cases = cases
        self._vault = vault
        self._viewing = viewing

    def facts(self, case_id: str, *, prior: Iterable[str] = (), answers: Mapping[str, str] | None = None) -> CaseFacts:
        """Return what is on record of a case, as far as an authority is told of it.

        Args:
            case_id: The case.
            prior: Ids of earlier reports of the same account, in the same environment.
            answers: What people confirmed.

        Raises:
            NothingReportable: If there is nothing that an authority can be told.
            NotFound: If there is no such case.
        """
        case = self._cases.get(case_id)
        verdicts: dict[str, Verdict] = {each.item_id: each for each in self._cases.said(case_id)}
        judges = self._judges(case_id)
        items = [each for each in self._cases.items(case_id) if each.id in verdicts]
        with self._store.read() as connection:
            decisions = decided(connection, [each.decision_id for each in items if each.decision_id])
            notices = _notices(connection, {each.notice_id for each in items if each.notice_id})
            row = connection.execute(review_case.select().where(review_case.c.id == case_id)).mappings().one()
        found = []
        for item in items:
            decision = decisions.get(item.decision_id or "")
            of_notice = notices.get(item.notice_id or "")
            made = self._item(case, item, verdicts[item.id], judges, decision, of_notice)
            if made is not None:
                found.append(made)
        if not found:
            raise NothingReportable(
                "nothing of this case can be in a report to an authority",
                hint="what was judged to concern a child is; what is on a list of adults' material alone is not",
            )
        found.sort(key=lambda each: GRAVITY.index(each.label))
        return CaseFacts(
            case, row["subject_key"], tuple(found), bool(row["imminent"]), tuple(prior), dict(answers or {})
        )

    def viewed(self, sha256: str) -> Viewed:
        """Return the most that any one person saw of a file, now."""
        return self._viewing.viewed(sha256)

    def _judges(self, case_id: str) -> dict[tuple[str, str], int]:
        """Return how many people gave an item a label."""
        people: dict[tuple[str, str], set[str]] = {}
        for each in self._cases.verdicts(case_id):
            if each.reviewer is not None:
                people.setdefault((each.item_id, each.label.value), set()).add(each.reviewer)
        return {key: len(who) for key, who in people.items()}

    def _item(
        self,
        case: Case,
        item: Item,
        verdict: Verdict,
        judges: Mapping[tuple[str, str], int],
        decision: DecisionRecord | None,
        of_notice: NoticeFacts | None,
    ) -> ItemFacts | None:
        viewed = self._viewing.viewed(item.sha256) if item.sha256 is not None else Viewed.UNVIEWED
        kept = self._kept(item)
        facts = ItemFacts(
            item,
            class_of(case, item, decision),
            verdict.label,
            verdict.industry,
            verdict.generative_ai,
            max(judges.get((item.id, verdict.label.value), 0), int(verdict.reviewer is not None)),
            viewed,
            kept,
            decision,
            of_notice,
            self._words(case, item, kept),
        )
        return facts if eligible(case, verdict.label, facts.purposes, viewed) else None

    def _kept(self, item: Item) -> VaultObject | None:
        if item.vault is None:
            return None
        try:
            found = self._vault.get(item.vault)
        except NotFound:
            return None
        return found if found.destroyed is None else None

    def _words(self, case: Case, item: Item, kept: VaultObject | None) -> str | None:
        if item.kind not in _WORDS or kept is None or kept.size > MOST_TEXT:
            return None
        with self._vault.open(kept.id, person=PERSON, purpose=PURPOSE, case=case.id) as stream:
            data = stream.read()
        text = data.decode("utf-8", "replace")
        return _spelled_out(text) if kept.media_type == _JSON else text


def _notices(connection: Any, ids: set[str]) -> dict[str, NoticeFacts]:
    found: dict[str, NoticeFacts] = {}
    ordered = sorted(ids)
    for start in range(0, len(ordered), _CHUNK):
        wanted = notice.select().where(notice.c.id.in_(ordered[start : start + _CHUNK]))
        for row in connection.execute(wanted).mappings():
            found[row["id"]] = NoticeFacts(row["lane"], row["received_at"])
    return found


def _spelled_out(text: str) -> str:
    """Return a request as lines of name and text, as somebody reads it; what is no such JSON, as it is."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return text
    lines: list[str] = []
    _spell("", said, lines)
    return "\n".join(lines)


def _spell(name: str, said: Any, lines: list[str]) -> None:
    if isinstance(said, Mapping):
        for key, value in said.items():
            _spell(f"{name}.{key}" if name else str(key), value, lines)
    elif isinstance(said, list):
        for number, value in enumerate(said, 1):
            _spell(f"{name}.{number}", value, lines)
    elif said not in (None, ""):
        lines.append(f"{name}: {said}" if name else str(said))
