"""The host: every answer is accounted for, whatever a detector does, and nothing of what it does reaches the caller."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seawall.content.sandbox import Confinement
from seawall.detectors.contract import Picture, Result, Status, Text
from seawall.detectors.errors import WeightsMissing, WeightsRefused
from seawall.detectors.host import Cascade, Detectors, DetectorSet, HostLimits
from seawall.errors import UsageError
from seawall.settings import Settings

Hosted = Callable[..., Detectors]
Even = Callable[..., Picture]
MARK = 13
QUICK = HostLimits(seconds_per_call=1.0, failures=100)


def _one(results: list[dict[str, Result]], name: str) -> Result:
    (answers,) = results
    return answers[name]


def test_answers_come_in_order_for_every_item_and_detector(hosted: Hosted, even: Even) -> None:
    detectors = hosted("bright", "pictures-only")
    items: list[Picture | Text] = [even(level) if level % 3 else Text("x" * level) for level in range(1, 40)]
    results = detectors.score(items, hashed=False)
    assert len(results) == len(items)
    for level, (item, answers) in enumerate(zip(items, results, strict=True), 1):
        assert set(answers) == ({"bright", "pictures-only"} if isinstance(item, Picture) else {"bright"})
        assert answers["bright"].status is Status.OK
        assert answers["bright"].labels["brightness"] == pytest.approx(level)
        assert answers["bright"].ms > 0


def test_more_than_one_chunk_of_large_pictures_is_answered_in_order(hosted: Hosted, even: Even) -> None:
    items = [even(level, size=(640, 640)) for level in range(20)]
    results = hosted("bright").score(items, hashed=True)
    assert [round(each["bright"].labels["brightness"]) for each in results] == list(range(20))


def test_a_detector_is_given_what_the_contract_says(hosted: Hosted) -> None:
    pixels = np.zeros((30, 40, 3), np.uint8)
    large = Picture(pixels, 4000, 3000, frame=7, time_s=2.5)
    shown: list[Picture | Text] = [large, Text("zorblax", "de"), Text("\ud800 lone \U0001f989")]
    pictured, spoken, odd = hosted("telling").score(shown, hashed=False)
    told = pictured["telling"].regions[0].attrs
    assert [told[f"v{place}"] for place in range(8)] == [30, 40, 3, 4000, 3000, 7, 2.5, 0]
    assert spoken["telling"].labels["brightness"] == 2
    assert odd["telling"].status is Status.OK


def test_no_items_are_no_answers_and_start_no_process(hosted: Hosted) -> None:
    assert hosted("bright").score([], hashed=False) == []


def test_one_item_that_kills_its_detector_is_blamed_alone(hosted: Hosted, even: Even) -> None:
    items = [even(50), even(50, mark=MARK), even(50), even(50)]
    results = [each["crashing"] for each in hosted("crashing").score(items, hashed=False)]
    assert [each.status for each in results] == [Status.OK, Status.ERROR, Status.OK, Status.OK]
    assert results[1].reason == "crashed"


def test_an_item_is_not_blamed_for_what_an_earlier_one_left_behind(hosted: Hosted, even: Even) -> None:
    results = hosted("sickly").score([even(level) for level in range(1, 6)], hashed=False)
    assert [round(each["sickly"].labels["brightness"]) for each in results] == [1, 2, 3, 4, 5]


def test_one_item_that_hangs_costs_its_deadline_and_nobody_elses_answer(hosted: Hosted, even: Even) -> None:
    detectors = hosted("slow", limits=QUICK)
    results = [each["slow"] for each in detectors.score([even(9), even(9, mark=MARK), even(9)], hashed=False)]
    assert [each.reason for each in results] == [None, "timeout", None]


def test_one_item_that_wants_all_memory_is_refused_it(hosted: Hosted, even: Even) -> None:
    detectors = hosted("hungry", limits=HostLimits(memory_bytes=600 << 20))
    results = [each["hungry"] for each in detectors.score([even(9), even(9, mark=MARK), even(9)], hashed=False)]
    assert [each.reason for each in results] == [None, "out_of_memory", None]


def test_one_item_that_makes_a_detector_raise_is_an_error_without_its_words(hosted: Hosted, even: Even) -> None:
    results = [each["raising"] for each in hosted("raising").score([even(9), even(9, mark=MARK)], hashed=False)]
    assert results[0].status is Status.OK
    assert results[1] == Result(Status.ERROR, reason="raised")


def test_a_detector_that_miscounts_has_answered_nothing(hosted: Hosted, even: Even) -> None:
    results = hosted("miscounting").score([even(1), even(2)], hashed=False)
    assert {each["miscounting"].reason for each in results} == {"bad_answer"}


@pytest.mark.parametrize("detector", ["lying", "lying-here"])
def test_lies_are_errors_and_the_truth_beside_them_stands(
    hosted: Hosted, even: Even, stand_ins: str, seawall_home: Path, detector: str
) -> None:
    import importlib

    lies = list(importlib.import_module(stand_ins).LIES)
    seawall_home.mkdir()
    (seawall_home / "detectors.yaml").write_text("allow_off_host: {image: true, text: true}\n")
    items = [each for lie in lies for each in (Text(lie), even(7))]
    detectors = hosted(detector, limits=HostLimits(failures=3))
    results = [each[detector] for each in detectors.score(items, hashed=True)]
    for lie, answer, true in zip(lies, results[::2], results[1::2], strict=True):
        assert (answer.status, answer.reason, answer.labels) == (Status.ERROR, "bad_answer", {}), lie
        assert true.labels == {"brightness": 7.0}


def test_reasons_are_codes_and_never_sentences(hosted: Hosted) -> None:
    detectors = hosted("abstaining")
    fine, talkative = detectors.score([Text("dark"), Text("content")], hashed=False)
    assert fine["abstaining"].reason == "too_dark"
    assert (talkative["abstaining"].status, talkative["abstaining"].reason) == (Status.ABSTAIN, "unstated")


def test_items_that_are_not_as_the_contract_says_reach_no_detector(hosted: Hosted, even: Even) -> None:
    bad = [
        Picture(np.zeros((4, 4, 3), np.float64), 4, 4),
        Picture(np.zeros((4, 4), np.uint8), 4, 4),
        Picture(np.zeros((4, 641, 3), np.uint8), 641, 4),
        Picture(np.zeros((0, 4, 3), np.uint8), 4, 0),
    ]
    results = hosted("bright").score([*bad, even(5)], hashed=False)
    assert [each["bright"].reason for each in results] == ["bad_input"] * 4 + [None]


def test_a_text_longer_than_a_detector_takes_is_abstained_from(hosted: Hosted) -> None:
    results = hosted("short-texts").score([Text("short"), Text("ä" * 6)], hashed=False)
    assert results[0]["short-texts"].status is Status.OK
    assert (results[1]["short-texts"].status, results[1]["short-texts"].reason) == (Status.ABSTAIN, "too_long")


def test_a_confined_detector_has_no_network_and_reads_no_file(
    hosted: Hosted, tmp_path: Path, walls: frozenset[Confinement]
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s")
    results = _both(hosted("reaching", "peeking"), Text(str(secret)))
    assert results["reaching"].reason == ("no_network" if Confinement.SYSCALLS in walls else None)
    assert results["peeking"].reason == ("no_files" if Confinement.FILES in walls else None)


def _both(detectors: Detectors, item: Text) -> dict[str, Result]:
    (answers,) = detectors.score([item], hashed=True)
    return answers


def test_each_plug_in_has_a_process_of_its_own_even_if_it_asks_for_ours(hosted: Hosted) -> None:
    import os

    answers = _both(hosted("here", "confined"), Text(""))
    pids = [answers["here"].labels["brightness"], answers["confined"].labels["brightness"], os.getpid() % 1000]
    assert len(set(pids)) == 3


@pytest.mark.parametrize(
    ("allowed", "hashed", "answered"),
    [
        ("", True, False),
        ("{image: true}", True, False),
        ("{text: true}", False, False),
        ("{text: true}", True, True),
        ("{abroad: [text]}", True, True),
        ("{other: [text]}", True, False),
    ],
)
def test_content_leaves_only_where_it_may_and_after_the_hash_stage(
    hosted: Hosted, seawall_home: Path, allowed: str, hashed: bool, answered: bool
) -> None:
    if allowed:
        seawall_home.mkdir()
        (seawall_home / "detectors.yaml").write_text(f"allow_off_host: {allowed}\n")
    result = _one(hosted("abroad").score([Text("heron")], hashed=hashed), "abroad")
    if answered:
        assert result.status is Status.OK
    else:
        assert (result.status, result.reason) == (Status.UNSUPPORTED, "off_host_not_allowed")


class _Weights:
    def __init__(self, path: Path | None, error: type[Exception] = WeightsMissing) -> None:
        self._path, self._error = path, error

    def path(self, name: str, sha256: str) -> Path:
        if self._path is None:
            raise self._error
        return self._path


def test_a_detector_reads_its_model_file_and_no_other(
    hosted: Hosted, stand_ins: str, tmp_path: Path, walls: frozenset[Confinement]
) -> None:
    import importlib

    model = tmp_path / "weighty.bin"
    model.write_bytes(importlib.import_module(stand_ins).MODEL)
    (tmp_path / "other").write_text("s")
    detectors = hosted("weighty", "peeking", weights=_Weights(model))
    answers = _both(detectors, Text(str(tmp_path / "other")))
    assert answers["weighty"].labels["brightness"] == len(model.read_bytes())
    assert answers["peeking"].reason == ("no_files" if Confinement.FILES in walls else None)
    assert detectors.described()[0]["state"] == "ready"
    assert detectors.described()[0]["model_digest"] == hashlib.sha256(model.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("error", "status"), [(WeightsMissing, Status.UNSUPPORTED), (WeightsRefused, Status.ERROR)], ids=str
)
def test_without_its_model_a_detector_answers_nothing_and_is_another(
    hosted: Hosted, even: Even, tmp_path: Path, error: type[Exception], status: Status
) -> None:
    without = hosted("weighty", weights=_Weights(None, error))
    results = without.score([even(1), Text("")], hashed=True)
    code = error.code  # type: ignore[attr-defined]
    assert {(each["weighty"].status, each["weighty"].reason) for each in results} == {(status, code)}
    assert without.described()[0]["state"] == code
    assert without.fingerprint != hosted("weighty", weights=_Weights(tmp_path)).fingerprint


@pytest.mark.parametrize(("name", "reason"), [("unwilling", "load_failed"), ("refused", "weights_refused")])
def test_a_detector_that_does_not_load_is_asked_once(hosted: Hosted, even: Even, name: str, reason: str) -> None:
    results = hosted(name).score([even(1), even(2), even(3)], hashed=True)
    assert {(each[name].status, each[name].reason) for each in results} == {(Status.ERROR, reason)}


def test_a_cascade_leaves_out_and_says_so(hosted: Hosted, even: Even) -> None:
    cascade = Cascade("bright", after="pictures-only", label="brightness", below=50)
    detectors = hosted("bright", "pictures-only", cascades=(cascade,))
    dark, light, text = detectors.score([even(10), even(90), Text("y")], hashed=False)
    assert (dark["bright"].status, dark["bright"].reason, dark["bright"].labels) == (Status.SKIPPED, "cascade", {})
    assert light["bright"].status is Status.OK
    assert text["bright"].status is Status.OK
    assert list(light) == ["bright", "pictures-only"]


def test_only_a_score_can_leave_a_detector_out(hosted: Hosted, even: Even) -> None:
    cascade = Cascade("bright", after="abstaining", label="brightness", below=50)
    (answers,) = hosted("bright", "abstaining", cascades=(cascade,)).score([even(10)], hashed=False)
    assert answers["bright"].status is Status.OK


@pytest.mark.parametrize(
    "cascades",
    [
        (Cascade("bright", "nothing", "brightness", 1), Cascade("nothing", "bright", "brightness", 1)),
        (Cascade("bright", "elsewhere", "brightness", 1),),
        (Cascade("bright", "bright", "brightness", 1),),
    ],
)
def test_a_cascade_that_leads_nowhere_is_refused(hosted: Hosted, cascades: tuple[Cascade, ...]) -> None:
    with pytest.raises(UsageError, match="cascade"):
        hosted("bright", "nothing", cascades=cascades)


def test_a_set_of_detectors_can_be_handed_to_another_process(stand_ins: str, seawall_home: Path) -> None:
    chosen = DetectorSet.chosen(
        ["bright"],
        Settings(seawall_home, ""),
        cascades=(),
        limits=HostLimits(failures=2),
        plugins=[("bright", f"{stand_ins}:bright")],
    )
    assert pickle.loads(pickle.dumps(chosen)) == chosen


def test_what_is_described_is_plain_and_names_limits(hosted: Hosted) -> None:
    import json

    detectors = hosted("bright", "canary")
    described: list[dict[str, Any]] = json.loads(json.dumps(detectors.described()))
    assert [each["id"] for each in described] == ["bright", "canary"] == [info.id for info in detectors.infos]
    assert described[0]["source"] == "plugin"
    assert described[1]["limits_note"]
    assert detectors.fingerprint == hosted("canary", "bright").fingerprint != hosted("bright").fingerprint


def test_a_failing_detector_is_left_alone_and_tried_again_after_a_while(hosted: Hosted, even: Even) -> None:
    now = [0.0]
    detectors = hosted("failing", limits=HostLimits(failures=3, cool_down=30), clock=lambda: now[0])
    bad, good = even(5, mark=MARK), even(5)

    def reasons(*items: Picture) -> list[str | None]:
        return [each["failing"].reason for each in detectors.score(items, hashed=False)]

    assert reasons(bad, bad, good, bad, bad) == ["model_failed", "model_failed", None, "model_failed", "model_failed"]
    assert reasons(bad) == ["model_failed"]
    assert reasons(good, good) == ["circuit_open"] * 2
    now[0] = 31
    assert reasons(bad, good) == ["model_failed", "circuit_open"]
    now[0] = 60
    assert reasons(good) == ["circuit_open"]
    now[0] = 62
    assert reasons(good, bad, good) == [None, "model_failed", None]
    assert {each["failing"].status for each in detectors.score([good], hashed=False)} == {Status.OK}
