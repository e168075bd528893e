"""The hook, on pipelines that are shaped as diffusers' are: nothing goes in or comes out unseen."""

from __future__ import annotations

import inspect
import io
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from seawall.client.diffusers import BlockedInput, BlockedOutput, OnBlocked, Unexaminable, guard_pipeline
from seawall.client.diffusers.pictures import encode, frames
from seawall.client.diffusers.results import Result
from seawall.deploy.guard.requests import CheckReply
from seawall.errors import SeawallError, StoreError, UsageError

RED = (200, 30, 30)
BLUE = (30, 30, 200)
SIZE = 16


def picture(colour: tuple[int, int, int] = BLUE) -> Image.Image:
    return Image.new("RGB", (SIZE, SIZE), colour)


def is_red(png: bytes) -> bool:
    red, _, blue = Image.open(io.BytesIO(png)).convert("RGB").getpixel((SIZE // 2, SIZE // 2))  # type: ignore[misc]
    return bool(red > blue + 50)  # type: ignore[operator]


@dataclass
class ColourGuard:
    """Blocks the word `zorblax` and red pictures; cannot decide about `snarp`."""

    inputs: list[dict[str, Any]] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)
    fails: bool = False

    def check_input(self, prompt: str, **fields: Any) -> CheckReply:
        self.inputs.append({"prompt": prompt, **fields})
        said = prompt + (fields.get("negative_prompt") or "")
        return self._reply("zorblax" in said or any(map(is_red, fields.get("attachments", ()))))

    def check_upload(self, file: bytes, **fields: Any) -> CheckReply:
        return self._reply(is_red(file))

    def check_output(self, file: bytes | None = None, **fields: Any) -> CheckReply:
        if self.fails:
            raise StoreError("the database cannot be used")
        self.outputs.append(fields)
        if file is None:
            return self._reply("zorblax" in fields["text"])
        self.pictures.append(file)
        return self._reply(is_red(file))

    def _reply(self, bad: bool) -> CheckReply:
        number = len(self.inputs) + len(self.outputs)
        action = "block" if bad else "allow"
        return CheckReply.model_validate({"action": action, "policy": "p", "decision_id": f"{number:032x}"})


class BaseOutput(OrderedDict[str, Any]):
    """A result as diffusers has it: a dictionary whose items are attributes too."""

    def __init__(self, **items: Any) -> None:
        super().__init__(items)
        vars(self).update(items)

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        vars(self)[key] = value


class Tensor:
    """As much of a tensor as is needed: colours first, and no numpy until it is asked for."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    shape = property(lambda self: self._array.shape)
    dtype = property(lambda self: "torch." + str(self._array.dtype))

    def detach(self) -> Tensor:
        return self

    cpu = float = detach

    def clone(self) -> Tensor:
        return Tensor(self._array.copy())

    def permute(self, *axes: int) -> Tensor:
        return Tensor(self._array.transpose(axes))

    def numpy(self) -> np.ndarray:
        return self._array

    def __getitem__(self, key: Any) -> Tensor:
        return Tensor(self._array[key])

    def __setitem__(self, key: Any, value: Any) -> None:
        self._array[key] = value._array if isinstance(value, Tensor) else value


class Pipeline:
    """Returns what it is told to return."""

    def __init__(self, result: Callable[[], Any] | None = None) -> None:
        self.calls: list[dict[str, Any]] = []
        self._result = result or (lambda: BaseOutput(images=[picture()], nsfw_content_detected=[False]))

    def __call__(
        self,
        prompt: Any = None,
        image: Any = None,
        num_inference_steps: int = 50,
        *,
        negative_prompt: Any = None,
        prompt_2: Any = None,
        mask_image: Any = None,
        output_type: str = "pil",
        latents: Any = None,
        prompt_embeds: Any = None,
        callback_on_step_end: Any = None,
        generator: Any = None,
        **rest: Any,
    ) -> Any:
        """Draw."""
        self.calls.append({"prompt": prompt, "callback": callback_on_step_end, **rest})
        return self._result()

    def to(self, device: str) -> Pipeline:
        return self


@pytest.fixture
def watch() -> ColourGuard:
    return ColourGuard()


def test_a_harmless_picture_comes_out_as_it_was_made(watch: ColourGuard) -> None:
    steps: list[Any] = []
    pipe = guard_pipeline(Pipeline(), watch, account="u1", model="m1")
    result = pipe("a boat", negative_prompt="fog", callback_on_step_end=steps.append, num_inference_steps=3)
    assert result.images == [picture()]
    assert result["images"][0].size == (SIZE, SIZE)
    assert [reply.action for reply in result.seawall] == ["allow"]
    assert watch.inputs[0]["prompt"] == "a boat"
    assert watch.inputs[0]["negative_prompt"] == "fog"
    assert watch.inputs[0]["account"] == "u1"
    assert watch.outputs[0] == {"account": "u1", "text": None, "prompt": "a boat", "surface": "image", "model": "m1"}
    assert pipe.calls[0]["callback"] == steps.append


@pytest.mark.parametrize(
    "arguments",
    [
        {"prompt": "zorblax"},
        {"prompt": ["a boat", "zorblax"]},
        {"prompt": "a boat", "negative_prompt": ["zorblax"]},
        {"prompt": "a boat", "prompt_2": "zorblax"},
        {"prompt": "a boat", "gligen_phrases": ["zorblax"]},
        {"prompt": "a boat", "cross_attention_kwargs": {"words": ["zorblax"]}},
        {"prompt": "a boat", "image": picture(RED)},
        {"prompt": "a boat", "image": [picture(), picture(RED)]},
        {"prompt": "a boat", "mask_image": picture(RED)},
        {"prompt": "a boat", "ip_adapter_image": [[picture(RED)]]},
        {"prompt": "a boat", "control_image": np.array(picture(RED))},
        {"prompt": "a boat", "image": np.array(picture(RED))[None] / 255},
        {"prompt": "a boat", "image": Tensor(np.array(picture(RED)).transpose(2, 0, 1)[None] / 127.5 - 1)},
        {"prompt": "a boat", "video": [picture()] * 3 + [picture(RED)]},
        {"prompt": "a boat", "image": [picture()] * 70 + [picture(RED)]},
        {"prompt": "a boat", "something_else": picture(RED)},
        {"prompt": "a boat", "image": picture(RED).convert("CMYK")},
    ],
    ids=range(17),
)
def test_nothing_is_generated_for_a_request_that_is_blocked(watch: ColourGuard, arguments: dict[str, Any]) -> None:
    pipe = guard_pipeline(Pipeline(), watch, account="u1")
    with pytest.raises(BlockedInput) as raised:
        pipe(**arguments)
    assert pipe.calls == []
    assert raised.value.replies[0].action == "block"
    assert "zorblax" not in str(raised.value)


@pytest.mark.parametrize(
    "arguments",
    [
        {"prompt": "a boat", "output_type": "latent"},
        {"prompt_embeds": np.zeros((1, 77, 768))},
        {"prompt": "a boat", "negative_pooled_prompt_embeds": np.zeros((1, 77))},
        {"prompt": "a boat", "ip_adapter_image_embeds": [np.zeros((1, 77))]},
        {"prompt": "a boat", "image_latents": np.zeros((1, 4, 8, 8))},
        {"prompt": "a boat", "image": Tensor(np.zeros((1, 4, 8, 8)))},
        {"prompt": "a boat", "image": "https://elsewhere.test/a.png"},
        {"prompt": "a boat", "image": object()},
        {"prompt": "a boat", "image": np.array([[np.nan]])},
        {"prompt": "a boat", "image": np.full((8, 8, 3), 900)},
        {"prompt": "a boat", "image": np.zeros((0, 8, 3))},
    ],
    ids=range(11),
)
def test_what_cannot_be_examined_is_refused_before_anything_is_generated(
    watch: ColourGuard, arguments: dict[str, Any]
) -> None:
    pipe = guard_pipeline(Pipeline(), watch, account="u1")
    with pytest.raises(Unexaminable):
        pipe(**arguments)
    assert pipe.calls == []


def test_noise_masks_of_attention_and_generators_are_left_alone(watch: ColourGuard) -> None:
    pipe = guard_pipeline(Pipeline(), watch, account="u1")
    more = {
        "prompt_attention_mask": np.ones((1, 77)),
        "num_frames": 3,
        "sigmas": np.ones(3),
        "image_guidance_scale": 1.5,
    }
    assert pipe("a boat", latents=np.zeros((1, 4, 8, 8)), generator=object(), **more).images
    assert watch.inputs[0]["attachments"] == []


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
