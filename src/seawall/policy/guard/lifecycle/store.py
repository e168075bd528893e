"""Guard policies in the database: each once, under its name and version, with its stage.

At most one is live and at most one in percentage. Each change of a stage writes one ledger event in its transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from seawall.clock import to_iso
from seawall.errors import NotFound
from seawall.ledger import Ledger
from seawall.policy.guard.difference import diff
from seawall.policy.guard.errors import GuardPolicyError, PolicyStageError, PolicyUnsound, WeakerPolicy
from seawall.policy.guard.lifecycle.stages import Stage, step_to
from seawall.policy.guard.lint import lint
from seawall.policy.guard.model import GuardPolicy
from seawall.policy.guard.parse import load_guard_policy, parse_guard_policy
from seawall.store import Store
from seawall.store.tables import policy_version

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

_ONE_AT_A_TIME = "policies"
MOST_SHADOWS = 4
_LONGEST_REASON = 1000
_NEVER = frozenset({"weaker_for_minors", "minors_unsettled"})
"""What keeps a policy from judging, whatever reason is given."""


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A policy that is kept.

    Attributes:
        hash: Of its meaning.
        name: Its name.
        version: Its version.
        stage: Where it stands.
        percent: Share of accounts, in percentage.
        created_at: When it was added, RFC 3339 in UTC.
        by: Who added it.
        text: As written.
    """

    hash: str
    name: str
    version: int
    stage: Stage
    percent: int | None
    created_at: str
    by: str
    text: str

    @property
    def label(self) -> str:
        """The policy as people call it: `NAME@VERSION`."""
        return f"{self.name}@{self.version}"

    def policy(self) -> GuardPolicy:
        """Return the policy.

        Raises:
            GuardPolicyError: If the text is not the one that the hash is of.
        """
        policy = parse_guard_policy(self.text, self.label)
        if policy.hash != self.hash:
            raise GuardPolicyError(f"{self.label} is not what it was when it was added", hint="restore the database")
        return policy

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, without the text."""
        return {
            "name": self.name,
            "version": self.version,
            "hash": self.hash,
            "stage": self.stage.value,
            "percent": self.percent,
            "created_at": self.created_at,
            "by": self.by,
        }


class PolicyStore:
    """The policies of a store.

    Args:
        store: The database.
        ledger: In the same store.
        shipped: What is live while nothing else is; default the policy that ships.
    """

    def __init__(self, store: Store, ledger: Ledger, shipped: GuardPolicy | None = None) -> None:
        self._store = store
        self._ledger = ledger
        self._shipped = shipped or load_guard_policy()

    def add(self, policy: GuardPolicy, *, person: str) -> PolicyVersion:
        """Keep a policy, as a draft. Adding the same one again changes nothing.

        Raises:
            PolicyStageError: If another one has its name and version.
        """
        with self._store.begin(alone=_ONE_AT_A_TIME) as connection:
            rows = self._rows(connection)
            for row in rows:
                if row["hash"] == policy.hash:
                    return version_of(row)
                if (row["name"], row["version"]) == (policy.name, policy.version):
                    raise PolicyStageError(f"there is another {policy.label}", hint="give it a new version")
            if policy.label == self._shipped.label and policy.hash != self._shipped.hash:
                raise PolicyStageError(f"{policy.label} is the policy that ships", hint="give yours a name of its own")
            change = _next_change(rows)
            added: dict[str, Any] = {
                "hash": policy.hash,
                "name": policy.name,
                "version": policy.version,
                "text": policy.text,
                "stage": Stage.DRAFT.value,
                "percent": None,
                "created_at": to_iso(self._store.clock()),
                "created_by": person,
                "change": change,
            }
            connection.execute(policy_version.insert(), [added])
            body = {"policy": policy.hash, "name": policy.name, "version": policy.version, "person": person}
            self._ledger.record(connection, "policy.added", f"policy/{policy.hash}/{change}", body)
            return version_of(added)

    def all(self) -> list[PolicyVersion]:
        """Return every policy, by name and version."""
        with self._store.read() as connection:
            return [version_of(row) for row in self._rows(connection)]

    def get(self, label: str) -> PolicyVersion:
        """Return a policy by `NAME@VERSION`.

        Raises:
            NotFound: If there is none.
        """
        return _find(self.all(), label)

    def live(self) -> GuardPolicy:
        """Return the policy that is live."""
        live = next((each for each in self.all() if each.stage is Stage.LIVE), None)
        return live.policy() if live else self._shipped

    def move(
        self,
        label: str,
        stage: Stage,
        *,
        person: str,
        percent: int | None = None,
        now: bool = False,
        weaker: str | None = None,
    ) -> PolicyVersion:
        """Bring a policy into another stage. The one that was live before is retired by this.

        Args:
            label: `NAME@VERSION`.
            stage: Where to.
            person: Who does it; recorded.
            percent: Share of accounts, 1 to 99, for `Stage.PERCENTAGE`.
            now: Leave out the stages in between.
            weaker: Why a policy that is weaker than the live one may judge; recorded.

        Raises:
            NotFound: If there is no such policy.
            PolicyStageError: If there is no way to that stage from where it stands.
            WeakerPolicy: If it is weaker than the live one, and `weaker` does not say why.
        """
        _check_percent(stage, percent)
        if weaker is not None and not 0 < len(weaker.strip()) <= _LONGEST_REASON:
            raise PolicyStageError("--weaker gives a reason")
        with self._store.begin(alone=_ONE_AT_A_TIME) as connection:
            rows = self._rows(connection)
            versions = [version_of(row) for row in rows]
            version = _find(versions, label)
            if (version.stage, version.percent) == (stage, percent):
                return version
            step = step_to(version.stage, stage)
            if step.jump and not now:
                raise PolicyStageError(
                    f"{label} is {version.stage}: it was on no share of accounts yet",
                    hint="go by shadow and percentage, or give --now",
                )
            live = next((each for each in versions if each.stage is Stage.LIVE), None)
            ground = (
                self._expect_not_weaker(version, live, weaker, leaves=stage is Stage.RETIRED) if step.judges else None
            )
            _expect_room(versions, version, stage)
            change = _next_change(rows)
            if stage is Stage.LIVE and live is not None:
                self._write(
                    connection, live, Stage.RETIRED, None, change, {"person": person, "followed_by": version.hash}
                )
                change += 1
            facts: dict[str, Any] = {"person": person, "now": now}
            if ground is not None:
                facts["weaker"] = ground
            return self._write(connection, version, stage, percent, change, facts)

    def _expect_not_weaker(
        self, version: PolicyVersion, live: PolicyVersion | None, reason: str | None, *, leaves: bool
    ) -> str | None:
        """Return the reason if the policy that judges from now on is weaker than the one that did before."""
        before = live.policy() if live else self._shipped
        after = self._shipped if leaves else version.policy()
        for problem in lint(after):
            if problem.code in _NEVER:
                raise PolicyUnsound(f"{after.label}: rule {problem.rule}: {problem.message}")
        found = diff(before, after)
        if not found.weaker:
            return None
        if reason is None:
            rules = ", ".join(dict.fromkeys(each.rule or each.kind for each in found.changes if each.weaker))
            raise WeakerPolicy(f"{after.label} is weaker than {before.label}: {rules}")
        return reason.strip()

    def _write(
        self,
        connection: Connection,
        version: PolicyVersion,
        stage: Stage,
        percent: int | None,
        change: int,
        facts: dict[str, Any],
    ) -> PolicyVersion:
        values = {"stage": stage.value, "percent": percent, "change": change}
        connection.execute(policy_version.update().where(policy_version.c.hash == version.hash).values(values))
        body = {
            "policy": version.hash,
            "name": version.name,
            "version": version.version,
            "from": version.stage.value,
            "to": stage.value,
            "percent": percent,
        } | facts
        self._ledger.record(connection, "policy.stage", f"policy/{version.hash}/{change}", body)
        return replace(version, stage=stage, percent=percent)

    @staticmethod
    def _rows(connection: Connection) -> list[RowMapping]:
        ordered = policy_version.select().order_by(policy_version.c.name, policy_version.c.version)
        return list(connection.execute(ordered).mappings())


def version_of(row: Mapping[str, Any] | RowMapping) -> PolicyVersion:
    """Return the policy of a row."""
    return PolicyVersion(
        hash=row["hash"],
        name=row["name"],
        version=row["version"],
        stage=Stage(row["stage"]),
        percent=row["percent"],
        created_at=row["created_at"],
        by=row["created_by"],
        text=row["text"],
    )


def _find(versions: list[PolicyVersion], label: str) -> PolicyVersion:
    for version in versions:
        if version.label == label:
            return version
    raise NotFound(f"there is no policy {label}", hint="see 'seawall policy ls', or add it with 'seawall policy add'")


def _next_change(rows: list[RowMapping]) -> int:
    return max((int(row["change"]) for row in rows), default=0) + 1


def _check_percent(stage: Stage, percent: int | None) -> None:
    if (stage is Stage.PERCENTAGE) != (percent is not None):
        raise PolicyStageError("a share of accounts goes with the stage percentage, and with no other")
    if percent is not None and not 0 < percent < 100:
        raise PolicyStageError("the share of accounts is 1 to 99 percent")


def _expect_room(versions: list[PolicyVersion], version: PolicyVersion, stage: Stage) -> None:
    others = [each for each in versions if each.hash != version.hash and each.stage is stage]
    if stage is Stage.PERCENTAGE and others:
        raise PolicyStageError(f"{others[0].label} is in percentage", hint="make it live, or retire it, first")
    if stage is Stage.SHADOW and len(others) >= MOST_SHADOWS:
        raise PolicyStageError(f"{MOST_SHADOWS} policies are in shadow, and no more fit", hint="retire one first")
