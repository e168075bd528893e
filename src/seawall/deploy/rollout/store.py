"""Rollouts in the database: every change is a row and a ledger event in one transaction.

Changes are made one at a time. A stage opens by the verdict pass, or by two named persons for a time; it closes by
itself when the evidence says so.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from seawall.clock import to_iso
from seawall.deploy.rollout import _rows, kills
from seawall.deploy.rollout._rows import ALONE, Override, Row
from seawall.deploy.rollout.errors import NotAdvanced, RolloutRefused
from seawall.deploy.rollout.evidence import Evidence, Opinion, Tally, Verdict, judge
from seawall.deploy.rollout.killswitch import ALL, KillSwitch, file_of
from seawall.deploy.rollout.plan import Plan, summary
from seawall.deploy.rollout.posture import Posture
from seawall.errors import NotFound, UsageError
from seawall.ledger import Ledger
from seawall.store import Store

if TYPE_CHECKING:
    from sqlalchemy import Connection

LONGEST_OVERRIDE = timedelta(days=90)
_LONGEST = 500
_MOST_TAKEN = 200


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """Where a model stands, and what the evidence says.

    Attributes:
        model: The model.
        row: Where it stands.
        evidence: What was counted there.
        opinion: The verdict.
        killed: Whether it is killed.
    """

    model: str
    row: Row
    evidence: Evidence
    opinion: Opinion
    killed: bool

    @property
    def stage(self) -> str:
        """Name of the stage; `nobody` if it fell out of the first."""
        return self.row.plan.stages[self.row.stage].name if self.row.stage >= 0 else "nobody"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON: counts of accounts, never the accounts."""
        return {
            "model": self.model,
            "stage": self.stage,
            "place": self.row.stage,
            "stages": [stage.name for stage in self.row.plan.stages],
            "since": self.row.since,
            "frozen": self.row.frozen,
            "reason": self.row.reason,
            "killed": self.killed,
            "verdict": self.opinion.verdict.value,
            "reasons": list(self.opinion.reasons),
            "evidence": asdict(self.evidence),
            "override": asdict(self.row.override) if self.row.override else None,
            "plan": summary(self.row.plan),
            "plan_digest": self.row.plan.digest,
        }


