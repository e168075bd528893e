"""Everything but stored JPEG luma: Pillow, restricted to named formats, with its surprises contained.

Pillow's global switches are never touched. Its warnings are silenced and its exceptions become `MediaError`, around
each step rather than around the caller. Of a damaged frame, what was decoded before the damage is kept.
"""

from __future__ import annotations

import importlib
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from PIL import Image, ImageFile, UnidentifiedImageError

from seawall.content.images._alpha import alpha_variants
from seawall.content.images._exif import ORIENTATION_TAG, UPRIGHT, checked, orientation
from seawall.content.images._frame import ALPHA, DAMAGED, Frame, Strip, Strips
from seawall.content.images._modes import mode_strips
from seawall.content.images._stream import MemoryFile
from seawall.errors import MediaError, TooLarge, UnsupportedMedia

PLUGINS: Mapping[str, str] = {
    "JPEG": "JpegImagePlugin",
    "PNG": "PngImagePlugin",
    "GIF": "GifImagePlugin",
    "TIFF": "TiffImagePlugin",
    "WEBP": "WebPImagePlugin",
    "BMP": "BmpImagePlugin",
    "ICO": "IcoImagePlugin",
    "PPM": "PpmImagePlugin",
    "JPEG2000": "Jpeg2KImagePlugin",
    "AVIF": "AvifImagePlugin",
    "QOI": "QoiImagePlugin",
}
"""The only formats that are ever tried, with the module that reads each. None starts another program."""

_COUNTED = frozenset({"PNG", "WEBP", "AVIF"})
_FINISH_WHEN_CUT = frozenset({"GIF", "TIFF"})
_INDEPENDENT = frozenset({"TIFF"})

_DECODER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    EOFError,
    Image.DecompressionBombError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)

_UNDO_ORIENTATION: Mapping[int, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@contextmanager
def contained(what: str) -> Iterator[None]:
    """Silence Pillow's warnings, and turn whatever it raises into a `MediaError` that names no content."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except MediaError:
        raise
    except MemoryError as error:
        raise TooLarge("the picture needs more memory than decoding may use") from error
    except Image.DecompressionBombError:
        raise TooLarge("the picture has more pixels than the decoder takes") from None
    except UnidentifiedImageError:
        raise MediaError(f"the {what} header makes no sense") from None
    except _DECODER_ERRORS as error:
        _refuse(what, error)


def _refuse(what: str, error: Exception) -> None:
    text = str(error).lower()
    if "out of memory" in text:
        raise TooLarge("the picture needs more memory than decoding may use") from MemoryError()
    if "truncated" in text or isinstance(error, EOFError):
        raise MediaError(f"the {what} file ends too early") from None
    raise MediaError(f"the {what} data is broken ({type(error).__name__})") from None


def open_pillow(view: memoryview, name: str) -> ImageFile.ImageFile:
    """Read the header of a picture; no pixels are decoded.

    Args:
        view: The file.
        name: A key of `PLUGINS`.

    Raises:
        MediaError: If the header makes no sense.
    """
    with contained(name):
        # Pillow imports every plug-in it has when it is asked for one that is not loaded yet.
        importlib.import_module(f"PIL.{PLUGINS[name]}")
        if name not in Image.OPEN:
            raise UnsupportedMedia(f"this build of Pillow does not read {name}")
        return Image.open(MemoryFile(view), formats=(name,))
    raise MediaError(f"the {name} header makes no sense")


def expected_frames(im: ImageFile.ImageFile, name: str) -> int:
    """Return how many frames the header claims, where it costs nothing to know; else 1."""
    claimed = getattr(im, "n_frames", 1) if name in _COUNTED else 1
    return claimed if isinstance(claimed, int) else 1


def next_frame(im: ImageFile.ImageFile, name: str, index: int) -> bool:
    """Go to the frame `index`; return False if there is none.

    Raises:
        MediaError: If what follows is broken.
    """
    with contained(name):
        try:
            im.seek(index)
        except EOFError:
            return False
        return True
    return False


def pages_are_independent(name: str) -> bool:
    """Whether a page can be decoded although the one before it could not."""
    return name in _INDEPENDENT


def stored_orientation(im: ImageFile.ImageFile) -> int:
    """Return the orientation that EXIF or TIFF states, 1..8."""
    tags = getattr(im, "tag_v2", None)
    if tags is not None:
        return checked(tags.get(ORIENTATION_TAG))
    exif = im.info.get("exif")
    return orientation(exif) if isinstance(exif, bytes) else UPRIGHT


def load_frame(im: ImageFile.ImageFile, name: str, index: int) -> Frame:
    """Decode the frame that was sought.

    Raises:
        MediaError: If nothing of it decodes.
        UnsupportedMedia: If its pixels are of an unknown kind.
    """
    turned = stored_orientation(im) if name == "TIFF" else UPRIGHT
    damaged = _load(im, name)
    with contained(name):
        picture: Image.Image = im
        if turned in _UNDO_ORIENTATION:
            # Pillow turns TIFFs upright on load; a hash is of the picture as it is stored.
            picture = im.transpose(_UNDO_ORIENTATION[turned])
        strips = mode_strips(_with_source(picture, im))
        flags = {DAMAGED} if damaged else set()
        variants: Mapping[str, Strips] = {}
        # A transparency statement that makes no sense is as good as none.
        with suppress(MediaError), contained(name):
            variants = alpha_variants(picture)
        if variants:
            flags.add(ALPHA)
        guarded = {key: _guarded(each, name) for key, each in variants.items()}
        return Frame(index, picture.width, picture.height, frozenset(flags), _guarded(strips, name), guarded)
    raise MediaError(f"the {name} data is broken")


def _load(im: ImageFile.ImageFile, name: str) -> bool:
    """Decode the frame; return whether it is damaged."""
    try:
        with contained(name):
            im.load()
        return False
    except TooLarge:
        raise
    except MediaError:
        _keep_what_decoded(im, name)
        return True


def _keep_what_decoded(im: ImageFile.ImageFile, name: str) -> None:
    """Make a frame whose decoding stopped usable, or raise the `MediaError` again if it holds nothing."""
    with contained(name):
        if im.tile:
            im.tile = []
            if name in _FINISH_WHEN_CUT:
                with suppress(*_DECODER_ERRORS):
                    im.load_end()
        im.tile = []
        core = im.im
        if core.size != im.size or core.mode != im.mode:
            raise MediaError(f"the {name} data is broken")
        if all(low == high for low, high in _extrema(im)):
            raise MediaError(f"the {name} file ends before the picture begins")


def _extrema(im: Image.Image) -> list[tuple[float, float]]:
    found = im.getextrema()
    return [found] if isinstance(found[0], int | float) else list(found)


def _with_source(picture: Image.Image, source: ImageFile.ImageFile) -> Image.Image:
    """Let a turned copy keep what its source says about the scale of its samples."""
    if picture is not source and hasattr(source, "tag_v2"):
        picture.tag_v2 = source.tag_v2  # type: ignore[attr-defined]  # read by `mode_strips` as of any TIFF
    return picture


def _guarded(strips: Strips, name: str) -> Strips:
    """Contain what conversion may raise, one strip at a time."""

    def guarded() -> Iterator[Strip]:
        source = strips()
        while True:
            with contained(name):
                strip = next(source, None)
            if strip is None:
                return
            yield strip

    return guarded
