"""A door through which the guard and scans open cases: for tests."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seawall.accounts import Accounts
from seawall.cases import Cases
from seawall.cases.from_decisions import CaseOpener
from seawall.cases.model import Case
from seawall.decisions import DecisionRecord, Recorder
from seawall.deploy.enforcement import EnforcementBook, shipped_ladder
from seawall.ledger import KeyFile, Ledger
from seawall.policy.guard import CheckKind, EventClass, Facts, GuardAction, Judgement
from seawall.store import Store
from seawall.vault import FileKeyProvider, Vault

SECRET = b"s" * 32


SHA = "ab" * 32


@dataclass
class Door_:
    """A recorder with everything that is told of its decisions."""

    store: Store
    cases: Cases
    accounts: Accounts
    recorder: Recorder
    vault: Vault

    def record(self, *records: DecisionRecord) -> list[DecisionRecord]:
        return self.recorder.record(records)

    def decision(
        self,
        action: GuardAction = GuardAction.BLOCK,
        *,
        account: str = "a-1",
        category: str | None = "csem.grooming",
        event_class: EventClass | None = EventClass.REQUEST_TEXT,
        kind: CheckKind = CheckKind.INPUT,
        vault: Sequence[str] = (),
        facts: Facts | None = None,
        **judged: Any,
    ) -> DecisionRecord:
        judgement = Judgement(action, category, ("rule-1",), "p" * 64, **judged)
        return DecisionRecord(
            id=self.recorder.new_id(), at=self.recorder.now(), kind=kind, account=account, action=action,
            judgement=judgement, facts=facts, event_class=event_class, digest="d" * 64, vault=tuple(vault),
            generation_id="g-1", request_id=None, jurisdiction="US", surface="chat",
        )  # fmt: skip

    def open(self) -> list[Case]:
        return self.cases.list()

    def keep(self, data: bytes, media_type: str | None = None) -> str:
        return self.vault.put(io.BytesIO(data), purpose="evidence", person="guard", media_type=media_type).id


def door_of(url: str, folder: Path) -> Iterator[Door_]:
    with Store.open(url) as store:
        ledger = Ledger.open(store, KeyFile(folder / "keys"))
        accounts = Accounts(store, ledger, SECRET)
        accounts.ladders.ensure(shipped_ladder())
        cases = Cases(store, ledger)
        hooks = [EnforcementBook(store, accounts).settle, CaseOpener(cases).settle]
        vault = Vault(store, ledger, FileKeyProvider(folder / "vault.key"), folder / "vault")
        yield Door_(store, cases, accounts, Recorder(store, ledger, SECRET, hooks), vault)
