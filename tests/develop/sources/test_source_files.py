"""Rules on disk: what experts send, and what is stored."""

from __future__ import annotations

import contextlib
import json
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.content.origin import Origin
from seawall.develop.sources import Action, Kind, RegisterDamaged, RegisterFormat, Registers, SourceRegister
from seawall.develop.sources.formats import Defaults, Parsed, parse_file
from seawall.develop.sources.store import RegisterStore
from seawall.errors import NotFound, SeawallError, UsageError

DOMAINS = Defaults(Action.DENY, Kind.DOMAIN, "An Expert", "3")


def _parse(tmp_path: Path, name: str, body: str | bytes, defaults: Defaults = DOMAINS) -> Parsed:
    (tmp_path / name).write_bytes(body.encode() if isinstance(body, str) else body)
    return parse_file(tmp_path / name, defaults)


def _values(parsed: Parsed) -> list[str]:
    return [rule.name for rule in parsed.rules]


@pytest.mark.parametrize(
    "body",
    [
        "# a comment\na.org\n\n  B.org # why\r\n",
        b"\xef\xbb\xbfa.org\nb.org",
        "a.org\nb.org\n".encode("utf-16"),
        "0.0.0.0 a.org\n127.0.0.1   b.org\n",
    ],
)
def test_plain_lists(tmp_path: Path, body: str | bytes) -> None:
    assert _values(_parse(tmp_path, "l.txt", body)) == ["deny domain a.org", "deny domain b.org"]


def test_bad_rows_are_counted_with_their_lines(tmp_path: Path) -> None:
    parsed = _parse(tmp_path, "l.txt", "a.org\nnot a domain\n..\n\nb.org\n")
    assert (len(parsed.rules), dict(parsed.bad), parsed.bad_lines) == (2, {"not a domain": 2}, {"not a domain": [2, 3]})


def test_lists_of_addresses_keep_their_fragments_out(tmp_path: Path) -> None:
    parsed = _parse(tmp_path, "l.txt", "https://e.org/a#b\n", Defaults(Action.DENY, Kind.URL, "E", "1"))
    assert _values(parsed) == ["deny url //e.org/a"]


def test_tables_say_rules_row_by_row(tmp_path: Path) -> None:
    body = "action,kind,value,expert,version,reason\ndeny,domain,a.org,X,7,why\nALLOW,url,https://a.org/x,Y,8,\n"
    parsed = _parse(tmp_path, "l.csv", body, Defaults())
    assert _values(parsed) == ["deny domain a.org", "allow url //a.org/x"]
    assert (parsed.rules[0].terms.expert, parsed.rules[0].terms.reason) == ("X", "why")
    parsed = _parse(tmp_path, "l.csv", "domain,notes\na.org,x\n", Defaults(Action.DENY, None, "E", "1"))
    assert _values(parsed) == ["deny domain a.org"]
    parsed = _parse(tmp_path, "l.tsv", "a.org\t1\nb.org\t2\n")
    assert len(parsed.rules) == 2


@pytest.mark.parametrize("name", ["l.yaml", "l.json"])
def test_documents_say_once_what_holds_for_all(tmp_path: Path, name: str) -> None:
    data = {
        "expert": "X",
        "version": "2024-05",
        "action": "deny",
        "kind": "dataset",
        "rules": [
            "one",
            {"value": "a.org", "kind": "domain", "reason": "why"},
            {"url": "https://b.org/", "kind": "url"},
            3,
        ],
    }
    parsed = _parse(tmp_path, name, json.dumps(data), Defaults())
    assert _values(parsed) == ["deny dataset one", "deny domain a.org", "deny url //b.org/"]
    assert {rule.terms.version for rule in parsed.rules} == {"2024-05"}
    assert dict(parsed.bad) == {"not a rule": 1}


def test_json_lines(tmp_path: Path) -> None:
    assert len(_parse(tmp_path, "l.jsonl", '"a.org"\n{"value": "b.org"}\nbroken\n').rules) == 2


@pytest.mark.parametrize(
    ("name", "body"),
    [("l.txt", ""), ("l.txt", b"\xff\x00\xff"), ("l.json", "{"), ("l.json", '{"a": 1}'), ("l.yaml", "a: [b"),
     ("l.yaml", "!!python/object/apply:os.getcwd []"), ("l.json", "[" * 100_000), ("l.csv", "a" * 200_000)],
)  # fmt: skip
def test_files_that_hold_no_rules_are_refused(tmp_path: Path, name: str, body: str | bytes) -> None:
    with pytest.raises(RegisterFormat):
        _parse(tmp_path, name, body)


