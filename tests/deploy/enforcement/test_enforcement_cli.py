"""`seawall accounts` and `seawall effects`, as an operator uses them; in one process, for speed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from seawall.cli import _main
from tests.deploy.enforcement.conftest import Host

WHO = ("--person", "ada", "--reason", "seen")
LADDER = "name: new\nclasses: {serious: {points: 9, expires: 9d}}\notherwise: serious\nrungs: [{at: 9, do: ban}]\n"


@dataclass
class Ran:
    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def run(seawall_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    def command(*arguments: str | Path, stdin: str = "") -> Ran:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as left:
            _main.main([str(each) for each in arguments])
        code = left.value.code
        captured = capsys.readouterr()
        return Ran(code if isinstance(code, int) else 0, captured.out, captured.err)

    return command


Run = Callable[..., Ran]


def test_an_account_is_struck_shown_overturned_and_replayed(run: Run) -> None:
    assert "not restricted; 0 points" in run("accounts", "show", "a-1").out
    struck = run("accounts", "strike", "a-1", "zero_tolerance", *WHO, "--json").json()
    assert [(each["kind"], each["inverse"], each["lifted"]) for each in struck["changes"]] == [("ban", "unban", False)]
    shown = run("accounts", "show", "a-1", "--json").json()
    assert (shown["standing"], shown["points"]) == (["banned"], 12.0)
    assert "banned; 12 points" in run("accounts", "show", "a-1").out
    overturned = run("accounts", "overturn", struck["strike"]["id"], *WHO)
    assert "unban" in overturned.out
    assert run("accounts", "show", "a-1", "--json").json()["standing"] == []
    assert run("accounts", "replay").out == "1 accounts, 2 facts, 0 differ\n"
    assert run("accounts", "replay", "a-1", "--json").json() == {"accounts": 1, "facts": 2, "differ": []}


def test_a_person_bans_suspends_restricts_and_lifts(run: Run) -> None:
    ban = run("accounts", "ban", "a-1", *WHO, "--json").json()
    assert (ban["kind"], ban["inverse"], ban["person"]) == ("ban", "unban", "ada")
    assert run("accounts", "suspend", "a-1", "--for", "2d", *WHO).out.startswith("suspend ")
    off = run("accounts", "restrict", "a-1", "feature_off", "--feature", "image", "--for", "1h", *WHO, "--json").json()
    standing = ["banned", "feature_off:image", "suspended"]
    assert run("accounts", "show", "a-1", "--json").json()["standing"] == standing
    one = run("accounts", "lift", "a-1", "--restriction", off["id"], *WHO, "--json").json()
    assert [each["inverse"] for each in one["lifted"]] == ["feature_on"]
    rest = run("accounts", "lift", "a-1", *WHO)
    assert [line.split()[0] for line in rest.out.splitlines()] == ["unban", "reinstate"]
    assert run("accounts", "lift", "a-1", *WHO).out == "nothing restricts it\n"


def test_mistakes_are_told_and_change_nothing(run: Run) -> None:
    for arguments, said in (
        (("strike", "a-1", "mistyped", *WHO), "has no class"),
        (("restrict", "a-1", "shout", *WHO), "one of warn"),
        (("restrict", "a-1", "feature_off", *WHO), "names a feature"),
        (("suspend", "a-1", "--for", "soon", *WHO), "duration"),
        (("ban", "a-1", "--person", "ada"), "--reason"),
        (("lift", "a-1", "--restriction", "0" * 32, *WHO), "no restriction"),
        (("overturn", "0" * 32, *WHO), "no strike"),
        (("simulate", "--ladder", "none.yaml"), "no such file"),
    ):
        ran = run("accounts", *arguments)
        assert (ran.code, ran.out) == (2, "")
        assert said in ran.err
    assert run("accounts", "replay").out == "0 accounts, 0 facts, 0 differ\n"


def test_a_ladder_is_tried_activated_and_listed(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "ladder.yaml"
    file.write_text(LADDER)
    tried = run("accounts", "simulate", "--ladder", file, "--since", "2026-01-01T00:00:00Z", "--json").json()
    assert (tried["new"]["name"], tried["active"]["name"], tried["new"]["decisions"]) == ("new", "seawall 1", 0)
    assert "ACTIVE" in run("accounts", "simulate", "--ladder", file).out
    assert run("accounts", "simulate", "--ladder", file, "--since", "yesterday").code == 2
    assert run("accounts", "activate", "--ladder", file, *WHO).out.startswith("new ")
    assert [each["person"] for each in run("accounts", "ladders", "--json").lines()] == ["seawall", "ada"]
    struck = run("accounts", "strike", "a-1", "serious", *WHO)
    assert "ban " in struck.out


def test_a_link_is_suggested_confirmed_and_explained(run: Run) -> None:
    run("accounts", "ban", "old", *WHO)
    assert run("accounts", "link", "add", "old", "--kind", "payment", stdin="fp-1\n").out == ""
    added = run("accounts", "link", "add", "new", "--kind", "payment", "--json", stdin="fp-1\n").json()
    (suggested,) = added["suggested"]
    assert suggested["explanation"] == ["payment: shared by 2 accounts, says 0.90 of at most 0.90"]
    assert "payment: shared by 2" in run("accounts", "link", "ls").out
    assert run("accounts", "show", "new", "--json").json()["standing"] == []
    confirmed = run("accounts", "link", "confirm", suggested["id"], *WHO, "--json").json()
    assert [(each["account"], each["inverse"]) for each in confirmed["inherited"]] == [("new", "unban")]
    (listed,) = run("accounts", "link", "ls", "--state", "confirmed", "--account", "new", "--json").lines()
    assert listed["person"] == "ada"
    assert run("accounts", "link", "reject", suggested["id"], *WHO).code == 2
    assert run("accounts", "link", "ls", "--state", "x").code == 2
    assert run("accounts", "link", "purge").out == "0 tokens and 0 suggestions deleted\n"
    assert run("accounts", "link", "purge", "--account", "new").out == "1 tokens deleted\n"


def test_a_host_computes_tokens_with_a_key_and_keys_are_rotated(run: Run) -> None:
    from seawall.accounts.links import token_of

    run("accounts", "ban", "old", *WHO)
    epoch, key = run("accounts", "link", "key", "--kind", "phone").out.strip().split(":")
    token = f"{epoch}:{token_of(bytes.fromhex(key), '+15550100199')}"
    assert run("accounts", "link", "add", "old", "--kind", "phone", "--token", token).code == 0
    added = run("accounts", "link", "add", "new", "--kind", "phone", "--json", stdin="+1 555 010 0199").json()
    assert len(added["suggested"]) == 1
    run("accounts", "link", "reject", added["suggested"][0]["id"], *WHO)
    both = run("accounts", "link", "key", "--kind", "phone", "--rotate").out.split()
    assert [each.split(":")[0] for each in both] == ["1", "2"]
    left = run("accounts", "link", "key", "--kind", "phone", "--retire", "1").out.split()
    assert left == both[1:]
    assert run("accounts", "link", "add", "new", "--kind", "phone", "--token", token).code == 2
    assert run("accounts", "link", "add", "new", "--kind", "shoe", stdin="44").code == 2


def test_effects_are_listed_delivered_acknowledged_retried_and_buried(run: Run, seawall_home: Path, host: Host) -> None:
    run("accounts", "ban", "a-1", *WHO)
    run("accounts", "ban", "a-2", *WHO)
    missing = run("effects", "deliver", "--once")
    assert (missing.code, "effects.yaml is missing" in missing.err) == (2, True)
    (seawall_home / "effects.yaml").write_text(f"url: {host.url}\n")
    host.answers = [500]
    assert run("effects", "deliver", "--once").code == 3
    states = {each["payload"]["account"]: each for each in run("effects", "ls", "--json").lines()}
    assert {name: each["state"] for name, each in states.items()} == {"a-1": "queued", "a-2": "delivered"}
    assert "http_500" in run("effects", "ls", "--state", "queued").out
    assert run("effects", "ack", states["a-2"]["id"]).out.endswith("acknowledged\n")
    assert run("effects", "bury", states["a-1"]["id"], *WHO).out.endswith("dead\n")
    assert run("effects", "retry", states["a-1"]["id"], "--json").json()["state"] == "queued"
    assert run("effects", "deliver", "--once", "--json").lines() == [{"id": states["a-1"]["id"], "failure": None}]
    assert run("effects", "ls", "--state", "x").code == 2
    assert run("effects", "ack", "0" * 32).code == 2


def test_the_shared_secret_is_made_rotated_and_retired(run: Run) -> None:
    first = run("effects", "secret").out
    assert run("effects", "secret").out == first
    second = run("effects", "secret", "--rotate").out
    assert second != first
    assert run("effects", "secret", "--retire").out == second
    assert run("effects", "secret", "--rotate", "--retire").code == 2
