"""OpenAI's moderation endpoint, and services that speak like it.

A category that did not look at a medium has said nothing of it: it is left out of the answer, never counted as zero.
Texts go in batches; each picture goes alone, as the endpoint gives one answer for all pictures of a request.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from seawall.detectors.adapters._section import Section
from seawall.detectors.adapters.description import Description, read_labels
from seawall.detectors.adapters.pictures import MEDIA_TYPE
from seawall.detectors.adapters.service import (
    Endpoint,
    Exchange,
    Failure,
    Prepared,
    Preparing,
    ServiceDetector,
    malformed,
    member,
    read_endpoint,
    share,
    stated_version,
)
from seawall.detectors.contract import Detector, Info, Modality, Result
from seawall.policy.classes import ADULT_SEXUAL

DEFAULT_LABELS: Final[Mapping[str, str]] = {"sexual": ADULT_SEXUAL, "sexual/minors": "csem.sexualised_media"}
PATH: Final = "/v1/moderations"


def read(section: Section, description: Description) -> Detector:
    """Make the detector that a model of the configuration asks for.

    Raises:
        ConfigurationError: If a key is not as it must be.
    """
    endpoint = read_endpoint(section, key="base_url", path=PATH)
    modalities = section.choices("modalities", Modality, tuple(Modality))
    labels = read_labels(section, "labels", DEFAULT_LABELS)
    preparing = Preparing(
        text_batch=section.whole("batch", 16, least=1, most=16),
        most_text_bytes=section.whole("max_bytes", 100_000, least=1, most=1_000_000),
        parallel=section.whole("parallel", 1, least=1, most=64),
    )
    info = description.info(
        labels=labels.values(),
        modalities=modalities,
        max_batch=16,
        max_bytes=preparing.most_text_bytes,
        input_spec="text as it is; pictures as JPEG data URI, quality 90",
        sends_content_off_host=endpoint.leaves_host,
    )
    return OpenAIModerations(info, endpoint, preparing, model=section.text("model"), labels=labels)


class OpenAIModerations(ServiceDetector):
    """Asks a moderation endpoint.

    Args:
        info: What the detector says of itself.
        endpoint: The service.
        preparing: How items are made ready.
        model: Name of the model to ask for.
        labels: Classes by category.
    """

    def __init__(
        self,
        info: Info,
        endpoint: Endpoint,
        preparing: Preparing,
        *,
        model: str,
        labels: Mapping[str, str],
    ) -> None:
        super().__init__(info, endpoint, preparing)
        self._model = model
        self._labels = labels

    def _ask(self, exchange: Exchange, batch: Sequence[Prepared]) -> list[Result]:
        if batch[0].modality is Modality.IMAGE:
            data = base64.b64encode(batch[0].jpeg).decode()
            content: list[Any] = [{"type": "image_url", "image_url": {"url": f"data:{MEDIA_TYPE};base64,{data}"}}]
        else:
            content = [item.text for item in batch]
        reply = exchange.post_json({"model": self._model, "input": content})
        rows = member(reply, "results", list)
        if len(rows) != len(batch):
            raise malformed(divisible=True)
        version = stated_version(reply.get("model"))
        return [replace(self._result(row, batch[0].modality), raw_version=version) for row in rows]

    def _result(self, row: Any, modality: Modality) -> Result:
        """Return what one row says: a row that makes no sense spoils no other."""
        try:
            scores = member(row, "category_scores", dict)
            looked = row.get("category_applied_input_types")
            if not isinstance(looked, dict | None):
                raise malformed()
            found: dict[str, float] = {}
            for category, label in self._labels.items():
                if _looked(looked, category, modality):
                    found[label] = max(found.get(label, 0.0), share(scores.get(category)))
        except Failure as failure:
            return Result.error(failure.reason)
        return Result.ok(found) if found else Result.unsupported("category_not_applied")


def _looked(looked: Mapping[str, Any] | None, category: str, modality: Modality) -> bool:
    """Whether a category looked at the medium; where a service does not say, texts alone are taken as looked at."""
    if looked is None:
        return modality is Modality.TEXT
    kinds = looked.get(category)
    if not isinstance(kinds, list):
        raise malformed()
    return modality.value in kinds
