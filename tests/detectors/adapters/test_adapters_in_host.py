"""Operators' models as the host runs them: found by id, confined or not, and never shown what may not leave."""

from __future__ import annotations

import hashlib
from pathlib import Path

import onnx
from onnx import TensorProto, helper

from seawall.detectors.contract import Input, Picture, Result, Status, Text
from seawall.detectors.host import DetectorSet, open_detectors
from seawall.settings import Settings
from tests.detectors.adapters.fake_service import FakeService, Says

SAFE = Says({"choices": [{"message": {"role": "assistant", "content": "safe"}, "finish_reason": "stop"}]})


def configure(home: Path, text: str) -> Settings:
    home.mkdir(exist_ok=True)
    (home / "detectors.yaml").write_text(text)
    return Settings(home, "")


def guard(name: str, url: str, more: str = "") -> str:
    keys = f"adapter: chat-guard, base_url: {url}, model: guard, reply: llama-guard{more}"
    return f"  {name}: {{{keys}}}\n"


def test_a_model_file_runs_in_its_own_confined_process(tmp_path: Path, canary_picture: Picture) -> None:
    path = tmp_path / "means.onnx"
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["pixels"], ["scores"], axes=[2, 3], keepdims=0)],
        "canary",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 3])],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    settings = configure(
        tmp_path / "home",
        f"""
models:
  my-file:
    {{adapter: onnx-image, path: {path}, sha256: "{digest}", weights_licence: CC0-1.0, size: 64, resize: squash,
     activation: none, classes: [b, c, d], labels: {{b: adult_sexual}}}}
  gone:
    {{adapter: onnx-image, path: {path}.gone, sha256: "{digest}", weights_licence: CC0-1.0, size: 64, resize: squash,
     activation: none, classes: [b, c, d], labels: {{b: adult_sexual}}}}
""",
    )
    with open_detectors(DetectorSet.chosen(["my-file", "gone"], settings, plugins=[])) as detectors:
        (answers,) = detectors.score([canary_picture], hashed=True)
    expected = canary_picture.pixels[:, :, 0].mean() / 255
    assert answers["my-file"].status is Status.OK
    assert abs(answers["my-file"].labels["adult_sexual"] - expected) < 0.01
    assert answers["gone"] == Result.unsupported("weights_missing")


def test_content_stays_here_until_it_is_allowed_and_hashed(
    tmp_path: Path, service: FakeService, canary_text: Text, canary_picture: Picture
) -> None:
    """The service says of itself that it passes content on; nothing but what is allowed arrives there."""
    service.says(SAFE)
    away = guard("away", service.url, ", forwards_off_host: true")
    here = guard("here", service.url)
    items: list[Input] = [canary_text, canary_picture]
    for allowed, hashed, arrived in (
        ("{}", True, 0),
        ("{image: false, text: true}", False, 0),
        ("{image: false, text: true}", True, 1),
        ("{away: [text, image]}", True, 2),
    ):
        settings = configure(tmp_path / "home", f"allow_off_host: {allowed}\nmodels:\n{away}{here}")
        service.asked.clear()
        with open_detectors(DetectorSet.chosen(["away"], settings, plugins=[])) as detectors:
            answers = [answer["away"].status for answer in detectors.score(items, hashed=hashed)]
        assert len(service.asked) == arrived
        assert answers.count(Status.OK) == arrived
        assert answers.count(Status.UNSUPPORTED) == 2 - arrived
    with open_detectors(DetectorSet.chosen(["here"], settings, plugins=[])) as detectors:
        assert [answer["here"].status for answer in detectors.score(items, hashed=False)] == [Status.OK] * 2


def test_a_model_that_cannot_load_answers_with_an_error(tmp_path: Path, canary_text: Text) -> None:
    more = ', headers: {Authorization: "${SEAWALL_NOT_SET}"}'
    settings = configure(tmp_path / "home", f"models:\n{guard('here', 'http://127.0.0.1:9', more)}")
    with open_detectors(DetectorSet.chosen(["here"], settings, plugins=[])) as detectors:
        (answers,) = detectors.score([canary_text], hashed=True)
    assert answers["here"].status is Status.ERROR
