"""Guards that answer in a chat: each family is read in its own form, and what is not that form is an error."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seawall.detectors.adapters import ConfigurationError, ModelRefused
from seawall.detectors.contract import Detector, Picture, Result, Status, Text
from tests.detectors.adapters.conftest import CONTEXT, model
from tests.detectors.adapters.fake_service import FakeService, Says

Load = Callable[[str], Detector]


def chat(text: Any, *, finish: Any = "stop", logprobs: Any = None, **more: Any) -> Says:
    message = {"role": "assistant", "content": text} | more
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": logprobs}
    return Says({"id": "chatcmpl-1", "object": "chat.completion", "model": "guard-1", "choices": [choice]})


def first(*words: tuple[str, float], lead: str = "") -> dict[str, Any]:
    """Probabilities of the first word, of which the first named was chosen, after tokens that are blank."""
    listed = [{"token": word, "logprob": math.log(share), "bytes": None} for word, share in words]
    blank = [{"token": lead, "logprob": 0.0, "top_logprobs": []}] if lead else []
    return {"content": [*blank, {**listed[0], "top_logprobs": listed}]}


def guard(url: str, reply: str, more: str = "") -> str:
    return f"""
adapter: chat-guard
base_url: {url}
model: guard-1
reply: {reply}
{more}
"""


@pytest.mark.parametrize(
    ("reply", "scores"),
    [
        ("safe", (0.0, 0.0)),
        ("\n\nsafe", (0.0, 0.0)),
        ("unsafe\nS4", (1.0, 0.0)),
        ("\n\nunsafe\nS12", (0.0, 1.0)),
        ("unsafe\nS4,S12", (1.0, 1.0)),
        ("unsafe\nS4, S12\n", (1.0, 1.0)),
        ("unsafe\nS1", (0.0, 0.0)),
    ],
)
def test_llama_guard_is_read(service: FakeService, loaded: Load, reply: str, scores: tuple[float, float]) -> None:
    service.says(chat(reply))
    (result,) = loaded(guard(service.url, "llama-guard")).score([Text("zorblax")])
    assert result.labels == dict(zip(("csem.sexualised_media", "adult_sexual"), scores, strict=True))
    assert result.raw_version == "guard-1"


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Safe",
        "safe.",
        "safe\nS4",
        "safe safe",
        "unsafe",
        "unsafe\n",
        "unsafe\nS",
        "unsafe\nS0",
        "unsafe\nS4,",
        "unsafe\nS4;S12",
        "unsafe\nS4\nsafe",
        "unsafe S4",
        "unsafe\nS123",
        "not unsafe",
        "I cannot judge this",
        "safe\n\nunsafe\nS4",
    ],
)
def test_what_is_not_llama_guards_form_is_an_error(service: FakeService, loaded: Load, reply: str) -> None:
    service.says(chat(reply))
    assert loaded(guard(service.url, "llama-guard")).score([Text("zorblax")]) == [Result.error("malformed_reply")]


def test_a_reply_that_was_cut_off_is_an_error(service: FakeService, loaded: Load) -> None:
    """`S12` cut after one digit reads like `S1`."""
    service.says(chat("unsafe\nS1", finish="length"))
    assert loaded(guard(service.url, "llama-guard")).score([Text("zorblax")]) == [Result.error("malformed_reply")]


@pytest.mark.parametrize(
    ("reply", "words", "scores"),
    [
        ("safe", [("safe", 0.75), ("unsafe", 0.25)], (0.25, 0.25)),
        ("unsafe\nS12", [("unsafe", 0.75), ("safe", 0.25)], (0.0, 0.75)),
        ("unsafe\nS12", [("uns", 0.75), ("safe", 0.25)], (0.0, 0.75)),
    ],
)
def test_the_first_word_may_be_the_score(
    service: FakeService, loaded: Load, reply: str, words: list[tuple[str, float]], scores: tuple[float, float]
) -> None:
    service.says(chat("\n\n" + reply, logprobs=first(*words, lead="\n\n")))
    (result,) = loaded(guard(service.url, "llama-guard", "score_from: logprob")).score([Text("zorblax")])
    assert [result.labels[label] for label in ("csem.sexualised_media", "adult_sexual")] == pytest.approx(scores)
    assert service.asked[0].json()["logprobs"] is True


@pytest.mark.parametrize(
    "logprobs",
    [
        None,
        {"content": None},
        {"content": []},
        {"content": [{"token": "\n", "logprob": 0.0}]},
        {"content": [{"token": "unsafe", "logprob": -0.1, "top_logprobs": []}]},
        {"content": [{"token": "safe", "logprob": 0.5, "top_logprobs": []}]},
        {"content": [{"token": "safe", "logprob": "0", "top_logprobs": []}]},
        {"content": [{"token": "safe", "logprob": -0.1, "top_logprobs": 3}]},
        {"content": [{"token": "safe", "logprob": 0.0, "top_logprobs": [{"token": "unsafe", "logprob": 0.0}]}]},
        {"content": "safe"},
        7,
    ],
)
def test_probabilities_that_do_not_fit_the_verdict_are_an_error(
    service: FakeService, loaded: Load, logprobs: Any
) -> None:
    service.says(chat("safe", logprobs=logprobs))
    detector = loaded(guard(service.url, "llama-guard", "score_from: logprob"))
    assert detector.score([Text("zorblax")]) == [Result.error("malformed_reply")]


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("Safety: Safe\nCategories: None", 0.0),
        ("Safety: Unsafe\nCategories: Sexual Content or Sexual Acts", 1.0),
        ("Safety: Controversial\nCategories: Sexual Content or Sexual Acts", 0.5),
        ("Safety: Unsafe\nCategories: Violent, Sexual Content or Sexual Acts\nRefusal: No", 1.0),
        ("Safety: Unsafe\nCategories: Violent", 0.0),
    ],
)
def test_qwen3guard_is_read(service: FakeService, loaded: Load, reply: str, score: float) -> None:
    service.says(chat(reply))
    (result,) = loaded(guard(service.url, "qwen3guard")).score([Text("zorblax")])
    assert result.labels == {"adult_sexual": score}


@pytest.mark.parametrize(
    "reply",
    [
        "Safety: Safe",
        "Safety: safe\nCategories: None",
        "Safety: Safe\nCategories: Violent",
        "Safety: Unsafe\nCategories: None",
        "Safety: Unsafe\nCategories: None, Violent",
        "Safety: Unsafe\nCategories: Zorblax",
        "Safety: Unsafe\nCategories: ",
        "Safety: Unsafe\nCategories: Violent\nSafety: Safe",
        "Safety: Unsafe\nCategories: Violent\nRefusal: Maybe",
        "Categories: None\nSafety: Safe",
        "Well. Safety: Safe\nCategories: None",
    ],
)
def test_what_is_not_qwen3guards_form_is_an_error(service: FakeService, loaded: Load, reply: str) -> None:
    service.says(chat(reply))
    assert loaded(guard(service.url, "qwen3guard")).score([Text("zorblax")]) == [Result.error("malformed_reply")]


ANSWERS = """
answers:
  flagged: {adult_sexual: 1}
  unclear: {adult_sexual: 0.5}
  fine: {}
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.md"
    path.write_text("A lantern is flagged. Reply with JSON: label and rationale.\n")
    return path


