"""The canary detector knows every drawn stand-in as detectors are shown it, whichever way up, and nothing else."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from seawall.canary.draw import variants
from seawall.canary.pack import CONCEPTS, Pack
from seawall.content.item import Item
from seawall.content.origin import Origin
from seawall.content.pictures import Picture, PictureReader
from seawall.content.pictures.show import ENTRY
from seawall.content.sandbox import Sandbox
from seawall.demo_photos import paths
from seawall.detectors.canary import Canary
from seawall.detectors.contract import LoadContext, Status, Text
from seawall.detectors.host import Detectors
from seawall.detectors.weights import InstalledWeights
from seawall.policy.classes import (
    ADULT_SEXUAL,
    CHILD_DEPICTION,
    MINOR_REFERENCE,
    PERSONS,
    PERSONS_ABSTAINED,
    UNDER_21,
)

COMBINATIONS = [each for size in (1, 2, 3) for each in combinations(CONCEPTS, size)]
KINDS = [(each, False) for each in COMBINATIONS] + [(each, True) for each in COMBINATIONS if "c" in each]


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    detector = Canary()
    detector.load(LoadContext(InstalledWeights([])))
    yield detector
    detector.close()


@pytest.fixture(scope="module")
def reader() -> Iterator[PictureReader]:
    with Sandbox(ENTRY) as sandbox:
        pictures = PictureReader(sandbox)
        yield pictures
        pictures.close()


def _shown(reader: PictureReader, picture: Image.Image, form: str) -> Picture:
    buffer = io.BytesIO()
    picture.save(buffer, form)
    data = buffer.getvalue()
    return reader.show(Item("drawn", Origin(), lambda: io.BytesIO(data), size=len(data))).pictures[0]


def _expected(concepts: tuple[str, ...], blurred: bool) -> dict[str, float]:
    child = float("a" in concepts)
    return {
        ADULT_SEXUAL: float("b" in concepts),
        CHILD_DEPICTION: child,
        UNDER_21: child,
        PERSONS: child + float("c" in concepts and not blurred),
        PERSONS_ABSTAINED: float(blurred),
    }


@pytest.mark.parametrize(("concepts", "blurred"), KINDS, ids=str)
def test_every_variant_is_known_for_what_it_stands_for(
    canary: Canary, reader: PictureReader, concepts: tuple[str, ...], blurred: bool
) -> None:
    drawn = variants(concepts, 8, 31, blurred=blurred)
    shown = [_shown(reader, each.picture, ("PNG", "JPEG", "WEBP")[n % 3]) for n, each in enumerate(drawn)]
    for answer in canary.score(shown):
        assert (answer.status, answer.labels) == (Status.OK, _expected(concepts, blurred))


@pytest.mark.parametrize("turn", [None, *Image.Transpose], ids=str)
def test_a_canary_is_known_whichever_way_up(canary: Canary, turn: Image.Transpose | None) -> None:
    picture = next(iter(variants(["a", "b"], 1, 3))).picture
    pixels = np.asarray(picture if turn is None else picture.transpose(turn))
    (answer,) = canary.score([Picture(pixels, pixels.shape[1], pixels.shape[0])])
    assert answer.labels == _expected(("a", "b"), False)


def test_what_is_no_canary_is_nothing(canary: Canary, reader: PictureReader) -> None:
    others = [_shown(reader, each.picture, "PNG") for each in variants([], 8, 8)]
    others += [_shown(reader, Image.open(path), "PNG") for path in paths()]
    flat = np.zeros((64, 64, 3), np.uint8)
    for answer in canary.score([*others, Picture(flat, 64, 64)]):
        assert answer.labels == _expected((), False)


@pytest.mark.parametrize("language", sorted(Pack.load().sentences))
def test_canary_words_are_heard_in_every_language(canary: Canary, language: str) -> None:
    pack = Pack.load()
    for concepts in [(), *COMBINATIONS]:
        said = pack.prompt(concepts, language)
        for text in (said, said.upper(), said.replace(" ", " \n ")):
            (answer,) = canary.score([Text(text, language)])
            assert answer.labels == {
                MINOR_REFERENCE: float("a" in concepts),
                ADULT_SEXUAL: float("b" in concepts),
            }


def test_it_answers_its_own_examples_in_its_confined_process(hosted: Callable[..., Detectors]) -> None:
    examples = Canary().examples()
    answers = hosted("canary").score([item for item, _ in examples], hashed=False)
    assert [each["canary"].labels for each in answers] == [expected.labels for _, expected in examples]
