"""kill -9 all along the deciding of a case and what follows: no decision is lost, nothing that follows is doubled."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from seawall.accounts import Accounts
from seawall.cases import Cases
from seawall.cases.model import CaseState, EffectKind, Outcome
from seawall.ledger import KeyFile, Ledger
from seawall.matching import ListStore
from seawall.store import Store
from seawall.store.outbox import MessageState, Outbox
from seawall.store.tables import ledger_event

pytestmark = pytest.mark.crash
STRIDE = "4"
# Each attempt runs in a fork of this process, and is killed some steps later than the one before: a step is a
# statement or a commit, and the moment before and after hashes go into the bank. Whoever comes next finds what it left.
# In the end everything is opened, claimed, decided and done again, as people and workers go on after a crash.
PROGRAM = """
import os, signal, sys
from datetime import timedelta
from itertools import count
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from seawall.accounts import Accounts
from seawall.cases import Cases, Submission
from seawall.cases.effects import CaseEffects, OwnBanks
from seawall.cases.model import (
    Door, EffectKind, ItemKind, Label, NewItem, NewVerdict, Opening, Outcome, Severity, SubjectKind,
)
from seawall.deploy.enforcement import shipped_ladder
from seawall.ledger import KeyFile, Ledger
from seawall.matching import ListStore
from seawall.store import Store
from seawall.store.outbox import Outbox

url, home, first, stride, most = sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:6])
EFFECTS = (EffectKind.REMOVE, EffectKind.BANK, EffectKind.STRIKE)

def attempt(numbers, last):
    steps = count()
    def step(*_arguments, **_rest):
        if next(steps) == last:
            os.kill(os.getpid(), signal.SIGKILL)
    with Store.open(url) as store:
        ledger = Ledger(store, KeyFile(home / "keys"))
        cases = Cases(store, ledger)
        accounts = Accounts(store, ledger, b"s" * 32)
        banks = OwnBanks(ListStore(home / "lists"))
        put = banks.put
        def watched(*arguments):
            step()
            added = put(*arguments)
            step()
            return added
        banks.put = watched
        # A lease that is over at once: the next attempt need not wait for the dead one's.
        outbox = Outbox(store, lease=timedelta(0), draw=lambda: 0.0)
        worker = CaseEffects(cases, accounts, banks, outbox=outbox)
        if last is not None:
            for name in ("before_cursor_execute", "commit"):
                event.listen(Engine, name, step)
        for number in numbers:
            item = NewItem("i", ItemKind.IMAGE, sha256=f"{number + 1:064x}", ref=f"upload-{number}")
            cases.open_case(
                Opening(SubjectKind.ACCOUNT, f"a-{number}", Door.GUARD, Severity.MEDIUM, "adult", (item,))
            )
            while (claim := cases.claim(f"ada-{number}")) is not None:
                verdicts = tuple(
                    NewVerdict(each.id, Label.NCII_ADULT, rationale="r") for each in cases.items(claim.case.id)
                )
                said = Submission(verdicts, Outcome.NOT_REPORTABLE, EFFECTS, ("rule-1",))
                for _ in range(2):
                    # The answer may be lost: what is submitted twice is said once.
                    cases.submit(claim.task.id, f"ada-{number}", claim.task.token, said)
            worker.once()
        ledger.append_pending()

def run(numbers, last):
    child = os.fork()
    if child == 0:
        try:
            attempt(numbers, last)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

with Store.open(url) as store:
    Accounts(store, Ledger.open(store, KeyFile(home / "keys")), b"s" * 32).ladders.ensure(shipped_ladder())
for number in range(most):
    status = run([number], first + number * stride)
    if status not in (0, -signal.SIGKILL):
        sys.exit(f"attempt {number} ended with {status}")
    if status == 0:
        break
else:
    sys.exit("too few attempts")
if run(range(number + 1), None) != 0:
    sys.exit("the repetition failed")
print(number + 1)
"""


def test_a_decision_and_what_follows_happen_once(migrated_url: str, tmp_path: Path) -> None:
    # The two databases are killed at different steps.
    first = "0" if migrated_url.startswith("sqlite") else "2"
    command = [sys.executable, "-c", PROGRAM, migrated_url, str(tmp_path), first, STRIDE, "200"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    attempts = int(done.stdout)
    assert attempts > 20
    with Store.open(migrated_url) as store:
        ledger = Ledger.open(store, KeyFile(tmp_path / "keys"))
        cases = Cases(store, ledger)
        accounts = Accounts(store, ledger, b"s" * 32)
        found = {case.subject: case for case in cases.list(state=CaseState.DECIDED, limit=500)}
        assert set(found) == {f"a-{number}" for number in range(attempts)}
        assert cases.list() == []
        messages = list(Outbox(store).messages())
        told = Counter((each.payload["type"], each.payload["account"]) for each in messages if "type" in each.payload)
        with store.read() as connection:
            events = [json.loads(data) for data in connection.execute(select(ledger_event.c.data)).scalars()]
        struck = Counter(each["body"]["account"] for each in events if each["kind"] == "account.strike")
        decided = Counter(each["body"]["case"] for each in events if each["kind"] == "case.decided")
        bank = ListStore(tmp_path / "lists").open("own-ncii")
        assert len(bank) == attempts
        for number in range(attempts):
            account = f"a-{number}"
            case = found[account]
            (decision,) = cases.decisions(case.id)
            assert decision.outcome is Outcome.NOT_REPORTABLE
            assert list(accounts.show(account).strikes) == [decision.id]
            assert decided[case.id] == struck[accounts.pseudonym(account)] == 1
            assert told["case.remove", account] == told["account.restricted", account] == 1
            assert len(bank.search("sha256", [bytes.fromhex(f"{number + 1:064x}")])[1]) == 1
            effects = {each.kind: each for each in cases.effects(case.id)}
            assert set(effects) == {EffectKind.REMOVE, EffectKind.BANK, EffectKind.STRIKE}
            assert effects[EffectKind.REMOVE].host is not None
            assert all(effects[kind].done_at for kind in (EffectKind.BANK, EffectKind.STRIKE))
            assert cases.verify(case.id)
            assert accounts.verify(account) == 1
        assert {each.state for each in messages if each.topic == "case.effect"} == {MessageState.DELIVERED}
        assert ledger.verify().ok
        bank.verify()
