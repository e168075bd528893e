"""The hook, on pipelines that are shaped as diffusers' are: nothing goes in or comes out unseen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seawall.client.diffusers import BlockedInput, Unexaminable, guard_pipeline
from tests.client.pipeline_for_hook import RED, SIZE, ColourGuard, Pipeline, Tensor, picture


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
