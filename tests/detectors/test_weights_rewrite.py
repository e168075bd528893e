"""Rewriting a model file: the same values for the same inputs, and nothing taken from another file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from seawall.detectors.errors import WeightsRefused
from seawall.detectors.onnx_session import ModelFailed, OnnxModel
from seawall.detectors.weights import (
    has_outside_data,
)
from seawall.detectors.weights._graph import rewrite
from seawall.detectors.weights._wire import Malformed, fields, written
from tests.detectors.small_models import convolution, model_bytes


def gelu() -> bytes:
    scalars = {"root": np.float32(2**0.5), "one": np.float32(1), "half": np.float32(0.5)}
    return model_bytes(
        helper.make_node("Div", ["x", "root"], ["a"]),
        helper.make_node("Erf", ["a"], ["b"]),
        helper.make_node("Add", ["b", "one"], ["c"]),
        helper.make_node("Mul", ["half", "c"], ["d"]),
        helper.make_node("Mul", ["x", "d"], ["y"]),
        initializers={name: np.asarray(value) for name, value in scalars.items()},
    )


def answer(model: bytes, shape: tuple[int, ...] = (1, 3, 4, 4)) -> np.ndarray:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    given_ = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    found: np.ndarray = session.run(None, {"x": given_})[0]
    return found


def test_dropped_inputs_and_free_sizes_are_what_the_onnx_library_makes_of_the_same_edit() -> None:
    before = convolution()
    after = rewrite(before, ("initializers-are-no-inputs", "free-size"))
    expected = onnx.load_from_string(before)
    del expected.graph.input[1:]
    for value, names in ((expected.graph.input[0], "height width"), (expected.graph.output[0], "rows columns")):
        dimensions = value.type.tensor_type.shape.dim
        dimensions[0].dim_param = "n"
        dimensions[2].dim_param, dimensions[3].dim_param = names.split()
    assert after == expected.SerializeToString()
    onnx.checker.check_model(onnx.load_from_string(after))
    assert answer(after) == pytest.approx(answer(before), abs=1e-5)
    assert answer(after, (2, 3, 8, 12)).shape == (2, 3, 8, 12)


def test_the_new_order_of_a_gelu_gives_the_same_values() -> None:
    before = gelu()
    after = rewrite(before, ("gelu-order",))
    nodes = [(node.op_type, list(node.input)) for node in onnx.load_from_string(after).graph.node]
    assert nodes[3:] == [("Mul", ["x", "c"]), ("Mul", ["d", "half"])]
    assert answer(after) == pytest.approx(answer(before), abs=1e-6)


def test_what_is_no_gelu_is_left_byte_for_byte() -> None:
    assert rewrite(convolution(), ("gelu-order",)) == convolution()
    assert rewrite(gelu(), ("gelu-order", "gelu-order")) == rewrite(gelu(), ("gelu-order",))


def test_the_same_rewrite_gives_the_same_bytes() -> None:
    assert len({rewrite(convolution(), ("initializers-are-no-inputs", "free-size")) for _ in range(3)}) == 1


def outside(model: bytes) -> bytes:
    loaded = onnx.load_from_string(model)
    tensor = loaded.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../elsewhere")
    changed: bytes = loaded.SerializeToString()
    return changed


def in_a_branch() -> bytes:
    """Return a model with such a tensor in the constant of a subgraph."""
    tensor = helper.make_tensor("t", TensorProto.FLOAT, [1], [1.0])
    tensor.data_location = TensorProto.EXTERNAL
    constant = helper.make_node("Constant", [], ["k"], value=tensor)
    branch = helper.make_graph([constant], "branch", [], [helper.make_tensor_value_info("k", 1, [1])])
    node = helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch)
    return model_bytes(node, initializers={})


def test_values_in_another_file_are_seen_wherever_they_are() -> None:
    assert not has_outside_data(convolution())
    assert has_outside_data(outside(convolution()))
    assert has_outside_data(in_a_branch())


def test_a_model_that_reads_another_file_is_not_opened(tmp_path: Path) -> None:
    for name, data in (("outside", outside(convolution())), ("noise", b"\xff" * 40), ("empty", b"")):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(WeightsRefused):
            OnnxModel(path)


def test_a_model_that_is_given_what_it_cannot_take_says_so(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(convolution())
    model = OnnxModel(path)
    assert model.run(np.zeros((1, 3, 4, 4), np.float32))[0].shape == (1, 3, 4, 4)
    with pytest.raises(ModelFailed):
        model.run(np.zeros((1, 2, 4, 4), np.float32))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_malformed(data: bytes) -> None:
    try:
        found = fields(data)
    except Malformed:
        return
    assert [(n, k, bytes(v)) for n, k, v in fields(written(found))] == [(n, k, bytes(v)) for n, k, v in found]


@given(st.binary(max_size=120), st.integers(0, 3))
def test_a_cut_or_overwritten_model_never_does_more_than_fail(noise: bytes, where: int) -> None:
    model = convolution()
    at = where * len(model) // 4
    for damaged in (model[:at], model[:at] + noise + model[at + len(noise) :]):
        try:
            has_outside_data(damaged)
        except ValueError:
            continue
