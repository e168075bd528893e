"""What is done with a check, step by step: the gate, its parts, the judgement, the evidence, the record, the reply.

Called by the engine, one thread at a time. A text costs little and is read here, all that wait in one pass; the rest
are tasks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from seawall.decisions import DecisionRecord
from seawall.deploy.guard.contract import AccountBook, Rollouts, Standing
from seawall.deploy.guard.deciding import Decider, stops
from seawall.deploy.guard.errors import RequestConflict
from seawall.deploy.guard.parts import EvidenceVault, FinetuneExaminer, MediaExaminer, Records
from seawall.deploy.guard.procedure import Start
from seawall.deploy.guard.requests import CheckReply
from seawall.deploy.guard.tasks import (
    ExamineDigests,
    ExamineFinetune,
    ExamineMedium,
    KeepEvidence,
    MatchTexts,
    ScoreTexts,
    take_matches,
)
from seawall.deploy.guard.text.reading import Texts
from seawall.deploy.guard.text.terms import NOT_CONFIGURED, TERM_PACKS
from seawall.deploy.guard.work import Gate, Job, Work
from seawall.errors import SeawallError
from seawall.policy.guard import CheckKind, GuardAction, State
from seawall.store import StoreLocked

Scope = Callable[[CheckKind, str | None, str | None], str | None]
"""Kind, surface and jurisdiction of a check in; why nothing may be looked at out, or None."""

UNKNOWN_ROLLOUT = "rollout:unknown"

_LONG = 1 << 16
"""Characters of a check's texts from which it is not read while others wait."""

_LONG_BATCH = 1 << 18
"""The same of a batch."""

_SHORT = 1 << 13
"""Size of a check that an event loop looks at itself."""

_REFRESH = 0.5
_NOBODY = Standing()
_MODELS = (CheckKind.INPUT, CheckKind.OUTPUT, CheckKind.FINETUNE)


