"""A pack is a file that anyone may have written: what is wrong with it is said, and nothing in it is run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from seawall.canary.pack import Pack, mint
from seawall.errors import UsageError

_FAULTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "no words": lambda pack: pack["concepts"]["a"].update(words=None),
    "words that are numbers": lambda pack: pack["concepts"]["a"]["words"].update(en=7),
    "a word missing": lambda pack: pack["concepts"]["a"]["words"].pop("de"),
    "an address that is no text": lambda pack: pack["concepts"]["b"].update(url=None),
    "a class that is no text": lambda pack: pack["concepts"]["b"].update(stands_for=["one"]),
    "sentences in a row": lambda pack: pack.update(sentences=["{things}"]),
    "a sentence without a place": lambda pack: pack["sentences"].update(en="Nothing here."),
    "a joint missing": lambda pack: pack["joins"].pop("en"),
    "a concept missing": lambda pack: pack["concepts"].pop("c"),
}


def _saved(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    data = yaml.safe_load(mint().to_yaml())
    change(data)
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


@pytest.mark.parametrize("fault", _FAULTS)
def test_a_faulty_pack_is_named(fault: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ours\.yaml"):
        Pack.load(_saved(tmp_path / "ours.yaml", _FAULTS[fault]))


@pytest.mark.parametrize("text", ["x" * (1 << 20) + "y", "[" * 50_000], ids=["too large", "too deep"])
def test_a_pack_that_would_take_all_memory_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"ours\.yaml"):
        Pack.load(path)


@pytest.mark.parametrize("trap", ["{things:>999999999}", "{things.__class__}", "{0}", "{other}"])
def test_a_sentence_is_never_a_format_string(trap: str, tmp_path: Path) -> None:
    path = _saved(tmp_path / "ours.yaml", lambda pack: pack["sentences"].update(en="{things} " + trap))
    pack = Pack.load(path)
    assert pack.prompt(["a"]) == f"{pack.concepts['a'].words['en']} {trap}"
