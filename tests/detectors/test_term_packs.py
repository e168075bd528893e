"""The detector of terms: scores by category, drills, and never a clean answer from packs that could not be opened."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from seawall.canary.pack import Pack as CanaryPack
from seawall.detectors.canary import Canary
from seawall.detectors.contract import Detector, LoadContext, Modality, Picture, Result, Runs, Status, Task, Text
from seawall.detectors.term_packs import TermPacks
from seawall.ledger.signatures import signed_text
from seawall.text.errors import PackError, PackExpired, PackFormat
from seawall.text.packs import Pack, PackStore, Term, seal


class _NoWeights:
    def path(self, name: str, sha256: str) -> Path:
        raise AssertionError(name)


CONTEXT = LoadContext(_NoWeights())


class _Signer:
    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.public_key = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, context: str, data: bytes) -> bytes:
        return self._key.sign(signed_text(context, data))


def _install(home: Path, *terms: Term, name: str = "our-words", expires: date = date(9999, 1, 1)) -> PackStore:
    store = PackStore(home, clock=lambda: datetime(2020, 1, 1, tzinfo=UTC))
    signer = _Signer()
    pack = Pack(name, "1", "tests", expires, terms)
    store.install(seal(pack, signer, store.keys.own()), signer=signer.public_key)
    return store


def _loaded(home: Path | None = None) -> TermPacks:
    detector = TermPacks(home)
    detector.load(CONTEXT)
    return detector


def _scores(detector: TermPacks, *texts: str) -> list[dict[str, float]]:
    results = detector.score([Text(text) for text in texts])
    assert all(result.status is Status.OK and set(result.labels) <= set(detector.info.labels) for result in results)
    return [dict(result.labels) for result in results]


def test_it_keeps_the_contract_of_detectors() -> None:
    detector = TermPacks()
    assert isinstance(detector, Detector)
    info = detector.info
    assert (info.id, info.task, info.runs) == ("term-packs", Task.TERMS, Runs.WORKER)
    assert info.modalities == {Modality.TEXT}
    assert info.labels == ("minor_reference", "drill")
    assert info.offline and not info.sends_content_off_host


def test_its_own_examples_are_answered_as_they_say(seawall_home: Path) -> None:
    _install(seawall_home, Term("adult_sexual", "zorblax"))
    detector = _loaded()
    for item, expected in detector.examples():
        assert detector.score([item]) == [expected]


def test_scores_are_the_largest_weight_by_category(tmp_path: Path) -> None:
    _install(
        tmp_path,
        Term("adult_sexual", "zorblax", weight=0.5),
        Term("adult_sexual", "vexnog", weight=0.75),
        Term("csem.grooming", "quimpel"),
        Term("own.words", "quimpel", weight=0.25),
    )
    detector = _loaded(tmp_path)
    assert detector.info.labels == ("adult_sexual", "csem.grooming", "minor_reference", "own.words", "drill")
    none = dict.fromkeys(detector.info.labels[:-1], 0.0)
    assert _scores(detector, "a boat", "zorblax", "vexnog zorblax", "quimpel", "zorbl4x", "") == [
        none,
        none | {"adult_sexual": 0.5},
        none | {"adult_sexual": 0.75},
        none | {"csem.grooming": 1.0, "own.words": 0.25},
        none | {"adult_sexual": 0.25},
        none,
    ]


def test_a_canary_is_a_drill_unless_something_real_stands_beside_it(tmp_path: Path) -> None:
    _install(tmp_path, Term("adult_sexual", "zorblax"))
    detector, pack = _loaded(tmp_path), CanaryPack.load()
    a, b, both, real, c = _scores(
        detector,
        pack.prompt(("a",)),
        pack.prompt(("b",)),
        pack.prompt(("a", "b"), "de"),
        pack.prompt(("b",)) + " A zorblax.",
        pack.prompt(("c",)),
    )
    assert a == {"adult_sexual": 0.0, "minor_reference": 1.0, "drill": 1.0}
    assert b == {"adult_sexual": 1.0, "minor_reference": 0.0, "drill": 1.0}
    assert both == {"adult_sexual": 1.0, "minor_reference": 1.0, "drill": 1.0}
    assert real == {"adult_sexual": 1.0, "minor_reference": 0.0}
    assert c == {"adult_sexual": 0.0, "minor_reference": 0.0}


def test_a_category_that_only_canaries_have_does_not_pass_for_looked_for() -> None:
    detector = _loaded()
    assert "adult_sexual" not in detector.info.labels
    assert _scores(detector, CanaryPack.load().prompt(("b",))) == [{"minor_reference": 0.0, "drill": 1.0}]


def test_it_agrees_with_the_canary_detector_wherever_both_answer(tmp_path: Path) -> None:
    _install(tmp_path, Term("adult_sexual", "zorblax"))
    terms, canary = _loaded(tmp_path), Canary()
    canary.load(CONTEXT)
    for item, expected in canary.examples():
        if isinstance(item, Text):
            (result,) = terms.score([item])
            assert {label: result.labels[label] for label in expected.labels} == dict(expected.labels)


def test_pictures_are_unsupported_and_long_texts_abstained_in_their_place() -> None:
    picture = Picture(np.zeros((8, 8, 3), np.uint8), 8, 8)
    results = _loaded().score([picture, Text("5 years old"), Text("x" * ((1 << 20) + 1)), Text("x")])
    assert [result.status for result in results] == [Status.UNSUPPORTED, Status.OK, Status.ABSTAIN, Status.OK]
    assert [result.reason for result in results] == ["not_text", None, "text_too_large", None]


def test_before_and_after_it_is_loaded_it_answers_error() -> None:
    detector = TermPacks()
    assert detector.score([Text("x")]) == [Result.error("not_loaded")]
    detector.load(CONTEXT)
    detector.close()
    assert detector.score([Text("x")]) == [Result.error("not_loaded")]


def test_an_expired_pack_stops_it(tmp_path: Path) -> None:
    _install(tmp_path, Term("adult_sexual", "zorblax"))
    _install(tmp_path, Term("csem.grooming", "vexnog"), name="old-words", expires=date(2020, 2, 1))
    detector = TermPacks(tmp_path)
    assert "csem.grooming" not in detector.info.labels
    with pytest.raises(PackExpired):
        detector.load(CONTEXT)
    assert [result.status for result in detector.score([Text("zorblax")])] == [Status.ERROR]


def test_a_damaged_pack_stops_it(tmp_path: Path) -> None:
    store = _install(tmp_path, Term("adult_sexual", "zorblax"))
    store.path("our-words").write_bytes(b"")
    with pytest.raises(PackFormat):
        _loaded(tmp_path)


def test_a_bad_key_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(tmp_path, Term("adult_sexual", "zorblax"))
    monkeypatch.setenv("SEAWALL_PACKS_KEY", "zz")
    with pytest.raises(PackError):
        _loaded(tmp_path)


def test_its_version_follows_its_packs(tmp_path: Path) -> None:
    versions = [TermPacks(tmp_path).info.version]
    _install(tmp_path, Term("adult_sexual", "zorblax"))
    versions.append(TermPacks(tmp_path).info.version)
    _install(tmp_path, Term("adult_sexual", "zorblax"), Term("adult_sexual", "vexnog"))
    versions.append(TermPacks(tmp_path).info.version)
    assert len(set(versions)) == 3
    assert "our-words 1" in TermPacks(tmp_path).info.input_spec


def test_the_home_of_the_environment_is_used_unless_one_is_named(seawall_home: Path) -> None:
    _install(seawall_home, Term("adult_sexual", "zorblax"))
    assert _scores(_loaded(), "zorblax")[0]["adult_sexual"] == 1.0
