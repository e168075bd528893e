"""The moderation endpoint against a stand-in that answers in its published form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from seawall.detectors.adapters import ConfigurationError
from seawall.detectors.contract import Detector, Modality, Picture, Result, Status, Text
from tests.detectors.adapters.conftest import model
from tests.detectors.adapters.fake_service import Asked, FakeService, Says

Load = Callable[[str], Detector]

APPLIED = {"sexual": ["text", "image"], "sexual/minors": ["text"], "violence": ["text", "image"]}


def row(score: float, modality: str, minors: float = 0.0) -> dict[str, Any]:
    """One result, as the endpoint gives it: a category that did not look has a score of zero all the same."""
    looked = {name: [kind for kind in kinds if kind == modality] for name, kinds in APPLIED.items()}
    scores = {"sexual": score, "sexual/minors": minors, "violence": 0.5}
    flags = {name: value > 0.5 for name, value in scores.items()}
    return {
        "flagged": any(flags.values()),
        "categories": flags,
        "category_scores": scores,
        "category_applied_input_types": looked,
    }


def reply(*rows: dict[str, Any]) -> Says:
    return Says({"id": "modr-1", "model": "omni-moderation-2024-09-26", "results": list(rows)})


def moderations(url: str, more: str = "") -> str:
    return f"""
adapter: openai-moderations
base_url: {url}
model: omni-moderation-latest
{more}
"""


def test_texts_go_in_one_request_and_keep_their_order(service: FakeService, loaded: Load) -> None:
    def script(asked: Asked) -> Says:
        return reply(*(row(0.9 if "lantern" in text else 0.1, "text") for text in asked.json()["input"]))

    service.answer = script
    texts = [Text("a wooden boat"), Text("a striped paper lantern"), Text("a grey stone owl")]
    results = loaded(moderations(service.url)).score(texts)
    assert [result.labels["adult_sexual"] for result in results] == [0.1, 0.9, 0.1]
    (asked,) = service.asked
    assert asked.path == "/v1/moderations"
    assert asked.json() == {"model": "omni-moderation-latest", "input": [text.text for text in texts]}
    assert results[0].raw_version == "omni-moderation-2024-09-26"


def test_a_category_that_did_not_look_at_the_picture_is_left_out(
    service: FakeService, loaded: Load, canary_picture: Picture
) -> None:
    service.says(reply(row(0.75, "image")))
    (result,) = loaded(moderations(service.url)).score([canary_picture])
    assert result.labels == {"adult_sexual": 0.75}
    (part,) = service.asked[0].json()["input"]
    assert part["type"] == "image_url"
    assert part["image_url"]["url"].startswith("data:image/jpeg;base64,/9j/")


def test_a_text_has_both_classes(service: FakeService, loaded: Load, canary_text: Text) -> None:
    service.says(reply(row(0.25, "text", 0.5)))
    (result,) = loaded(moderations(service.url)).score([canary_text])
    assert result.labels == {"adult_sexual": 0.25, "csem.sexualised_media": 0.5}


def test_a_picture_that_no_mapped_category_looked_at_is_unsupported(
    service: FakeService, loaded: Load, canary_picture: Picture
) -> None:
    service.says(reply(row(0.75, "image")))
    detector = loaded(moderations(service.url, "labels: {sexual/minors: csem.sexualised_media}"))
    assert detector.score([canary_picture])[0].status is Status.UNSUPPORTED


def test_a_service_that_does_not_say_what_looked_is_believed_for_texts_alone(
    service: FakeService, loaded: Load, canary_picture: Picture, canary_text: Text
) -> None:
    silent = {name: value for name, value in row(0.5, "text").items() if name != "category_applied_input_types"}
    service.says(reply(silent))
    picture, text = loaded(moderations(service.url)).score([canary_picture, canary_text])
    assert picture == Result(
        Status.UNSUPPORTED, reason="category_not_applied", raw_version="omni-moderation-2024-09-26"
    )
    assert text.status is Status.OK


def test_each_picture_goes_alone(service: FakeService, loaded: Load, canary_picture: Picture) -> None:
    """The endpoint gives one result for all the pictures of a request."""
    service.says(reply(row(0.1, "image")), reply(row(0.2, "image")))
    results = loaded(moderations(service.url)).score([canary_picture, canary_picture])
    assert [result.labels["adult_sexual"] for result in results] == [0.1, 0.2]


def test_a_batch_that_is_refused_is_asked_item_by_item(service: FakeService, loaded: Load) -> None:
    def script(asked: Asked) -> Says:
        texts = asked.json()["input"]
        return Says({"error": texts}, 400) if "zorblax" in texts else reply(*(row(0.1, "text") for _ in texts))

    service.answer = script
    results = loaded(moderations(service.url)).score([Text("owl"), Text("zorblax"), Text("boat")])
    assert [result.status for result in results] == [Status.OK, Status.ERROR, Status.OK]
    assert results[1].reason == "refused"
    assert len(service.asked) == 4


def test_too_few_results_are_asked_for_item_by_item(service: FakeService, loaded: Load) -> None:
    service.says(reply(row(0.9, "text")))
    results = loaded(moderations(service.url)).score([Text("owl"), Text("boat")])
    assert [result.status for result in results] == [Status.OK, Status.OK]
    assert len(service.asked) == 3


def test_one_row_that_makes_no_sense_spoils_no_other(service: FakeService, loaded: Load) -> None:
    good = row(0.1, "text")
    broken = [
        good | {"category_scores": {"sexual": 2, "sexual/minors": 0}},
        good | {"category_scores": {"sexual/minors": 0}},
        good | {"category_scores": []},
        good | {"category_applied_input_types": {"sexual": "text"}},
        good | {"category_applied_input_types": 7},
        good | {"category_applied_input_types": {}},
    ]
    service.says(reply(good, *broken, good))
    results = loaded(moderations(service.url)).score([Text("owl")] * 8)
    assert [result.status for result in results] == [Status.OK, *[Status.ERROR] * 6, Status.OK]
    assert {result.reason for result in results[1:-1]} == {"malformed_reply"}


def test_a_version_that_could_be_content_is_not_passed_on(service: FakeService, loaded: Load) -> None:
    service.says(Says({"model": "a lantern by the lake", "results": [row(0.1, "text")]}))
    assert loaded(moderations(service.url)).score([Text("owl")])[0].raw_version is None


def test_what_it_says_of_itself() -> None:
    info = model(moderations("https://guard.example.internal", "languages: [en]\nlimits: none measured")).info
    assert (info.id, info.labels) == ("zorblax", ("adult_sexual", "csem.sexualised_media"))
    assert info.modalities == {Modality.IMAGE, Modality.TEXT}
    assert info.sends_content_off_host and not info.offline and not info.deterministic


@pytest.mark.parametrize(
    ("url", "more"),
    [
        ("https://guard.example.internal/v1", ""),
        ("https://guard.example.internal?a=b", ""),
        ("https://guard.example.internal", "labels: {}"),
        ("https://guard.example.internal", "labels: {sexual: Adult}"),
        ("https://guard.example.internal", "labels: {sexual: persons}"),
        ("https://guard.example.internal", "modalities: []"),
        ("https://guard.example.internal", "modalities: [video]"),
        ("https://guard.example.internal", "batch: 17"),
        ("https://guard.example.internal", "zorblax: 1"),
    ],
)
def test_a_slip_of_the_pen_is_an_error(url: str, more: str) -> None:
    with pytest.raises(ConfigurationError):
        model(moderations(url, more))
