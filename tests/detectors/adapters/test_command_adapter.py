"""The operator's program: one line for one line, in time, or its process group ends."""

from __future__ import annotations

import os
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.detectors.adapters import ConfigurationError, ModelRefused
from seawall.detectors.adapters.command import CommandDetector
from seawall.detectors.contract import Detector, Modality, Picture, Result, Status, Text
from tests.detectors.adapters.conftest import CONTEXT, model

Load = Callable[[str], Detector]


class Write(Protocol):
    """Writes a program."""

    def __call__(self, body: str, start: str = "") -> str: ...


@pytest.fixture
def program(tmp_path: Path) -> Write:
    """Write a program of this body, which is run for each request `ask` and gives `say`; return its command."""

    def write(body: str, start: str = "") -> str:
        path = tmp_path / f"program-{len(list(tmp_path.iterdir()))}.py"
        path.write_text(
            "import json, os, sys, time\n"
            f"home = {str(tmp_path)!r}\n"
            "def say(**more):\n"
            "    print(json.dumps({'id': ask['id']} | more), flush=True)\n"
            f"{textwrap.dedent(start)}\n"
            "for line in sys.stdin:\n"
            "    ask = json.loads(line)\n"
            f"{textwrap.indent(textwrap.dedent(body), '    ')}\n"
        )
        return f"[{sys.executable}, -I, -S, {path}]"

    return write


def command(argv: str, more: str = "") -> str:
    return f"""
adapter: command
command: {argv}
modalities: [image, text]
sends_content_off_host: false
labels: {{b: adult_sexual}}
{more}
"""


JUDGE = """
words = ask.get("text", "")
say(status="ok", labels={"b": 0.75 if "lantern" in words else 0.25}, version="guard-1")
"""


def test_a_program_is_started_once_and_asked_line_by_line(
    program: Write, loaded: Load, tmp_path: Path, canary_text: Text, canary_picture: Picture
) -> None:
    start = "open(home + '/starts', 'a').write('x')"
    detector = loaded(command(program(JUDGE, start)))
    results = detector.score([canary_text, canary_picture, Text("an owl")])
    assert [result.labels["adult_sexual"] for result in results] == [0.75, 0.25, 0.25]
    assert {result.raw_version for result in results} == {"guard-1"}
    assert (tmp_path / "starts").read_text() == "x"


def test_a_request_carries_the_content_and_nothing_else(
    program: Write, loaded: Load, tmp_path: Path, canary_text: Text, canary_picture: Picture
) -> None:
    import json

    body = "open(home + '/asked', 'a').write(line)\nsay(status='ok', labels={'b': 0})"
    loaded(command(program(body))).score([canary_text, canary_picture])
    text, picture = (json.loads(line) for line in (tmp_path / "asked").read_text().splitlines())
    assert text.pop("id") != picture["id"]
    assert text == {"modality": "text", "text": canary_text.text, "language": "en"}
    assert set(picture) == {"id", "modality", "image_base64"}
    assert picture["image_base64"].startswith("/9j/")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("say(status='abstain', reason='too_dark')", Result.abstain("too_dark")),
        ("say(status='unsupported', reason='no_such_thing')", Result.unsupported("no_such_thing")),
        ("say(status='error', reason='out_of_memory')", Result.error("out_of_memory")),
        ("say(status='error', reason='a striped paper lantern')", Result.error("unstated")),
        ("say(status='abstain')", Result.abstain("unstated")),
        ("say(status='skipped')", Result.error("malformed_reply")),
        ("say(status='ok')", Result.error("malformed_reply")),
        ("say(status='ok', labels={})", Result.error("malformed_reply")),
        ("say(status='ok', labels={'b': 2})", Result.error("malformed_reply")),
        ("say(status='ok', labels={'b': float('nan')})", Result.error("malformed_reply")),
        ("say(status='ok', labels={'b': 0, 'c': 0})", Result.error("malformed_reply")),
        ("say(status='ok', labels={'b': 0}, more=1)", Result.error("malformed_reply")),
        ('print(\'{"id": "7", "status": "ok", "labels": {"b": 0}}\', flush=True)', Result.error("malformed_reply")),
        ("print('[]', flush=True)", Result.error("malformed_reply")),
        ("print('lantern', flush=True)", Result.error("malformed_reply")),
        ("print(flush=True)", Result.error("malformed_reply")),
        ("print('{}\\n{}', flush=True)", Result.error("malformed_reply")),
        ("print('-' * 100000, flush=True)", Result.error("reply_too_large")),
        ("sys.exit(0)", Result.error("program_died")),
        ("os.abort()", Result.error("program_died")),
    ],
)
def test_what_a_program_says_is_read_strictly(program: Write, loaded: Load, body: str, expected: Result) -> None:
    assert loaded(command(program(body))).score([Text("zorblax")]) == [expected]


