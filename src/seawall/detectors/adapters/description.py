"""What an operator says of a model: the same keys for every adapter, shown beside every report that relies on it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from seawall.detectors.adapters._section import Section
from seawall.detectors.contract import Info, Modality, Runs, ScoreKind, Task
from seawall.policy.classes import PERSONS, PERSONS_ABSTAINED

_CLASS = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_COUNTS = frozenset({PERSONS, PERSONS_ABSTAINED})
_DIGEST = 12
_CODE_LICENCE = "Apache-2.0"


@dataclass(frozen=True, slots=True)
class Description:
    """What does not depend on the adapter.

    Attributes:
        id: Name of the model in the configuration.
        version: Version that the operator gives it, a plus, and a digest of its part of the configuration: with another
            prompt, map or address its scores are another detector's.
        task: What it is for.
        weights_licence: SPDX id, or the name of a contract; None if nothing is known of it.
        weights_origin: Where the weights come from.
        training_data: What is known of the training data.
        known_incidents: What is known to have gone wrong with it.
        languages: BCP 47 tags for text.
        limits: What its scores do not say.
        requires_human_review: Whether its scores may route to a person but never act.
    """

    id: str
    version: str
    task: Task
    weights_licence: str | None
    weights_origin: str | None
    training_data: str
    known_incidents: tuple[str, ...]
    languages: tuple[str, ...]
    limits: str
    requires_human_review: bool

    @classmethod
    def read(cls, name: str, section: Section) -> Description:
        """Read the common keys of a model."""
        return cls(
            id=name,
            version=f"{section.text('version', '1')}+{section.digest_of_all[:_DIGEST]}",
            task=section.choice("task", Task, Task.CONTENT_SAFETY),
            weights_licence=section.text_or_none("weights_licence"),
            weights_origin=section.text_or_none("weights_origin"),
            training_data=section.text("training_data", "unknown"),
            known_incidents=section.texts("known_incidents", ()),
            languages=section.texts("languages", ()),
            limits=section.text("limits", "recall unknown"),
            requires_human_review=section.flag("requires_human_review", False),
        )

    def info(
        self,
        *,
        labels: Iterable[str],
        modalities: Iterable[Modality],
        score_kind: ScoreKind = ScoreKind.PROBABILITY,
        weights: Mapping[str, str] | None = None,
        max_batch: int = 16,
        max_bytes: int | None = None,
        input_spec: str = "",
        offline: bool = False,
        sends_content_off_host: bool = False,
        requires_human_review: bool = False,
        deterministic: bool = False,
        runs: Runs = Runs.WORKER,
        also: bytes = b"",
    ) -> Info:
        """Return what the detector says of itself; `also` is what its answers depend on besides the configuration."""
        more = f".{hashlib.sha256(also).hexdigest()[:_DIGEST]}" if also else ""
        return Info(
            id=self.id,
            version=self.version + more,
            task=self.task,
            modalities=frozenset(modalities),
            labels=tuple(dict.fromkeys(labels)),
            score_kind=score_kind,
            code_licence=_CODE_LICENCE,
            weights_licence=self.weights_licence,
            weights=weights or {},
            weights_origin=self.weights_origin,
            training_data_note=self.training_data,
            known_incidents=self.known_incidents,
            languages=self.languages,
            max_batch=max_batch,
            max_bytes=max_bytes,
            input_spec=input_spec,
            limits_note=self.limits,
            offline=offline,
            sends_content_off_host=sends_content_off_host,
            requires_human_review=self.requires_human_review or requires_human_review,
            deterministic=deterministic,
            runs=runs,
        )


def class_id(section: Section, key: str, value: object) -> str:
    """Return the name of a class that a model's output stands for.

    Raises:
        ConfigurationError: If it is no class id, or one that is a count rather than a score.
    """
    if not isinstance(value, str) or not _CLASS.fullmatch(value):
        raise section.wrong(key, "names no class", "as adult_sexual, csem.grooming, or a name of your own")
    if value in _COUNTS:
        raise section.wrong(key, "names a class that is a count, and a model gives scores")
    return value


def read_labels(parent: Section, key: str, default: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """Read a map of a model's own names to classes.

    Raises:
        ConfigurationError: If it is empty or names no classes.
    """
    if default is not None and not parent.has(key):
        parent.section(key, optional=True)
        return default
    section = parent.section(key)
    labels = {name: class_id(section, name, section.value(name)) for name in section.names()}
    if not labels:
        raise parent.wrong(key, "maps no output to a class")
    return labels
