"""Services that take JSON: as the operator describes them, and in the two shapes that are known by name."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from seawall.detectors.adapters import ConfigurationError
from seawall.detectors.adapters.pictures import size_within
from seawall.detectors.contract import Detector, Modality, Picture, Result, ScoreKind, Status, Text
from tests.detectors.adapters.conftest import model
from tests.detectors.adapters.fake_service import Asked, FakeService, Says

Load = Callable[[str], Detector]


def noise(width: int, height: int, seed: int = 0) -> Picture:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return Picture(pixels, width, height)


def batch(url: str, more: str = "") -> str:
    return f"""
adapter: http-json
url: {url}/judge
modalities: [text]
body: {{model: guard, entries: [{{$each: {{id: "{{sha256}}", words: "<{{text}}>"}}}}], strict: true}}
results: output.entries
labels:
  adult_sexual: {{path: verdicts.0.level, values: {{none: 0, some: 0.5, full: 1}}}}
  zorblax: {{path: [points, a.b], most: 100}}
version_path: output.version
batch: 3
{more}
"""


def entry(level: str, points: float = 50) -> dict[str, Any]:
    return {"verdicts": [{"level": level}], "points": {"a.b": points}}


def test_a_body_has_an_entry_for_each_item_and_an_answer_for_each(service: FakeService, loaded: Load) -> None:
    def script(asked: Asked) -> Says:
        entries = [entry("full" if "lantern" in each["words"] else "none") for each in asked.json()["entries"]]
        return Says({"output": {"entries": entries, "version": "2026.1"}})

    service.answer = script
    texts = [Text(word) for word in ("owl", "lantern", "boat", "lantern", "{sha256}")]
    results = loaded(batch(service.url)).score(texts)
    assert [result.labels["adult_sexual"] for result in results] == [0, 1, 0, 1, 0]
    assert {result.labels["zorblax"] for result in results} == {0.5}
    assert {result.raw_version for result in results} == {"2026.1"}
    assert [len(asked.json()["entries"]) for asked in service.asked] == [3, 2]
    body = service.asked[1].json()
    assert (body["model"], body["strict"]) == ("guard", True)
    assert body["entries"][1] == {"id": hashlib.sha256(b"{sha256}").hexdigest(), "words": "<{sha256}>"}


def test_one_answer_that_makes_no_sense_spoils_no_other(service: FakeService, loaded: Load) -> None:
    service.says(Says({"output": {"entries": [entry("full"), entry("zorblax"), entry("none", 101)]}}))
    statuses = [result.status for result in loaded(batch(service.url)).score([Text("owl")] * 3)]
    assert statuses == [Status.OK, Status.ERROR, Status.ERROR]


@pytest.mark.parametrize("output", [{}, {"entries": {}}, {"entries": [entry("none")]}, {"entries": None}, []])
def test_answers_that_cannot_be_told_apart_are_asked_for_one_by_one(
    service: FakeService, loaded: Load, output: Any
) -> None:
    service.says(Says({"output": output}), Says({"output": {"entries": [entry("full")]}}))
    results = loaded(batch(service.url)).score([Text("owl")] * 2)
    if output in ({}, []):
        assert results == [Result.error("malformed_reply")] * 2
    else:
        assert [result.status for result in results] == [Status.OK] * 2


def test_truths_are_values_too(service: FakeService, loaded: Load) -> None:
    detector = loaded(f"""
adapter: http-json
url: {service.url}
method: PUT
modalities: [text]
body: ["{{text}}"]
labels: {{adult_sexual: {{path: ".", values: {{"true": 1, "false": 0}}}}}}
""")
    assert detector.info.score_kind is ScoreKind.ORDINAL
    for says, expected in ((True, 1.0), (False, 0.0)):
        service.says(Says(says))
        assert detector.score([Text("owl")]) == [Result.ok({"adult_sexual": expected})]
    service.says(Says(1))
    assert detector.score([Text("owl")]) == [Result.error("malformed_reply")]
    assert {asked.method for asked in service.asked} == {"PUT"}


def google(url: str, more: str = "") -> str:
    return f"""
