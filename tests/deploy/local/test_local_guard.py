"""The local profile: the guard of `seawall serve` without a server, and without a network that could be reached."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seawall.canary.pack import Pack
from seawall.canary.scenes import draw_scene
from seawall.client import permit
from seawall.client.diffusers import BlockedInput, BlockedOutput, guard_pipeline
from seawall.deploy.guard import GuardOptions
from seawall.deploy.local import LocalGuard, NotOffline, export_flags, open_local
from seawall.errors import NotFound, UsageError
from seawall.matching.lists import ListStore, Purpose
from seawall.policy.guard import GuardAction

PHOTO = Path(__file__).parents[3] / "src/seawall/demo_photos/rocket.jpg"
REHEARSAL = GuardOptions(detectors=("canary",))


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalGuard]:
    with open_local(tmp_path_factory.mktemp("local"), options=REHEARSAL, app="studio", app_version="6.1") as opened:
        yield opened


def canary(*concepts: str) -> str:
    """A prompt with canary words, as the shipped pack writes it."""
    return Pack.load().prompt(concepts)


def test_prompts_are_judged_as_the_server_judges_them(guard: LocalGuard) -> None:
    assert permit(guard.check_input("a boat on a lake"))
    assert permit(guard.check_input(canary("a")))
    assert permit(guard.check_input(canary("b")))
    both = guard.check_input(canary("a", "b"), account="u1", surface="image")
    assert both.action is GuardAction.BLOCK
    assert both.drill
    assert not LocalGuard.permit(both)
    split = guard.check_input(canary("b"), history=[canary("a")])
    assert split.action is GuardAction.BLOCK
    assert guard.check_input("a boat", negative_prompt=canary("a", "b")).action is GuardAction.BLOCK


def test_decisions_are_recorded_here(guard: LocalGuard) -> None:
    reply = guard.check_input(canary("a", "b"), request_id="r1")
    record = guard.decision(reply.decision_id)
    assert record
    assert record.action is GuardAction.BLOCK
    assert guard.check_input(canary("a", "b"), request_id="r1").decision_id == reply.decision_id
    assert guard.decision("0" * 32) is None


def test_files_are_checked_from_paths_bytes_and_streams(guard: LocalGuard) -> None:
    replies = [guard.check_upload(each) for each in (PHOTO, PHOTO.read_bytes(), io.BytesIO(PHOTO.read_bytes()))]
    assert len({reply.action for reply in replies}) == 1
    assert guard.check_output(PHOTO, prompt="a rocket").decision_id
    assert permit(guard.check_output(text="a boat"))
    with pytest.raises(NotFound):
        guard.check_upload(PHOTO.with_name("none.jpg"))
    with pytest.raises(UsageError):
        guard.check_upload(io.StringIO("text"))  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        guard.check_output()


def test_batches_and_fine_tuning_jobs_are_checked(guard: LocalGuard) -> None:
    replies = guard.check_batch([{"prompt": "a boat", "account": "u1"}, {"prompt": canary("a", "b"), "account": "u1"}])
    assert [reply.action for reply in replies] == [GuardAction.ALLOW, GuardAction.BLOCK]
    job = guard.check_finetune({"items": [{"text": "a boat"}]}, trigger_words=[canary("a", "b")])
    assert not permit(job)


def test_a_misspelt_field_is_refused_without_its_value(guard: LocalGuard) -> None:
    with pytest.raises(UsageError) as raised:
        guard.check_input("a boat", promt="zorblax")  # type: ignore[call-arg]
    assert "zorblax" not in str(raised.value)


def test_a_pipeline_can_be_guarded_without_a_server(guard: LocalGuard) -> None:
    class Pipeline:
        def __call__(self, prompt: str) -> str:
            return "a description of a boat"

    pipe = guard_pipeline(Pipeline(), guard, account="u1")
    assert pipe("a boat") == "a description of a boat"
    with pytest.raises(BlockedInput):
        pipe(canary("a", "b"))


def test_generated_canaries_do_not_leave_a_pipeline(guard: LocalGuard) -> None:
    class Pipeline:
        def __call__(self, prompt: str) -> tuple[list[Any], None]:
            return [draw_scene((), 1), draw_scene(("a", "b"), 2)], None

    with pytest.raises(BlockedOutput) as raised:
        guard_pipeline(Pipeline(), guard, account="u1")("a boat")
    assert raised.value.replies[0].drill
    (images, _) = guard_pipeline(Pipeline(), guard, account="u1", on_blocked="replace")("a boat")
    assert images[1].getcolors() == [(images[1].width * images[1].height, (128, 128, 128))]
    assert len(images[0].getcolors(1 << 24)) > 100


def test_lists_work_offline(tmp_path: Path) -> None:
    values = tmp_path / "values.txt"
    values.write_text(hashlib.sha256(PHOTO.read_bytes()).hexdigest() + "\n")
    ListStore(tmp_path / "home/lists").import_file(values, name="bank", purpose=Purpose.CSAM, type="sha256")
    with open_local(tmp_path / "home", options=REHEARSAL) as guard:
        reply = guard.check_upload(PHOTO)
        assert reply.action is GuardAction.BLOCK
        assert not reply.drill
        assert reply.event_class == "upload_known"
        assert not permit(guard.check_output(PHOTO, prompt="a rocket"))


def test_a_flag_names_what_was_decided_and_nothing_of_what_was_asked(guard: LocalGuard, tmp_path: Path) -> None:
    prompt = canary("a", "b")
    reply = guard.check_input(prompt, account="a-person")
    flag = guard.flag("prompt", "csae", decision_id=reply.decision_id, model="m", note="please look")
    assert flag.decision
    assert flag.decision["action"] == "block"
    assert flag.decision["drill"] is True
    assert (flag.app, flag.app_version) == ("studio", "6.1")
    out = tmp_path / "flags.json"
    export_flags(guard.settings, out)
    text = out.read_text()
    assert flag.id in text
    assert "a-person" not in text
    assert not any(word in text for word in prompt.split() if len(word) > 4)


@pytest.mark.parametrize("address", ["https://guard.example", "http://127.0.0.1:9"])
def test_a_detector_with_a_network_is_refused(tmp_path: Path, address: str) -> None:
    (tmp_path / "detectors.yaml").write_text(
        f"models:\n  afar:\n    adapter: openai-moderations\n    base_url: {address}\n    model: m\n"
    )
    with pytest.raises(NotOffline, match="afar"), open_local(tmp_path):
        raise AssertionError


_NO_NETWORK = """
import json, socket, sys
from pathlib import Path

