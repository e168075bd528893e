"""Every way of tampering that is claimed to be detected, in an export and in the database."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from seawall.ledger import Event, Fault, KeyFile, Ledger, LedgerDamaged, VerifyResult, verify_export
from seawall.ledger.events import MAX_EVENT_BYTES, canonical
from seawall.ledger.merkle import Frontier, leaf_hash
from seawall.ledger.notes import Checkpoint
from seawall.store import Store
from seawall.store.tables import ledger_checkpoint, ledger_event, ledger_head, ledger_tile

Fill = Callable[..., None]
Lines = list[bytes]
EVENTS = 8


class Exported:
    """An export of eight events, and both verifiers, which must agree about any change of it."""

    def __init__(self, ledger: Ledger, keys: KeyFile, folder: Path, standalone: ModuleType) -> None:
        self.ledger, self.keys, self.folder, self.standalone = ledger, keys, folder, standalone
        self.path = folder / "export.jsonl"
        self.pem = ledger.public_key().to_pem()
        self.checkpoint = ledger.export(self.path)
        self.data = self.path.read_bytes()

    def lines(self) -> Lines:
        return self.data.splitlines(keepends=True)

    def verify(self, data: bytes | None = None, *, saved: str | None = None, pem: str | None = None) -> VerifyResult:
        if data is not None:
            self.path.write_bytes(data)
        key = self.folder / "key.pem"
        key.write_text(pem or self.pem)
        result = verify_export(self.path, pem or self.pem, saved)
        arguments = [str(self.path), str(key)]
        if saved is not None:
            (self.folder / "saved").write_bytes(saved.encode())
            arguments.append(str(self.folder / "saved"))
        assert self.standalone.main(arguments) == (0 if result.ok else 1), result
        return result

    def faults(self, data: bytes | None = None, **rest: Any) -> list[str]:
        return [failure.fault.value for failure in self.verify(data, **rest).failures]

    def signed(self, lines: Lines, *, size: int | None = None) -> bytes:
        """The lines as an export that the holder of the key signed."""
        key = self.keys.load()
        assert key
        frontier = Frontier().extend(leaf_hash(line[:-1]) for line in lines)
        count = len(lines) if size is None else size
        checkpoint = Checkpoint(self.checkpoint.origin, count, frontier.root(), self.checkpoint.at)
        header = {"format": "seawall-ledger-export", "v": 1, "origin": checkpoint.origin, "size": count}
        closing = {"checkpoint": checkpoint.sign(key)}
        return canonical(header) + b"\n" + b"".join(lines) + canonical(closing) + b"\n"


@pytest.fixture
def sqlite_ledger(tmp_path: Path, migrated_sqlite: Path, keys: KeyFile) -> Iterator[Ledger]:
    copy = shutil.copy(migrated_sqlite, tmp_path / "seawall.db")
    with Store.open(f"sqlite:///{copy}") as store:
        ledger = Ledger.open(store, keys)
        with store.begin() as connection:
            ledger.record_all(connection, [("test.fact", f"k{n}", {"number": n, "ü": 0.5}) for n in range(EVENTS)])
        ledger.append_pending()
        yield ledger


@pytest.fixture
def exported(sqlite_ledger: Ledger, keys: KeyFile, tmp_path: Path, standalone: ModuleType) -> Exported:
    return Exported(sqlite_ledger, keys, tmp_path, standalone)


def test_an_untouched_export_verifies_and_claims_integrity_only(exported: Exported) -> None:
    result = exported.verify()
    assert (result.ok, result.size, result.root) == (True, EVENTS, exported.checkpoint.root.hex())
    assert f"proven up to size {EVENTS}" in result.statement
    assert "Truncation and forks are not excluded" in result.statement


def test_an_export_holds_no_key(exported: Exported) -> None:
    assert b"KEY" not in exported.data
    assert "".join(exported.pem.splitlines()[1:-1]).encode() not in exported.data


def test_an_export_is_private(exported: Exported) -> None:
    assert exported.path.stat().st_mode & 0o077 == 0


def test_an_empty_ledger_exports_and_verifies(exported: Exported) -> None:
    assert exported.verify(exported.signed([])).size == 0


def test_one_changed_byte_is_detected_wherever_it_is(exported: Exported) -> None:
    for at in range(0, len(exported.data), 2):
        changed = bytearray(exported.data)
        changed[at] ^= 1
        assert not exported.verify(bytes(changed)).ok, at


def test_any_cut_of_the_tail_is_detected(exported: Exported) -> None:
    for at in range(0, len(exported.data), 7):
        assert not exported.verify(exported.data[:at]).ok, at


def _swap(lines: Lines) -> Lines:
    return [*lines[:3], lines[4], lines[3], *lines[5:]]


def _replace(lines: Lines) -> Lines:
    other = Event("other", "test.fact", json.loads(lines[3])["at"], {}).encode() + b"\n"
    return [*lines[:3], other, *lines[4:]]


@pytest.mark.parametrize(
    ("tamper", "fault"),
    [
        (_swap, "changed"),
        (_replace, "changed"),
        (lambda lines: [*lines[:3], *lines[4:]], "cut"),
        (lambda lines: [*lines[:3], lines[3], *lines[3:]], "added"),
        (lambda lines: lines[:-1], "cut"),
        (lambda lines: [*lines[:-3], lines[-1]], "cut"),
        (lambda lines: [*lines, lines[1]], "added"),
        (lambda lines: [*lines, b"\n"], "added"),
        (lambda lines: [*lines, lines[-1]], "added"),
        (lambda lines: lines[1:], "malformed"),
        (lambda lines: [], "malformed"),
        (lambda lines: [lines[0].replace(b'"size":8', b'"size":7'), *lines[1:]], "changed"),
        (lambda lines: [lines[0].replace(b'"size":8', b'"size":true'), *lines[1:]], "malformed"),
        (lambda lines: [lines[0].replace(b'"v":1', b'"v":2'), *lines[1:]], "malformed"),
        (lambda lines: [lines[0].replace(b"ledger/", b"Ledger/"), *lines[1:]], "changed"),
        (lambda lines: [*lines[:2], b"\n", *lines[2:]], "malformed"),
        (lambda lines: [line.replace(b"\n", b"\r\n") for line in lines], "malformed"),
        (lambda lines: [b"\xef\xbb\xbf" + lines[0], *lines[1:]], "malformed"),
        (lambda lines: [lines[0], b"{\n", *lines[1:]], "malformed"),
        (lambda lines: [lines[0], b"[" * 9999 + b"\n", *lines[1:]], "malformed"),
        (lambda lines: [lines[0], b"x" * (MAX_EVENT_BYTES + 5) + b"\n", *lines[1:]], "malformed"),
        (lambda lines: [lines[0], b"\xff\n", *lines[1:]], "malformed"),
        (lambda lines: [*lines[:-1], b'{"checkpoint":7}\n'], "malformed"),
        (lambda lines: [*lines[:-1], b'{"checkpoint":"x"}\n'], "checkpoint"),
    ],
)
def test_a_tampered_export_is_refused_with_the_kind_of_tampering(
    exported: Exported, tamper: Callable[[Lines], Lines], fault: str
) -> None:
    assert exported.faults(b"".join(tamper(exported.lines()))) == [fault]


def test_a_line_that_repeats_a_name_is_refused_even_if_it_was_signed(exported: Exported) -> None:
    lines = exported.lines()[1:-1]
    lines[2] = lines[2].replace(b'"number":2', b'"number":2,"number":2')
    assert exported.faults(exported.signed(lines)) == ["malformed"]


def test_an_export_signed_by_another_key_is_refused(exported: Exported, tmp_path: Path) -> None:
    other = KeyFile(tmp_path / "other")
    with Store.open(f"sqlite:///{tmp_path / 'other.db'}") as store:
        pem = Ledger(store, other).public_key().to_pem()
    assert exported.faults(pem=pem) == ["checkpoint"]


def test_an_edited_checkpoint_is_refused(exported: Exported) -> None:
    *rest, last = exported.lines()
    note = json.loads(last)["checkpoint"]
    for old, new in (("time 2", "time 3"), (f"\n{EVENTS}\n", "\n7\n"), ("\n\n", "\nmore\n\n"), ("\u2014", "-")):
        edited = canonical({"checkpoint": note.replace(old, new, 1)}) + b"\n"
        assert exported.faults(b"".join([*rest, edited])) == ["checkpoint"]


def test_with_a_saved_checkpoint_a_longer_ledger_verifies(sqlite_ledger: Ledger, exported: Exported) -> None:
    _, saved = sqlite_ledger.checkpoint()
    lines = exported.lines()[1:-1]
    more = Event("more", "test.fact", "2026-01-02T00:00:00.000000Z", {}).encode() + b"\n"
    result = exported.verify(exported.signed([*lines, more]), saved=saved)
    assert (result.ok, result.size, result.saved) == (True, EVENTS + 1, EVENTS)
    assert "extends the saved checkpoint" in result.statement
    assert "Nothing is claimed" in result.statement


def test_truncation_and_re_signing_pass_without_a_saved_checkpoint_and_fail_with_it(exported: Exported) -> None:
    _, saved = exported.ledger.checkpoint()
    cut = exported.signed(exported.lines()[1:-2])
    assert exported.verify(cut).ok
    assert exported.faults(cut, saved=saved) == ["truncated"]


def test_a_fork_signed_with_the_same_key_passes_without_a_saved_checkpoint_and_fails_with_it(
    exported: Exported,
) -> None:
    _, saved = exported.ledger.checkpoint()
    lines = exported.lines()[1:-1]
    for forked in (_replace(lines), _swap(lines), [*_replace(lines), lines[3]]):
        data = exported.signed(forked)
        assert exported.verify(data).ok
        assert exported.faults(data, saved=saved) == ["forked"]


def test_a_saved_checkpoint_of_an_empty_ledger_is_extended_by_any(exported: Exported) -> None:
    key = exported.keys.load()
    assert key
    empty = Checkpoint(exported.checkpoint.origin, 0, Frontier().root(), exported.checkpoint.at).sign(key)
    assert exported.verify(saved=empty).ok


@pytest.mark.parametrize(
    "change", [lambda note: note.replace("\n8\n", "\n7\n"), lambda note: "", lambda note: note[:-9]]
)
def test_a_saved_checkpoint_that_was_edited_is_refused(exported: Exported, change: Callable[[str], str]) -> None:
    _, saved = exported.ledger.checkpoint()
    assert exported.faults(saved=change(saved)) == ["saved_checkpoint"]


def test_a_saved_checkpoint_may_bear_a_witnesss_signature_too(exported: Exported) -> None:
    _, saved = exported.ledger.checkpoint()
    assert exported.verify(saved=saved + "\u2014 witness.example AAAAAAAA\n").ok


def _tampered(ledger: Ledger, statement: Any) -> list[Fault]:
    with ledger._store.begin() as connection:
        connection.execute(statement)
    return [failure.fault for failure in ledger.verify().failures]


def test_the_database_verifies_against_its_checkpoints(store: Store, ledger: Ledger, fill: Fill) -> None:
    fill(300)
    assert "nothing is proven about the 300 events" in ledger.verify().statement
    _, saved = ledger.checkpoint()
    fill(303, 300)
    result = ledger.verify(saved)
    assert (result.ok, result.size, result.unsigned, result.saved) == (True, 300, 3, 300)


@pytest.mark.parametrize("leaf", [3, 301])
def test_an_edited_event_does_not_verify(ledger: Ledger, fill: Fill, leaf: int) -> None:
    fill(300)
    ledger.checkpoint()
    fill(303, 300)
    row = ledger_event.c.leaf == leaf
    with ledger._store.read() as connection:
        data = connection.execute(ledger_event.select().where(row)).one().data
    edited = data.replace('"number":', '"number":1')
    assert _tampered(ledger, update(ledger_event).where(row).values(data=edited)) == ["changed"]
    assert f"event {leaf} does not fit its stored hash" in ledger.verify().statement


def test_an_edit_that_also_mended_the_stored_hashes_is_found_between_checkpoints(ledger: Ledger, fill: Fill) -> None:
    for size in (100, 200):
        fill(size, size - 100)
        ledger.checkpoint()
    row = ledger_event.c.leaf == 150
    with ledger._store.read() as connection:
        data = connection.execute(ledger_event.select().where(row)).one().data
        hashes = bytearray(connection.execute(ledger_tile.select()).one().hashes)
    edited = data.replace('"number":', '"number":1')
    hashes[150 * 32 : 151 * 32] = leaf_hash(edited.encode())
    with ledger._store.begin() as connection:
        connection.execute(update(ledger_tile).values(hashes=bytes(hashes)))
    assert _tampered(ledger, update(ledger_event).where(row).values(data=edited)) == ["changed"]
    assert "from event 100 to before 200" in ledger.verify().statement


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        (update(ledger_event).where(ledger_event.c.leaf == 3).values(data="{}"), "malformed"),
        (update(ledger_event).where(ledger_event.c.leaf == 3).values(leaf=900), "gap"),
        (update(ledger_event).where(ledger_event.c.leaf == 3).values(id="0" * 32), "index"),
        (delete(ledger_event).where(ledger_event.c.leaf == 3), "gap"),
        (delete(ledger_event).where(ledger_event.c.leaf >= 290), "gap"),
        (delete(ledger_tile).where(ledger_tile.c.level == 1), "index"),
        (update(ledger_tile).values(hashes=b"x" * 32), "index"),
        (update(ledger_tile).where(ledger_tile.c.tile == 1).values(hashes=b"x" * 32 * 60), "index"),
        (insert(ledger_tile).values(level=4, tile=0, hashes=b""), "index"),
        (update(ledger_head).values(size=0, frontier=b""), "truncated"),
        (update(ledger_head).values(frontier=b"x" * 32), "index"),
        (delete(ledger_head), "index"),
        (update(ledger_checkpoint).values(note="nonsense"), "checkpoint"),
        (update(ledger_checkpoint).values(size=3), "checkpoint"),
    ],
)
def test_a_tampered_database_does_not_verify(ledger: Ledger, fill: Fill, statement: Any, fault: str) -> None:
    fill(300)
    ledger.checkpoint()
    fill(303, 300)
    assert _tampered(ledger, statement) == [fault]


def test_a_rewritten_database_is_a_fork_of_the_saved_checkpoint(
    ledger: Ledger, keys: KeyFile, fill: Fill, tmp_path: Path
) -> None:
    fill(5)
    _, saved = ledger.checkpoint()
    with Store.open(f"sqlite:///{tmp_path / 'rewritten.db'}") as store:
        rewritten = Ledger.open(store, keys)
        assert [failure.fault for failure in rewritten.verify(saved).failures] == ["truncated"]
        with store.begin() as connection:
            rewritten.record_all(connection, [("test.fact", f"other-{n}", {}) for n in range(6)])
        rewritten.checkpoint()
        assert rewritten.verify().ok
        assert [failure.fault for failure in rewritten.verify(saved).failures] == ["forked"]


def test_a_database_that_was_tampered_with_cannot_be_exported(ledger: Ledger, fill: Fill, tmp_path: Path) -> None:
    fill(5)
    assert _tampered(ledger, delete(ledger_event).where(ledger_event.c.leaf == 3)) == ["gap"]
    with pytest.raises(LedgerDamaged, match="do not lead to the signed root"):
        ledger.export(tmp_path / "e.jsonl")
    assert not (tmp_path / "e.jsonl").exists()
    assert list(tmp_path.glob(".tmp-*")) == []


def test_a_checkpoint_that_only_the_auditor_kept_still_counts(ledger: Ledger, fill: Fill) -> None:
    fill(5)
    _, saved = ledger.checkpoint()
    with ledger._store.begin() as connection:
        connection.execute(delete(ledger_checkpoint))
    result = ledger.verify(saved)
    assert (result.ok, result.size, result.saved) == (True, 5, 5)


@pytest.mark.parametrize(
    "statement",
    [
        update(ledger_head).values(frontier=b"x" * 64),
        update(ledger_head).values(size=0, frontier=b""),
        update(ledger_tile).values(hashes=b"x" * 32 * 5),
    ],
)
def test_a_tree_that_does_not_extend_what_was_signed_is_not_signed(ledger: Ledger, fill: Fill, statement: Any) -> None:
    fill(5)
    ledger.checkpoint()
    with ledger._store.begin() as connection:
        connection.execute(statement)
    with pytest.raises(LedgerDamaged, match="nothing was signed"):
        ledger.checkpoint()
