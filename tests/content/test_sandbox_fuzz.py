"""Mutated files of every format, decoded in the sandbox: the outcome is frames or a media error, and no death."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from seawall.content.images import FORMATS, open_images
from seawall.content.sandbox import Sandbox, SandboxLimits
from seawall.errors import DecoderDied, MediaError

Encode = Callable[..., bytes]
MUTANTS_PER_SEED = 150


@pytest.fixture(scope="module")
def decoder() -> Iterator[Sandbox]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parent))
        with Sandbox("entries_for_sandbox:decode_images", limits=SandboxLimits(seconds_per_item=30)) as sandbox:
            yield sandbox


@pytest.fixture(scope="module")
def seeds(photo: Image.Image, encode: Encode) -> dict[str, bytes]:
    """Small files of each format, and of the kinds that take other paths."""
    small = photo.resize((40, 30))
    clear = small.convert("RGBA")
    clear.putalpha(128)
    moving = [small, small.rotate(90, expand=False), small.rotate(180)]
    deep = Image.fromarray((np.asarray(small.convert("L"), np.uint16) * 257).astype(np.uint16))
    return {
        "jpeg": encode(small, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"),
        "jpeg progressive": encode(small, "JPEG", progressive=True),
        "jpeg cmyk": encode(small.convert("CMYK"), "JPEG"),
        "png": encode(clear, "PNG"),
        "png palette": encode(small.quantize(16), "PNG", transparency=3),
        "png 16-bit": encode(deep, "PNG"),
        "apng": encode(moving[0], "PNG", save_all=True, append_images=moving[1:], disposal=2, blend=1),
        "gif": encode(moving[0], "GIF", save_all=True, append_images=moving[1:], disposal=3),
        "tiff": encode(small, "TIFF", compression="tiff_lzw"),
        "tiff pages": encode(moving[0], "TIFF", save_all=True, append_images=moving[1:]),
        "tiff float": encode(Image.fromarray(np.asarray(small.convert("L"), np.float32)), "TIFF"),
        "webp": encode(clear, "WEBP"),
        "webp moving": encode(moving[0], "WEBP", save_all=True, append_images=moving[1:]),
        "bmp": encode(small.quantize(16), "BMP"),
        "ico": encode(clear, "ICO", sizes=[(16, 16), (30, 30)], bitmap_format="bmp"),
        "ico png": encode(clear, "ICO", sizes=[(16, 16)]),
        "pnm": encode(small, "PPM"),
        "pnm plain": b"P2 4 3 255\n" + b"1 2 3 4 " * 3,
        "jp2": encode(small, "JPEG2000"),
        "avif": encode(clear, "AVIF", speed=10),
        "qoi": encode(clear, "QOI"),
    }


def examine(decoder: Sandbox, data: bytes) -> bool:
    """Decode in the sandbox; return whether there were frames."""
    decoder.buffer(max(1, len(data)))[: len(data)] = data
    decoder.submit(len(data), {})
    try:
        reply = decoder.result()
    except DecoderDied:
        raise
    except MediaError as error:
        assert error.message.isprintable()
        return False
    assert reply["frames"]
    assert all(frame[2] % frame[1] == 0 for frame in reply["frames"])
    return True


def mutant(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        at = chance.randrange(len(changed))
        match chance.randrange(6):
            case 0:
                changed[at] ^= 1 << chance.randrange(8)
            case 1:
                changed[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
            case 2:
                del changed[at : at + chance.randrange(1, 9)]
            case 3:
                changed[at:at] = changed[at : at + chance.randrange(1, 40)]
            case 4:
                changed[at : at + 4] = chance.randbytes(4)
            case _:
                del changed[max(8, at) :]
        if not changed:
            return b""
    return bytes(changed)


def test_every_format_has_a_seed_that_decodes(decoder: Sandbox, seeds: dict[str, bytes]) -> None:
    assert {open_images(data).format for data in seeds.values()} == set(FORMATS)
    assert all(examine(decoder, data) for data in seeds.values())


def test_mutated_files_end_in_frames_or_a_media_error(decoder: Sandbox, seeds: dict[str, bytes]) -> None:
    for name, data in seeds.items():
        chance = random.Random(name)
        for _ in range(MUTANTS_PER_SEED):
            examine(decoder, mutant(data, chance))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(choice=st.data())
def test_headers_with_anything_in_them_end_in_frames_or_a_media_error(
    decoder: Sandbox, seeds: dict[str, bytes], choice: st.DataObject
) -> None:
    data = seeds[choice.draw(st.sampled_from(sorted(seeds)))]
    at = choice.draw(st.integers(0, min(200, len(data))))
    filling = choice.draw(st.binary(min_size=1, max_size=8))
    examine(decoder, data[:at] + filling + data[at + len(filling) :])