class RolloutStore:
    """The rollouts of one installation.

    Args:
        store: The database.
        ledger: In the same store.
    """

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger

    def posture(self) -> Posture:
        """Return who is admitted now."""
        with self._store.read() as connection:
            return _rows.posture(connection)

    def status(self, model: str | None = None) -> list[ModelStatus]:
        """Return where models stand.

        Raises:
            NotFound: If there is no plan for the model that is asked for.
        """
        now = self._store.clock()
        with self._store.read() as connection:
            rows = _rows.read(connection, model)
            if model is not None and not rows:
                raise NotFound(f"no plan for the model {model!r}")
            killed = {kill["model"] for kill in _rows.active_kills(connection)}
            found = []
            for row in rows:
                evidence = _rows.evidence(connection, row)
                dead = bool({ALL, row.model, file_of(row.model)} & killed)
                found.append(ModelStatus(row.model, row, evidence, _opinion(row, evidence, now), dead))
        return found

    def apply(self, plan: Plan, *, person: str) -> list[str]:
        """Take a plan over; return the models that begin at their first stage.

        A model whose plan demands, up to where it stands, what it demanded before stays there with its evidence. Any
        other begins again: what it passed was something else.
        """
        _said(person, "person")
        begun = []
        now = to_iso(self._store.clock())
        with self._store.begin(alone=ALONE) as connection:
            _rows.changed(connection, plan.unlisted)
            for model, wanted in plan.models.items():
                earlier = next(iter(_rows.read(connection, model)), None)
                if earlier is None:
                    row = Row(model, wanted, _rows.new_salt(), 0, 1, now)
                elif wanted == earlier.plan:
                    continue
                elif wanted.keeps(earlier.plan, earlier.stage):
                    row = replace(earlier, plan=wanted)
                else:
                    row = replace(earlier, plan=wanted, stage=0, period=earlier.period + 1, since=now, override=None)
                if row.stage == 0 and (earlier is None or row.period != earlier.period):
                    begun.append(model)
                _rows.write(connection, row, now)
                self._event(connection, "planned", row, now, person=person, unlisted=plan.unlisted)
        self._ledger.append_pending()
        return begun

    def advance(self, model: str, *, person: str) -> ModelStatus:
        """Open the next stage, if the verdict is pass.

        Raises:
            NotAdvanced: If it is anything else, or the rollout is frozen.
            RolloutRefused: If there is no next stage.
            NotFound: If there is no plan for the model.
        """
        _said(person, "person")
        self.evaluate(model)
        now = self._store.clock()
        with self._store.begin(alone=ALONE) as connection:
            row = _only(connection, model)
            opinion = _opinion(row, _rows.evidence(connection, row), now)
            _expect_next(row)
            if row.frozen:
                raise NotAdvanced(f"{model} is frozen: {row.reason}", hint="see 'seawall rollout unfreeze'")
            if opinion.verdict is not Verdict.PASS:
                why = ", ".join(opinion.reasons)
                raise NotAdvanced(f"the verdict on {model} is {opinion.verdict.value}: {why}")
            moved = replace(row, stage=row.stage + 1, period=row.period + 1, since=to_iso(now), override=None)
            self._move(connection, moved, "advanced", person=person, verdict=opinion.verdict.value)
        self._ledger.append_pending()
        return self.status(model)[0]

    def override(self, model: str, *, persons: tuple[str, str], reason: str, expires: datetime) -> ModelStatus:
        """Open the next stage on the word of two persons; without a verdict of its own it closes when that expires.

        Raises:
            UsageError: If the persons are one, no reason is given, or it expires too late or too early.
            RolloutRefused: If there is no next stage.
            NotFound: If there is no plan for the model.
        """
        for each in persons:
            _said(each, "person")
        _said(reason, "reason")
        if len({" ".join(each.split()).casefold() for each in persons}) < 2:
            raise UsageError("an override needs two different persons")
        self.evaluate(model)
        now = self._store.clock()
        if not now < expires <= now + LONGEST_OVERRIDE:
            raise UsageError(f"an override expires within {LONGEST_OVERRIDE.days} days")
        with self._store.begin(alone=ALONE) as connection:
            row = _only(connection, model)
            opinion = _opinion(row, _rows.evidence(connection, row), now)
            _expect_next(row)
            back_to = min(row.override.back_to, row.stage) if row.override else row.stage
            stands = Override(persons, reason, to_iso(expires), back_to, opinion.verdict.value)
            moved = replace(
                row, stage=row.stage + 1, period=row.period + 1, since=to_iso(now), override=stands, frozen=False,
                reason=None,
            )  # fmt: skip
            self._move(
                connection, moved, "overridden", persons=list(persons), reason=reason, expires_at=stands.expires_at,
                verdict=opinion.verdict.value,
            )  # fmt: skip
        self._ledger.append_pending()
        return self.status(model)[0]

    def freeze(self, model: str, *, person: str, reason: str) -> None:
        """Let nobody else in: who is in stays in.

        Raises:
            NotFound: If there is no plan for the model.
        """
        _said(person, "person")
        _said(reason, "reason")
        with self._store.begin(alone=ALONE) as connection:
            row = replace(_only(connection, model), frozen=True, reason=reason)
            self._move(connection, row, "frozen", person=person, reason=reason)
        self._ledger.append_pending()

    def unfreeze(self, model: str, *, person: str, reason: str) -> None:
        """Let a rollout move again; evidence is what it was.

        Raises:
            RolloutRefused: If it is not frozen.
            NotFound: If there is no plan for the model.
        """
        _said(person, "person")
        _said(reason, "reason")
        with self._store.begin(alone=ALONE) as connection:
            row = _only(connection, model)
            if not row.frozen:
                raise RolloutRefused(f"{model} is not frozen")
            self._move(connection, replace(row, frozen=False, reason=None), "unfrozen", person=person, reason=reason)
        self._ledger.append_pending()

    def evaluate(self, model: str | None = None) -> list[str]:
        """Count what was observed, and act on it: fall back where the bar is broken or an override is over.

        Each observation counts once, however often and by however many this is called.

        Returns:
            The models that fell back.

        Raises:
            NotFound: If there is no plan for the model that is asked for.
        """
        fallen = []
        with self._store.read() as connection:
            rows = _rows.read(connection, model)
            waiting = _rows.waiting(connection)
        if model is not None and not rows:
            raise NotFound(f"no plan for the model {model!r}")
        # A model with nothing new and no override is left alone: this is called every second.
        due = [row.model for row in rows if row.model in waiting or row.override is not None]
        for name in due:
            for _ in range(_MOST_TAKEN):
                with self._store.begin(alone=ALONE) as connection:
                    row = _only(connection, name)
                    more, fell = self._evaluate(connection, row)
                if fell:
                    fallen.append(name)
                if not more:
                    break
        if model is None and waiting - {row.model for row in rows}:
            with self._store.begin(alone=ALONE) as connection:
                _rows.forget_unlisted(connection, [row.model for row in _rows.read(connection)])
        if fallen:
            self._ledger.append_pending()
        return fallen

    def sync_kills(self, switch: KillSwitch) -> None:
        """Record kills that were made without the database, and lift those that were revived elsewhere.

        Raises:
            KillSwitchUnusable: If the switch cannot be read; then everything is killed.
        """
        kills.sync(self._store, self._ledger, switch)

    def revive(self, model: str, switch: KillSwitch, *, person: str, reason: str) -> None:
        """Lift every kill of a model, here and, as their books refresh, on other machines.

        Raises:
            RolloutRefused: If it is not killed.
            KillSwitchUnusable: If the switch cannot be read.
        """
        _said(person, "person")
        _said(reason, "reason")
        kills.revive(self._store, self._ledger, model, switch, person=person, reason=reason)

    def _evaluate(self, connection: Connection, row: Row) -> tuple[bool, bool]:
        """Count some of what waits; return whether more may wait, and whether the model fell back."""
        waiting = _rows.take(connection, row.model)
        now = self._store.clock()
        evidence = before = _rows.evidence(connection, row)
        stage = row.plan.stages[row.stage] if row.stage >= 0 else None
        for batch in waiting:
            # What was asked before the period began says nothing about it.
            if stage is not None and batch["at"] >= row.since:
                counts = Tally(batch["trials"], batch["breaches"], batch["failures"])
                evidence = evidence.with_batch(counts, batch["last_at"], stage.bar, batch["policy"])
        if evidence != before:
            _rows.write_evidence(connection, row, evidence)
        opinion = _opinion(row, evidence, now)
        if opinion.verdict is Verdict.FAIL:
            self._fall(connection, row, row.stage - 1, "the abuse rate is above the bar", evidence)
            return bool(waiting), True
        stands = row.override
        if stands is not None and to_iso(now) >= stands.expires_at:
            if opinion.verdict is not Verdict.PASS:
                self._fall(connection, row, stands.back_to, "an override is over without the verdict pass", evidence)
                return bool(waiting), True
            self._move(connection, replace(row, override=None), "confirmed", verdict=opinion.verdict.value)
        return bool(waiting), False

    def _fall(self, connection: Connection, row: Row, stage: int, reason: str, evidence: Evidence) -> None:
        now = to_iso(self._store.clock())
        fallen = replace(row, stage=stage, period=row.period + 1, since=now, frozen=True, reason=reason, override=None)
        counts = {name: getattr(evidence, name) for name in ("trials", "breaches", "failures")}
        self._move(connection, fallen, "fell_back", reason=reason, **counts)

    def _move(self, connection: Connection, row: Row, what: str, **facts: Any) -> None:
        now = to_iso(self._store.clock())
        _rows.write(connection, row, now)
        self._event(connection, what, row, now, **facts)

    def _event(self, connection: Connection, what: str, row: Row, now: str, **facts: Any) -> None:
        place = row.plan.stages[row.stage].name if row.stage >= 0 else None
        body = {
            "model": row.model,
            "at": now,
            "stage": place,
            "place": row.stage,
            "period": row.period,
            "frozen": row.frozen,
            "plan": row.plan.digest,
            **facts,
        }
        self._ledger.record(connection, f"rollout.{what}", f"rollout/{_rows.new_salt()[:32]}", body)


def _opinion(row: Row, evidence: Evidence, now: datetime) -> Opinion:
    if row.stage < 0:
        return Opinion(Verdict.INVALID, ("missing",))
    return judge(row.plan.stages[row.stage], evidence, since=datetime.fromisoformat(row.since), now=now)


def _only(connection: Connection, model: str) -> Row:
    for row in _rows.read(connection, model):
        return row
    raise NotFound(f"no plan for the model {model!r}")


def _expect_next(row: Row) -> None:
    if row.stage + 1 >= len(row.plan.stages):
        raise RolloutRefused(f"{row.model} is at its last stage")


def _said(value: str, what: str) -> None:
    if not value.strip() or len(value) > _LONGEST:
        raise UsageError(f"a {what} has 1 to {_LONGEST} characters")
