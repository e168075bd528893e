"""Verifying an export with nothing but a public key, and a checkpoint that the verifier saved earlier.

Reads the file once, line by line, in bounded memory; whatever is wrong with it becomes a named failure. The
public key always comes from outside.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from seawall.errors import NotFound, UsageError
from seawall.ledger.errors import EventError, NoteError
from seawall.ledger.events import MAX_EVENT_BYTES, decode, parse_canonical
from seawall.ledger.export import CLOSING, FORMAT, VERSION, header
from seawall.ledger.merkle import Frontier, leaf_hash
from seawall.ledger.notes import MAX_NOTE_BYTES, Checkpoint, PublicKey, open_note
from seawall.ledger.results import Failure, Fault, VerifyResult


def verify_export(path: Path, public_key_pem: str | bytes, saved_checkpoint: str | None = None) -> VerifyResult:
    """Verify an export.

    Args:
        path: The file.
        public_key_pem: The operator's public key, got by another way than the file.
        saved_checkpoint: A signed checkpoint (the text) that the verifier kept from earlier.

    Returns:
        The result; without a saved checkpoint it claims integrity alone.

    Raises:
        PublicKeyError: If that is not an Ed25519 public key.
        NotFound: If there is no such file.
        UsageError: If the file cannot be read.
    """
    key = PublicKey.from_pem(public_key_pem)
    try:
        saved = None if saved_checkpoint is None else open_note(saved_checkpoint, key)
    except NoteError as error:
        return _failed(Fault.SAVED_CHECKPOINT, error.message)
    try:
        with path.open("rb") as file:
            return _verify(file, key, saved)
    except FileNotFoundError:
        raise NotFound(f"no such export: {path}") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


def read_checkpoint(path: Path) -> str:
    """Read a saved checkpoint's text.

    Raises:
        NotFound: If there is no such file.
        NoteError: If it cannot be a checkpoint.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_NOTE_BYTES + 1)
        return data.decode()
    except FileNotFoundError:
        raise NotFound(f"no such checkpoint: {path}") from None
    except (OSError, UnicodeDecodeError):
        raise NoteError(f"{path} does not hold a checkpoint") from None


def compare_saved(saved: Checkpoint, size: int, root_then: bytes | None) -> tuple[Failure, ...]:
    """Compare a verified ledger with a checkpoint that was saved earlier.

    Args:
        saved: The checkpoint.
        size: Size of the ledger now.
        root_then: Root of its first `saved.size` events, or None if it has fewer.
    """
    if root_then is None:
        message = f"it has {size} events; the saved checkpoint has {saved.size}"
        return (Failure(Fault.TRUNCATED, message),)
    if root_then != saved.root:
        message = f"its first {saved.size} events are not those of the saved checkpoint"
        return (Failure(Fault.FORKED, message),)
    return ()


class _Broken(Exception):
    def __init__(self, fault: Fault, message: str) -> None:
        self.failure = Failure(fault, message)


def _verify(file: BinaryIO, key: PublicKey, saved: Checkpoint | None) -> VerifyResult:
    try:
        return _verify_lines(_lines(file), key, saved)
    except _Broken as broken:
        return VerifyResult((broken.failure,))


def _verify_lines(lines: Iterator[tuple[int, bytes]], key: PublicKey, saved: Checkpoint | None) -> VerifyResult:
    _, first = next(lines, (1, b""))
    frontier = Frontier()
    closing = None
    root_then = frontier.root() if saved and saved.size == 0 else None
    for number, line in lines:
        if closing is not None:
            raise _Broken(Fault.ADDED, f"line {number} follows the closing checkpoint")
        if line.startswith(CLOSING):
            closing = line
            continue
        try:
            decode(line)
        except EventError as error:
            raise _Broken(Fault.MALFORMED, f"line {number}: {error.message}") from None
        frontier.append(leaf_hash(line))
        if saved and frontier.size == saved.size:
            root_then = frontier.root()
    _expect_header(first)
    if closing is None:
        raise _Broken(Fault.CUT, f"it ends after {frontier.size} events without its closing checkpoint")
    checkpoint = _read_closing(closing, key)
    size = checkpoint.size
    if first != header(checkpoint.origin, size):
        raise _Broken(Fault.CHANGED, "the first line is not the one that was written")
    if frontier.size != size:
        fault = Fault.CUT if frontier.size < size else Fault.ADDED
        raise _Broken(fault, f"it holds {frontier.size} events; {size} were signed")
    if frontier.root() != checkpoint.root:
        raise _Broken(Fault.CHANGED, "its events are not those that were signed: edited, replaced or reordered")
    failures = compare_saved(saved, size, root_then) if saved else ()
    if failures:
        return VerifyResult(failures)
    return VerifyResult((), size, frontier.root().hex(), saved=saved.size if saved else None)


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := file.readline(MAX_EVENT_BYTES + 1):
        number += 1
        if not line.endswith(b"\n"):
            if len(line) > MAX_EVENT_BYTES:
                raise _Broken(Fault.MALFORMED, f"line {number} is longer than {MAX_EVENT_BYTES} bytes")
            raise _Broken(Fault.CUT, f"line {number} is cut short")
        yield number, line[:-1]


def _expect_header(line: bytes) -> None:
    try:
        fields = parse_canonical(line)
    except EventError as error:
        raise _Broken(Fault.MALFORMED, f"line 1: {error.message}") from None
    if fields.get("format") != FORMAT or type(fields.get("size")) is not int:
        raise _Broken(Fault.MALFORMED, "line 1: not the header of a ledger export")
    if fields.get("v") != VERSION:
        raise _Broken(Fault.MALFORMED, "line 1: an export of an unknown version")


def _read_closing(line: bytes, key: PublicKey) -> Checkpoint:
    try:
        fields = parse_canonical(line)
        if fields.keys() != {"checkpoint"} or not isinstance(fields["checkpoint"], str):
            raise EventError("not a closing checkpoint")
    except EventError as error:
        raise _Broken(Fault.MALFORMED, f"last line: {error.message}") from None
    try:
        return open_note(fields["checkpoint"], key)
    except NoteError as error:
        raise _Broken(Fault.CHECKPOINT, error.message) from None


def _failed(fault: Fault, message: str) -> VerifyResult:
    return VerifyResult((Failure(fault, message),))
