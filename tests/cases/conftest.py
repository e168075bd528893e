"""Cases over both kinds of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.store import Store
from tests.cases.case_office import CaseOffice, Hands, case_office


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def office(migrated_url: str, tmp_path: Path, hands: Hands) -> Iterator[CaseOffice]:
    with Store.open(migrated_url, clock=hands) as store:
        yield case_office(store, hands, tmp_path)
