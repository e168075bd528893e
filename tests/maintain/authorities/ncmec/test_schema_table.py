"""The table: it covers all that was counted apart, and every path of it can be written, read back and found wrong."""

from __future__ import annotations

import pytest

from seawall.errors import UsageError
from seawall.maintain.authorities.ncmec.schema import PROFILES, Base, Kind, load_schema, walk
from tests.maintain.authorities.ncmec.checker import ATTRIBUTES, MODELS, VALUES
from tests.maintain.authorities.ncmec.legal import Legal

SCHEMA = load_schema()
_FORMED = (Base.BOOLEAN, Base.DATE_TIME, Base.LONG, Base.DOUBLE)


@pytest.mark.parametrize(
    ("root", "elements", "attributes"),
    [("report", 321, 132), ("fileDetails", 40, 2)],
)
def test_every_path_that_was_counted_in_the_schema_of_november_2025_is_there(
    root: str, elements: int, attributes: int
) -> None:
    paths = SCHEMA.element_paths(root)
    assert (len(paths), len(set(paths))) == (elements, elements)
    assert len(set(SCHEMA.attribute_paths(root))) == attributes


def test_every_path_is_made_by_the_documents_that_other_tests_go_through() -> None:
    """The coverage of the table by random documents is whole, but for what is never written."""
    wanted = {
        f"{root}/{path}" for root, entry in SCHEMA.roots.items() for path, each in walk(entry.type) if each.written
    }
    wanted |= {f"{root}/{path}" for root in SCHEMA.roots for path in SCHEMA.attribute_paths(root)}
    for seed in range(6000):
        for root in SCHEMA.roots:
            for path, node in Legal(SCHEMA, seed).document(root).walk():
                plain = "/".join(part.partition("[")[0] for part in path.split("/"))
                wanted.discard(plain)
                wanted -= {f"{plain}@{name}" for name in node.attributes}
        if not wanted:
            break
    assert not wanted


def test_countries_are_those_of_iso_3166_and_eight_codes_that_are_none() -> None:
    country = next(each.type.value for _, each in walk(SCHEMA.roots["report"].type) if each.name == "country")
    assert country is not None
    assert len(set(country.words)) == len(country.words) == 249 + 8
    assert {"GB", "NO", "XK", "A1"} <= set(country.words)
    assert not {"UK", "USA", ""} & set(country.words)
    state = next(each.type.value for _, each in walk(SCHEMA.roots["report"].type) if each.name == "state")
    assert state is not None
    assert len(state.words) == 54
    assert not {"AS", "MP", "FM", "AE"} & set(state.words)


def test_a_later_profile_has_what_came_since_and_nothing_less() -> None:
    later = load_schema(PROFILES[-1])
    before, after = set(SCHEMA.element_paths("report")), set(later.element_paths("report"))
    assert before < after
    assert {path.rpartition("/")[2] for path in after - before} == {"informational", "ageAssertionDiscrepancy"}
    assert SCHEMA.element_paths("fileDetails") == later.element_paths("fileDetails")


def test_a_profile_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UsageError, match="2016"):
        load_schema("2016")


def test_the_checker_that_was_written_apart_knows_the_same_elements() -> None:
    for root in SCHEMA.roots:
        for _, entry in walk(SCHEMA.roots[root].type):
            if entry.type.kind in (Kind.SEQUENCE, Kind.CHOICE) and entry.type.name != "address":
                assert entry.name in MODELS, entry.name
            value = entry.type.value
            if value is not None and value.name != "flag" and value.base in _FORMED:
                assert entry.name in VALUES, entry.name
    assert set(ATTRIBUTES) >= {"associatedAccount", "details", "estimatedLocation"}