adapter: http-json
shape: google-content-safety
url: {url}/v1beta1/images:classify
headers: {{X-Goog-Api-Key: "${{SEAWALL_TEST_KEY}}"}}
{more}
"""


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_TEST_KEY", "zorblax-key")


def test_priorities_are_ordinals_and_a_person_must_look(
    service: FakeService, loaded: Load, canary_picture: Picture
) -> None:
    words = ["VERY_LOW", "LOW", "MEDIUM", "HIGH", "VERY_HIGH", "URGENT", None]
    service.says(Says({"reviewPriorities": words, "modelVersion": "v7"}))
    detector = loaded(google(service.url))
    results = detector.score([canary_picture] * 7)
    assert [result.labels.get("csem.sexualised_media") for result in results] == [0, 0.25, 0.5, 0.75, 1, None, None]
    assert [result.status for result in results[5:]] == [Status.ERROR] * 2
    assert results[0].raw_version == "v7"
    assert detector.info.requires_human_review and detector.info.score_kind is ScoreKind.ORDINAL
    (asked,) = service.asked
    assert asked.path == "/v1beta1/images:classify"
    assert asked.headers["x-goog-api-key"] == "zorblax-key"
    assert list(asked.json()) == ["images"]


def test_a_person_must_look_whatever_the_operator_writes() -> None:
    detector = model(google("https://guard.example.internal", "requires_human_review: false"))
    assert detector.info.requires_human_review


def test_at_most_thirty_two_pictures_of_at_most_300_000_pixels_go_at_a_time(service: FakeService, loaded: Load) -> None:
    service.answer = lambda asked: Says({"reviewPriorities": ["LOW"] * len(asked.json()["images"])})
    pictures = [noise(640, 640)] * 3 + [noise(64, 48)] * 32
    results = loaded(google(service.url)).score(pictures)
    assert {result.status for result in results} == {Status.OK}
    sent = [asked.json()["images"] for asked in service.asked]
    assert [len(images) for images in sent] == [32, 3]
    assert all(len(asked.body) <= 10_000_000 for asked in service.asked)
    sizes = []
    for data in sent[0][2:4]:
        with Image.open(io.BytesIO(base64.b64decode(data)), formats=("JPEG",)) as image:
            sizes.append(image.size)
    assert sizes == [(547, 547), (64, 48)]


def test_a_batch_with_one_bad_picture_is_asked_picture_by_picture(service: FakeService, loaded: Load) -> None:
    def script(asked: Asked) -> Says:
        images = asked.json()["images"]
        return Says(status=400) if bad in images else Says({"reviewPriorities": ["LOW"] * len(images)})

    service.answer = lambda asked: Says({"reviewPriorities": ["LOW"]})
    detector = loaded(google(service.url))
    detector.score([noise(64, 64, 1)])
    bad = service.asked[0].json()["images"][0]
    service.answer = script
    results = detector.score([noise(64, 64, number) for number in range(4)])
    assert [result.reason for result in results] == [None, "refused", None, None]


@given(width=st.integers(1, 700), height=st.integers(1, 700), most=st.integers(1, 500_000))
def test_a_size_within_a_bound_is_within_it_and_never_larger(width: int, height: int, most: int) -> None:
    smaller = size_within(width, height, most)
    assert smaller[0] * smaller[1] <= most
    assert 1 <= smaller[0] <= width and 1 <= smaller[1] <= height
    if width * height <= most:
        assert smaller == (width, height)


def hive(url: str, more: str = "") -> str:
    return f"""
