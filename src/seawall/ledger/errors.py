"""The ledger's own errors."""

from seawall.errors import ExitCode, LedgerError


class EventError(LedgerError):
    """The event is not one that the ledger can hold."""

    code = "ledger_event"


class EventConflict(LedgerError):
    """The ledger holds another event under this key."""

    code = "ledger_conflict"


class KeyFileError(LedgerError):
    """The ledger's signing key cannot be used."""

    code = "ledger_key"


class PublicKeyError(LedgerError):
    """That is not an Ed25519 public key in PEM form."""

    code = "public_key"
    hint = "ask the operator for the output of 'seawall ledger key'"


class NoteError(LedgerError):
    """That is not a checkpoint signed by this key."""

    code = "checkpoint"


class LedgerDamaged(LedgerError):
    """The database does not hold the tree that it says it holds."""

    code = "ledger_damaged"
    hint = "run 'seawall ledger verify'"


class VerificationFailed(LedgerError):
    """The verification failed."""

    code = "ledger_verification"
    exit_code = ExitCode.FINDINGS
