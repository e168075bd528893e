"""Model files of the operator's: tiny graphs, written here, show that each picture is prepared as the recipe says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from seawall.detectors.adapters import ConfigurationError, ModelRefused
from seawall.detectors.adapters.onnx_image import OnnxImage
from seawall.detectors.contract import Detector, Modality, Picture, Result, Runs, Status, Text
from seawall.detectors.errors import WeightsMissing, WeightsRefused
from tests.detectors.adapters.conftest import CONTEXT, model

Load = Callable[[str], Detector]


def written(
    path: Path,
    nodes: list[Any],
    *,
    shape: list[Any] | None = None,
    outputs: tuple[str, ...] = ("scores",),
    constants: tuple[Any, ...] = (),
    element: int = TensorProto.FLOAT,
    more_inputs: tuple[Any, ...] = (),
    domains: tuple[str, ...] = (),
) -> Path:
    """Write a graph from `pixels` to its outputs."""
    graph = helper.make_graph(
        nodes,
        "canary",
        [helper.make_tensor_value_info("pixels", element, shape or ["n", 3, "h", "w"]), *more_inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        list(constants),
    )
    sets = [helper.make_opsetid("", 17), *(helper.make_opsetid(domain, 1) for domain in domains)]
    onnx.save(helper.make_model(graph, opset_imports=sets, ir_version=8), path)
    return path


def channel_means(path: Path, axes: tuple[int, int] = (2, 3)) -> Path:
    """Write a graph whose outputs are the means of the three channels of its input."""
    return written(
        path,
        [helper.make_node("ReduceMean", ["pixels"], ["scores"], axes=list(axes), keepdims=0)],
        shape=["n", 3, "h", "w"] if axes == (2, 3) else ["n", "h", "w", 3],
    )


def says(path: Path, *values: float, name: str = "scores") -> Path:
    """Write a graph that gives these values for every picture."""
    constant = numpy_helper.from_array(np.array([values], np.float32), "values")
    zero = numpy_helper.from_array(np.zeros(1, np.float32), "zero")
    nodes = [
        helper.make_node("ReduceMean", ["pixels"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["values", "nothing"], [name]),
    ]
    return written(path, nodes, constants=(constant, zero), outputs=(name,))


def onnx_image(path: Path, more: str = "", *, size: int = 32, sha256: str | None = None) -> str:
    digest = sha256 or hashlib.sha256(path.read_bytes()).hexdigest()
    text = f"""
