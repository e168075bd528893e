"""What a pipeline returns: every picture, video and text in it, each with its place, so that it can be taken out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from seawall.client.diffusers.errors import Unexaminable
from seawall.client.diffusers.pictures import encode, frames, grey_like, is_array, is_image

_DECISIONS = "seawall"


@dataclass(slots=True)
class Made:
    """One picture, one video or one text that was generated.

    Attributes:
        pictures: Its pictures as PNG, one for each frame.
        text: Its text.
        put: Puts something else in its place.
        grey: Returns what looks like it and shows nothing.
    """

    put: Callable[[Any], None] = field(repr=False)
    grey: Callable[[], Any] = field(repr=False)
    pictures: list[bytes] = field(default_factory=list, repr=False)
    text: str | None = field(default=None, repr=False)


class Result:
    """A pipeline's result, taken apart.

    Args:
        value: What the pipeline returned.

    Raises:
        Unexaminable: If something of it cannot be examined, or there is nothing to examine.
    """

    def __init__(self, value: Any) -> None:
        self._value = list(value) if isinstance(value, tuple) else value
        self._is_tuple = isinstance(value, tuple)
        self.made: list[Made] = []
        if is_image(value) or is_array(value) or isinstance(value, str):
            self._value, self._is_single = [value], True
        else:
            self._is_single = False
        for key, each in self._parts():
            self._take(key, each)
        if not self.made:
            raise Unexaminable("a pipeline returned nothing that could be examined")

    def value(self, seawall: Any) -> Any:
        """Return the result as the pipeline gave it, with the decisions as its attribute `seawall`."""
        if self._is_single:
            return self._value[0]
        if self._is_tuple:
            given = GuardedTuple(self._value)
            given.seawall = seawall
            return given
        # A dictionary that is nothing else has no attributes, and its items are the pipeline's.
        if hasattr(self._value, "__dict__"):
            object.__setattr__(self._value, _DECISIONS, seawall)
        return self._value

    def wipe(self) -> None:
        """Take out everything that was generated."""
        for each in self.made:
            each.put(None)
            each.pictures.clear()

    def _parts(self) -> list[tuple[Any, Any]]:
        value = self._value
        if isinstance(value, list):
            return list(enumerate(value))
        if isinstance(value, Mapping):
            return list(value.items())
        if hasattr(value, "__dict__"):
            return [(name, each) for name, each in vars(value).items() if name != _DECISIONS]
        slots = [name for cls in type(value).__mro__ for name in getattr(cls, "__slots__", ())]
        if slots:
            return [(name, getattr(value, name, None)) for name in slots]
        raise Unexaminable("a pipeline returned something that cannot be examined")

    def _take(self, key: Any, value: Any) -> None:
        if isinstance(key, str) and "audio" in key and value is not None:
            raise Unexaminable("sound that a pipeline returned cannot be examined")
        self._take_from(value, lambda new: self._set(key, new), key)

    def _take_from(self, value: Any, put: Callable[[Any], None], key: Any) -> None:
        if value is None or isinstance(value, bool | int | float):
            return
        if isinstance(value, str):
            self.made.append(Made(put, str, text=value))
        elif isinstance(value, tuple):
            copy = list(value)
            put(copy)
            self._take_from(copy, put, key)
        elif isinstance(value, list):
            if value and all(is_image(each) or is_array(each) for each in value) and key == "frames[]":
                self._video(value, put)
                return
            for index, each in enumerate(value):
                self._take_from(each, _setter(value, index), "frames[]" if isinstance(each, list | tuple) else key)
        elif is_image(value) or (is_array(value) and len(value.shape) <= 3):
            self.made.append(Made(put, lambda: grey_like(value), encode(value)))
        elif is_array(value):
            self._batch(value, put)
        else:
            raise Unexaminable("a pipeline returned something that cannot be examined")

    def _video(self, shots: list[Any], put: Callable[[Any], None]) -> None:
        pictures = [png for shot in shots for frame in frames(shot) for png in encode(frame)]
        self.made.append(Made(put, lambda: [grey_like(shot) for shot in shots], pictures))

    def _batch(self, value: Any, put: Callable[[Any], None]) -> None:
        # A result may be read-only, or shared with the pipeline.
        copy = value.clone() if hasattr(value, "clone") else value.copy()
        put(copy)
        for index in range(copy.shape[0]):
            pictures = [png for frame in frames(copy[index]) for png in encode(frame)]
            self.made.append(Made(_filler(copy, index), lambda each=copy[index]: grey_like(each), pictures))  # type: ignore[misc]

    def _set(self, key: Any, new: Any) -> None:
        if isinstance(self._value, list):
            self._value[key] = new
            return
        if isinstance(self._value, Mapping):
            self._value[key] = new  # type: ignore[index]  # results are dictionaries that can be written to
        if not isinstance(self._value, Mapping) or hasattr(self._value, str(key)):
            object.__setattr__(self._value, key, new)


class GuardedTuple(tuple[Any, ...]):
    """A result without names, and the decisions on it.

    Attributes:
        seawall: The decisions, in the order of what was generated.
    """

    seawall: Any


def _setter(container: list[Any], index: int) -> Callable[[Any], None]:
    def put(new: Any) -> None:
        container[index] = new

    return put


def _filler(array: Any, index: int) -> Callable[[Any], None]:
    def put(new: Any) -> None:
        array[index] = 0 if new is None else new

    return put
