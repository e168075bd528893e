"""Whatever is done in whatever order: nothing is destroyed while a model of the law says that it is kept."""

from __future__ import annotations

import io
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.ledger import KeyFile, Ledger
from seawall.store import Store
from seawall.vault import FileKeyProvider, Held, Vault
from seawall.vault.retention import Clocks, Keeps, Retention, Start
from seawall.vault.retention.purge import Purge

START = datetime(2028, 2, 27, 22, tzinfo=UTC)
CASES = ("c-1", "c-2")
PLACES = ("US", "GB", "CA")
STEPS = st.one_of(
    st.tuples(st.just("begin"), st.sampled_from(CASES)),
    st.tuples(st.just("receipt"), st.sampled_from(CASES), st.sampled_from(PLACES), st.booleans()),
    st.tuples(st.just("verdict"), st.sampled_from(CASES)),
    st.tuples(st.just("keep"), st.integers(1, 900)),
    st.tuples(st.just("wait"), st.sampled_from([0.1, 1, 20, 22, 180, 365, 366, 400])),
    st.tuples(st.just("purge"), st.integers(0, 3000)),
    st.tuples(st.just("destroy")),
)


@dataclass
class Law:
    """What must be kept, said in another way than the code says it."""

    open: set[str] = field(default_factory=set)
    until: datetime = START

    def keeps(self, now: datetime) -> bool:
        return bool(self.open) or now < self.until

    def clocks(self, start: Start, now: datetime, place: str | None = None) -> None:
        for clock in Clocks.builtin():
            if clock.starts is start and clock.keeps is Keeps.CONTENT and place in (None, clock.place):
                days = {"us-2258a-h1": 365, "uk-2026-268-content": 365, "ca-2011-4": 21, "eu-dsa-20": 181}[clock.id]
                self.until = max(self.until, now + timedelta(days=days))


@pytest.mark.parametrize("seed", [0])
@settings(max_examples=40, deadline=None)
@given(steps=st.lists(STEPS, max_size=14))
def test_nothing_is_destroyed_while_the_law_keeps_it(migrated_sqlite: Path, seed: int, steps: list[tuple]) -> None:  # type: ignore[type-arg]
    del seed
    with tempfile.TemporaryDirectory() as folder:
        _walk(Path(folder), migrated_sqlite, steps)


def _walk(folder: Path, migrated: Path, steps: list[tuple]) -> None:  # type: ignore[type-arg]
    shutil.copy(migrated, folder / "seawall.db")
    now, law = START, Law()
    with Store.open(f"sqlite:///{folder / 'seawall.db'}", clock=lambda: now) as store:
        ledger = Ledger.open(store, KeyFile(folder / "keys"))
        vault = Vault(store, ledger, FileKeyProvider(folder / "keys" / "vault.key"), folder / "vault")
        retention, purge = Retention(store, ledger), Purge(vault, ledger)
        item = vault.put(io.BytesIO(b"heron"), purpose="canary", person="ada").id
        for number, (what, *rest) in enumerate(steps):
            if what == "wait":
                now += timedelta(days=rest[0])
                continue
            kept = law.keeps(now)
            if what in ("purge", "destroy"):
                if what == "purge":
                    purge.run("ada", now + timedelta(days=rest[0]))
                else:
                    try:
                        vault.destroy(item, person="ada", reason="test")
                    except Held:
                        assert retention.standing(item).winner is not None
                gone = vault.get(item).destroyed is not None
                assert not (kept and gone)
                if gone:
                    return
                continue
            with store.begin() as connection:
                if what == "begin":
                    retention.begin(connection, [item], case=rest[0], ground="finding")
                    law.open.add(rest[0])
                elif what == "receipt":
                    case, place, more = rest
                    retention.extend(
                        connection, [item], case=case, receipt=f"r-{number}", places=[place],
                        awaiting=["US"] if more else (),
                    )  # fmt: skip
                    law.clocks(Start.RECEIPT, now, place)
                    law.open -= set() if more else {case}
                elif what == "verdict":
                    retention.release(connection, [item], case=rest[0])
                    law.clocks(Start.VERDICT, now)
                    law.open.discard(rest[0])
                else:
                    end = now + timedelta(days=rest[0])
                    retention.keep(connection, [item], until=end, ground="kept", person="ada")
                    law.until = max(law.until, end)
            assert (item in retention.due()) <= (not law.keeps(now))
