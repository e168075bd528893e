"""Recording, appending and proving, in SQLite and in PostgreSQL."""

import json
import stat
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select

from seawall.errors import NotFound
from seawall.ledger import (
    Event,
    EventConflict,
    KeyFile,
    KeyFileError,
    Ledger,
    LedgerDamaged,
    PublicKeyError,
    open_note,
    verify_inclusion,
)
from seawall.ledger.merkle import EMPTY_ROOT, leaf_hash, tree_root
from seawall.store import Store
from seawall.store.tables import ledger_checkpoint, ledger_event, ledger_tile

Fill = Callable[..., None]


def _data(store: Store) -> list[bytes]:
    with store.read() as connection:
        rows = connection.execute(select(ledger_event.c.data).order_by(ledger_event.c.leaf))
        return [data.encode() for data in rows.scalars()]


def test_an_empty_ledger_has_the_empty_root(ledger: Ledger) -> None:
    assert (ledger.size, ledger.root()) == (0, EMPTY_ROOT.hex())
    assert ledger.verify().ok


def test_recorded_events_become_leaves_in_order(store: Store, ledger: Ledger, fill: Fill) -> None:
    fill(7)
    data = _data(store)
    assert [json.loads(line)["body"]["number"] for line in data] == list(range(7))
    assert (ledger.size, ledger.root()) == (7, tree_root([leaf_hash(line) for line in data]).hex())


def test_the_root_does_not_depend_on_the_groups(store: Store, keys: KeyFile) -> None:
    ledger = Ledger(store, keys, group=3)
    for start in range(0, 20, 5):
        with store.begin() as connection:
            ledger.record_all(connection, [("test.fact", f"{number}", {}) for number in range(start, start + 5)])
        assert ledger.append_pending() == 5
    assert ledger.root() == tree_root([leaf_hash(line) for line in _data(store)]).hex()


def test_an_event_is_recorded_if_and_only_if_the_callers_transaction_commits(store: Store, ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), store.begin() as connection:
        ledger.record(connection, "test.fact", "lost", {})
        raise ZeroDivisionError
    assert ledger.append_pending() == 0


def test_opening_appends_what_a_crash_left_queued(store: Store, keys: KeyFile) -> None:
    ledger = Ledger(store, keys)
    with store.begin() as connection:
        ledger.record(connection, "test.fact", "queued", {})
    assert ledger.size == 0
    assert Ledger.open(store, keys).size == 1


@pytest.mark.parametrize("appended", [False, True])
def test_the_same_event_twice_is_one_and_another_under_its_key_is_refused(
    store: Store, ledger: Ledger, appended: bool
) -> None:
    with store.begin() as connection:
        ledger.record(connection, "test.fact", "k", {"a": 1, "b": 2})
    if appended:
        ledger.append_pending()
    with store.begin() as connection:
        ledger.record(connection, "test.fact", "k", {"b": 2, "a": 1})
    for kind, body in (("test.fact", {"a": 2}), ("test.other", {"a": 1, "b": 2}), ("test.fact", {"a": 1.0, "b": 2})):
        with pytest.raises(EventConflict), store.begin() as connection:
            ledger.record(connection, kind, "k", body)
    ledger.append_pending()
    assert ledger.size == 1


def test_the_same_event_twice_in_one_call_is_one(store: Store, ledger: Ledger) -> None:
    with store.begin() as connection:
        ledger.record_all(connection, [("test.fact", "k", {})] * 3)
    assert ledger.append_pending() == 1


def test_an_error_never_shows_the_body(store: Store, ledger: Ledger) -> None:
    with store.begin() as connection:
        ledger.record(connection, "test.fact", "k", {"note": "PRIVATE"})
    with pytest.raises(EventConflict) as raised, store.begin() as connection:
        ledger.record(connection, "test.fact", "k", {"note": "SECRET"})
    assert "PRIVATE" not in str(raised.value)
    assert "SECRET" not in str(raised.value)


def test_many_recorders_and_appenders_at_once_make_one_leaf_a_key(store: Store, keys: KeyFile) -> None:
    errors: list[BaseException] = []

    def work(worker: int) -> None:
        ledger = Ledger(store, keys, group=7)
        try:
            for number in range(20):
                with store.begin() as connection:
                    ledger.record(connection, "test.fact", f"shared-{number}", {})
                    ledger.record(connection, "test.fact", f"own-{worker}-{number}", {})
                ledger.append_pending()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    ledger = Ledger.open(store, keys)
    assert ledger.size == 20 + 4 * 20
    assert ledger.verify().ok


def test_every_event_can_be_proven_with_the_public_key_alone(ledger: Ledger, fill: Fill) -> None:
    fill(11)
    pem = ledger.public_key().to_pem()
    for number in range(11):
        proof = ledger.prove(f"fact-{number}").to_json()
        assert proof["leaf"] == number
        assert verify_inclusion(json.dumps(proof), pem).ok
        assert verify_inclusion(proof, pem).size == 11
    assert ledger.prove(proof["event"]["id"]).leaf == 10


def test_an_event_after_the_last_checkpoint_gets_a_new_one(ledger: Ledger, fill: Fill) -> None:
    fill(3)
    assert ledger.prove("fact-0").size == 3
    fill(5, 3)
    assert ledger.prove("fact-0").size == 3
    assert ledger.prove("fact-4").size == 5


