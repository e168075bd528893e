"""Examining media: exact hash, then perceptual hash in eight orientations, then detectors.

What is on a list of what must not be is shown to no detector. What cannot be read, in whole or in part, says so;
silence is never taken for harmlessness. Nothing here raises for what a file does.
"""

from __future__ import annotations

import hashlib
import io
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from seawall.content.item import Item
from seawall.content.media import Medium
from seawall.content.origin import Origin
from seawall.content.pictures import Shown
from seawall.content.sandbox import SandboxLimits
from seawall.content.texts import MAX_TEXT_BYTES, plain_text, stands_for_media
from seawall.deploy.guard.errors import GuardBusy
from seawall.deploy.guard.lists import LiveLists, OpenLists
from seawall.deploy.guard.media.answers import QUIET, Heard, heard, nobody_looked
from seawall.deploy.guard.media.desk import DeskFailed, DeskTimeout, DetectorDesk
from seawall.deploy.guard.media.matches import Matched, look_up, look_up_digests
from seawall.deploy.guard.media.memo import Memo
from seawall.deploy.guard.media.pool import LIMITS, DecodePool
from seawall.deploy.guard.media.spool import MemoryMedia, SpooledMedia
from seawall.deploy.guard.seen import Seen
from seawall.errors import MediaError, SeawallError
from seawall.hashing.digests import needed_digests
from seawall.hashing.examined import Examined
from seawall.hashing.examiner import Examiner
from seawall.policy.guard import State
from seawall.policy.separation import SeparationPolicy, Signs, join, load_separation_policy, stands_for

if TYPE_CHECKING:
    from seawall.deploy.guard.contract import Media
    from seawall.deploy.guard.parts import Scorer

LISTS_CHECK, DECODE_CHECK, PDQ_CHECK, TEXT_CHECK, SOUND_CHECK = "lists", "decode", "pdq", "text", "sound"
"""Names of the checks of media, beside the detectors' own."""

_PICTURED = (Medium.IMAGE, Medium.VIDEO)
_NOT_THE_ITEM = frozenset({"sandbox", "system"})
"""Codes of problems that are this host's, not the file's."""

_UNSUPPORTED = "unsupported_media"
_LATE = "late"

Texts = Callable[[Sequence[str]], Sequence[Seen]]
"""Examines texts, one answer for each."""


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """What examining a medium may cost.

    Attributes:
        seconds: Wall time of one examination, waiting included.
        processes: Decode processes, which is how many media are decoded at once.
        hosts: Sets of detector processes.
        remembered: Media whose judgement is remembered for `examine_digest`.
        decode: What decoding one medium may cost.
    """

    seconds: float = 20.0
    processes: int = max(1, min(4, os.cpu_count() or 1))
    hosts: int = 1
    remembered: int = 16_384
    decode: SandboxLimits = LIMITS