adapter: onnx-image
path: {path}
sha256: "{digest}"
weights_licence: CC0-1.0
size: {size}
resize: squash
activation: none
classes: [b, c, d]
labels: {{b: adult_sexual, c: zorblax, d: other}}
"""
    keys = {line.partition(":")[0] for line in more.splitlines()}
    kept = [line for line in text.splitlines() if line.partition(":")[0] not in keys]
    return "\n".join([*kept, more])


def flat(red: int, green: int, blue: int, width: int = 64, height: int = 64) -> Picture:
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[:] = (red, green, blue)
    return Picture(pixels, width, height)


def scores(detector: Detector, picture: Picture) -> list[float]:
    (result,) = detector.score([picture])
    assert result.status is Status.OK, result.reason
    return [result.labels[label] for label in ("adult_sexual", "zorblax", "other")]


def test_values_are_scaled_from_zero_to_one(tmp_path: Path, loaded: Load) -> None:
    detector = loaded(onnx_image(channel_means(tmp_path / "means.onnx")))
    assert scores(detector, flat(255, 0, 51)) == pytest.approx([1.0, 0.0, 0.2], abs=1e-5)


def test_channels_may_be_turned_round(tmp_path: Path, loaded: Load) -> None:
    detector = loaded(onnx_image(channel_means(tmp_path / "means.onnx"), "channels: BGR"))
    assert scores(detector, flat(255, 0, 51)) == pytest.approx([0.2, 0.0, 1.0], abs=1e-5)


def test_channels_may_come_last(tmp_path: Path, loaded: Load) -> None:
    detector = loaded(onnx_image(channel_means(tmp_path / "means.onnx", (1, 2)), "layout: NHWC"))
    assert scores(detector, flat(255, 0, 51)) == pytest.approx([1.0, 0.0, 0.2], abs=1e-5)


def test_mean_and_deviation_follow_the_channels(tmp_path: Path, loaded: Load) -> None:
    more = "scale: 1\nmean: [55, 0, 0]\nstd: [200, 1000, 100]"
    detector = loaded(onnx_image(channel_means(tmp_path / "means.onnx"), more))
    assert scores(detector, flat(155, 100, 50)) == pytest.approx([0.5, 0.1, 0.5], abs=1e-5)


def test_a_letterbox_has_a_border(tmp_path: Path, loaded: Load) -> None:
    detector = loaded(onnx_image(channel_means(tmp_path / "means.onnx"), "resize: letterbox\nborder: [0, 255, 0]"))
    assert scores(detector, flat(255, 255, 255, 64, 32)) == pytest.approx([0.5, 1.0, 0.5], abs=1e-5)


def test_the_middle_is_cut_out(tmp_path: Path, loaded: Load) -> None:
    """A white middle in a black picture fills what is seen of it."""
    picture = flat(0, 0, 0, 192, 64)
    pixels = picture.pixels.copy()
    pixels[:, 64:128] = 255
    detector = loaded(onnx_image(channel_means(tmp_path / "means.onnx"), "resize: centre_crop"))
    assert scores(detector, Picture(pixels, 192, 64)) == pytest.approx([1.0] * 3, abs=0.02)
    whole = loaded(onnx_image(channel_means(tmp_path / "means.onnx"), "resize: squash"))
    assert scores(whole, Picture(pixels, 192, 64))[0] == pytest.approx(1 / 3, abs=0.02)


def test_more_than_the_middle_may_be_resized_first(tmp_path: Path, loaded: Load) -> None:
    """Of a shorter side of 64 the middle 32 are left, as the size is half of what is cropped from."""
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[16:48, 16:48] = 255
    more = "resize: centre_crop\ncrop_from: 64\nresample: bicubic"
    detector = loaded(onnx_image(channel_means(tmp_path / "means.onnx"), more))
    assert scores(detector, Picture(pixels, 64, 64)) == pytest.approx([1.0] * 3, abs=0.02)


@pytest.mark.parametrize("element", [TensorProto.FLOAT16, TensorProto.UINT8])
def test_a_model_may_take_other_kinds_of_numbers(tmp_path: Path, loaded: Load, element: int) -> None:
    factor = 1.0 if element == TensorProto.FLOAT16 else 1 / 255
    nodes = [
        helper.make_node("Cast", ["pixels"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["numbers", "factor"], ["shares"]),
        helper.make_node("ReduceMean", ["shares"], ["scores"], axes=[2, 3], keepdims=0),
    ]
    constant = numpy_helper.from_array(np.array(factor, np.float32), "factor")
    path = written(tmp_path / "cast.onnx", nodes, constants=(constant,), element=element)
    detector = loaded(onnx_image(path, "" if factor == 1.0 else "scale: 1"))
    assert scores(detector, flat(255, 0, 51)) == pytest.approx([1.0, 0.0, 0.2], abs=1e-3)


@pytest.mark.parametrize(
    ("activation", "values", "expected"),
    [
        ("softmax", (0.0, 0.0, 0.0), [1 / 3] * 3),
        ("softmax", (1000.0, 0.0, -1000.0), [1.0, 0.0, 0.0]),
        ("sigmoid", (0.0, 1000.0, -1000.0), [0.5, 1.0, 0.0]),
        ("none", (0.25, 1.0, 0.0), [0.25, 1.0, 0.0]),
    ],
)
def test_probabilities_are_made_of_the_output(
    tmp_path: Path, loaded: Load, activation: str, values: tuple[float, ...], expected: list[float]
) -> None:
    detector = loaded(onnx_image(says(tmp_path / "says.onnx", *values), f"activation: {activation}"))
    assert scores(detector, flat(0, 0, 0)) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("activation", "values"),
    [
        ("none", (0.5, 2.0, 0.0)),
        ("none", (0.5, -1.0, 0.0)),
        ("none", (0.5, float("nan"), 0.0)),
        ("softmax", (float("nan"), 0.0, 0.0)),
        ("softmax", (float("inf"), 0.0, 0.0)),
        ("sigmoid", (float("-inf"), 0.0, 0.0)),
        ("softmax", (0.0, 0.0)),
        ("softmax", (0.0, 0.0, 0.0, 0.0)),
    ],
)
def test_an_output_that_is_no_probability_is_an_error(
    tmp_path: Path, loaded: Load, activation: str, values: tuple[float, ...]
) -> None:
    detector = loaded(onnx_image(says(tmp_path / "says.onnx", *values), f"activation: {activation}"))
    assert detector.score([flat(0, 0, 0)]) == [Result.error("bad_output")]


@pytest.mark.parametrize(
    ("more", "expected"),
    [("activation: softmax", 2 / 3), ("activation: softmax\njoin: max", 1 / 3), ("activation: sigmoid", 0.5)],
)
def test_several_outputs_make_one_class(tmp_path: Path, loaded: Load, more: str, expected: float) -> None:
    labels = "labels: {b: adult_sexual, d: adult_sexual}\n"
    detector = loaded(onnx_image(says(tmp_path / "says.onnx", 0, 0, 0), labels + more))
    assert detector.score([flat(0, 0, 0)])[0].labels == {"adult_sexual": pytest.approx(expected)}
    assert detector.info.labels == ("adult_sexual",)


def test_an_output_may_be_named_or_counted(tmp_path: Path, loaded: Load) -> None:
    nodes = [
        helper.make_node("ReduceMean", ["pixels"], ["first"], axes=[2, 3], keepdims=0),
        helper.make_node("Sub", ["one", "first"], ["second"]),
    ]
    one = numpy_helper.from_array(np.ones(1, np.float32), "one")
    path = written(tmp_path / "two.onnx", nodes, constants=(one,), outputs=("first", "second"))
    for more, expected in (("", 1.0), ("output: 0", 1.0), ("output: 1", 0.0), ("output: second", 0.0)):
        detector = loaded(onnx_image(path, f"input: pixels\n{more}"))
        assert scores(detector, flat(255, 255, 255))[0] == pytest.approx(expected, abs=1e-5)
    for more in ("output: 2", "output: third", "input: picture"):
        with pytest.raises(ModelRefused):
            model(onnx_image(path, more)).load(CONTEXT)


def test_another_digest_is_refused(tmp_path: Path) -> None:
    path = channel_means(tmp_path / "means.onnx")
    detector = model(onnx_image(path))
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(WeightsRefused, match="not the one"):
        detector.load(CONTEXT)
    assert detector.score([flat(0, 0, 0)]) == [Result.error("not_loaded")]


def test_a_file_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing):
        model(onnx_image(tmp_path / "missing.onnx", sha256="0" * 64)).load(CONTEXT)


@pytest.mark.parametrize("data", [b"", b"zorblax", b"\x80\x04\x95zorblax.", b"PK\x03\x04"])
def test_what_is_no_model_is_refused(tmp_path: Path, data: bytes) -> None:
    """A pickle among them: nothing ever loads one."""
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    with pytest.raises(WeightsRefused):
        model(onnx_image(path)).load(CONTEXT)


def test_values_in_another_file_are_refused(tmp_path: Path) -> None:
    path = says(tmp_path / "says.onnx", 0.1, 0.2, 0.3)
    onnx.save_model(onnx.load(path), path, save_as_external_data=True, location="values.bin", size_threshold=0)
    with pytest.raises(WeightsRefused, match="another file"):
        model(onnx_image(path)).load(CONTEXT)


def test_operators_that_bring_their_own_code_are_refused(tmp_path: Path) -> None:
    node = helper.make_node("Judge", ["pixels"], ["scores"], domain="zorblax")
    path = written(tmp_path / "own.onnx", [node], domains=("zorblax",))
    with pytest.raises(WeightsRefused, match="not a model that can be run here"):
        model(onnx_image(path)).load(CONTEXT)


def test_a_model_of_two_inputs_is_refused(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Add", ["pixels", "other"], ["both"]),
        helper.make_node("ReduceMean", ["both"], ["scores"], axes=[2, 3], keepdims=0),
    ]
    other = helper.make_tensor_value_info("other", TensorProto.FLOAT, ["n", 3, "h", "w"])
    path = written(tmp_path / "two.onnx", nodes, more_inputs=(other,))
    with pytest.raises(ModelRefused):
        model(onnx_image(path)).load(CONTEXT)


def test_a_size_that_the_model_does_not_take_is_an_error(tmp_path: Path, loaded: Load) -> None:
    node = helper.make_node("ReduceMean", ["pixels"], ["scores"], axes=[2, 3], keepdims=0)
    path = written(tmp_path / "fixed.onnx", [node], shape=[1, 3, 48, 48])
    assert loaded(onnx_image(path)).score([flat(0, 0, 0)]) == [Result.error("model_failed")]
    assert loaded(onnx_image(path, size=48)).score([flat(0, 0, 0)])[0].status is Status.OK


def test_only_pictures_that_can_be_judged_are_looked_at(tmp_path: Path, loaded: Load) -> None:
    detector = loaded(onnx_image(channel_means(tmp_path / "means.onnx")))
    results = detector.score([Text("owl"), flat(0, 0, 0, 20, 20), flat(0, 0, 0)])
    assert [result.status for result in results] == [Status.UNSUPPORTED, Status.ABSTAIN, Status.OK]


def test_it_says_what_it_is_and_which_file_it_reads(tmp_path: Path) -> None:
    path = channel_means(tmp_path / "means.onnx")
    detector = model(onnx_image(path))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert isinstance(detector, OnnxImage)
    assert detector.info.weights == {"means.onnx": digest}
    assert detector.files == {digest: path}
    assert detector.info.modalities == {Modality.IMAGE}
    assert detector.info.runs is Runs.CONFINED
    assert detector.info.offline and detector.info.deterministic and not detector.info.sends_content_off_host


@settings(max_examples=40, deadline=None)
@given(
    width=st.integers(32, 640),
    height=st.integers(32, 640),
    resize=st.sampled_from(["squash", "letterbox", "centre_crop"]),
    size=st.integers(16, 80),
)
def test_every_picture_gets_the_models_size(width: int, height: int, resize: str, size: int) -> None:
    text = onnx_image(Path("/nowhere.onnx"), f"resize: {resize}\ncrop_from: {size + 9}", size=size, sha256="0" * 64)
    detector = model(text)
    assert isinstance(detector, OnnxImage)
    assert detector.recipe.tensor(flat(10, 20, 30, width, height).pixels).shape == (1, 3, size, size)


@pytest.mark.parametrize(
    "more",
    [
        "sha256: zorblax",
        "sha256: 0",
        "path: model.onnx",
        "size: 0",
        "size: [224, 224]",
        "resize: stretch",
        "mean: [0.5]",
        "std: [0, 1, 1]",
        "layout: CHW",
        "channels: GREY",
        "activation: tanh",
        "classes: [b, b]",
        "classes: []",
        "classes: [b, c]",
        "labels: {z: adult_sexual}",
        "output: -1",
        "output: true",
        "output: [0]",
        "crop_from: 5",
        "border: [0, 0, 256]",
        "weights_licence: ",
        "trust_remote_code: true",
        "classes: [b]\nlabels: {b: adult_sexual}\nactivation: softmax",
    ],
)
def test_a_model_that_is_described_wrongly_is_refused(more: str) -> None:
    with pytest.raises(ConfigurationError):
        model(onnx_image(Path("/nowhere.onnx"), more, sha256="0" * 64))
