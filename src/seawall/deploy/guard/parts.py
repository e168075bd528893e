"""What a guard is made of, as protocols: each part can be replaced, by an operator's or by a test's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, BinaryIO, Protocol

from seawall.decisions import DecisionRecord
from seawall.deploy.guard.contract import Media
from seawall.deploy.guard.requests import FinetuneCheck
from seawall.deploy.guard.seen import Seen

if TYPE_CHECKING:
    from seawall.detectors.contract import Info, Input, Result
    from seawall.vault import VaultObject


class MediaExaminer(Protocol):
    """Looks at media. Called by several threads at once; what goes wrong is in the answer."""

    def examine(self, media: Media, name: str) -> Seen:
        """Return what is known of bytes."""
        ...

    def examine_digest(self, sha256: str, name: str) -> Seen:
        """Return what is known of bytes that are not here."""
        ...


class FinetuneExaminer(Protocol):
    """Looks at the data of fine-tuning jobs. Called by several threads at once."""

    def examine(self, check: FinetuneCheck) -> list[Seen]:
        """Return what is known of each part of a job."""
        ...


class Scorer(Protocol):
    """Open detectors of text, as `seawall.detectors.host.Detectors` are. Used by one thread at a time."""

    @property
    def infos(self) -> tuple[Info, ...]:
        """What each says of itself."""
        ...

    def score(self, items: Sequence[Input], *, hashed: bool) -> list[dict[str, Result]]:
        """Return the answers for each item."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class Records(Protocol):
    """Keeps decisions, as `seawall.decisions.Recorder` does."""

    @property
    def prompt(self) -> bool:
        """Whether recording takes so little that an event loop may wait for it."""
        ...

    def probe(self) -> None:
        """Write next to nothing; raises if nothing can be written."""
        ...

    def new_id(self) -> str:
        """Return an id that sorts by time."""
        ...

    def now(self) -> str:
        """Return the moment, as records carry it."""
        ...

    def digest(self, parts: Sequence[bytes]) -> str:
        """Return a keyed digest."""
        ...

    def record(self, records: Sequence[DecisionRecord], *, wait: bool = True) -> list[DecisionRecord]:
        """Record decisions durably; return those that stand. Without `wait`, a busy database raises `StoreLocked`."""
        ...

    def find(self, account: str, request_id: str) -> DecisionRecord | None:
        """Return the decision of an account's request."""
        ...

    def get(self, decision_id: str) -> DecisionRecord | None:
        """Return a decision."""
        ...


class EvidenceVault(Protocol):
    """Keeps bytes encrypted, as `seawall.vault.Vault` does."""

    def put(
        self, stream: BinaryIO, *, purpose: str, person: str, key: str | None = None, media_type: str | None = None
    ) -> VaultObject:
        """Keep the bytes of a stream."""
        ...

    def open(self, object_id: str, *, person: str, purpose: str) -> AbstractContextManager[BinaryIO]:
        """Give out an object's bytes."""
        ...


Statuses = Mapping[str, str]
"""How each checker did, by its name."""
