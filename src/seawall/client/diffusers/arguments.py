"""What a pipeline is asked for: every text and every picture among its arguments, whatever it calls them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from seawall.client.diffusers.errors import Unexaminable
from seawall.client.diffusers.pictures import encode, frames, is_array, is_image

_PICTURES = re.compile(r"image|video|frame|mask|pose|depth|sketch|control")
_MUST_BE_PICTURES = re.compile(r"image|video|frame")
_NOT_PICTURES = re.compile(r"attention|prompt|num_|_scale|_size|_type|_mode|_start|_end|_length")
_MOST_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """What goes into a pipeline.

    Attributes:
        prompt: Every text but negative ones.
        negative_prompt: Negative ones; None if there are none.
        pictures: Every picture, as PNG.
    """

    prompt: str = field(repr=False)
    negative_prompt: str | None = field(repr=False)
    pictures: tuple[bytes, ...] = field(repr=False)


def read_arguments(signature: inspect.Signature, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> Asked:
    """Return what is asked for.

    Args:
        signature: The pipeline's.
        arguments: By place, with the pipeline itself first.
        named: By name.

    Raises:
        Unexaminable: If something of it cannot be examined: embeddings, latents, addresses of pictures.
        TypeError: If the pipeline does not take these arguments.
    """
    texts: list[str] = []
    negative: list[str] = []
    pictures: list[bytes] = []
    for name, value in list(_by_name(signature.bind(*arguments, **named)))[1:]:
        _refuse_opaque(name, value)
        if name == "output_type":
            continue
        wanted = bool(_PICTURES.search(name)) and not _NOT_PICTURES.search(name)
        for leaf in _leaves(value, name):
            if isinstance(leaf, str):
                if wanted and _MUST_BE_PICTURES.search(name):
                    raise Unexaminable(
                        f"{name} is a text, not a picture", hint="load it first; nothing is fetched here"
                    )
                (negative if "negative" in name else texts).append(leaf)
            elif is_image(leaf) or (wanted and is_array(leaf)):
                pictures.extend(png for frame in frames(leaf) for png in encode(frame))
            elif wanted and not isinstance(leaf, int | float):
                raise Unexaminable(f"{name} is of a kind that cannot be examined")
    return Asked("\n".join(texts), "\n".join(negative) if negative else None, tuple(pictures))


def _by_name(bound: inspect.BoundArguments) -> Iterator[tuple[str, Any]]:
    for name, value in bound.arguments.items():
        kind = bound.signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            yield from value.items()
        else:
            yield name, value


def _refuse_opaque(name: str, value: Any) -> None:
    if value is None:
        return
    if name == "output_type" and value == "latent":
        raise Unexaminable("latents cannot be examined", hint="ask for another output_type")
    if "embeds" in name and not name.endswith("_mask"):
        raise Unexaminable(f"{name} cannot be examined", hint="give the text or the picture itself")
    # `latents` alone is the noise that a picture starts from; all others are pictures that nobody can see.
    if name.endswith("latents") and name != "latents":
        raise Unexaminable(f"{name} cannot be examined", hint="give the picture itself")


def _leaves(value: Any, name: str, depth: int = 0) -> Iterator[Any]:
    if depth > _MOST_DEPTH:
        raise Unexaminable(f"{name} is nested too deeply")
    if value is None:
        return
    if isinstance(value, Mapping):
        inner: Any = value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        inner = value
    else:
        yield value
        return
    for each in inner:
        yield from _leaves(each, name, depth + 1)
