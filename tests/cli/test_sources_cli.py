"""`seawall sources`: import, ls, check, remove."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Seawall = Callable[..., Any]


@pytest.fixture
def hosts(seawall: Seawall, tmp_path: Path) -> Path:
    path = tmp_path / "hosts.txt"
    path.write_text("denied.example\nnot a domain\n")
    return path


def _import(seawall: Seawall, path: Path, *more: str) -> Any:
    return seawall("sources", "import", path, "--name", "hosts", "--action", "deny", "--kind", "domain",
                   "--expert", "An Expert", *more)  # fmt: skip


def _manifest(tmp_path: Path, *rows: Any) -> Path:
    path = tmp_path / "manifest.jsonl"
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def test_an_import_says_what_it_took_and_ls_shows_it(seawall: Seawall, hosts: Path) -> None:
    ran = _import(seawall, hosts, "--version", "2024-05")
    assert ran.code == 0, ran.err
    assert "hosts version 2024-05: 1 rules (1 deny domain)" in ran.out
    assert "1 rows left out: not a domain (first at 2)" in ran.err
    (row,) = seawall("sources", "ls", "--json").json()
    assert (row["name"], row["versions"], row["experts"], row["entries"]) == ("hosts", ["2024-05"], ["An Expert"], 1)
    assert "An Expert" in seawall("sources", "ls").out


def test_versions_count_up_when_none_is_given(seawall: Seawall, hosts: Path) -> None:
    assert _import(seawall, hosts, "--json").json()["versions"] == ["1"]
    assert _import(seawall, hosts, "--json").json()["versions"] == ["2"]


def test_check_rejects_denied_sources_and_cites_the_rule(seawall: Seawall, hosts: Path, tmp_path: Path) -> None:
    _import(seawall, hosts, "--version", "2024-05")
    path = _manifest(tmp_path, {"url": "https://img.denied.example/1"}, {"url": "https://fine.example/2"})
    ran = seawall("sources", "check", path)
    assert ran.code == 1, ran.err
    assert ran.out.splitlines() == ["manifest.jsonl::1: deny domain denied.example (hosts version 2024-05, An Expert)"]
    assert "2 items: 1 denied, 0 not read, 1 of sources that no rule names" in ran.err
    (row,) = seawall("sources", "check", path, "--json").lines()
    assert (row["item"], row["list"], row["list_version"], row["denied"]) == (
        "manifest.jsonl::1", "hosts", "2024-05", True,
    )  # fmt: skip
    assert row["origin"]["url"] == "https://img.denied.example/1"


def test_nothing_denied_is_zero(seawall: Seawall, hosts: Path, tmp_path: Path) -> None:
    _import(seawall, hosts)
    ran = seawall("sources", "check", _manifest(tmp_path, {"url": "https://fine.example/"}))
    assert (ran.code, ran.out) == (0, "")


@pytest.mark.parametrize("row", ["not json", {"url": "http://[broken"}])
def test_rows_that_cannot_be_read_are_three_and_beat_one(
    seawall: Seawall, hosts: Path, tmp_path: Path, row: Any
) -> None:
    _import(seawall, hosts)
    ran = seawall("sources", "check", _manifest(tmp_path, {"url": "https://denied.example/"}, row))
    assert ran.code == 3
    assert "deny domain" in ran.out
    assert "manifest.jsonl::2" in ran.err


def test_no_register_and_no_such_file_are_two(seawall: Seawall, hosts: Path, tmp_path: Path) -> None:
    path = _manifest(tmp_path, {"url": "https://e.org"})
    ran = seawall("sources", "check", path)
    assert ran.code == 2
    assert ran.err.startswith("error[no_register]: ")
    _import(seawall, hosts)
    assert seawall("sources", "check", tmp_path / "nowhere").code == 2
    assert seawall("sources", "import", hosts, "--name", "x", "--action", "maybe").code == 2
    assert "--expert" in seawall("sources", "import", hosts, "--name", "x", "--action", "deny", "--kind", "url").err


def test_tables_are_checked_without_their_media(seawall: Seawall, hosts: Path, tmp_path: Path) -> None:
    _import(seawall, hosts)
    urls = ["https://denied.example/a", "https://fine.example/b"]
    pq.write_table(pa.table({"image": [b"not opened"] * 2, "url": urls}), tmp_path / "t.parquet")
    ran = seawall("sources", "check", tmp_path / "t.parquet", "--json")
    assert ran.code == 1
    assert [row["item"] for row in ran.lines()] == ["t.parquet::0"]


def test_a_register_can_be_removed(seawall: Seawall, hosts: Path) -> None:
    _import(seawall, hosts)
    assert seawall("sources", "remove", "hosts").code == 0
    assert seawall("sources", "ls", "--json").json() == []
    assert seawall("sources", "remove", "hosts").code == 2
