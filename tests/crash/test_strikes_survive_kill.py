"""kill -9 at every step of recording a decision: no strike is lost, none is given twice, none without its decision."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from seawall.accounts import Accounts
from seawall.decisions import Recorder
from seawall.deploy.enforcement import EnforcementBook
from seawall.ledger import KeyFile, Ledger
from seawall.policy.guard import CheckKind
from seawall.store import Store
from seawall.store.outbox import Outbox
from seawall.store.tables import ledger_event

pytestmark = pytest.mark.crash
# Each attempt runs in a fork of this process, and is killed one step later than the one before; then all of the same
# decisions are recorded again, as a host repeats requests that were not answered.
PROGRAM = """
import os, signal, sys
from itertools import count
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from seawall.decisions import DecisionRecord, Recorder
from seawall.deploy.enforcement import EnforcementBook
from seawall.errors import SeawallError
from seawall.ledger import KeyFile, Ledger
from seawall.policy.guard import CheckKind, GuardAction, Judgement
from seawall.store import Store

url, keys, most = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])

def attempt(numbers, kill):
    steps = count()
    def step(*_arguments, **_rest):
        if next(steps) == numbers[0]:
            os.kill(os.getpid(), signal.SIGKILL)
    with Store.open(url) as store:
        ledger = Ledger(store, KeyFile(keys))
        book = EnforcementBook.open(store, ledger, b"s" * 32)
        recorder = Recorder(store, ledger, b"s" * 32, [book.settle])
        if kill:
            for name in ("before_cursor_execute", "commit"):
                event.listen(Engine, name, step)
        for number in numbers:
            judgement = Judgement(GuardAction.BLOCK, "t", ("both",), "p" * 64, strike="zero_tolerance")
            record = DecisionRecord(
                id=recorder.new_id(), at=recorder.now(), kind=CheckKind.INPUT, account=f"a-{number}",
                action=GuardAction.BLOCK, judgement=judgement, digest="d" * 64, request_id="r",
            )
            recorder.record([record])
        ledger.append_pending()

def run(numbers, kill):
    child = os.fork()
    if child == 0:
        try:
            attempt(numbers, kill)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

for number in range(most):
    status = run([number], True)
    if status not in (0, -signal.SIGKILL):
        sys.exit(f"attempt {number} ended with {status}")
    if status == 0:
        break
else:
    sys.exit("too few attempts")
if run(range(number + 1), False) != 0:
    sys.exit("the repetition failed")
print(number)
"""


def test_a_decision_and_its_strike_are_recorded_together_and_once(migrated_url: str, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, migrated_url, str(keys), "200"],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    attempts = int(done.stdout) + 1
    assert attempts > 15
    with Store.open(migrated_url) as store:
        ledger = Ledger.open(store, KeyFile(keys))
        recorder = Recorder(store, ledger, b"s" * 32)
        accounts = Accounts(store, ledger, b"s" * 32)
        effects = Counter(message.payload["account"] for message in Outbox(store).messages())
        with store.read() as connection:
            events = [json.loads(data) for data in connection.execute(select(ledger_event.c.data)).scalars()]
        struck = Counter(event["body"]["account"] for event in events if event["kind"] == "account.strike")
        for number in range(attempts):
            account = f"a-{number}"
            decision = recorder.find(account, "r")
            assert decision is not None
            assert list(accounts.show(account).strikes) == [decision.id]
            assert len(accounts.show(account).restrictions) == 1
            assert effects[account] == struck[accounts.pseudonym(account)] == 1
            assert accounts.verify(account) == 1
        book = EnforcementBook(store, accounts)
        for number in range(attempts):
            assert book.standing(f"a-{number}", CheckKind.INPUT, None).restrictions == {"banned"}
        assert ledger.verify().ok