class MediaExaminer:
    """Examines uploads, outputs and attachments. A context manager; shared by threads.

    Args:
        lists: The hash lists.
        detectors: Opens picture detectors; None for hash lists alone.
        texts: Examines the text of documents; without it documents stay unexamined.
        limits: What it may cost.
        policy: The separation policy, which says when one frame is worse than all frames joined.
        pool: Decode processes that are shared with others, and are their owner's to close; its own by default.
    """

    def __init__(
        self,
        lists: LiveLists,
        detectors: Callable[[], Scorer] | None = None,
        *,
        texts: Texts | None = None,
        limits: MediaLimits | None = None,
        policy: SeparationPolicy | None = None,
        pool: DecodePool | None = None,
    ) -> None:
        self._lists = lists
        self._limits = limits or MediaLimits()
        self._policy = policy or load_separation_policy()
        self._texts = texts
        self._desk = None if detectors is None else DetectorDesk(detectors, hosts=self._limits.hosts)
        self._own_pool = pool is None
        self._pool = pool or DecodePool(self._limits.processes, self._limits.decode)
        self._memo = Memo(self._limits.remembered)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every process. The lists are their owner's to close."""
        if self._own_pool:
            self._pool.close()
        if self._desk is not None:
            self._desk.close()

    def examine(self, media: Media, name: str) -> Seen:
        """Return what is known of bytes; what goes wrong is in the answer.

        Args:
            media: The bytes.
            name: What the answer is called: `file`, `attachment.0`.
        """
        deadline = time.monotonic() + self._limits.seconds
        lists = self._lists.view()
        try:
            before = self._judged(media, lists)
            if before is not None:
                return replace(before, name=name)
            seen, lasting = self._examine(media, name, lists, deadline)
        except GuardBusy:
            return Seen(name, QUIET, states=frozenset({State.TIMED_OUT}), checks=((DECODE_CHECK, "timed_out"),))
        except (SeawallError, OSError, ValueError, RuntimeError, MemoryError):
            return Seen(name, QUIET, states=frozenset({State.FAILED}), checks=((DECODE_CHECK, "error"),))
        if lasting:
            self._memo.put(self._fingerprint(lists), seen)
        return seen

    def _judged(self, media: Media, lists: OpenLists) -> Seen | None:
        """Return what was seen of the same bytes before: a conversation brings its pictures along with every turn."""
        if not isinstance(media, MemoryMedia):
            return None
        with media.open() as stream:
            sha256 = hashlib.sha256(stream.read()).hexdigest()
        return self._memo.get(self._fingerprint(lists), sha256)

    def hashes(self, media: Media) -> Examined:
        """Return digests and hashes of bytes and nothing else, by the same decode processes.

        Raises:
            GuardBusy: If no decode process is free in time.
        """
        wanted = needed_digests(self._lists.view().types)
        with self._pool.lend(wanted, self._limits.seconds) as examiner:
            return examiner.examine(_item(media, "medium"))

    def examine_digest(self, sha256: str, name: str) -> Seen:
        """Return what is known of bytes that are not here: whether a list has them, and what was seen of them before.

        Args:
            sha256: Their digest in hexadecimal.
            name: What the answer is called.
        """
        lists = self._lists.view()
        before = self._memo.get(self._fingerprint(lists), sha256)
        if before is not None:
            return replace(before, name=name)
        try:
            matched = look_up_digests([bytes.fromhex(sha256)], lists)
        except (SeawallError, ValueError):
            matched = Matched(failed=True)
        states, checks = _of_lists(matched, lists)
        if not matched.exact:
            states |= {State.UNEXAMINED}
        return Seen(
            name,
            _known(QUIET, matched),
            stands_for(matched.drawn),
            matched.evidence,
            states=states,
            checks=checks,
            sha256=sha256,
        )

    def warm(self) -> None:
        """Start a decode process and the detectors, so that the first request does not wait for them."""
        import numpy as np

        from seawall.content.pictures import Picture

        wanted = needed_digests(self._lists.view().types)
        with suppress(SeawallError), self._pool.lend(wanted, self._limits.seconds) as examiner:
            examiner.examine(_item(MemoryMedia(_flat_picture()), "warm"))
        if self._desk is not None:
            grey = Picture(np.full((64, 64, 3), 127, np.uint8), 64, 64)
            with suppress(DeskTimeout, DeskFailed, GuardBusy):
                self._desk.ask([grey], hashed=True, seconds=120.0)

    def _fingerprint(self, lists: OpenLists) -> str:
        return f"{lists.fingerprint}/{self._desk.fingerprint if self._desk is not None else ''}"

    def _examine(self, media: Media, name: str, lists: OpenLists, deadline: float) -> tuple[Seen, bool]:
        """Return what is known of bytes, and whether that lasts as long as lists and detectors do."""
        shown: Shown | None = None
        problem: str | None = None
        wanted = needed_digests(lists.types)
        with self._pool.lend(wanted, deadline - time.monotonic()) as examiner:
            item = _item(media, name)
            examined = examiner.examine(item)
            matched = look_up(examined, lists)
            if self._desk is not None and examined.problem is None and _pictured(examined) and not matched.exact:
                shown, problem = _show(examiner, item, examined) if time.monotonic() < deadline else (None, _LATE)
        states, checks = _of_lists(matched, lists)
        more_states, more_checks = _of_decoding(examined, shown, problem)
        answer = self._heard(examined, matched, shown, deadline)
        real, text = answer.real, self._text(media, examined)
        canaries = stands_for(matched.drawn) or answer.canary
        scores = dict(answer.scores)
        canary_scores: dict[str, float] = {}
        if text is not None:
            real = join([real, text.real])
            canaries = join([each for each in (canaries, text.canary) if each is not None]) if text.canary else canaries
            scores |= text.scores
            canary_scores |= text.canary_scores
            more_states |= text.states
            more_checks += text.checks
        sha256 = examined.digests.get("sha256")
        seen = Seen(
            name,
            _known(real, matched),
            canaries,
            matched.evidence,
            scores,
            canary_scores,
            states | more_states | answer.states,
            (*checks, *more_checks, *answer.checks),
            sha256.hex() if sha256 else None,
        )
        # What packs say of a text may be otherwise tomorrow.
        return seen, text is None

    def _heard(self, examined: Examined, matched: Matched, shown: Shown | None, deadline: float) -> Heard:
        """Ask the detectors, where there is something to look at and a reason to."""
        if not _pictured(examined):
            return _of_sound(examined)
        if self._desk is None:
            return heard([], {}, self._policy) if not matched.exact else Heard()
        infos = self._desk.infos
        if matched.exact:
            return Heard(checks=nobody_looked(infos, "skipped"))
        if shown is None:
            return Heard(checks=nobody_looked(infos, "skipped"))
        try:
            answers = self._desk.ask(
                shown.pictures, hashed=not matched.real and not matched.failed, seconds=deadline - time.monotonic()
            )
        except (DeskTimeout, GuardBusy):
            return Heard(states=frozenset({State.TIMED_OUT}), checks=nobody_looked(infos, "timed_out"))
        except DeskFailed:
            return Heard(states=frozenset({State.FAILED}), checks=nobody_looked(infos, "error"))
        return heard(answers, infos, self._policy)

    def _text(self, media: Media, examined: Examined) -> Seen | None:
        """Examine a document that is text; anything else that nothing here can look at is unexamined."""
        if examined.problem is not None or examined.kind.medium not in (Medium.OTHER, Medium.TEXT):
            return None
        unexamined = Seen("", QUIET, states=frozenset({State.UNEXAMINED}), checks=((TEXT_CHECK, "unsupported"),))
        if not 0 < media.size <= MAX_TEXT_BYTES:
            return unexamined
        with media.open() as stream:
            text = plain_text(_all(stream.read, MAX_TEXT_BYTES + 1))
        if text is None or self._texts is None:
            return unexamined
        seen = self._texts([text])[0]
        if stands_for_media(text):
            return replace(seen, states=seen.states | {State.UNEXAMINED})
        return seen


