"""`seawall detect` and `seawall detectors` as a stranger runs them: lines, exit codes, and what is never printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from seawall.canary.draw import draw
from seawall.demo_photos import paths
from seawall.hashing.picture import pdq


class Ran:
    """What a command did."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def lines(self) -> list[dict[str, Any]]:
        """Parse standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def run(seawall_home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Run `seawall ARGUMENTS...` in this process."""
    from seawall.cli import _main

    monkeypatch.setitem(_main.COMMANDS, "detect", "Ask detectors about files.")
    monkeypatch.setitem(_main.COMMANDS, "detectors", "Detectors.")

    def ran(*arguments: str | Path) -> Ran:
        with pytest.raises(SystemExit) as left:
            _main.main([str(each) for each in arguments])
        out, err = capfd.readouterr()
        return Ran(int(left.value.code or 0), out, err)

    return ran


@pytest.fixture
def no_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SEAWALL_WEIGHTS", str(tmp_path / "no-weights"))


Run = Callable[..., Ran]


@pytest.mark.parametrize(
    ("concepts", "blurred", "code", "labels"),
    [
        ("a", False, 1, {"child_depiction": 1.0, "adult_sexual": 0.0, "persons": 1.0}),
        ("b", False, 1, {"child_depiction": 0.0, "adult_sexual": 1.0, "persons": 0.0}),
        ("c", False, 0, {"child_depiction": 0.0, "adult_sexual": 0.0, "persons": 1.0}),
        ("bc", True, 1, {"adult_sexual": 1.0, "persons": 0.0, "persons_abstained": 1.0}),
        ("", False, 0, {"child_depiction": 0.0, "adult_sexual": 0.0, "persons": 0.0}),
    ],
)
def test_canary_pictures_are_findings_or_not_by_what_they_stand_for(
    run: Run, tmp_path: Path, concepts: str, blurred: bool, code: int, labels: dict[str, float]
) -> None:
    files = draw(list(concepts), count=3, seed=1, out=tmp_path / "drawn", blurred=blurred)
    ran = run("detect", *files, "--detectors", "canary", "--json")
    assert (ran.code, ran.err) == (code, "")
    lines = [line for line in ran.lines() if line["detector"] == "canary"]
    assert [line["path"] for line in lines] == [str(path) for path in files]
    for line in lines:
        assert line["status"] == "ok"
        assert line["labels"].items() >= labels.items()
        assert line["model_digest"] is None
        assert line["ms"] > 0