adapter: http-json
shape: hive-thorn
url: {url}/api/v2/task/sync
headers: {{Authorization: "Token ${{SEAWALL_TEST_KEY}}"}}
{more}
"""


def output(file: Any, hashes: Any = (), code: Any = 200) -> Says:
    hashes = list(hashes) if isinstance(hashes, tuple) else hashes
    inner = {"input": {"id": "1"}, "output": {"file": {"fileType": "image", **file}, "hashes": hashes}}
    return Says({"status": [{"status": {"code": code, "message": "SUCCESS"}, "response": inner}]})


def classes(pornography: Any, csam: Any, other: Any) -> dict[str, Any]:
    prediction = {"pornography": pornography, "csam": csam, "other": other}
    return {"reasons": [], "classifierPrediction": prediction}


MATCH = {
    "hashType": "saferhashv0",
    "reasons": ["matched"],
    "sources": [{"hashSet": "test", "matches": [{"sourceId": "1", "matchDistance": 45}]}],
}


def test_a_known_picture_is_one_before_any_classifier_speaks(
    service: FakeService, loaded: Load, canary_picture: Picture
) -> None:
    service.says(output({"reasons": ["matched"], "classifierPrediction": None}, [MATCH]))
    detector = loaded(hive(service.url))
    (result,) = detector.score([canary_picture])
    assert result == Result.ok({"vendor_hash_match": 1.0, "csem.sexualised_media": 1.0})
    assert detector.info.requires_human_review
    (asked,) = service.asked
    assert asked.headers["authorization"] == "Token zorblax-key"
    assert asked.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="media"; filename="picture.jpg"' in asked.body
    assert b"\xff\xd8\xff" in asked.body


@pytest.mark.parametrize(
    "says",
    [
        output({"reasons": ["matched"]}, None),
        output({"reasons": []}, [MATCH]),
        output(classes(0.0, 0.0, 1.0), [MATCH]),
        output(classes(0.0, 0.0, 1.0) | {"reasons": ["matched"]}),
        output({"reasons": ["listed"], "classifierPrediction": None}),
        output({"reasons": []}, [{"sources": [{"hashSet": "test"}]}]),
    ],
)
def test_whatever_reads_like_a_match_is_one(
    service: FakeService, loaded: Load, canary_picture: Picture, says: Says
) -> None:
    service.says(says)
    assert loaded(hive(service.url)).score([canary_picture])[0].labels["vendor_hash_match"] == 1.0


def test_a_picture_that_no_list_knows_is_classified(
    service: FakeService, loaded: Load, canary_picture: Picture
) -> None:
    service.says(output(classes(0.25, 0.125, 0.625)))
    (result,) = loaded(hive(service.url)).score([canary_picture])
    assert result.labels == {"adult_sexual": 0.25, "csem.sexualised_media": 0.125, "vendor_hash_match": 0.0}


@pytest.mark.parametrize(
    "says",
    [
        output(classes(0.5, 0.5, 0.5)),
        output(classes(0.1, 0.1, 0.1)),
        output(classes("0", 0, 1)),
        output({"reasons": [], "classifierPrediction": {"csam": 0.0, "other": 1.0}}),
        output({"reasons": [], "classifierPrediction": None}),
        output({}),
        output({"reasons": "matched"}),
        output(classes(0, 0, 1), "none"),
        output(classes(0, 0, 1), ["none"]),
        output(classes(0, 0, 1), [{"sources": "test"}]),
        Says({"status": []}),
        Says({"status": [{"status": {"code": 200}}]}),
        Says({"task_ids": ["1"]}),
    ],
)
def test_what_is_no_complete_answer_is_an_error(
    service: FakeService, loaded: Load, canary_picture: Picture, says: Says
) -> None:
    service.says(says)
    assert loaded(hive(service.url)).score([canary_picture]) == [Result.error("malformed_reply")]


def test_a_task_that_failed_is_an_error(service: FakeService, loaded: Load, canary_picture: Picture) -> None:
    service.says(output(classes(0, 0, 1), code=3))
    assert loaded(hive(service.url)).score([canary_picture]) == [Result.error("service_failed")]


def test_a_picture_below_fifty_pixels_is_not_sent(service: FakeService, loaded: Load) -> None:
    assert loaded(hive(service.url)).score([noise(49, 200)]) == [Result.abstain("too_small")]
    assert service.asked == []


def test_the_known_shapes_take_pictures_alone() -> None:
    for text in (google("https://guard.example.internal"), hive("https://guard.example.internal")):
        assert model(text).info.modalities == {Modality.IMAGE}


BODY = 'body: {a: "{text}"}\nlabels: {adult_sexual: {path: a}}'


@pytest.mark.parametrize(
    "more",
    [
        "modalities: [text]\nlabels: {adult_sexual: {path: a}}",
        'modalities: [text]\nbody: {a: "text"}\nlabels: {adult_sexual: {path: a}}',
        'modalities: [text]\nbody: {a: "{image_base64}"}\nlabels: {adult_sexual: {path: a}}',
        'modalities: [text]\nbody: {a: "{text}{image_base64}"}\nlabels: {adult_sexual: {path: a}}',
        'modalities: [text]\nbody: {a: "{text}", b: 2026-01-01}\nlabels: {adult_sexual: {path: a}}',
        'modalities: [text]\nbody: {1: "{text}"}\nlabels: {adult_sexual: {path: a}}',
        'modalities: [text, image]\nbody: {text: "{text}"}\nlabels: {adult_sexual: {path: a}}',
        f"modalities: [text]\n{BODY}\nresults: a",
        f"modalities: [text]\n{BODY}\nbatch: 2",
        'modalities: [text]\nbody: [{$each: "{text}"}]\nlabels: {adult_sexual: {path: a}}',
        'modalities: [text]\nbody: [{$each: "{text}", a: 1}]\nresults: a\nlabels: {adult_sexual: {path: a}}',
        'modalities: [text]\nbody: ["{text}"]\nlabels: {}',
        'modalities: [text]\nbody: ["{text}"]\nlabels: {adult_sexual: a}',
        'modalities: [text]\nbody: ["{text}"]\nlabels: {adult_sexual: {path: a..b}}',
        'modalities: [text]\nbody: ["{text}"]\nlabels: {adult_sexual: {path: a, values: {}}}',
        'modalities: [text]\nbody: ["{text}"]\nlabels: {adult_sexual: {path: a, values: {x: 2}}}',
        'modalities: [text]\nbody: ["{text}"]\nlabels: {adult_sexual: {path: a, values: {x: 1}, most: 5}}',
        f"modalities: [text]\n{BODY}\nmethod: GET",
        "shape: zorblax",
        "shape: google-content-safety\nbatch: 33",
        "shape: google-content-safety\nbody: {}",
        "shape: hive-thorn\nlabels: {zorblax: adult_sexual}",
        "shape: hive-thorn\nlabels: {other: adult_sexual}",
    ],
)
def test_a_service_that_is_described_wrongly_is_refused(more: str) -> None:
    with pytest.raises(ConfigurationError):
        model(f"adapter: http-json\nurl: https://guard.example.internal\n{more}\n")
