"""Pictures of any make as PNG: PIL images, NumPy arrays, and tensors that can become arrays. Torch is not imported.

What is ambiguous is encoded in every way in which it may be meant; what is not a picture is refused, not guessed.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from seawall.client.diffusers.errors import Unexaminable

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

_COLOURS = (1, 3)
_MOST_PIXELS = 1 << 28
_GREY = 128


def is_image(value: Any) -> bool:
    """Say whether a value is a PIL image; Pillow is not imported to tell."""
    pil = sys.modules.get("PIL.Image")
    return pil is not None and isinstance(value, pil.Image)


def is_array(value: Any) -> bool:
    """Say whether a value is an array or a tensor."""
    return hasattr(value, "shape") and hasattr(value, "dtype")


def encode(value: Any) -> list[bytes]:
    """Return one picture as PNG, or several if it can be read in several ways.

    Raises:
        Unexaminable: If it is no picture.
    """
    if is_image(value):
        return [_png(value)]
    if not is_array(value):
        raise Unexaminable("a picture is neither a PIL image nor an array")
    return [_png(_image(plane)) for plane in _planes(value)]


def grey_like(value: Any) -> Any:
    """Return a neutral grey picture of the same make and size."""
    if is_image(value):
        from PIL import Image

        return Image.new("RGB", value.size, (_GREY, _GREY, _GREY))
    plain = value.clone() if hasattr(value, "clone") else value.copy()
    plain[...] = _GREY if _is_whole(plain) else 0.5
    return plain


def frames(value: Any) -> list[Any]:
    """Return the pictures of an array of more than three dimensions, or the picture itself.

    Where frames or colours may come first, the pictures of both readings are returned.
    """
    if not is_array(value) or len(value.shape) <= 3:
        return [value]
    shape = value.shape
    found = [frame for index in range(shape[0]) for frame in frames(value[index])]
    if len(shape) > 4 or (shape[-1] in (*_COLOURS, 4) and not hasattr(value, "detach")):
        return found
    if shape[0] != _COLOURS[-1]:
        return found
    turned = value.permute(1, 0, 2, 3) if hasattr(value, "permute") else value.transpose(1, 0, 2, 3)
    swapped = [turned[index] for index in range(turned.shape[0])]
    return [*found, *swapped] if shape[1] in _COLOURS else swapped


def _planes(value: Any) -> Iterator[np.ndarray]:
    """Yield the picture with its colours last, in every way in which it may be meant."""
    array = _as_numpy(value)
    shape = array.shape
    if array.size == 0 or array.size > _MOST_PIXELS:
        raise Unexaminable("a picture is empty or too large")
    if array.ndim == 2:
        yield array
        return
    if array.ndim != 3:
        raise Unexaminable("an array is no picture")
    is_tensor = hasattr(value, "detach")
    last = shape[2] in (*_COLOURS, 4) and not is_tensor
    first = shape[0] in _COLOURS
    if not last and is_tensor and shape[2] in _COLOURS and not first:
        last = True
    if not (first or last):
        raise Unexaminable("an array has as many channels as no picture has", hint="latents cannot be examined")
    if last:
        yield array
    if first:
        yield array.transpose(1, 2, 0)


def _as_numpy(value: Any) -> np.ndarray:
    import numpy as np

    for name in ("detach", "cpu"):
        if hasattr(value, name):
            value = getattr(value, name)()
    if hasattr(value, "float") and not _is_whole(value):
        value = value.float()
    if hasattr(value, "numpy"):
        value = value.numpy()
    array = np.asarray(value)
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * 255
    if array.dtype.kind in "ui":
        if array.size and (array.min() < 0 or array.max() > 255):
            raise Unexaminable("the numbers of an array are not those of a picture")
        return array.astype(np.uint8)
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        raise Unexaminable("the numbers of an array are not those of a picture")
    return _scaled(array)


def _scaled(array: np.ndarray) -> np.ndarray:
    """Return 0..255; floating numbers come as 0..1, as -1..1, or as 0..255."""
    import numpy as np

    if not array.size:
        return array.astype(np.uint8)
    low, high = float(array.min()), float(array.max())
    if low < -1.5 or high > 256:
        raise Unexaminable("the numbers of an array are not those of a picture")
    if low < 0:
        array = array / 2 + 0.5
    elif high > 1.5:
        array = array / 255
    scaled: np.ndarray = (np.clip(array, 0, 1) * 255).round().astype(np.uint8)
    return scaled


def _is_whole(value: Any) -> bool:
    kind = str(value.dtype)
    return "int" in kind or "bool" in kind


def _image(plane: np.ndarray) -> Image:
    from PIL import Image

    return Image.fromarray(plane[:, :, 0] if plane.ndim == 3 and plane.shape[2] == 1 else plane)


def _png(image: Image) -> bytes:
    kept = image if image.mode in ("1", "L", "LA", "P", "RGB", "RGBA") else image.convert("RGB")
    data = io.BytesIO()
    # Lossless, and fast rather than small: it is read once, by the guard.
    kept.save(data, "PNG", compress_level=1, icc_profile=None)
    return data.getvalue()
