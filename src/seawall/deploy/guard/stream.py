"""A text that is checked while it is made. What is shown was checked together with all before it.

One decision is recorded for each stream: when it is stopped, when it ends, or when it is given up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from types import TracebackType
from typing import Self

from seawall.deploy.guard.asking import TEXT, output_work, weight
from seawall.deploy.guard.checking import Examiners
from seawall.deploy.guard.contract import Release
from seawall.deploy.guard.deciding import Decider, stops
from seawall.deploy.guard.engine import Engine
from seawall.deploy.guard.requests import CheckReply, OutputCheck
from seawall.deploy.guard.seen import Seen
from seawall.deploy.guard.text.holding import Found, HeldText, Window
from seawall.deploy.guard.text.terms import seen_of
from seawall.deploy.guard.work import Awaiting, Job, Waiting, Work
from seawall.errors import UsageError
from seawall.policy.guard import CheckKind
from seawall.policy.separation import join

_STEP = 64
_STEP_OF_MODELS = 400
_KEPT = 1 << 20
"""Characters of a stream that are kept for evidence; of a longer one, these and its end."""

_Steps = Generator[Job, object, Release]


class _Stream:
    """The steps of a stream: generators that yield jobs, so that coroutines and threads can run them alike."""

    def __init__(
        self, check: OutputCheck, engine: Engine, decider: Decider, examiners: Examiners, hold_back: int
    ) -> None:
        """Take what is known; nothing is asked yet.

        Args:
            check: What is known of the text: its prompt, its history. Its own `text` comes first.
            engine: Runs jobs.
            decider: Judges.
            examiners: Who looks.
            hold_back: Characters that are held back at least.
        """
        self._check = check
        self._engine = engine
        self._decider = decider
        step = _STEP if examiners.texts.scorers is None else _STEP_OF_MODELS
        self._held = HeldText(hold_back, examiners.texts.terms.longest, step=step)
        context = output_work(check.model_copy(update={"text": ""}), None)
        self._context = context.texts
        self._media, self._digests = context.media, context.digests
        self._found = Found()
        self._begun = False
        self._before: list[Seen] = []
        self._scored: Seen | None = None
        self._state = Work(CheckKind.OUTPUT, check, known=True)
        self._kept: list[str] = []
        self._kept_length = 0
        self._reply: CheckReply | None = None
        if check.text:
            self._add(check.text)

    @property
    def reply(self) -> CheckReply | None:
        """The decision, once there is one."""
        return self._reply

    def _feed(self, text: str) -> _Steps:
        self._expect_open()
        self._add(text)
        released = []
        while (window := self._next(last=False)) is not None:
            harmless = yield from self._look(window)
            if not harmless:
                return (yield from self._stop())
            released.append(self._held.took(window))
        return Release("".join(released))

    def _finish(self) -> _Steps:
        self._expect_open()
        released = []
        while (window := self._next(last=True)) is not None:
            harmless = yield from self._look(window)
            if not harmless:
                return (yield from self._stop())
            released.append(self._held.took(window))
        reply = yield from self._record()
        return Release(stopped=reply) if stops(reply.action) else Release("".join(released))

    def _stop(self) -> _Steps:
        return Release(stopped=(yield from self._record()))

    def _add(self, text: str) -> None:
        self._held.add(text)
        room = _KEPT - self._kept_length
        if room > 0 and text:
            self._kept.append(text[:room])
            self._kept_length += min(room, len(text))

    def _next(self, *, last: bool) -> Window | None:
        window = self._held.window(last=last)
        if window is None and not self._begun:
            # The account, the prompt and the history are asked about before anything is shown.
            return Window("", 0, 0, last)
        return window

    def _look(self, window: Window) -> Generator[Job, object, bool]:
        """Have a window read, and say whether the text may go on."""
        gate = self._state.gate
        if gate is not None and gate.out_of_scope is not None:
            return True
        texts = [(TEXT, window.text)] if window.text else []
        if not self._begun:
            texts = [*texts, *self._context]
        work = Work(CheckKind.OUTPUT, self._check, texts, self._media, self._digests, gate=gate)
        yield Job([work], Waiting(), look=True, size=weight(work))
        # Pictures are looked at once.
        self._media, self._digests = (), ()
        news = not self._begun or bool(work.states - self._state.states)
        self._begun = True
        self._state.gate = work.gate
        self._state.states |= work.states
        self._state.note(work.checks)
        if work.gate is not None and work.gate.closed:
            return work.gate.refused is None
        for name, matches in work.found:
            if name == TEXT:
                news = self._found.take(matches, window) or news
            elif matches.hits or matches.abstained is not None:
                self._before.append(seen_of(name, matches))
        for seen in work.seen:
            news = self._hear(seen) or news
        return not news or not stops(self._decider.verdict(self._work()).judgement.action)

    def _hear(self, seen: Seen) -> bool:
        """Take what slow detectors say of a window, or of what came before the text."""
        if seen.name != TEXT:
            self._before.append(seen)
            return True
        known = self._scored
        if known is None:
            self._scored = seen
            return True
        scores = {label: max(score, known.scores.get(label, 0.0)) for label, score in seen.scores.items()}
        heard = Seen(TEXT, join([known.real, seen.real]), scores=dict(known.scores) | scores)
        self._scored = heard
        return (heard.real, heard.scores) != (known.real, known.scores)

    def _work(self) -> Work:
        """Return the work that is judged: everything seen so far."""
        state = self._state
        work = Work(CheckKind.OUTPUT, self._check, gate=state.gate, known=True)
        work.states, work.checks = state.states, state.checks
        work.seen = list(self._before)
        matches = self._found.matches()
        if matches.hits or matches.abstained is not None:
            seen = seen_of(TEXT, matches)
            work.states |= seen.states
            work.seen.append(seen)
        if self._scored is not None:
            work.seen.append(self._scored)
        return work

    def _record(self) -> Generator[Job, object, CheckReply]:
        work = self._work()
        text = "".join(self._kept)
        work.texts = [(TEXT, text), *self._context]
        if self._held.length > len(text):
            work.texts += [(f"{TEXT}.end", self._held.tail), (f"{TEXT}.length", str(self._held.length))]
        job = Job([work], Waiting(), size=len(text))
        reply = yield job
        if not isinstance(reply, CheckReply):
            raise TypeError("a decision was expected")
        self._reply = reply
        self._kept.clear()
        return reply

    def _expect_open(self) -> None:
        if self._reply is not None:
            raise UsageError("the stream has ended")


class GuardStream(_Stream):
    """A stream for coroutines. Used by one at a time; an asynchronous context manager, which gives it up if it must."""

    async def feed(self, text: str) -> Release:
        """Take the next piece, and return what may be shown."""
        return await self._run(self._feed(text))

    async def finish(self) -> Release:
        """End the text: return the rest, checked; the decision on the whole is recorded."""
        return await self._run(self._finish())

    async def close(self) -> None:
        """Give the text up if it has not ended; the decision on what there is of it is recorded."""
        if self._reply is None:
            await self._run(self._finish())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _run(self, steps: _Steps) -> Release:
        outcome: object = None
        while True:
            try:
                job = steps.send(outcome)
            except StopIteration as end:
                release: Release = end.value
                return release
            job.sink = Awaiting(asyncio.get_running_loop())
            outcome = await self._engine.ask(job)


class ThreadStream(_Stream):
    """A stream for threads. Used by one at a time; a context manager, which gives it up if it must."""

    def feed(self, text: str) -> Release:
        """Take the next piece, and return what may be shown."""
        return self._run(self._feed(text))

    def finish(self) -> Release:
        """End the text: return the rest, checked; the decision on the whole is recorded."""
        return self._run(self._finish())

    def close(self) -> None:
        """Give the text up if it has not ended; the decision on what there is of it is recorded."""
        if self._reply is None:
            self._run(self._finish())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, steps: _Steps) -> Release:
        outcome: object = None
        while True:
            try:
                job = steps.send(outcome)
            except StopIteration as end:
                release: Release = end.value
                return release
            outcome = self._engine.ask_here(job)
