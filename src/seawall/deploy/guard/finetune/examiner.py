"""Examining a fine-tuning job: every row, every trigger word, and all of them together.

What could not be examined in time is said, and never passed over.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self, TypeVar

from seawall.deploy.guard.finetune.rows import ManifestMalformed, Row, read_rows
from seawall.deploy.guard.finetune.sealed import NotSigned, Sealed, read_sealed
from seawall.deploy.guard.finetune.together import ROWS, Together, Whole, joined
from seawall.deploy.guard.lists import LiveLists
from seawall.deploy.guard.media.answers import QUIET
from seawall.deploy.guard.media.matches import Matched, look_up_digests
from seawall.deploy.guard.media.spool import MemoryMedia
from seawall.deploy.guard.seen import Seen
from seawall.errors import SeawallError
from seawall.policy.guard import State
from seawall.policy.separation import Partition, SeparationPolicy, Signs, load_separation_policy
from seawall.settings import Settings

if TYPE_CHECKING:
    from seawall.deploy.guard.parts import MediaExaminer
    from seawall.deploy.guard.requests import FinetuneCheck

MANIFEST_CHECK = "manifest"
"""Name of the check of a signed manifest."""

_TOGETHER = 64
_DIGESTS_TOGETHER = 4096
_MOST_SEALED = 64 << 20

_SIDES = {
    Partition.NEITHER: QUIET,
    Partition.CHILD_DEPICTION: Signs(picture=True, sexual=(0.0,), child=1.0, under_21=1.0, persons=1),
    Partition.ADULT_SEXUAL: Signs(picture=True, sexual=(1.0,), persons=1),
}
"""What a signed manifest says of its data, as evidence; of any other side nothing may be trained on."""

Texts = Callable[[Sequence[str]], Sequence[Seen]]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class FinetuneLimits:
    """What examining a job may cost.

    Attributes:
        seconds: Wall time of one job; rows that are left over have timed out.
        jobs: Jobs that are examined at once; others wait for their turn within their time.
        threads: Media of a job that are examined at once.
    """

    seconds: float = 120.0
    jobs: int = 2
    threads: int = 2


class FinetuneExaminer:
    """Examines fine-tuning jobs. A context manager; shared by threads.

    Args:
        media: Examines media.
        texts: Examines texts, one answer for each.
        lists: The hash lists, for the digests of signed manifests.
        settings: Where the key is that signs manifests here.
        limits: What it may cost.
        policy: The separation policy, which says which rows stand out.
    """

    def __init__(
        self,
        media: MediaExaminer,
        texts: Texts,
        lists: LiveLists,
        settings: Settings,
        *,
        limits: FinetuneLimits | None = None,
        policy: SeparationPolicy | None = None,
    ) -> None:
        self._media = media
        self._texts = texts
        self._lists = lists
        self._settings = settings
        self._limits = limits or FinetuneLimits()
        self._policy = policy or load_separation_policy()
        self._turns = threading.BoundedSemaphore(max(1, self._limits.jobs))
        self._threads = ThreadPoolExecutor(max(1, self._limits.threads), "seawall-finetune")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def examine(self, check: FinetuneCheck) -> list[Seen]:
        """Return what is known of a job: its trigger words, rows that stand out, and all other rows as one.

        Whoever joins them sees the job as a model would: children in one row and adult content in another, or in a
        trigger word, are together.

        Raises:
            ManifestMalformed: If the manifest is not as it must be.
        """
        deadline = time.monotonic() + self._limits.seconds
        manifest = check.manifest
        if manifest.keys() == {"signed"}:
            said = self._sealed(manifest["signed"])
        elif manifest.keys() == {"items"}:
            said = self._rows(read_rows(manifest["items"]), deadline)
        else:
            raise ManifestMalformed("a manifest has either items, or signed: the text of a manifest that clean signed")
        return [*self._trigger_words(check.trigger_words), *said]

    def _trigger_words(self, words: Sequence[str]) -> list[Seen]:
        if not words:
            return []
        return [replace(seen, name=f"trigger.{number}") for number, seen in enumerate(self._texts(words))]

    def _rows(self, rows: Sequence[Row], deadline: float) -> list[Seen]:
        together = Together(self._policy)
        if not self._turns.acquire(timeout=max(0.0, deadline - time.monotonic())):
            together.rest.states.add(State.TIMED_OUT)
            return together.seen()
        done = 0
        try:
            for seen in self._examined(rows):
                together.add(seen)
                done += 1
                if time.monotonic() > deadline:
                    break
        finally:
            self._turns.release()
        if done < len(rows):
            together.rest.states.add(State.TIMED_OUT)
        return together.seen()

    def _examined(self, rows: Sequence[Row]) -> Iterator[Seen]:
        """Yield what is known of each row, with its caption."""
        for some in _batches(rows, _TOGETHER):
            media = self._threads.map(self._medium, some)
            worded = [row for row in some if row.text is not None]
            said = iter(self._texts([row.text or "" for row in worded]) if worded else ())
            texts = {row.number: next(said) for row in worded}
            for row, shown in zip(some, media, strict=True):
                yield joined(row.name, [part for part in (shown, texts.get(row.number)) if part is not None])

    def _medium(self, row: Row) -> Seen | None:
        if row.sha256 is not None:
            return self._media.examine_digest(row.sha256, row.name)
        if row.encoded is not None:
            return self._media.examine(MemoryMedia(row.data()), row.name)
        return None

    def _sealed(self, text: object) -> list[Seen]:
        if not isinstance(text, str) or len(text) > _MOST_SEALED:
            raise ManifestMalformed(f"signed is the text of a manifest, of at most {_MOST_SEALED >> 20} MiB")
        try:
            sealed = read_sealed(text, self._settings)
        except NotSigned:
            return [Seen(ROWS, QUIET, states=frozenset({State.UNEXAMINED}), checks=((MANIFEST_CHECK, "error"),))]
        except (SeawallError, OSError):
            return [Seen(ROWS, QUIET, states=frozenset({State.FAILED}), checks=((MANIFEST_CHECK, "error"),))]
        whole = Whole(ROWS)
        for side in sorted(sealed.partitions):
            if side in _SIDES:
                whole.add(Seen(ROWS, _SIDES[side]), self._policy)
        if not sealed.partitions or not sealed.partitions <= _SIDES.keys():
            # Nobody kept children and adult content apart in these data.
            whole.states.add(State.UNEXAMINED)
        whole.add(Seen(ROWS, QUIET, checks=((MANIFEST_CHECK, "ok"),)))
        self._match(sealed, whole)
        return [whole.seen()]

    def _match(self, sealed: Sealed, whole: Whole) -> None:
        """Look every item up: lists may have come since the data were cleaned."""
        lists = self._lists.view()
        for some in _batches(sealed.digests, _DIGESTS_TOGETHER):
            matched: Matched = look_up_digests(some, lists)
            signs = replace(QUIET, hash_match=True) if matched.known else QUIET
            failed = frozenset({State.FAILED}) if matched.failed else frozenset[State]()
            whole.add(Seen(ROWS, signs, matches=matched.evidence, states=failed))


def _batches(values: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