@pytest.mark.parametrize("missing", ["action", "kind", "expert", "version"])
def test_what_neither_file_nor_command_says_is_asked_for(tmp_path: Path, missing: str) -> None:
    known = {"action": Action.DENY, "kind": Kind.DOMAIN, "expert": "E", "version": "1"} | {missing: None}
    with pytest.raises(UsageError, match=f"--{missing}"):
        _parse(tmp_path, "l.txt", "a.org\n", Defaults(**known))  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=300), name=st.sampled_from(["l.txt", "l.csv", "l.json", "l.jsonl", "l.yaml", "l.tsv"]))
def test_any_file_is_rules_or_a_named_error(tmp_path: Path, body: bytes, name: str) -> None:
    with contextlib.suppress(SeawallError):
        _parse(tmp_path, name, body)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def _save(home: Path, tmp_path: Path, name: str, body: str, *, add: bool = False, **defaults: str) -> SourceRegister:
    parsed = _parse(tmp_path, "l.txt", body, Defaults(Action(defaults.get("action", "deny")), Kind.DOMAIN, "E", "1"))
    return RegisterStore(home).save(name, parsed.rules, source="l.txt", add=add)


def test_a_register_is_stored_private_and_comes_back(home: Path, tmp_path: Path) -> None:
    saved = _save(home, tmp_path, "hosts", "a.org\nb.org\n")
    path = home / "sources/hosts.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["hosts.json"]
    assert list(SourceRegister.load(path)) == list(saved)
    registers = Registers.open(home)
    verdict = registers.check(Origin(url="https://x.a.org/"))
    assert verdict is not None
    assert (verdict.register, verdict.rule) == ("hosts", "deny domain a.org")
    assert registers.fingerprint() == Registers.open(home).fingerprint()


def test_an_import_replaces_and_adds_when_told(home: Path, tmp_path: Path) -> None:
    _save(home, tmp_path, "hosts", "a.org\n")
    assert [rule.value for rule in _save(home, tmp_path, "hosts", "b.org\n")] == ["b.org"]
    assert [rule.value for rule in _save(home, tmp_path, "hosts", "c.org\n", add=True)] == ["b.org", "c.org"]
    stored = RegisterStore(home).describe("hosts")
    assert (stored.revision, stored.entries, dict(stored.counts)) == (3, 2, {"deny domain": 2})


def test_adding_never_turns_a_denial_into_an_allowance(home: Path, tmp_path: Path) -> None:
    _save(home, tmp_path, "hosts", "a.org\n")
    (rule,) = _save(home, tmp_path, "hosts", "a.org\n", add=True, action="allow")
    assert rule.terms.action is Action.DENY


def test_no_home_is_no_registers(home: Path) -> None:
    assert len(Registers.open(home)) == 0
    assert Registers.open(home).fingerprint() == Registers.none().fingerprint()
    assert not home.exists()


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b'{"format":"seawall-sources-1"}', b"[" * 100_000])
def test_a_damaged_register_stops_everything(home: Path, tmp_path: Path, body: bytes) -> None:
    _save(home, tmp_path, "hosts", "a.org\n")
    (home / "sources/hosts.json").write_bytes(body)
    with pytest.raises(RegisterDamaged, match="hosts"):
        Registers.open(home)


def test_damage_within_a_rule_is_noticed(home: Path, tmp_path: Path) -> None:
    _save(home, tmp_path, "hosts", "a.org\n")
    path = home / "sources/hosts.json"
    whole = path.read_text()
    for change in ({"action": "maybe"}, {"values": 3}, {"values": [3]}, {"expert": None}, {"reason": 3}):
        data = json.loads(path.read_text())
        data["rules"][0] |= change
        path.write_text(json.dumps(data))
        with pytest.raises(RegisterDamaged):
            Registers.open(home)
        path.write_text(whole)


def test_names_cannot_lead_elsewhere(home: Path) -> None:
    for name in ("../x", "a/b", "", ".hidden", "x" * 65):
        with pytest.raises(UsageError):
            RegisterStore(home).path(name)
    with pytest.raises(NotFound):
        RegisterStore(home).remove("nosuch")
