"""A pipeline, a tensor and an output that are shaped as those of diffusers, and a guard that sees red."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from seawall.deploy.guard.requests import CheckReply
from seawall.errors import StoreError

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
