"""Words that a home has minted: known to every reader of texts, always as drills, and never passed over."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seawall.canary.minted import MOST_FILES, NAME, add_minted, minted_folder, minted_packs, minted_terms
from seawall.canary.pack import Pack, mint
from seawall.detectors.contract import LoadContext, Status, Text
from seawall.detectors.registry import Registry
from seawall.detectors.weights import InstalledWeights
from seawall.errors import SeawallError, UsageError
from seawall.policy.classes import ADULT_SEXUAL, MINOR_REFERENCE
from seawall.settings import Settings
from seawall.text import Matcher

CONTEXT = LoadContext(InstalledWeights([]))
Run = Callable[..., Any]


@pytest.fixture
def settings(seawall_home: Path) -> Settings:
    return Settings.from_env()


def scored(settings: Settings, name: str, text: str) -> dict[str, float]:
    detector = Registry(settings)[name].making.make()
    detector.load(CONTEXT)
    result = detector.score([Text(text, "en")])[0]
    assert result.status is Status.OK
    return dict(result.labels)


def test_nothing_is_minted_in_a_new_home(settings: Settings) -> None:
    assert minted_packs(settings.home) == []
    assert minted_terms(settings.home) is None


def test_all_packs_of_a_home_are_one_of_terms_and_every_hit_is_a_drill(settings: Settings) -> None:
    one, two = mint(), mint()
    paths = [add_minted(settings, each) for each in (one, two)]
    assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o600, 0o600]
    assert stat.S_IMODE(minted_folder(settings.home).stat().st_mode) == 0o700
    terms = minted_terms(settings.home)
    assert terms is not None and terms.name == NAME and terms.drill
    texts = [one.prompt(["a"]), two.prompt(["b"]), one.prompt(["c"]), two.prompt([])]
    found = Matcher([terms]).match(texts)
    assert [{hit.category for hit in each.hits} for each in found] == [{MINOR_REFERENCE}, {ADULT_SEXUAL}, set(), set()]
    assert all(hit.drill for each in found for hit in each.hits)
    before = terms.version
    paths[0].unlink()
    after = minted_terms(settings.home)
    assert after is not None and after.version != before


@pytest.mark.parametrize("text", ["", "zorblax", "concepts: [", "{}"])
def test_a_file_that_is_no_pack_is_an_error_that_names_it(settings: Settings, text: str) -> None:
    settings.directory("canary")
    (minted_folder(settings.home) / "broken.yaml").write_text(text)
    with pytest.raises(UsageError, match=r"broken\.yaml"):
        minted_terms(settings.home)
    for name in ("canary", "term-packs"):
        with pytest.raises(SeawallError):
            Registry(settings)[name].making.make().load(CONTEXT)


def test_a_word_that_cannot_be_looked_for_and_too_many_files_are_errors(settings: Settings) -> None:
    path = add_minted(settings, mint())
    word = Pack.load(path).concepts["a"].words["en"]
    path.write_text(path.read_text().replace(word, "z" * 500))
    with pytest.raises(UsageError, match="minted"):
        minted_terms(settings.home)
    for number in range(MOST_FILES):
        (minted_folder(settings.home) / f"{number}.yaml").touch()
    with pytest.raises(UsageError, match=str(MOST_FILES)):
        minted_terms(settings.home)


def test_other_files_in_the_directory_are_not_packs(settings: Settings) -> None:
    settings.directory("canary")
    (minted_folder(settings.home) / "half-written.new").write_text("zorblax")
    assert minted_terms(settings.home) is None


def test_both_detectors_of_words_know_them_and_change_their_version(settings: Settings) -> None:
    before = {name: Registry(settings)[name].info.version for name in ("canary", "term-packs")}
    pack = mint()
    said = pack.prompt(["a", "b"])
    assert scored(settings, "canary", said) == {MINOR_REFERENCE: 0.0, ADULT_SEXUAL: 0.0}
    add_minted(settings, pack)
    assert scored(settings, "canary", said) == {MINOR_REFERENCE: 1.0, ADULT_SEXUAL: 1.0}
    found = scored(settings, "term-packs", said)
    assert (found[MINOR_REFERENCE], found["drill"]) == (1.0, 1.0)
    after = {name: Registry(settings)[name].info.version for name in ("canary", "term-packs")}
    assert all(after[name] != version for name, version in before.items())
    # The shipped words count as before.
    assert scored(settings, "canary", Pack.load().prompt(["a"]))[MINOR_REFERENCE] == 1.0


def test_minted_without_a_file_its_words_fire_detect_and_separate_as_drills(
    seawall: Run, settings: Settings, tmp_path: Path
) -> None:
    ran = seawall("canary", "mint")
    assert ran.code == 0 and "count from now on" in ran.out
    (pack,) = minted_packs(settings.home)
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "both.txt").write_text(pack.prompt(["a", "b"]))
    (texts / "none.txt").write_text(pack.prompt([]))
    detected = seawall("detect", texts / "both.txt", "--detectors", "canary", "--json").out.splitlines()
    labels = [json.loads(line)["labels"] for line in detected]
    assert any(each.get(MINOR_REFERENCE) == 1.0 and each.get(ADULT_SEXUAL) == 1.0 for each in labels)
    out = tmp_path / "out"
    done = seawall("separate", texts, "--out", out, "--detectors", "canary", "--json")
    partitions = done.json()["partitions"]
    assert (partitions["both"], partitions["neither"]) == (1, 1)