def test_texts_are_read_and_canary_words_found(run: Run, tmp_path: Path) -> None:
    heron, boat = tmp_path / "heron.txt", tmp_path / "boat"
    heron.write_text("A blue glass heron and a striped paper lantern.")
    boat.write_text("A wooden boat, in UTF-8: ü")
    assert run("detect", boat, "--detectors", "canary").code == 0
    ran = run("detect", heron, "--detectors", "canary", "--json")
    assert ran.code == 1
    assert ran.lines()[0]["labels"] == {"minor_reference": 1.0, "adult_sexual": 1.0}


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        ("cut.jpg", paths()[0].read_bytes()[:300], "error"),
        ("sound.wav", b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0" + bytes(40), "unsupported"),
        ("binary", bytes(range(256)), "unsupported"),
    ],
)
def test_what_cannot_be_shown_is_said_and_exits_3(
    run: Run, tmp_path: Path, name: str, data: bytes, status: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    good = draw(["a"], count=1, seed=1, out=tmp_path / "drawn")
    ran = run("detect", path, *good, "--detectors", "canary", "--json")
    assert ran.code == 3
    bad = [line for line in ran.lines() if line["path"] == str(path)]
    assert {line["status"] for line in bad} == {status}
    assert all(line["labels"] == {} and line["reason"] for line in bad)


def test_a_missing_file_is_unexamined_and_the_others_are_answered(run: Run, tmp_path: Path) -> None:
    ran = run("detect", tmp_path / "none.jpg", paths()[0], "--detectors", "canary", "--json")
    assert ran.code == 3
    by_path = {line["path"]: line["status"] for line in ran.lines() if line["detector"] == "canary"}
    assert by_path == {str(tmp_path / "none.jpg"): "error", str(paths()[0]): "ok"}


def test_without_weights_nothing_is_said_to_be_fine(run: Run, no_weights: None) -> None:
    ran = run("detect", paths()[0], "--detectors", "open-nsfw,apparent-age", "--json")
    assert ran.code == 3
    assert {(line["status"], line["reason"]) for line in ran.lines()} == {("unsupported", "weights_missing")}
    assert all(len(line["model_digest"]) == 64 for line in ran.lines())


def test_a_picture_of_too_many_pixels_was_looked_at_by_nobody(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.new("1", (8000, 7000)).save(path)
    ran = run("detect", path, "--detectors", "canary", "--json")
    assert ran.code == 3
    assert ran.lines()[0]["status"] == "abstain"


@pytest.mark.parametrize(
    "arguments", [("detect",), ("detect", "x", "--detectors", "zorblax"), ("detectors", "show", "zorblax")]
)
def test_what_makes_no_sense_is_one_line_and_exit_2(run: Run, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error[usage]: ")
    assert ran.err.count("\n") == 1


def test_people_are_shown_by_place_and_never_by_age(run: Run, tmp_path: Path) -> None:
    text = "".join(run("detect", path, "--detectors", "faces,apparent-age", "--json").out for path in paths()[:3])
    assert '"box"' in text
    assert "expected_age" not in text
    assert "p_under" not in text
    assert "eye" not in text


def test_every_detector_is_listed_with_what_keeps_it_from_being_used(run: Run, no_weights: None) -> None:
    ran = run("detectors", "ls", "--json")
    assert ran.code == 0
    states = {each["id"]: each["state"] for each in ran.lines()}
    assert states["canary"] == "ready"
    assert states["open-nsfw"] == "weights_missing"
    assert "canary" in run("detectors", "ls").out


def test_all_that_a_detector_says_of_itself_is_shown(run: Run) -> None:
    told = run("detectors", "show", "open-nsfw").out
    assert "BSD-2-Clause" in told
    assert "recall unknown" in told
    (line,) = run("detectors", "show", "open-nsfw", "--json").lines()
    assert line["weights"]
    assert line["objection"] is None


def test_detectors_answer_their_own_examples(run: Run) -> None:
    ran = run("detectors", "test", "canary", "--json")
    assert ran.code == 0
    line = next(each for each in ran.lines() if each["id"] == "canary")
    assert line["as_expected"] == line["examples"] > 10


def test_a_test_without_weights_is_unexamined(run: Run, no_weights: None) -> None:
    ran = run("detectors", "test", "faces")
    assert ran.code == 3
    assert "weights_missing" in ran.out


PROGRAM = """
import json, sys
with open(sys.argv[1], "a") as log:
    for line in sys.stdin:
        asked = json.loads(line)
        log.write(asked["modality"] + chr(10))
        log.flush()
        print(json.dumps({"id": asked["id"], "status": "ok", "labels": {"score": 0.25}}), flush=True)
"""


def test_what_a_list_has_leaves_the_host_for_no_detector(run: Run, seawall_home: Path, tmp_path: Path) -> None:
    known, novel, canary = paths()[0], paths()[1], draw(["a"], count=1, seed=1, out=tmp_path / "drawn")[0]
    (tmp_path / "known.txt").write_text(pdq(known).value + "\n")
    assert run("lists", "import", tmp_path / "known.txt", "--name", "known", "--purpose", "csam").code == 0
    (tmp_path / "program.py").write_text(PROGRAM)
    log = tmp_path / "log"
    command = json.dumps([sys.executable, str(tmp_path / "program.py"), str(log)])
    (seawall_home / "detectors.yaml").write_text(
        "allow_off_host: {theirs: [image]}\n"
        "models:\n"
        "  theirs:\n"
        "    adapter: command\n"
        f"    command: {command}\n"
        "    modalities: [image]\n"
        "    sends_content_off_host: true\n"
        "    labels: {score: brightness}\n"
    )
    ran = run("detect", known, novel, canary, "--detectors", "theirs", "--json")
    assert ran.code == 3
    told = {line["path"]: (line["status"], line["reason"]) for line in ran.lines()}
    assert told[str(known)] == ("unsupported", "off_host_not_allowed")
    assert told[str(novel)] == told[str(canary)] == ("ok", None)
    assert log.read_text() == "image\n" * 2
