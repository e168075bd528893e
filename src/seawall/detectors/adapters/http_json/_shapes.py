"""What a service is asked and how its answer is read: as the operator describes it, or one of two known shapes.

The known shapes were written from public descriptions of the two services and proven against local stand-ins alone.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from seawall.detectors.adapters.http_json._paths import Path, Score, at
from seawall.detectors.adapters.http_json._template import fill
from seawall.detectors.adapters.pictures import MEDIA_TYPE
from seawall.detectors.adapters.service import Exchange, Failure, Prepared, malformed, member, share, stated_version
from seawall.detectors.contract import Modality, Result

REVIEW_PRIORITIES: Final[Mapping[str, float]] = {
    "VERY_LOW": 0.0,
    "LOW": 0.25,
    "MEDIUM": 0.5,
    "HIGH": 0.75,
    "VERY_HIGH": 1.0,
}
HIVE_CLASSES: Final = ("pornography", "csam", "other")
HASH_MATCH: Final = "hash_match"
_SUM_SLACK = 0.02


class Shape(Protocol):
    """How one request is made and answered."""

    def ask(self, exchange: Exchange, batch: Sequence[Prepared]) -> list[Result]:
        """Return an answer for each item.

        Raises:
            Failure: If the batch as a whole got none.
        """
        ...


@dataclass(frozen=True, slots=True)
class Described:
    """A service as the operator describes it.

    Attributes:
        method: HTTP method.
        templates: The body, by modality.
        results: Where the list of answers is, for batches; None if the reply is the answer for one item.
        scores: Where the scores are in the answer for one item.
        version: Where the service states its version; None if it does not.
    """

    method: str
    templates: Mapping[Modality, Any]
    results: Path | None
    scores: tuple[Score, ...]
    version: Path | None = None

    def ask(self, exchange: Exchange, batch: Sequence[Prepared]) -> list[Result]:
        """Return an answer for each item."""
        reply = exchange.post_json(fill(self.templates[batch[0].modality], batch), self.method)
        version = stated_version(self._stated(reply))
        answers = [reply] if self.results is None else at(reply, self.results)
        if not isinstance(answers, list) or len(answers) != len(batch):
            raise malformed(divisible=True)
        return [replace(self._result(answer), raw_version=version) for answer in answers]

    def _result(self, answer: Any) -> Result:
        """Return what one answer says: one that makes no sense spoils no other."""
        try:
            return Result.ok({score.label: score.of(answer) for score in self.scores})
        except Failure as failure:
            return Result.error(failure.reason)

    def _stated(self, reply: Any) -> Any:
        try:
            return None if self.version is None else at(reply, self.version)
        except Failure:
            return None


@dataclass(frozen=True, slots=True)
class GoogleContentSafety:
    """Google's Content Safety API: a priority for review for each picture, in words.

    Attributes:
        label: Class that the priority is a score of.
    """

    label: str

    def ask(self, exchange: Exchange, batch: Sequence[Prepared]) -> list[Result]:
        """Return an answer for each item."""
        reply = exchange.post_json({"images": [base64.b64encode(item.jpeg).decode() for item in batch]})
        priorities = member(reply, "reviewPriorities", list)
        if len(priorities) != len(batch):
            raise malformed(divisible=True)
        version = stated_version(reply.get("modelVersion"))
        return [replace(self._result(priority), raw_version=version) for priority in priorities]

    def _result(self, priority: Any) -> Result:
        if not isinstance(priority, str) or priority not in REVIEW_PRIORITIES:
            return Result.error(malformed().reason)
        return Result.ok({self.label: REVIEW_PRIORITIES[priority]})


@dataclass(frozen=True, slots=True)
class HiveThorn:
    """Hive's and Thorn's combined API: known pictures first, then a classifier of three classes.

    Attributes:
        labels: Classes by the service's names; `hash_match` is a picture that its lists know.
    """

    labels: Mapping[str, str]

    def ask(self, exchange: Exchange, batch: Sequence[Prepared]) -> list[Result]:
        """Return the answer for one picture."""
        output = _output(exchange.post_file("media", batch[0].jpeg, "picture.jpg", MEDIA_TYPE))
        file = member(output, "file", dict)
        prediction = file.get("classifierPrediction")
        if _known(output, file, prediction):
            # The classifier did not run, so what it would have said of adult content is not known.
            found = {HASH_MATCH: 1.0, "csam": 1.0}
        else:
            found = _classes(prediction) | {HASH_MATCH: 0.0}
        scores: dict[str, float] = {}
        for name, score in found.items():
            if name in self.labels:
                scores[self.labels[name]] = max(scores.get(self.labels[name], 0.0), score)
        return [Result.ok(scores)]


def _output(reply: Any) -> dict[str, Any]:
    statuses = member(reply, "status", list)
    if len(statuses) != 1:
        raise malformed()
    code = member(statuses[0], "status", dict).get("code")
    if str(code) not in ("0", "200"):
        raise Failure("service_failed")
    output: dict[str, Any] = member(member(statuses[0], "response", dict), "output", dict)
    return output


def _known(output: Mapping[str, Any], file: Mapping[str, Any], prediction: Any) -> bool:
    """Whether a list of the service knows the picture. Whatever reads like a match is one."""
    reasons = _reasons(file)
    hashes = output.get("hashes")
    if not isinstance(hashes, list | None):
        raise malformed()
    for each in hashes or ():
        if not isinstance(each, dict) or not isinstance(each.get("sources"), list | None):
            raise malformed()
        if each.get("sources") or "matched" in _reasons(each):
            return True
    return "matched" in reasons or (bool(reasons) and prediction is None)


def _reasons(holder: Mapping[str, Any]) -> list[str]:
    reasons = holder.get("reasons")
    if reasons is None:
        return []
    if not isinstance(reasons, list) or not all(isinstance(reason, str) for reason in reasons):
        raise malformed()
    return reasons


def _classes(prediction: Any) -> dict[str, float]:
    if not isinstance(prediction, dict) or set(prediction) != set(HIVE_CLASSES):
        raise malformed()
    scores = {name: share(value) for name, value in prediction.items()}
    if abs(sum(scores.values()) - 1.0) > _SUM_SLACK:
        raise malformed()
    return scores