def _item(media: Media, name: str) -> Item:
    # Anonymous memory is decoded in place, as a local file is, rather than copied once more.
    path = Path("/proc/self/fd") if isinstance(media, SpooledMedia) and media.in_place else None
    return Item(name, Origin(), media.open, media.size, path)


def _flat_picture() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (16, 16), (120, 120, 120)).save(out, "JPEG")
    return out.getvalue()


def _all(read: Callable[[int], bytes | None], most: int) -> bytes:
    data = b""
    while len(data) < most and (chunk := read(most - len(data))):
        data += chunk
    return data


def _pictured(examined: Examined) -> bool:
    return examined.kind.medium in _PICTURED


def _show(examiner: Examiner, item: Item, examined: Examined) -> tuple[Shown | None, str | None]:
    """Return the pictures of an item for detectors, or the code of why there are none."""
    try:
        return examiner.pictures.show(item, sha256=examined.digests.get("sha256")), None
    except MediaError as error:
        return None, error.code


def _known(signs: Signs, matched: Matched) -> Signs:
    return replace(signs, hash_match=True) if matched.known else signs


def _of_lists(matched: Matched, lists: OpenLists) -> tuple[frozenset[State], tuple[tuple[str, str], ...]]:
    if matched.failed:
        return frozenset({State.FAILED}), ((LISTS_CHECK, "error"),)
    if not lists.real:
        return frozenset({State.UNCOVERED}), ((LISTS_CHECK, "not_configured"),)
    return frozenset(), ((LISTS_CHECK, "ok"),)


def _of_decoding(
    examined: Examined, shown: Shown | None, problem: str | None
) -> tuple[frozenset[State], tuple[tuple[str, str], ...]]:
    """Say what could not be read."""
    code = examined.problem.code if examined.problem is not None else problem
    if code in _NOT_THE_ITEM:
        return frozenset({State.FAILED}), ((DECODE_CHECK, "error"),)
    if code == _LATE:
        return frozenset({State.TIMED_OUT}), ((DECODE_CHECK, "timed_out"),)
    if code is not None:
        return frozenset({State.UNEXAMINED}), ((DECODE_CHECK, "unsupported" if code == _UNSUPPORTED else "error"),)
    states: set[State] = set()
    checks = []
    if examined.damaged or (shown is not None and shown.flags & {"damaged", "partial"}):
        states.add(State.DAMAGED)
    if _pictured(examined) or examined.kind.medium is Medium.AUDIO:
        checks.append((DECODE_CHECK, "ok"))
    if examined.abstained is not None:
        states.add(State.ABSTAINED)
        checks.append((PDQ_CHECK if _pictured(examined) else SOUND_CHECK, "abstain"))
    return frozenset(states), tuple(checks)


def _of_sound(examined: Examined) -> Heard:
    """Nobody listens to sound: hash lists alone know it."""
    if examined.kind.medium is not Medium.AUDIO:
        return Heard()
    return Heard(states=frozenset({State.UNCOVERED}), checks=(("sound:content", "not_configured"),))
