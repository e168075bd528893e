"""Sources of packs: what they say is what is sealed, and what describes no pack is refused."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from seawall.text.errors import (
    PackFormat,
)
from seawall.text.packs import (
    Term,
    pack_of,
    read_source,
    source_of,
)
from tests.text.sealed_packs import PACK


def _fields(**changes: object) -> dict[str, object]:
    fields: dict[str, object] = {
        "name": "our-words",
        "version": 3,
        "owner": "us",
        "expires": "2026-06-30",
        "terms": [{"category": "own", "term": "zorblax"}],
    }
    return {key: value for key, value in (fields | changes).items() if value is not ...}


def _term(**changes: object) -> dict[str, object]:
    return _fields(terms=[{"category": "own", "term": "zorblax"} | changes])


def test_a_source_reads_the_same_as_yaml_and_as_json(tmp_path: Path) -> None:
    import yaml

    (tmp_path / "a.yaml").write_text(yaml.safe_dump(_fields(expires=date(2026, 6, 30))))
    (tmp_path / "a.json").write_text(json.dumps(_fields()))
    one, other = read_source(tmp_path / "a.yaml"), read_source(tmp_path / "a.json", name="other")
    assert one.terms == other.terms == (Term("own", "zorblax"),)
    assert (one.name, other.name, one.version) == ("our-words", "other", "3")


def test_a_source_written_out_reads_as_the_same_pack(tmp_path: Path) -> None:
    path = tmp_path / "source.yaml"
    path.write_text(source_of(PACK), "utf-8")
    assert read_source(path) == PACK


@pytest.mark.parametrize(
    "fields",
    [
        [],
        "zorblax",
        None,
        {},
        _fields(name=...),
        _fields(name="Our Words"),
        _fields(name="../up"),
        _fields(name="x" * 65),
        _fields(version=...),
        _fields(version=True),
        _fields(version=["zorblax"]),
        _fields(owner=""),
        _fields(owner=7),
        _fields(expires=...),
        _fields(expires="zorblax"),
        _fields(expires=20260630),
        _fields(expires=datetime(2026, 6, 30, tzinfo=UTC)),
        _fields(terms=[]),
        _fields(terms={"zorblax": 1}),
        _fields(terms=["zorblax"]),
        _fields(terms=[["zorblax"]]),
        _fields(zorblax=1),
        _term(category="child_depiction"),
        _term(category="drill"),
        _term(category="Own"),
        _term(category="zorblax zorblax"),
        _term(term=""),
        _term(term="  "),
        _term(term=7),
        _term(term="zorblax" * 40),
        _term(weight=0),
        _term(weight=1.5),
        _term(weight=float("nan")),
        _term(weight=10**400),
        _term(weight="1"),
        _term(weight=True),
        _term(language="zorblax!"),
        _term(language=["en"]),
        _term(whole_word="yes"),
        _term(exact=1),
        _term(not_after="zorblax"),
        _term(not_after=[1]),
        _term(not_after=["x"] * 65),
        _term(other=1),
    ],
)
def test_a_source_that_describes_no_pack_is_refused_without_repeating_it(fields: object) -> None:
    with pytest.raises(PackFormat) as caught:
        pack_of(fields)
    if not isinstance(fields, dict) or "zorblax" not in fields:
        assert "zorblax" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x]\nb: [*a, *a]",
        "a: &a [x, *a]",
        "[" * 5000,
        "{" * 5000 + "}" * 5000,
        "a: [[[[[[[[[[x]]]]]]]]]]",
        '{"name": ' + "[" * 100_000,
        "!!python/object/apply:os.system ['true']",
        "\x00\xff",
        "name: : :",
        "--- a\n--- b",
        "",
    ],
    ids=range(11),
)
def test_a_hostile_source_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "source.yaml"
    path.write_text(text, "latin-1")
    with pytest.raises(PackFormat):
        read_source(path)


def test_a_source_that_is_too_large_or_missing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "source.yaml"
    with path.open("wb") as file:
        file.truncate((32 << 20) + 1)
    for each in (path, tmp_path / "missing", tmp_path):
        with pytest.raises(PackFormat):
            read_source(each)