def test_a_program_that_answers_too_late_is_ended_with_all_that_it_started(
    program: Write, loaded: Load, tmp_path: Path
) -> None:
    body = """
    import subprocess
    child = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"])
    open(home + "/pids", "w").write(f"{os.getpid()} {child.pid}")
    time.sleep(60)
    """
    detector = loaded(command(program(body), "item_seconds: 0.2\nstart_seconds: 1"))
    assert detector.score([Text("zorblax")]) == [Result.error("timeout")]
    for pid in map(int, (tmp_path / "pids").read_text().split()):
        assert _is_gone(pid)


def _is_gone(pid: int) -> bool:
    """Whether a process has ended; one whose parent has not looked yet counts as ended."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state in "ZX":
            return True
        time.sleep(0.01)
    return False


def test_a_program_that_died_is_started_again_a_few_times(program: Write, loaded: Load) -> None:
    body = "sys.exit(1) if 'die' in ask['text'] else say(status='ok', labels={'b': 0.5})"
    detector = loaded(command(program(body), "restarts: 2"))
    words = ["owl", "die", "owl", "die", "owl", "die", "owl", "owl"]
    results = detector.score([Text(word) for word in words])
    reasons = [result.reason for result in results]
    assert reasons == [None, "program_died", None, "program_died", None, "program_died", "program_gone", "program_gone"]


def test_a_line_too_many_is_never_taken_for_an_answer(program: Write, loaded: Load) -> None:
    """It comes with the answer or after it; either way somebody gets an error, and nobody another's score."""
    body = """
    say(status="ok", labels={"b": 0})
    say(status="ok", labels={"b": 1})
    """
    results = loaded(command(program(body))).score([Text("owl")] * 4)
    assert any(result.status is Status.ERROR for result in results)
    assert all(result.labels.get("adult_sexual", 0) == 0 for result in results)