def test_an_event_that_is_not_there_is_not_found(ledger: Ledger, fill: Fill) -> None:
    fill(1)
    with pytest.raises(NotFound):
        ledger.prove("nobody")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"leaf": 4}, "proof"),
        ({"leaf": -1}, "proof"),
        ({"leaf": True}, "malformed"),
        ({"leaf": "3"}, "malformed"),
        ({"size": 10}, "proof"),
        ({"path": []}, "proof"),
        ({"path": ["00" * 32] * 100}, "proof"),
        ({"path": ["zz"]}, "malformed"),
        ({"path": None}, "malformed"),
        ({"event": {"v": 1}}, "malformed"),
        ({"event": None}, "malformed"),
        ({"checkpoint": "nonsense"}, "checkpoint"),
        ({"checkpoint": None}, "malformed"),
        ({"format": "other"}, "malformed"),
    ],
)
def test_a_proof_that_was_changed_is_refused(ledger: Ledger, fill: Fill, change: dict[str, object], fault: str) -> None:
    fill(11)
    proof = ledger.prove("fact-3").to_json() | change
    assert [failure.fault for failure in verify_inclusion(proof, ledger.public_key().to_pem()).failures] == [fault]


def test_a_proof_of_an_edited_event_is_refused(ledger: Ledger, fill: Fill) -> None:
    fill(11)
    proof = ledger.prove("fact-3").to_json()
    proof["event"]["body"]["number"] = 4
    assert not verify_inclusion(proof, ledger.public_key().to_pem()).ok


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a":1,"a":1}', "[" * 99_999, "\ufeff{}", "x" * 2_000_000])
def test_a_proof_that_is_not_json_is_refused(ledger: Ledger, text: str) -> None:
    result = verify_inclusion(text, ledger.public_key().to_pem())
    assert [failure.fault for failure in result.failures] == ["malformed"]


def test_a_ledger_proves_that_it_extends_an_earlier_checkpoint(ledger: Ledger, fill: Fill) -> None:
    fill(4)
    saved, note = ledger.checkpoint()
    fill(300, 4)
    proof = ledger.prove_consistency(saved)
    assert proof.verify(ledger.public_key()).ok
    assert open_note(note, ledger.public_key()) == saved


def test_a_ledger_that_was_cut_cannot_prove_a_larger_checkpoint(ledger: Ledger, fill: Fill) -> None:
    fill(4)
    saved, _ = ledger.checkpoint()
    larger = type(saved)(saved.origin, 9, saved.root, saved.at)
    with pytest.raises(LedgerDamaged, match="4 events"):
        ledger.prove_consistency(larger)
    with pytest.raises(LedgerDamaged, match="does not extend"):
        ledger.prove_consistency(type(saved)(saved.origin, 3, saved.root, saved.at))


def test_the_key_is_created_once_and_private(ledger: Ledger, keys: KeyFile) -> None:
    first = ledger.public_key()
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.path.parent.stat().st_mode) == 0o700
    assert keys.path.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
    pem = keys.path.read_bytes()
    keys.create()
    assert keys.path.read_bytes() == pem
    assert ledger.public_key() == first
    assert [path.name for path in keys.path.parent.iterdir()] == [keys.path.name]


def test_a_lost_key_is_never_replaced(ledger: Ledger, keys: KeyFile, fill: Fill) -> None:
    fill(2)
    ledger.checkpoint()
    keys.path.unlink()
    for call in (ledger.public_key, ledger.checkpoint, ledger.verify):
        with pytest.raises(KeyFileError, match="missing"):
            call()
    assert not keys.path.exists()


def test_another_key_cannot_sign_this_ledger(ledger: Ledger, keys: KeyFile, fill: Fill) -> None:
    fill(2)
    ledger.checkpoint()
    keys.path.unlink()
    keys.create()
    with pytest.raises(KeyFileError, match="was signed with"):
        ledger.checkpoint()
    assert [failure.fault for failure in ledger.verify().failures] == ["checkpoint"]


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        (None, 0o640, "read or written by others"),
        (b"", 0o600, "not a private key"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0o600, "not a private key"),
    ],
)
def test_a_key_file_that_cannot_be_used_says_why(
    ledger: Ledger, keys: KeyFile, content: bytes | None, mode: int, says: str
) -> None:
    ledger.public_key()
    if content is not None:
        keys.path.write_bytes(content)
    keys.path.chmod(mode)
    with pytest.raises(KeyFileError, match=says):
        ledger.public_key()


@pytest.mark.parametrize("pem", ["", "nonsense", b"\xff\x00"])
def test_what_is_not_a_public_key_is_refused(pem: str | bytes) -> None:
    with pytest.raises(PublicKeyError):
        verify_inclusion("{}", pem)


def test_a_private_key_does_not_pass_for_a_public_one(ledger: Ledger, keys: KeyFile) -> None:
    ledger.public_key()
    with pytest.raises(PublicKeyError):
        verify_inclusion("{}", keys.path.read_bytes())


def test_the_stored_checkpoint_is_the_one_that_was_returned(store: Store, ledger: Ledger, fill: Fill) -> None:
    fill(3)
    checkpoint, note = ledger.checkpoint()
    with store.read() as connection:
        assert connection.execute(select(ledger_checkpoint.c.note)).scalars().all() == [note]
    assert (checkpoint.size, checkpoint.root.hex()) == (ledger.size, ledger.root())
    assert note.startswith(f"{checkpoint.origin}\n3\n")


def test_appending_onto_a_damaged_tree_is_refused(store: Store, ledger: Ledger, fill: Fill) -> None:
    fill(3)
    with store.begin() as connection:
        connection.execute(ledger_tile.update().values(hashes=b"x" * 32))
        ledger.record(connection, "test.fact", "more", {})
    with pytest.raises(LedgerDamaged, match="do not fit"):
        ledger.append_pending()
    with pytest.raises(LedgerDamaged):
        ledger.prove("fact-2")


def test_events_are_values() -> None:
    assert Event("a", "b", "c", {}).id == Event("a", "x", "y", {"z": 1}).id
