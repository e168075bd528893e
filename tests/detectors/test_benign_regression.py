"""Harmless photographs, each changed in ten ways, stay harmless: the smoke alarm of the shipped models.

What these pictures cannot show is recall; nobody here has, or may have, what would measure it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from seawall.content.pictures import Picture
from seawall.detectors.contract import Detector, Status
from seawall.policy.classes import ADULT_SEXUAL, CHILD_DEPICTION, PERSONS, PERSONS_ABSTAINED
from tests.detectors.shipped_models import ADULTS, OBJECTS, TRANSFORMS, loaded_detectors, photo, picture


@dataclass(frozen=True)
class Variant:
    photo: str
    transform: str
    picture: Picture


@pytest.fixture(scope="module")
def detectors() -> dict[str, Detector]:
    return loaded_detectors()


def variants(*names: str) -> Iterator[Variant]:
    for name in names:
        image = photo(name)
        for transform, change in TRANSFORMS.items():
            changed = change(image)
            if min(changed.size) >= 32:
                yield Variant(name, transform, picture(changed))


def test_the_two_models_together_alarm_on_at_most_one_in_a_hundred(detectors: dict[str, Detector]) -> None:
    means = {}
    for variant in variants(*ADULTS, *OBJECTS):
        results = [detectors[name].score([variant.picture])[0] for name in ("open-nsfw", "image-safety")]
        assert all(result.status is Status.OK for result in results)
        means[variant.photo, variant.transform] = sum(result.labels[ADULT_SEXUAL] for result in results) / 2
    assert len(means) > 250
    alarms = {key: mean for key, mean in means.items() if mean > 0.5}
    assert len(alarms) <= 0.01 * len(means), alarms


def test_no_face_is_seen_where_there_is_none(detectors: dict[str, Detector]) -> None:
    seen = {
        (variant.photo, variant.transform)
        for variant in variants(*OBJECTS)
        if detectors["faces"].score([variant.picture])[0].labels["faces"]
    }
    assert not seen


def test_adults_look_adult_or_are_not_judged(detectors: dict[str, Detector]) -> None:
    judged = 0.0
    for variant in variants(*ADULTS):
        labels = detectors["apparent-age"].score([variant.picture])[0].labels
        assert labels[CHILD_DEPICTION] < 0.10, variant
        assert labels[PERSONS] + labels[PERSONS_ABSTAINED] >= 1, variant
        judged += labels[PERSONS]
    assert judged >= 5


def test_a_face_in_profile_is_not_judged(detectors: dict[str, Detector]) -> None:
    near = photo("camera.png").crop((150, 80, 310, 240)).resize((640, 640))
    result = detectors["apparent-age"].score([picture(near)])[0]
    assert (result.labels[PERSONS], result.labels[PERSONS_ABSTAINED]) == (0, 1)
    assert result.regions[0].attrs["turned"] == 1