def test_a_program_sees_only_the_variables_that_were_named(
    program: Write, loaded: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEAWALL_TEST_KEY", "zorblax-key")
    monkeypatch.setenv("SEAWALL_OTHER_KEY", "zorblax-other")
    body = "open(home + '/env', 'w').write(json.dumps(dict(os.environ)))\nsay(status='ok', labels={'b': 0})"
    loaded(command(program(body), "environment: [SEAWALL_TEST_KEY, SEAWALL_NOT_SET]")).score([Text("owl")])
    import json

    seen = json.loads((tmp_path / "env").read_text())
    assert seen.pop("SEAWALL_TEST_KEY") == "zorblax-key"
    assert set(seen) <= {"LC_CTYPE"}


def test_a_program_runs_within_its_limits(program: Write, loaded: Load) -> None:
    body = """
    import resource
    kinds = (resource.RLIMIT_AS, resource.RLIMIT_CORE, resource.RLIMIT_NOFILE)
    limits = [resource.getrlimit(kind)[0] for kind in kinds]
    say(status="ok", labels={"b": float(limits == [1 << 30, 0, 64])})
    """
    detector = loaded(command(program(body), "memory_mib: 1024\nopen_files: 64"))
    assert detector.score([Text("owl")]) == [Result.ok({"adult_sexual": 1.0})]


def test_what_a_program_writes_to_standard_error_goes_nowhere(
    program: Write, loaded: Load, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    body = "print(ask['text'] * 1000, file=sys.stderr, flush=True)\nsay(status='ok', labels={'b': 0})"
    assert loaded(command(program(body))).score([Text("lantern " * 100)] * 3)[2].status is Status.OK
    assert "lantern" not in "".join(capfd.readouterr()) + caplog.text


def test_a_program_that_does_not_listen_blocks_nobody(program: Write, loaded: Load) -> None:
    """More is sent than a pipe holds."""
    detector = loaded(command(program("", "time.sleep(60)"), "item_seconds: 0.2\nstart_seconds: 0\nmax_bytes: 1000000"))
    assert detector.score([Text("owl " * 200_000)]) == [Result.error("timeout")]


def test_nothing_is_read_by_a_shell(program: Write, loaded: Load, tmp_path: Path) -> None:
    argv = program("say(status='ok', labels={'b': float(sys.argv[1] == '; touch $HOME `id`')})")
    detector = loaded(command(argv.replace("]", ", '; touch $HOME `id`']")))
    assert detector.score([Text("owl")]) == [Result.ok({"adult_sexual": 1.0})]


def test_other_media_and_long_texts_are_not_shown(program: Write, loaded: Load, canary_picture: Picture) -> None:
    text = command(program(JUDGE), "max_bytes: 10").replace("[image, text]", "[text]")
    results = loaded(text).score([canary_picture, Text("x" * 11), Text("\ud800")])
    assert results == [Result.unsupported("modality"), Result.abstain("too_long"), Result.error("bad_text")]


def test_a_closed_detector_asks_nobody(program: Write, loaded: Load) -> None:
    detector = loaded(command(program(JUDGE)))
    assert detector.score([Text("owl")])[0].status is Status.OK
    detector.close()
    assert detector.score([Text("owl")]) == [Result.error("program_gone")]


def test_a_program_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    for path in (tmp_path / "missing", tmp_path / "plain", tmp_path):
        with pytest.raises(ModelRefused):
            model(command(f"[{path}]")).load(CONTEXT)


def test_the_operator_has_to_say_whether_content_leaves() -> None:
    text = command("[/bin/true]")
    assert not model(text).info.sends_content_off_host
    assert model(text.replace("off_host: false", "off_host: true")).info.sends_content_off_host
    with pytest.raises(ConfigurationError, match="sends_content_off_host"):
        model(text.replace("sends_content_off_host: false", ""))


@pytest.mark.parametrize(
    ("argv", "more"),
    [
        ("[]", ""),
        ("guard", ""),
        ("[guard]", ""),
        ("[/bin/true, 1]", ""),
        ("[/bin/true]", "environment: [A=B]"),
        ("[/bin/true]", "restarts: -1"),
        ("[/bin/true]", "shell: true"),
    ],
)
def test_a_command_that_is_described_wrongly_is_refused(argv: str, more: str) -> None:
    with pytest.raises(ConfigurationError):
        model(command(argv, more))


ANY = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.sampled_from(["1", "ok", "error", "b", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "status", "labels", "b", "reason"]), inner, max_size=5)
    ),
    max_leaves=8,
)


@given(reply=ANY)
def test_no_reply_gives_anything_but_scores_or_malformed(reply: object) -> None:
    from seawall.detectors.adapters.service import Failure

    detector = model(command("[/bin/true]"))
    assert isinstance(detector, CommandDetector)
    try:
        result = detector.result_of(reply, "1")
    except Failure as failure:
        assert failure.reason == "malformed_reply"
    else:
        assert result.status is not Status.OK or set(result.labels) == {"adult_sexual"}


def test_it_says_what_it_takes() -> None:
    info = model(command("[/bin/true]")).info
    assert info.modalities == {Modality.IMAGE, Modality.TEXT}
    assert info.offline and os.path.sep not in info.id