def test_the_operators_policy_is_the_systems_message(
    service: FakeService, loaded: Load, policy: Path, canary_text: Text
) -> None:
    service.says(chat('{"label": "flagged", "rationale": "It says lantern."}'))
    detector = loaded(guard(service.url, "gpt-oss-safeguard", f"policy: {policy}{ANSWERS}"))
    assert detector.score([canary_text])[0].labels == {"adult_sexual": 1.0}
    system, user = service.asked[0].json()["messages"]
    assert system == {"role": "system", "content": policy.read_text().strip()}
    assert user == {"role": "user", "content": canary_text.text}


def test_a_rationale_goes_nowhere(
    service: FakeService,
    loaded: Load,
    policy: Path,
    canary_text: Text,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    detector = loaded(guard(service.url, "gpt-oss-safeguard", f"policy: {policy}{ANSWERS}"))
    for text in ('{"label": "fine", "rationale": "lantern"}', '{"label": "lantern"}', "flagged: lantern"):
        service.says(chat(text))
        results = detector.score([canary_text])
        assert "lantern" not in caplog.text + "".join(capfd.readouterr()) + repr(results)


def test_the_label_may_stand_on_the_first_line(service: FakeService, loaded: Load, policy: Path) -> None:
    service.says(chat("unclear\nIt could be a lantern, or flagged, or fine."))
    detector = loaded(guard(service.url, "gpt-oss-safeguard", f"policy: {policy}\nshape: first_line{ANSWERS}"))
    assert detector.score([Text("zorblax")])[0].labels == {"adult_sexual": 0.5}


@pytest.mark.parametrize(
    "reply",
    [
        "flagged",
        '{"label": "Flagged"}',
        '{"label": "flagged", "verdict": "fine"}',
        '{"label": "flagged", "label": "fine"}',
        '{"label": ["flagged"]}',
        '{"label": null}',
        '["flagged"]',
        '```json\n{"label": "flagged"}\n```',
        '{"rationale": "fine"}',
        '{"label": "flagged"} {"label": "fine"}',
    ],
)
def test_a_label_that_is_not_exactly_one_of_the_answers_is_an_error(
    service: FakeService, loaded: Load, reply: str
) -> None:
    service.says(chat(reply))
    detector = loaded(guard(service.url, "json-label", ANSWERS))
    assert detector.score([Text("zorblax")]) == [Result.error("malformed_reply")]


@pytest.mark.parametrize(("label", "score"), [("1", 1.0), ("0", 0.0), ("true", 1.0), ("false", 0.0)])
def test_labels_may_be_numbers_or_truths(service: FakeService, loaded: Load, label: str, score: float) -> None:
    service.says(chat(f'{{"violation": {label}}}'))
    answers = '{"1": {adult_sexual: 1}, "0": {}, "true": {adult_sexual: 1}, "false": {}}'
    detector = loaded(guard(service.url, "json-label", f"label_key: violation\nanswers: {answers}"))
    assert detector.score([Text("zorblax")])[0].labels == {"adult_sexual": score}


def test_scores_in_json_are_read(service: FakeService, loaded: Load) -> None:
    service.says(chat('{"b": 0.75, "g": 0, "rationale": "zorblax"}'))
    detector = loaded(guard(service.url, "json-label", "scores: {b: adult_sexual, g: csem.grooming}"))
    assert detector.score([Text("zorblax")])[0].labels == {"adult_sexual": 0.75, "csem.grooming": 0.0}
    service.says(chat('{"b": 0.75}'))
    assert detector.score([Text("zorblax")]) == [Result.error("malformed_reply")]


@pytest.mark.parametrize(
    ("words", "score"),
    [
        ([("Yes", 0.6), ("No", 0.2)], 0.75),
        ([("No", 0.6), (" Yes", 0.1), ("Yes", 0.1)], 0.25),
        ([("Yes", 0.9)], 1.0),
        ([("No", 0.9), ("Maybe", 0.05)], 0.05 / 0.95),
    ],
)
def test_yes_is_weighed_against_no(
    service: FakeService, loaded: Load, words: list[tuple[str, float]], score: float
) -> None:
    service.says(chat(words[0][0], finish="length", logprobs=first(*words)))
    more = 'label: adult_sexual\npositive: ["Yes"]\nnegative: ["No"]\ntemplate: "Does it name a lantern? {text}"'
    detector = loaded(guard(service.url, "logprob", more))
    assert detector.score([Text("zorblax")])[0].labels == {"adult_sexual": pytest.approx(score)}
    asked = service.asked[0].json()
    assert asked["messages"] == [{"role": "user", "content": "Does it name a lantern? zorblax"}]
    assert (asked["max_tokens"], asked["temperature"], asked["top_logprobs"]) == (1, 0, 20)


def test_a_word_that_is_neither_yes_nor_no_is_an_error(service: FakeService, loaded: Load) -> None:
    service.says(chat("Perhaps", finish="length", logprobs=first(("Perhaps", 0.9), ("No", 0.1))))
    detector = loaded(guard(service.url, "logprob", 'label: adult_sexual\npositive: ["Yes"]\nnegative: ["No"]'))
    assert detector.score([Text("zorblax")]) == [Result.error("malformed_reply")]


def test_a_picture_is_sent_beside_the_question(service: FakeService, loaded: Load, canary_picture: Picture) -> None:
    service.says(chat("safe"))
    detector = loaded(guard(service.url, "llama-guard", "picture_template: Judge this picture."))
    assert detector.score([canary_picture])[0].status is Status.OK
    ((picture, words),) = (message["content"] for message in service.asked[0].json()["messages"])
    assert picture["image_url"]["url"].startswith("data:image/jpeg;base64,/9j/")
    assert words == {"type": "text", "text": "Judge this picture."}


def test_a_text_with_a_place_in_it_is_only_text(service: FakeService, loaded: Load) -> None:
    service.says(chat("safe"))
    loaded(guard(service.url, "llama-guard", 'template: "<{text}>"')).score([Text("{text} {0} %s")])
    assert service.asked[0].json()["messages"][0]["content"] == "<{text} {0} %s>"


@pytest.mark.parametrize(
    "says",
    [
        Says({}),
        Says({"choices": []}),
        Says({"choices": [{}, {}]}),
        Says({"choices": [{"message": {"content": "safe"}}]}),
        chat(None),
        chat([{"type": "text", "text": "safe"}]),
        chat("safe", finish="content_filter"),
        chat("safe", finish="tool_calls"),
        chat("safe", refusal="zorblax"),
        chat("safe", tool_calls=[{}]),
        chat("safe" + " " * 20_000),
    ],
)
def test_a_reply_that_is_no_plain_message_is_an_error(service: FakeService, loaded: Load, says: Says) -> None:
    service.says(says)
    assert loaded(guard(service.url, "llama-guard")).score([Text("zorblax")]) == [Result.error("malformed_reply")]


@pytest.mark.parametrize(
    ("reply", "more"),
    [
        ("zorblax", ""),
        ("llama-guard", "labels: {}"),
        ("llama-guard", "template: no place"),
        ("llama-guard", 'template: "{text} {text}"'),
        ("llama-guard", "policy: policy.md"),
        ("qwen3guard", "labels: {Zorblax: adult_sexual}"),
        ("gpt-oss-safeguard", "answers: {flagged: {adult_sexual: 1}}"),
        ("gpt-oss-safeguard", "policy: /nowhere\nmodalities: [image]\nanswers: {flagged: {adult_sexual: 1}}"),
        ("json-label", ""),
        ("json-label", "answers: {fine: {}}"),
        ("json-label", "answers: {flagged: {adult_sexual: 2}}"),
        ("json-label", "answers: {yes: {adult_sexual: 1}}"),
        ("json-label", "label_key: rationale\nanswers: {flagged: {adult_sexual: 1}}"),
        ("logprob", 'label: adult_sexual\npositive: ["a"]\nnegative: ["a"]'),
        ("logprob", 'label: adult_sexual\npositive: []\nnegative: ["a"]'),
    ],
)
def test_a_guard_that_is_described_wrongly_is_refused(reply: str, more: str) -> None:
    with pytest.raises(ConfigurationError):
        model(guard("https://guard.example.internal", reply, more))


def test_a_policy_that_is_missing_empty_or_too_long_keeps_the_model_from_loading(tmp_path: Path) -> None:
    for name, text in (("missing", None), ("empty", " "), ("long", "x" * 70_000)):
        if text is not None:
            (tmp_path / name).write_text(text)
        detector = model(guard("http://127.0.0.1:9", "gpt-oss-safeguard", f"policy: {tmp_path / name}{ANSWERS}"))
        with pytest.raises(ModelRefused):
            detector.load(CONTEXT)


def test_another_policy_is_another_version(policy: Path) -> None:
    text = guard("http://127.0.0.1:9", "gpt-oss-safeguard", f"policy: {policy}{ANSWERS}")
    before = model(text).info.version
    assert model(text).info.version == before
    policy.write_text("An owl is flagged.")
    assert model(text).info.version != before
