"""Asking a service that takes JSON or a file and answers JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from seawall.detectors.adapters._section import Section
from seawall.detectors.adapters.description import Description, class_id, read_labels
from seawall.detectors.adapters.http_json._paths import read_path, read_scores
from seawall.detectors.adapters.http_json._shapes import (
    HASH_MATCH,
    HIVE_CLASSES,
    Described,
    GoogleContentSafety,
    HiveThorn,
    Shape,
)
from seawall.detectors.adapters.http_json._template import read_template, takes_batch
from seawall.detectors.adapters.service import (
    Endpoint,
    Exchange,
    Prepared,
    Preparing,
    ServiceDetector,
    read_endpoint,
)
from seawall.detectors.contract import Detector, Info, Modality, Result, ScoreKind
from seawall.policy.classes import ADULT_SEXUAL

GOOGLE_PICTURES: Final = 32
GOOGLE_PIXELS: Final = 300_000
GOOGLE_BYTES: Final = 10_000_000
HIVE_SIDE: Final = 50
HIVE_LABELS: Final[Mapping[str, str]] = {
    "pornography": ADULT_SEXUAL,
    "csam": "csem.sexualised_media",
    HASH_MATCH: "vendor_hash_match",
}


class _Known(StrEnum):
    GOOGLE_CONTENT_SAFETY = "google-content-safety"
    HIVE_THORN = "hive-thorn"


class _Method(StrEnum):
    POST = "POST"
    PUT = "PUT"


def read(section: Section, description: Description) -> Detector:
    """Make the detector that a model of the configuration asks for.

    Raises:
        ConfigurationError: If a key is not as it must be.
    """
    endpoint = read_endpoint(section)
    if not section.text_or_none("shape"):
        return _described(section, description, endpoint)
    if section.choice("shape", _Known) is _Known.GOOGLE_CONTENT_SAFETY:
        return _google(section, description, endpoint)
    return _hive(section, description, endpoint)


class HttpJson(ServiceDetector):
    """Asks a service.

    Args:
        info: What the detector says of itself.
        endpoint: The service.
        preparing: How items are made ready.
        shape: How it is asked and how it answers.
    """

    def __init__(
        self,
        info: Info,
        endpoint: Endpoint,
        preparing: Preparing,
        *,
        shape: Shape,
    ) -> None:
        super().__init__(info, endpoint, preparing)
        self._shape = shape

    def _ask(self, exchange: Exchange, batch: Sequence[Prepared]) -> list[Result]:
        return self._shape.ask(exchange, batch)


def _described(section: Section, description: Description, endpoint: Endpoint) -> Detector:
    modalities = section.choices("modalities", Modality)
    bodies = section.section("body") if len(modalities) > 1 else section
    keys = {each: each.value if len(modalities) > 1 else "body" for each in modalities}
    templates = {each: read_template(bodies, key, each) for each, key in keys.items()}
    if bodies is not section:
        bodies.done()
    results = read_path(section, "results") if section.has("results") else None
    batched = {each: takes_batch(template) for each, template in templates.items()}
    if set(batched.values()) != {results is not None}:
        raise section.wrong("results", "is given where every body has $each, and only there")
    most = section.whole("batch", 1, least=1, most=1000)
    if most > 1 and results is None:
        raise section.wrong("batch", "needs a body with $each")
    scores = read_scores(section)
    preparing = Preparing(
        picture_batch=most,
        text_batch=most,
        most_pixels=section.whole("max_pixels", 640 * 640, least=1024, most=640 * 640),
        smallest_side=section.whole("smallest_side", 1, least=1, most=640),
        most_text_bytes=section.whole("max_bytes", 100_000, least=1, most=1_000_000),
        parallel=section.whole("parallel", 1, least=1, most=64),
        most_request_bytes=section.whole("max_request_bytes", 10_000_000, least=1000, most=100_000_000),
    )
    version = read_path(section, "version_path") if section.has("version_path") else None
    method = section.choice("method", _Method, _Method.POST)
    info = description.info(
        labels=[score.label for score in scores],
        modalities=modalities,
        score_kind=ScoreKind.ORDINAL if any(score.values for score in scores) else ScoreKind.PROBABILITY,
        max_batch=max(16, most),
        max_bytes=preparing.most_text_bytes if Modality.TEXT in modalities else None,
        input_spec=f"pictures as JPEG, quality 90, at most {preparing.most_pixels} pixels; texts as they are",
        sends_content_off_host=endpoint.leaves_host,
    )
    return HttpJson(info, endpoint, preparing, shape=Described(method.value, templates, results, scores, version))


def _google(section: Section, description: Description, endpoint: Endpoint) -> Detector:
    label = class_id(section, "label", section.text("label", "csem.sexualised_media"))
    preparing = Preparing(
        picture_batch=section.whole("batch", GOOGLE_PICTURES, least=1, most=GOOGLE_PICTURES),
        most_pixels=GOOGLE_PIXELS,
        # Room is left for what surrounds the pictures.
        most_picture_bytes=(GOOGLE_BYTES - 10_000) // 4 * 3,
        most_request_bytes=GOOGLE_BYTES - 10_000,
    )
    info = description.info(
        labels=(label,),
        modalities=(Modality.IMAGE,),
        score_kind=ScoreKind.ORDINAL,
        max_batch=GOOGLE_PICTURES,
        input_spec=f"JPEG, quality 90, at most {GOOGLE_PIXELS} pixels, never enlarged",
        sends_content_off_host=endpoint.leaves_host,
        requires_human_review=True,
    )
    return HttpJson(info, endpoint, preparing, shape=GoogleContentSafety(label))


def _hive(section: Section, description: Description, endpoint: Endpoint) -> Detector:
    labels = read_labels(section, "labels", HIVE_LABELS)
    if not set(labels) <= {*HIVE_CLASSES, HASH_MATCH}:
        raise section.wrong("labels", "names no answer of the service", ", ".join((*HIVE_CLASSES, HASH_MATCH)))
    if "csam" not in labels and HASH_MATCH not in labels:
        raise section.wrong("labels", f"leaves out both csam and {HASH_MATCH}")
    info = description.info(
        labels=labels.values(),
        modalities=(Modality.IMAGE,),
        input_spec=f"JPEG, quality 90, as a file; from {HIVE_SIDE} pixels a side",
        sends_content_off_host=endpoint.leaves_host,
        requires_human_review=True,
    )
    return HttpJson(info, endpoint, Preparing(smallest_side=HIVE_SIDE), shape=HiveThorn(labels))