refused = []

def refuse(event, arguments):
    # Sockets of this machine's own processes are pairs and UNIX sockets; nothing else may even be tried.
    if event == "socket.connect" and arguments[0].family != socket.AF_UNIX:
        refused.append(str(arguments[1]))
        raise OSError("no network")
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind"):
        refused.append(event)
        raise OSError("no network")

sys.addaudithook(refuse)
from seawall.deploy.local import open_local

with open_local(Path(sys.argv[1])) as guard:
    actions = [
        guard.check_input("a boat on a lake").action.value,
        guard.check_input(sys.argv[2]).action.value,
        guard.check_output(text="a boat").action.value,
    ]
    upload = guard.check_upload(Path(sys.argv[3])).action.value
    guard.flag("model", "csae", model="m")
print(json.dumps({"actions": actions, "upload": upload, "refused": refused}))
"""


def test_it_works_without_a_network_and_never_reaches_for_one(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _NO_NETWORK, str(tmp_path / "home"), canary("a", "b"), str(PHOTO)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["actions"] == ["allow", "block", "allow"]
    assert told["upload"] in set(GuardAction)
    assert told["refused"] == []


def test_a_database_of_the_environment_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_DATABASE_URL", "postgresql://elsewhere.test/db")
    with open_local(tmp_path / "home", options=REHEARSAL) as guard:
        assert guard.settings.database_url == f"sqlite:///{tmp_path / 'home' / 'seawall.db'}"
        assert permit(guard.check_input("a boat"))


def test_the_command_line_checks_prompts_and_files(seawall: Callable[..., Any], tmp_path: Path) -> None:
    allowed = seawall("local", "check", "--prompt", "a boat", "--json")
    assert allowed.code == 0, allowed.err
    assert allowed.json()["action"] == "allow"
    blocked = seawall("local", "check", "--prompt", canary("a", "b"))
    assert blocked.code == 1
    assert blocked.out.startswith("block (drill)")
    assert seawall("local", "check", "--file", tmp_path / "none.png").code == 2
    flagged = seawall(
        "local", "flag", "--kind", "prompt", "--reason", "csae", "--decision", allowed.json()["decision_id"], "--json"
    )
    assert flagged.json()["decision"]["action"] == "allow"
