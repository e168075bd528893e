"""What runs beside a guard that serves: ledger, hours, effects, and the deletion of what is no longer needed.

Several processes may run it over one database. What fails is tried again; nothing here can keep a check from being
answered, and nothing is lost if it never runs: the next start catches up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from seawall.accounts.linking import sweep_links
from seawall.clock import to_iso
from seawall.decisions import Recorder, decision_secret
from seawall.deploy.enforcement import EffectsWorker, Webhook, load_endpoint, sweep
from seawall.deploy.prevention import PreventionMeter, prevention_secret
from seawall.errors import SeawallError
from seawall.ledger import Ledger
from seawall.settings import Settings
from seawall.store import Store
from seawall.store.outbox import Outbox

KEEP_ALLOWED = timedelta(days=30)
"""How long a decision to allow is kept; its count is kept for ever, and so is every other decision."""

_SECOND, _MINUTE, _HOUR = 1.0, 60.0, 3600.0
_JOIN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Chore:
    """Something that is done again and again.

    Attributes:
        seconds: How long after it was done.
        run: Does it.
    """

    seconds: float
    run: Callable[[], object]


class Chores:
    """Does chores in a thread of its own until it is closed. A context manager."""

    def __init__(self, chores: Sequence[Chore]) -> None:
        self._chores = tuple(chores)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="seawall-chores", daemon=True)

    def __enter__(self) -> Chores:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        due = dict.fromkeys(range(len(self._chores)), 0.0)
        while not self._stop.wait(_SECOND):
            for number, chore in enumerate(self._chores):
                if time.monotonic() < due[number] or self._stop.is_set():
                    continue
                # A database that is away or busy is asked again in the next round.
                with suppress(SeawallError):
                    chore.run()
                due[number] = time.monotonic() + chore.seconds


@contextmanager
def open_background(settings: Settings, store: Store, ledger: Ledger, others: Sequence[Chore] = ()) -> Iterator[None]:
    """Run everything for the length of a block.

    Args:
        settings: Where state is.
        store: The database.
        ledger: In the same store.
        others: Chores of others.

    Raises:
        SeawallError: If the operator's settings of effects cannot be used.
    """
    recorder = Recorder(store, ledger, decision_secret(settings))
    meter = PreventionMeter(prevention_secret(settings))
    chores = [
        Chore(_SECOND, ledger.append_pending),
        Chore(_MINUTE, recorder.seal_hours),
        Chore(_HOUR, lambda: recorder.forget(to_iso(store.clock() - KEEP_ALLOWED))),
        Chore(_HOUR, lambda: sweep(store)),
        Chore(_HOUR, lambda: meter.forget(store)),
        Chore(_HOUR, lambda: sweep_links(store)),
        *others,
    ]
    endpoint = load_endpoint(settings)
    stop = threading.Event()
    sender = None
    if endpoint is not None:
        worker = EffectsWorker(Outbox(store), Webhook(endpoint))
        sender = threading.Thread(target=worker.run, args=(stop,), name="seawall-effects", daemon=True)
        sender.start()
    try:
        with Chores(chores):
            yield
    finally:
        stop.set()
        if sender is not None:
            sender.join(_JOIN_SECONDS)
