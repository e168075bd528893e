"""Small models for tests of weights."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def model_bytes(*nodes: onnx.NodeProto, initializers: Mapping[str, np.ndarray], as_inputs: bool = False) -> bytes:
    constants = [numpy_helper.from_array(value, name) for name, value in initializers.items()]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 4, 4])]
    if as_inputs:
        inputs += [helper.make_tensor_value_info(each.name, each.data_type, each.dims) for each in constants]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3, 4, 4])]
    graph = helper.make_graph(list(nodes), "test", inputs, outputs, constants)
    opset = [helper.make_opsetid("", 18)]
    made: bytes = helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    return made


def convolution() -> bytes:
    weight = np.random.default_rng(0).standard_normal((3, 3, 3, 3)).astype(np.float32)
    conv = helper.make_node("Conv", ["x", "w"], ["h"], pads=[1, 1, 1, 1])
    relu = helper.make_node("Relu", ["h"], ["y"])
    return model_bytes(conv, relu, initializers={"w": weight}, as_inputs=True)
