"""What the console is made of: given from outside, as the parts of a server are, so that tests can stand in for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seawall.cases import Cases
from seawall.cases.model import TaskKind
from seawall.clock import Clock
from seawall.maintain.appeals import Appeals
from seawall.maintain.authorities.reports import Reports
from seawall.maintain.review import Aggregates, Desk, Quality, Vocabularies, Vocabulary, Wellness
from seawall.vault import Vault
from seawall.vault.derivatives import Derivatives
from seawall.vault.viewing import ViewingRecord


@dataclass(frozen=True, slots=True)
class Console:
    """The parts of the console.

    Attributes:
        cases: Cases and decisions.
        desk: Gives out tasks.
        wellness: Limits, breaks, settings and opt-outs.
        quality: How well people agree.
        vocabularies: Lists of terms that verdicts may carry.
        appeals: What parties ask to be looked at again.
        reports: What authorities are told.
        aggregates: Sums over five people or more.
        vault: Where the bytes are.
        derivatives: Makes what is shown.
        viewing: Records what is shown.
        read: Records that somebody read something: who, what sort of thing, and its id.
        name_of: How a person is called on pages, by id: a pseudonym.
        clock: Tells the time.
        support: Lines of the organisation's own support page.
    """

    cases: Cases
    desk: Desk
    wellness: Wellness
    quality: Quality
    vocabularies: Vocabularies
    appeals: Appeals
    reports: Reports
    aggregates: Aggregates
    vault: Vault
    derivatives: Derivatives
    viewing: ViewingRecord
    read: Callable[[str, str, str], None]
    name_of: Callable[[str], str]
    clock: Clock
    support: Sequence[str] = ()

    def newest_vocabularies(self) -> list[Vocabulary]:
        """Return the newest version of each vocabulary."""
        return [self.vocabularies.get(name) for name in dict.fromkeys(name for name, _ in self.vocabularies.names())]

    def queues(self, *, lead: bool) -> list[str]:
        """Return the queues of which somebody gets tasks: that of escalations is for leads."""
        policy = self.cases.policy
        return [each.name for each in policy.queues if lead or each.name != policy.escalation]

    def kinds(self, *, lead: bool) -> list[TaskKind]:
        """Return the kinds of tasks that somebody gets."""
        return [TaskKind.FIRST, TaskKind.SECOND, *([TaskKind.APPEAL] if lead else [])]
