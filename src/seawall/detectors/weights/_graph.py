"""Changes to the graph of a model file that keep what it computes: deterministic, and checked by a second digest.

Source: onnx.proto of ONNX 1.23 for the field numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

from seawall.detectors.weights._wire import BYTES, VARINT, Field, Malformed, fields, read_varint, texts, written

_MODEL_GRAPH, _MODEL_FUNCTIONS = 7, 25
_NODES, _INITIALIZERS, _INPUTS, _OUTPUTS, _SPARSE = 1, 5, 11, 12, 15
_NODE_INPUT, _NODE_OUTPUT, _NODE_TYPE, _NODE_ATTRIBUTES = 1, 2, 4, 5
_FUNCTION_NODES = 7
_TENSOR_NAME, _TENSOR_RAW, _TENSOR_PLACE = 8, 9, 14
_HALF = struct.pack("<f", 0.5)

Graph = list[Field]


def rewrite(model: bytes, names: tuple[str, ...]) -> bytes:
    """Return a model after the named changes, in order.

    Raises:
        Malformed: If it is no model.
        KeyError: If a change has no such name.
    """
    for name in names:
        model = _with_graph(model, REWRITES[name])
    return model


def initializers_are_no_inputs(graph: Graph) -> Graph:
    """Drop the inputs that only give an initializer another chance: they keep a runtime from folding constants."""
    constants = _constants(graph)
    return [
        field for field in graph if field[0] != _INPUTS or texts(fields(field[2]), 1)[0] not in constants
    ]  # ValueInfoProto.name is 1, too


def free_size(graph: Graph) -> Graph:
    """Let batch, height and width of every input and output be of any size."""
    names = {_INPUTS: ("n", "c", "height", "width"), _OUTPUTS: ("n", "c", "rows", "columns")}
    return [(number, kind, _free(value, names[number]) if number in names else value) for number, kind, value in graph]


def gelu_order(graph: Graph) -> Graph:
    """Write x * (0.5 * (1 + erf)) as (x * (1 + erf)) * 0.5, which runtimes know as one operation; no value changes."""
    nodes = {place: fields(value) for place, (number, _, value) in enumerate(graph) if number == _NODES}
    makers = {name: node for node in nodes.values() for name in texts(node, _NODE_OUTPUT)}
    halves = {name for name, tensor in _constants(graph).items() if _is_half(tensor)}
    out = list(graph)
    for place, node in nodes.items():
        if _type(node) != "Mul":
            continue
        x, scaled = texts(node, _NODE_INPUT)
        inner = makers.get(scaled, [])
        if _type(inner) != "Mul":
            continue
        half, added = texts(inner, _NODE_INPUT)
        if half not in halves or _source_of_erf(makers, added) != x:
            continue
        inner_place = next(at for at, other in nodes.items() if other is inner)
        out[inner_place] = (_NODES, BYTES, written(_with_inputs(inner, x, added)))
        out[place] = (_NODES, BYTES, written(_with_inputs(node, scaled, half)))
    return out


REWRITES: Mapping[str, Callable[[Graph], Graph]] = {
    "initializers-are-no-inputs": initializers_are_no_inputs,
    "free-size": free_size,
    "gelu-order": gelu_order,
}


def has_outside_data(model: bytes | memoryview) -> bool:
    """Whether any tensor of a model lies in another file.

    Raises:
        Malformed: If it is no model.
    """
    for number, kind, value in fields(model):
        if kind == BYTES and (
            (number == _MODEL_GRAPH and _graph_reaches_out(value, 8))
            or (number == _MODEL_FUNCTIONS and _nodes_reach_out(value, _FUNCTION_NODES, 8))
        ):
            return True
    return False


def _graph_reaches_out(graph: bytes | memoryview, depth: int) -> bool:
    if depth == 0:
        raise Malformed("graphs nested too deep")
    for number, kind, value in fields(graph):
        if kind == BYTES and (
            (number == _INITIALIZERS and _lies_outside(value))
            or (number == _SPARSE and any(_lies_outside(part) for at, _, part in fields(value) if at in (1, 2)))
        ):
            return True
    return _nodes_reach_out(graph, _NODES, depth)


def _nodes_reach_out(message: bytes | memoryview, nodes: int, depth: int) -> bool:
    """Look into the attributes of nodes: tensors (5, 10), graphs (6, 11) and sparse tensors (22, 23)."""
    for number, _, node in fields(message):
        if number != nodes:
            continue
        for _, _, attribute in (each for each in fields(node) if each[0] == _NODE_ATTRIBUTES):
            for at, kind, value in fields(attribute):
                if kind != BYTES:
                    continue
                if at in (5, 10) and _lies_outside(value):
                    return True
                if at in (6, 11) and _graph_reaches_out(value, depth - 1):
                    return True
                if at in (22, 23) and any(_lies_outside(part) for low, _, part in fields(value) if low in (1, 2)):
                    return True
    return False


def _lies_outside(tensor: bytes | memoryview) -> bool:
    return any(
        number == _TENSOR_PLACE and kind == VARINT and read_varint(memoryview(value), 0)[0] != 0
        for number, kind, value in fields(tensor)
    )


def _with_graph(model: bytes, change: Callable[[Graph], Graph]) -> bytes:
    return written(
        (number, kind, written(change(fields(value))) if number == _MODEL_GRAPH else value)
        for number, kind, value in fields(model)
    )


def _constants(graph: Graph) -> dict[str, list[Field]]:
    tensors = [fields(value) for number, _, value in graph if number == _INITIALIZERS]
    return {texts(tensor, _TENSOR_NAME)[0]: tensor for tensor in tensors}


def _is_half(tensor: list[Field]) -> bool:
    """Whether it is the scalar 0.5 as a 32-bit float."""
    numbers = {number: bytes(value) for number, _, value in tensor}
    return 1 not in numbers and numbers.get(2) == b"\x01" and numbers.get(_TENSOR_RAW) == _HALF


def _source_of_erf(makers: Mapping[str, list[Field]], added: str) -> str | None:
    """Return the x of 1 + erf(x / sqrt 2), or None if that is not what made it."""
    for kind in ("Add", "Erf", "Div"):
        node = makers.get(added, [])
        if _type(node) != kind:
            return None
        added = texts(node, _NODE_INPUT)[0]
    return added


def _type(node: list[Field]) -> str | None:
    return next(iter(texts(node, _NODE_TYPE)), None)


def _with_inputs(node: list[Field], *names: str) -> list[Field]:
    return [(_NODE_INPUT, BYTES, name.encode()) for name in names] + [each for each in node if each[0] != _NODE_INPUT]


def _free(value_info: bytes | memoryview, names: tuple[str, ...]) -> bytes:
    """Name every dimension but the second: type (2), tensor (1), shape (2), dimensions (1), name of one (2)."""

    def at(path: tuple[int, ...], message: bytes | memoryview) -> bytes:
        if path:
            return written(
                (number, kind, at(path[1:], value) if number == path[0] else value)
                for number, kind, value in fields(message)
            )
        places = fields(message)
        if len(places) != len(names):
            raise Malformed("not a picture")
        return written(
            place if name == "c" else (1, BYTES, written([(2, BYTES, name.encode())]))
            for place, name in zip(places, names, strict=True)
        )

    return at((2, 1, 2), value_info)
