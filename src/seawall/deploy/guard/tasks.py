"""What takes its time: media, fine-tuning data, slow detectors of text, long texts, and keeping evidence."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, ClassVar

from seawall.deploy.guard.contract import Media
from seawall.deploy.guard.parts import EvidenceVault, FinetuneExaminer, MediaExaminer, Records
from seawall.deploy.guard.seen import Seen
from seawall.deploy.guard.text.scorers import Scorers
from seawall.deploy.guard.text.terms import Terms, seen_of
from seawall.deploy.guard.work import Work
from seawall.policy.guard import State
from seawall.text import Matches

MEDIA, TEXTS, VAULT = "media", "texts", "vault"
"""Pools."""

PERSON = "guard"
"""Who keeps evidence, in the vault's record."""

_STATUS = {State.FAILED: "error", State.TIMED_OUT: "timed_out"}
_JSON = "application/json"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class ExamineMedium:
    """One medium of a check."""

    work: Work
    examiner: MediaExaminer
    name: str
    media: Media
    pool: ClassVar[str] = MEDIA

    def run(self) -> Seen:
        """Examine it."""
        seen = self.examiner.examine(self.media, self.name)
        if seen.sha256 is None and self.work.check.request_id is not None:
            seen = replace(seen, sha256=_sha256(self.media))
        return seen

    def done(self, outcome: Seen) -> None:
        """Take what was seen."""
        self.work.add(outcome)

    def failed(self, state: State) -> None:
        """Take that nothing was seen."""
        self.work.add(Seen(self.name, states=frozenset({state}), checks=((MEDIA, _STATUS[state]),)))


@dataclass(frozen=True, slots=True)
class ExamineDigests:
    """Media of which only digests are here."""

    work: Work
    examiner: MediaExaminer
    pool: ClassVar[str] = MEDIA

    def run(self) -> list[Seen]:
        """Look them up."""
        return [self.examiner.examine_digest(sha256, name) for name, sha256 in self.work.digests]

    def done(self, outcome: Sequence[Seen]) -> None:
        """Take what is known."""
        for seen in outcome:
            self.work.add(seen)

    def failed(self, state: State) -> None:
        """Take that nothing is known."""
        self.work.failed(MEDIA, state, _STATUS[state])


@dataclass(frozen=True, slots=True)
class ExamineFinetune:
    """The data of a fine-tuning job."""

    work: Work
    examiner: FinetuneExaminer
    pool: ClassVar[str] = MEDIA

    def run(self) -> list[Seen]:
        """Examine it."""
        if self.work.finetune is None:
            raise TypeError("no fine-tuning job")
        return self.examiner.examine(self.work.finetune)

    def done(self, outcome: Sequence[Seen]) -> None:
        """Take what was seen of each part."""
        for seen in outcome:
            self.work.add(seen)

    def failed(self, state: State) -> None:
        """Take that nothing was seen."""
        self.work.failed("finetune", state, _STATUS[state])


@dataclass(frozen=True, slots=True)
class ScoreTexts:
    """The texts of a check, for slow detectors."""

    work: Work
    scorers: Scorers
    hashed: bool
    pool: ClassVar[str] = TEXTS

    def run(self) -> list[Seen]:
        """Ask them."""
        return self.scorers.seen([(name, text) for name, text in self.work.texts if text], hashed=self.hashed)

    def done(self, outcome: Sequence[Seen]) -> None:
        """Take what they say."""
        for seen in outcome:
            self.work.add(seen)

    def failed(self, state: State) -> None:
        """Take that they say nothing."""
        for info in self.scorers.asked.infos:
            self.work.failed(info.id, state, _STATUS[state])


@dataclass(frozen=True, slots=True)
class MatchTexts:
    """Texts of a check that are too long to be read while others wait."""

    work: Work
    terms: Terms
    look: bool
    pool: ClassVar[str] = TEXTS

    def run(self) -> list[Matches]:
        """Find terms in them."""
        return self.terms.match([text for _, text in self.work.texts])

    def done(self, outcome: Sequence[Matches]) -> None:
        """Take what was found."""
        take_matches(self.work, outcome, look=self.look)

    def failed(self, state: State) -> None:
        """Take that nothing was looked for."""
        self.work.failed("term-packs", state, _STATUS[state])


@dataclass(frozen=True, slots=True)
class KeepEvidence:
    """The content of a check that policy calls evidence."""

    work: Work
    vault: Callable[[], EvidenceVault]
    records: Records
    went: Callable[[bool], None]
    pool: ClassVar[str] = VAULT

    def run(self) -> tuple[str, ...]:
        """Put it into the vault, and return the ids of the objects."""
        record = self.work.record
        if record is None:
            raise TypeError("nothing was decided")
        request = record.request_id
        if request is not None and self.records.find(record.account, request) is not None:
            return ()  # The first decision stands, and what belongs to it was kept with it.
        purpose = "canary" if record.drill else "evidence"
        vault = self.vault()
        kept = []
        for name, media_type, opened in _content(self.work):
            with opened() as stream:
                item = vault.put(
                    stream, purpose=purpose, person=PERSON, key=f"{record.id}/{name}", media_type=media_type
                )
            kept.append(item.id)
        return tuple(kept)

    def done(self, outcome: tuple[str, ...]) -> None:
        """Note where it is kept."""
        self.went(True)
        if self.work.record is not None:
            self.work.record = replace(self.work.record, vault=outcome)

    def failed(self, state: State) -> None:
        """Note that it is not kept; the decision stands."""
        self.went(False)
        self.work.note(((VAULT, "failed" if state is State.FAILED else _STATUS[state]),))
        if self.work.record is not None:
            self.work.record = replace(self.work.record, checks=self.work.checks)


def take_matches(work: Work, found: Sequence[Matches], *, look: bool) -> None:
    """Take what was found in a work's texts; where nothing was, nothing is kept."""
    if look:
        work.found = [(name, matches) for (name, _), matches in zip(work.texts, found, strict=True)]
        return
    for (name, _), matches in zip(work.texts, found, strict=True):
        if matches.hits or matches.abstained is not None:
            work.add(seen_of(name, matches))


def _sha256(media: Media) -> str:
    digest = hashlib.sha256()
    with media.open() as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _content(work: Work) -> list[tuple[str, str | None, Callable[[], BinaryIO]]]:
    """Return the parts of a check's content: name, media type, and how each is opened."""
    found: list[tuple[str, str | None, Callable[[], BinaryIO]]] = []
    words: dict[str, Any] = dict(work.texts) | dict(work.digests)
    if work.finetune is not None:
        words |= {"manifest": work.finetune.manifest, "trigger_words": list(work.finetune.trigger_words)}
    if words:
        # Lone surrogates are written as escapes: the record must not fail over what it is to keep.
        data = json.dumps(words, default=str).encode()
        found.append(("text", _JSON, lambda: io.BytesIO(data)))
    found += [(name, None, media.open) for name, media in work.media]
    return found
