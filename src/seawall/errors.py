"""Every error that seawall raises on purpose.

One class each: the docstring is the default message, `code` is stable and documented, `hint` says what to do.
The CLI prints `error[code]: message (hint)` and exits with `exit_code`; nothing here ever carries content bytes,
list hash values or labels.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of examining commands (3 beats 1)."""

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    UNEXAMINED = 3


class SeawallError(Exception):
    """Something went wrong."""

    code = "seawall"
    hint = ""
    exit_code = ExitCode.USAGE

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0].rstrip(".")
        if hint is not None:
            self.hint = hint
        super().__init__(self.message)

    def __str__(self) -> str:
        tail = f" ({self.hint})" if self.hint else ""
        return f"error[{self.code}]: {self.message}{tail}"


class UsageError(SeawallError):
    """The command cannot be understood."""

    code = "usage"


class NotFound(SeawallError):
    """No such file, list or record."""

    code = "not_found"


class NothingToMatch(SeawallError):
    """There is no hash list to match against."""

    code = "no_list"
    hint = "import one with 'seawall lists import', name it with --list, or pass --hash-only"


class MediaError(SeawallError):
    """The medium could not be decoded."""

    code = "undecodable"
    exit_code = ExitCode.UNEXAMINED


class TooLarge(MediaError):
    """The medium is larger than the limit, and was refused before allocation."""

    code = "too_large"


class UnsupportedMedia(MediaError):
    """No decoder for this kind of medium is installed."""

    code = "unsupported_media"


class DecoderDied(MediaError):
    """The decoder process died or ran out of time or memory on this item."""

    code = "decoder_died"


class SourceError(SeawallError):
    """A dataset source could not be read."""

    code = "source"
    exit_code = ExitCode.UNEXAMINED


class ListFormatError(SeawallError):
    """The hash list could not be parsed."""

    code = "list_format"


class ListConflict(SeawallError):
    """The hash list cannot be changed in this way."""

    code = "list_conflict"


class IndexCorrupt(SeawallError):
    """An index file is damaged or is not an index."""

    code = "index_corrupt"
    hint = "run 'seawall lists verify' and import the list again"


class LedgerError(SeawallError):
    """The ledger does not verify."""

    code = "ledger"


class StoreError(SeawallError):
    """The database cannot be used."""

    code = "store"


class StateLocked(SeawallError):
    """Another scan is using this output directory."""

    code = "state_locked"
    hint = "wait for it, or give another --out"


class StorageFull(SeawallError):
    """There is no space left to record results."""

    code = "storage_full"
    hint = "free some space and run the same command again: it resumes"
    exit_code = ExitCode.UNEXAMINED


class SystemRefused(SeawallError):
    """The system refused to read or write a file."""

    code = "system"
    hint = "check the file's permissions, and that the disk is writable"
    exit_code = ExitCode.UNEXAMINED


class SecretUnusable(SeawallError):
    """A secret of this installation cannot be used."""

    code = "secret"
    hint = "restore it from a backup, with mode 0600"