@dataclass(frozen=True, slots=True)
class Examiners:
    """Who looks.

    Attributes:
        texts: At texts.
        media: At media; None if nobody does.
        finetune: At fine-tuning data; None if nobody does.
    """

    texts: Texts
    media: MediaExaminer | None = None
    finetune: FinetuneExaminer | None = None


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Whom the guard asks and tells.

    Attributes:
        book: Enforcement.
        rollouts: Phased release.
        scope: What may be looked at where.
        records: Keeps decisions.
        vault: Opens the vault; called in a thread of a pool.
    """

    book: AccountBook
    rollouts: Rollouts
    scope: Scope
    records: Records
    vault: Callable[[], EvidenceVault]


class Checking:
    """The steps of a check."""

    def __init__(self, examiners: Examiners, neighbours: Neighbours, decider: Decider) -> None:
        self._examiners = examiners
        self._texts = examiners.texts
        self._neighbours = neighbours
        self._decider = decider
        self._refreshed = time.monotonic()
        self.vault_failed = False
        self.record_failed = False

    def prompt(self, job: Job) -> bool:
        """Say whether a job is quickly done: little to read, packs looked at a moment ago, decisions kept at hand."""
        fresh = time.monotonic() - self._refreshed < _REFRESH
        return fresh and not job.slow and job.size <= _SHORT and self._neighbours.records.prompt

    def begin(self, jobs: Sequence[Job], start: Start) -> None:
        """Ask the gate, read the texts, and start what takes longer."""
        self._refresh()
        base_states, base_checks = self._texts.base
        scanned: list[tuple[Job, Work]] = []
        texts: list[str] = []
        for job in jobs:
            long = sum(len(text) for work in job.works for _, text in work.texts) > (_LONG_BATCH if job.many else _LONG)
            for work in job.works:
                if work.gate is None:
                    work.gate = self._gate(work)
                if work.gate.closed or work.gate.blind or work.known:
                    continue
                if work.texts:
                    work.states |= base_states
                    work.note(base_checks)
                    if long:
                        start(job, MatchTexts(work, self._texts.terms, job.look))
                    else:
                        scanned.append((job, work))
                        texts += [text for _, text in work.texts]
                self._start_media(job, work, start)
                if self._texts.scorers is not None and not self._waits(work):
                    self._start_scores(job, work, start)
        if scanned:
            self._scan(scanned, texts)

    def judge(self, job: Job, start: Start) -> None:
        """Judge a job's works, and start keeping what policy calls evidence."""
        if self._texts.scorers is not None:
            late = [work for work in job.works if self._waits(work)]
            for work in late:
                self._start_scores(job, work, start)
            if job.waiting:
                job.judged = False
                return
        at = self._neighbours.records.now()
        for work in job.works:
            if work.check.request_id is not None and not work.digest:
                work.digest = self._digest(work)
            record = self._decider.decide(work, at)
            if not work.digest and record.action is not GuardAction.ALLOW:
                # What is refused is told apart by it: many different refusals are another thing than one repeated.
                record = replace(record, digest=self._digest(work))
            work.record = record
            judgement = record.judgement
            if judgement is not None and judgement.evidence:
                start(job, KeepEvidence(work, self._neighbours.vault, self._neighbours.records, self._vault_went))

    def record(self, jobs: Sequence[Job], *, wait: bool) -> None:
        """Record the decisions of jobs in one transaction."""
        works = [work for job in jobs for work in job.works]
        records = [work.record for work in works if work.record is not None]
        try:
            standing = self._neighbours.records.record(records, wait=wait)
        except StoreLocked:
            raise
        except SeawallError:
            self.record_failed = True
            raise
        self.record_failed = False
        for work, stands in zip(works, standing, strict=True):
            work.stands = stands

    def outcome(self, job: Job) -> Any:
        """Return the reply of a job, or the replies; of one that is only looked at, nothing."""
        if job.look:
            return None
        if not job.many:
            return self._reply(job.works[0])
        replies = []
        for place, work in enumerate(job.works):
            try:
                replies.append(self._reply(work))
            except RequestConflict as error:
                raise RequestConflict(f"item {place}: {error.message}") from None
        return replies

    def _vault_went(self, well: bool) -> None:
        self.vault_failed = not well

    def _reply(self, work: Work) -> CheckReply:
        stands, record = work.stands, work.record
        if stands is None or record is None:
            raise TypeError("nothing was recorded")
        if stands is not record and not _same(stands, work):
            raise RequestConflict
        return self._decider.reply(work, stands)

    def _refresh(self) -> None:
        now = time.monotonic()
        if now - self._refreshed >= _REFRESH:
            self._refreshed = now
            self._texts.terms.refresh()

    def _gate(self, work: Work) -> Gate:
        check, kind = work.check, work.kind
        refused = self._refused(work) if kind in _MODELS else None
        if refused is not None:
            return Gate(_NOBODY, refused=refused)
        try:
            reason = self._neighbours.scope(kind, check.surface, check.jurisdiction)
        except Exception:  # noqa: BLE001 (if it cannot be told whether to look, nobody looks, and policy refuses)
            work.failed("jurisdiction", State.FAILED, "error")
            return Gate(_NOBODY, blind=True)
        if reason is not None:
            return Gate(_NOBODY, out_of_scope=reason)
        try:
            return Gate(self._neighbours.book.standing(check.account, kind, check.surface))
        except Exception:  # noqa: BLE001 (whatever is wrong with accounts: nothing is allowed without them)
            work.failed("account_book", State.FAILED, "error")
            return Gate(_NOBODY)

    def _refused(self, work: Work) -> str | None:
        try:
            admission = self._neighbours.rollouts.admit(work.check.model, work.check.account)
        except Exception:  # noqa: BLE001 (a switch that cannot be read is taken for off)
            return UNKNOWN_ROLLOUT
        return None if admission.allowed else admission.reason or UNKNOWN_ROLLOUT

    def _scan(self, scanned: Sequence[tuple[Job, Work]], texts: Sequence[str]) -> None:
        """Read texts in one pass; if that fails, each check by itself, so that one cannot spoil the others."""
        try:
            found = self._texts.terms.match(texts)
        except Exception:  # noqa: BLE001 (a text that nobody foresaw is a failure of its own check alone)
            if len(scanned) == 1:
                scanned[0][1].failed(TERM_PACKS, State.FAILED, "error")
                return
            for job, work in scanned:
                self._scan([(job, work)], [text for _, text in work.texts])
            return
        place = 0
        for job, work in scanned:
            end = place + len(work.texts)
            mine = found[place:end]
            if job.look or any(each.hits or each.abstained is not None for each in mine):
                take_matches(work, mine, look=job.look)
            place = end

    def _start_media(self, job: Job, work: Work, start: Start) -> None:
        examiner = self._examiners.media
        if work.media or work.digests:
            if examiner is None:
                work.failed("media", State.UNEXAMINED, NOT_CONFIGURED)
            else:
                for name, media in work.media:
                    start(job, ExamineMedium(work, examiner, name, media))
                if work.digests:
                    start(job, ExamineDigests(work, examiner))
        if work.finetune is not None:
            if self._examiners.finetune is None:
                work.failed("finetune", State.UNEXAMINED, NOT_CONFIGURED)
            else:
                start(job, ExamineFinetune(work, self._examiners.finetune))

    def _waits(self, work: Work) -> bool:
        """Say whether slow detectors of text are still to be asked, once media have passed the hash stage."""
        scorers = self._texts.scorers
        if scorers is None or work.scored or work.known or work.gate is None or work.gate.closed or work.gate.blind:
            return False
        return scorers.asked.off_host and bool(work.media or work.digests)

    def _start_scores(self, job: Job, work: Work, start: Start) -> None:
        scorers = self._texts.scorers
        work.scored = True
        if scorers is None or not any(text for _, text in work.texts):
            return
        if any(seen.real.hash_match for seen in work.seen):
            # What a list knows is shown to nobody else, and neither is what was said of it.
            work.note(tuple((info.id, "skipped") for info in scorers.asked.infos))
            return
        hashed = not work.states & {State.FAILED, State.TIMED_OUT} if work.media or work.digests else True
        start(job, ScoreTexts(work, scorers, hashed))

    def _digest(self, work: Work) -> str:
        """Return the digest of a check's content, or nothing if its bytes were not read to the end."""
        check = work.check
        known = {seen.name: seen.sha256 for seen in work.seen if seen.sha256 is not None}
        if any(name not in known for name, _ in work.media):
            return ""
        facts = (work.kind, check.surface, check.jurisdiction, check.age_signal, check.model)
        parts = [b"-" if fact is None else b"=" + fact.encode("utf-8", "surrogatepass") for fact in facts]
        for name, text in work.texts:
            parts += [name.encode(), text.encode("utf-8", "surrogatepass")]
        for name, sha256 in (*((name, known[name]) for name, _ in work.media), *work.digests):
            parts += [name.encode(), sha256.encode()]
        if work.finetune is not None:
            parts.append(work.finetune.model_dump_json(include={"manifest", "trigger_words"}).encode())
        return self._neighbours.records.digest(parts)


def _same(stands: DecisionRecord, work: Work) -> bool:
    """Say whether an earlier decision was on the same content; a refusal of what was never read stands for any."""
    if stands.kind is not work.kind:
        return False
    if stands.digest:
        return stands.digest == work.digest
    unread = work.record is not None and work.record.action is stands.action is GuardAction.NOT_EXAMINED
    return unread or stops(stands.action)
