"""What comes out of a guarded pipeline, in every form that diffusers gives it: examined, or not given."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from seawall.client.diffusers import BlockedInput, BlockedOutput, OnBlocked, Unexaminable, guard_pipeline
from seawall.client.diffusers.pictures import encode, frames
from seawall.client.diffusers.results import Result
from seawall.errors import SeawallError, StoreError, UsageError
from tests.client.pipeline_for_hook import BLUE, RED, BaseOutput, ColourGuard, Pipeline, Tensor, picture


def _red_second(count: int = 3) -> list[Image.Image]:
    return [picture(RED if index == 1 else BLUE) for index in range(count)]


def _array(pictures: list[Image.Image]) -> np.ndarray:
    return np.stack([np.array(each) for each in pictures]).astype(np.float32) / 255


MAKES: dict[str, Callable[[], Any]] = {
    "pil": lambda: BaseOutput(images=_red_second(), nsfw_content_detected=None),
    "numpy": lambda: BaseOutput(images=_array(_red_second())),
    "uint8": lambda: BaseOutput(images=(_array(_red_second()) * 255).astype(np.uint8)),
    "tensor": lambda: BaseOutput(images=Tensor(_array(_red_second()).transpose(0, 3, 1, 2))),
    "tuple": lambda: (_red_second(), [False, False, False]),
    "tuple of numpy": lambda: (_array(_red_second()), None),
    "object": lambda: type("Output", (), {})(),
    "videos": lambda: BaseOutput(frames=[[picture()] * 2, [picture(), picture(RED)], [picture()] * 2]),
    "video arrays": lambda: BaseOutput(frames=np.stack([_array([picture(), each]) for each in _red_second()])),
    "video tensors": lambda: BaseOutput(
        frames=Tensor(
            np.stack([_array([picture(), each, picture()]) for each in _red_second()]).transpose(0, 1, 4, 2, 3)
        )
    ),
    "videos, colours first": lambda: BaseOutput(
        frames=Tensor(np.stack([_array([picture(), each]) for each in _red_second()]).transpose(0, 4, 1, 2, 3))
    ),
    "texts": lambda: BaseOutput(text=["a boat", "a zorblax", "a ship"]),
}


def _made(name: str) -> Any:
    result = MAKES[name]()
    if name == "object":
        result.images = _red_second()
    return result


@pytest.mark.parametrize("name", MAKES)
def test_a_blocked_output_is_raised_and_gone(watch: ColourGuard, name: str) -> None:
    made = _made(name)
    pipe = guard_pipeline(Pipeline(lambda: made), watch, account="u1")
    with pytest.raises(BlockedOutput) as raised:
        pipe("a boat")
    assert [reply.action for reply in raised.value.replies] == ["block"]
    if not isinstance(made, tuple):
        for value in vars(made).values():
            remains = value if isinstance(value, list) else []
            assert all(each is None for each in remains)


@pytest.mark.parametrize("name", MAKES)
def test_a_blocked_output_is_replaced_if_so_wished(watch: ColourGuard, name: str) -> None:
    made = _made(name)
    pipe = guard_pipeline(Pipeline(lambda: made), watch, account="u1", on_blocked="replace")
    result = pipe("a boat")
    assert [reply.action for reply in result.seawall] == ["allow", "block", "allow"]
    again = ColourGuard()
    checked = guard_pipeline(Pipeline(lambda: result), again, account="u1")("a boat")
    assert all(reply.action == "allow" for reply in checked.seawall)
    assert isinstance(result, tuple) == name.startswith("tuple")


def test_without_a_decision_nothing_comes_out(watch: ColourGuard) -> None:
    watch.fails = True
    made = BaseOutput(images=[picture()])
    pipe = guard_pipeline(Pipeline(lambda: made), watch, account="u1", on_blocked=OnBlocked.REPLACE)
    with pytest.raises(StoreError):
        pipe("a boat")
    assert made.images == [None]


@pytest.mark.parametrize(
    "result",
    [
        None,
        (),
        (None, [True]),
        BaseOutput(images=[]),
        BaseOutput(audios=np.zeros((1, 16000))),
        BaseOutput(frames=[[picture()]], audio=np.zeros(16000)),
        BaseOutput(images=Tensor(np.zeros((1, 4, 8, 8)))),
        BaseOutput(images=np.zeros((1, 77, 768, 5))),
        BaseOutput(images=[object()]),
        iter([picture()]),
        b"bytes",
    ],
    ids=range(11),
)
def test_a_result_that_cannot_be_examined_does_not_come_out(watch: ColourGuard, result: Any) -> None:
    with pytest.raises(Unexaminable):
        guard_pipeline(Pipeline(lambda: result), watch, account="u1")("a boat")


def test_whoever_holds_the_pipeline_holds_a_guarded_one(watch: ColourGuard) -> None:
    pipe = Pipeline()
    kept = pipe
    guarded = guard_pipeline(pipe, watch, account="u1")
    assert guarded is kept
    assert isinstance(kept, Pipeline)
    with pytest.raises(BlockedInput):
        kept.to("cpu")("zorblax")
    with pytest.raises(BlockedInput):
        kept.__call__("zorblax")
    assert type(kept).__name__ == "Pipeline"
    assert inspect.signature(kept.__call__) == inspect.signature(Pipeline().__call__)
    assert Pipeline()("zorblax").images
    with pytest.raises(UsageError):
        guard_pipeline(kept, watch, account="u1")


def test_the_account_may_differ_from_call_to_call(watch: ColourGuard) -> None:
    accounts = iter(["u1", "u2"])
    pipe = guard_pipeline(Pipeline(), watch, account=lambda: next(accounts))
    pipe("a boat")
    pipe("a ship")
    assert [each["account"] for each in watch.inputs + watch.outputs] == ["u1", "u2", "u1", "u2"]


def test_wrong_arguments_are_the_pipelines_own_error(watch: ColourGuard) -> None:
    with pytest.raises(TypeError):
        guard_pipeline(Pipeline(), watch, account="u1")("a", None, 3, 4, 5)


def test_what_is_no_pipeline_is_refused(watch: ColourGuard) -> None:
    for wrong in (object(), lambda prompt: prompt, print):
        with pytest.raises(UsageError):
            guard_pipeline(wrong, watch, account="u1")

    class Slotted:
        __slots__ = ("images",)

        def __call__(self, prompt: str) -> Slotted:
            self.images = [picture(RED)]
            return self

    with pytest.raises(BlockedOutput):
        guard_pipeline(Slotted(), watch, account="u1")("a boat")


def test_the_hook_imports_neither_torch_nor_pillow() -> None:
    script = (
        "import warnings; warnings.simplefilter('ignore')\n"
        "import sys, seawall.client.diffusers\n"
        "sys.exit(','.join({'torch', 'diffusers', 'PIL', 'httpx', 'numpy'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_two_ways_to_read_an_array_are_both_looked_at() -> None:
    ambiguous = Tensor(np.zeros((3, 3, 8, 8), np.float32))
    assert len(frames(ambiguous)) == 6
    assert len(frames(np.zeros((3, 8, 8, 3)))) == 3
    assert len(frames(np.zeros((2, 5, 8, 8, 3)))) == 10
    assert len(frames(Tensor(np.zeros((2, 5, 3, 8, 8))))) == 10
    assert len(frames(Tensor(np.zeros((2, 3, 5, 8, 8))))) == 10


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 6), min_size=0, max_size=5),
    st.sampled_from([np.uint8, np.float32, np.bool_, np.int64, np.complex64]),
    st.booleans(),
    st.integers(-3, 300),
)
def test_any_array_is_encoded_or_refused(shape: list[int], kind: Any, tensor: bool, value: int) -> None:
    array = np.full(shape, value % 256 if kind is np.uint8 else value).astype(kind)
    try:
        pngs = encode(Tensor(array) if tensor else array)
    except Unexaminable:
        return
    assert pngs
    assert all(png.startswith(b"\x89PNG") for png in pngs)


_VALUES = st.recursive(
    st.sampled_from([None, True, 3, "a boat", object(), np.zeros((2, 4, 4, 3)), np.zeros((4, 4)), np.zeros(4)])
    | st.builds(picture),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(_VALUES)
def test_any_result_is_taken_apart_or_refused(value: Any) -> None:
    try:
        made = Result(value).made
    except SeawallError:
        return
    assert made
    assert all(each.pictures or each.text is not None for each in made)
