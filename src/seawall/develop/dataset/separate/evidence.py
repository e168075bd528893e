"""From what is stored of an item to the signs that the joint rule takes.

Canaries that the scan found are evidence of their own, judged beside the detectors' and never in their place: a canary
can move an item to a worse side, never to a better one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from seawall.detectors.contract import Info, Result, Task
from seawall.policy.classes import DRILL
from seawall.policy.separation import (
    Part,
    Partition,
    Placement,
    SeparationPolicy,
    Signs,
    Skipped,
    join,
    place_cluster,
    signs_of,
    stands_for,
)

from .held import canary_labels, real_match
from .observation import Modality, Observation

_PICTURED = (Modality.IMAGE, Modality.VIDEO)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one item.

    Attributes:
        signs: What detectors and hash lists say: of each picture with its caption, or of the item as a whole.
        canary: What the canaries in it stand for; None if there are none.
        spoken: Whether a pack has words in it that are no canary's.
    """

    signs: tuple[Signs, ...]
    canary: Signs | None
    spoken: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an item, or a group of them, belongs.

    Attributes:
        placement: The partition and why.
        drill: Whether canaries alone brought it there.
    """

    placement: Placement
    drill: bool


class Reader:
    """Reads evidence, and places it.

    Args:
        infos: What the configured detectors say of themselves, by id.
        policy: The separation policy.
    """

    def __init__(self, infos: Mapping[str, Info], policy: SeparationPolicy) -> None:
        self._infos = infos
        self._policy = policy
        tasks = {info.task for info in infos.values()}
        self._rehearsal = Task.CANARY in tasks and tasks <= {Task.CANARY, Task.TERMS}
        self._packs = frozenset(name for name, info in infos.items() if info.task is Task.TERMS)

    def evidence(self, observation: Observation | None, held: Mapping[str, Any] | None, *, pictured: bool) -> Evidence:
        """Return what is known of an item.

        Args:
            observation: What detectors answered; None if the item was lost.
            held: What the scan held of it, if anything.
            pictured: Whether there is a picture in its group, so that texts of it are captions.
        """
        canary = stands_for([canary_labels(held)]) if held is not None else None
        if held is not None and real_match(held):
            return Evidence((Signs(hash_match=True),), canary)
        if observation is None or observation.matched:
            return Evidence((Signs(examined=False),), canary)
        return Evidence(self._signs_of_item(observation, pictured=pictured), canary, self._spoken(observation))

    def place(self, members: Iterable[Evidence]) -> Placed:
        """Place an item, or the members of one group."""
        every = list(members)
        real = place_cluster(self._policy, [signs for each in every for signs in each.signs])
        canaries = [each.canary for each in every if each.canary is not None]
        if canaries:
            rehearsed = place_cluster(self._policy, canaries)
            if rehearsed.partition.severity > real.partition.severity:
                return Placed(rehearsed, drill=True)
        nothing = real.partition in (Partition.NEITHER, Partition.UNKNOWN)
        return Placed(real, drill=self._rehearsal and not nothing and not any(each.spoken for each in every))

    def _spoken(self, observation: Observation) -> bool:
        results = (
            part[name] for part in (*observation.parts, observation.captions) for name in self._packs & part.keys()
        )
        return any(not result.labels.get(DRILL) and any(result.labels.values()) for result in results)

    def _signs_of_item(self, observation: Observation, *, pictured: bool) -> tuple[Signs, ...]:
        """Each frame of a video is a member of its own: an adult in one says nothing of the next."""
        whole = observation.problem is None and not observation.flags & {"damaged", "partial"}
        part = None
        if observation.modality in _PICTURED:
            part = Part.PICTURE
        elif observation.modality is Modality.TEXT:
            part = Part.CAPTION if pictured else Part.TEXT
        caption = [self._signs(observation.captions, Part.CAPTION, examined=True)] if observation.captions else []
        if part is None or not observation.parts:
            return (join([Signs(examined=False), *caption]),)
        return tuple(join([self._signs(each, part, examined=whole), *caption]) for each in observation.parts)

    def _signs(self, answers: Mapping[str, Result], part: Part, *, examined: bool) -> Signs:
        accept = self._policy.skipped is Skipped.ACCEPT
        return signs_of(answers, self._infos, part, examined=examined, accept_skipped=accept)
