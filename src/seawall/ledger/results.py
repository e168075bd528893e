"""What a verification found, and no more than it can claim."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    """Kinds of failure; the value is stable."""

    MALFORMED = "malformed"
    CUT = "cut"
    ADDED = "added"
    CHANGED = "changed"
    CHECKPOINT = "checkpoint"
    SAVED_CHECKPOINT = "saved_checkpoint"
    TRUNCATED = "truncated"
    FORKED = "forked"
    GAP = "gap"
    INDEX = "index"
    PROOF = "proof"


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that does not verify."""

    fault: Fault
    message: str


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """The outcome of a verification.

    Attributes:
        failures: What does not verify; empty if all does.
        size: Number of events whose integrity is proven by a signature; 0 on failure.
        root: Root over them in hex; empty on failure.
        unsigned: Events after the last checkpoint, which nothing signed covers yet.
        saved: Size of the saved checkpoint that was compared, if one was.
        subject: What was verified, for the statement.
    """

    failures: tuple[Failure, ...]
    size: int = 0
    root: str = ""
    unsigned: int = 0
    saved: int | None = None
    subject: str = "ledger"

    @property
    def ok(self) -> bool:
        """Whether all that was examined verifies."""
        return not self.failures

    @property
    def statement(self) -> str:
        """What is proven and what is not, in words."""
        if not self.ok:
            return "; ".join(f"{failure.fault}: {failure.message}" for failure in self.failures)
        if self.subject == "proof":
            return f"the event is in the ledger of size {self.size}, root {self.root}"
        if self.subject == "consistency":
            return (
                f"the ledger of size {self.size}, root {self.root}, extends the saved checkpoint of size {self.saved}"
            )
        return f"{self._integrity()} {self._completeness()}"

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain JSON."""
        failures = [{"fault": failure.fault.value, "message": failure.message} for failure in self.failures]
        return {
            "ok": self.ok,
            "size": self.size,
            "root": self.root,
            "unsigned": self.unsigned,
            "saved_size": self.saved,
            "failures": failures,
            "statement": self.statement,
        }

    def _integrity(self) -> str:
        if not self.size and self.unsigned:
            return f"No checkpoint is signed yet: nothing is proven about the {self.unsigned} events."
        tail = f" {self.unsigned} later events are not signed yet." if self.unsigned else ""
        return f"Integrity is proven up to size {self.size}, root {self.root}.{tail}"

    def _completeness(self) -> str:
        if self.saved is None:
            return (
                "Truncation and forks are not excluded: that takes a checkpoint that you saved earlier (--checkpoint)."
            )
        return (
            f"It extends the saved checkpoint of size {self.saved}: nothing up to there was cut or forked. "
            f"Nothing is claimed about events after size {self.size}."
        )
