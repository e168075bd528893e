"""The OpenFeature provider against the installed SDK: whatever cannot be told is False, whatever the default was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext
from openfeature.flag_evaluation import ErrorCode

from seawall.deploy.guard.contract import Admission
from seawall.deploy.rollout.flags import SeawallProvider

if TYPE_CHECKING:
    from tests.deploy.rollout.conftest import Bench


@pytest.fixture
def client(lite: Bench) -> Iterator[OpenFeatureClient]:
    lite.plan()
    api.set_provider(SeawallProvider(lite.book))
    yield api.get_client()
    api.shutdown()


def _account(name: str) -> EvaluationContext:
    return EvaluationContext(targeting_key=name)


def test_the_flag_of_a_model_is_on_for_whoever_is_admitted(client: OpenFeatureClient) -> None:
    assert client.get_boolean_value("aurora", False, _account("ada")) is True
    refused = client.get_boolean_details("aurora", True, _account("mallory"))
    assert (refused.value, refused.variant) == (False, "cohort")


def test_without_an_account_it_is_off_whatever_the_default(client: OpenFeatureClient) -> None:
    assert client.get_boolean_value("aurora", True) is False
    assert client.get_boolean_details("aurora", True, _account("")).variant == "no_account"


def test_a_killed_model_is_off(client: OpenFeatureClient, lite: Bench) -> None:
    lite.book.switch.kill("aurora", person="pat", reason="because")
    assert client.get_boolean_details("aurora", True, _account("ada")).variant == "killed"


def test_what_fails_is_off() -> None:
    class Broken:
        def admit(self, model: str | None, account: str) -> Admission:
            raise RuntimeError

        def observe(self, connection: object, records: object) -> None:
            raise RuntimeError

    details = SeawallProvider(Broken()).resolve_boolean_details("aurora", True, _account("ada"))
    assert (details.value, details.variant) == (False, "error")


def test_other_types_are_refused(client: OpenFeatureClient) -> None:
    for details in (
        client.get_string_details("aurora", "x", _account("ada")),
        client.get_integer_details("aurora", 1, _account("ada")),
        client.get_float_details("aurora", 1.0, _account("ada")),
        client.get_object_details("aurora", {}, _account("ada")),
    ):
        assert details.error_code is ErrorCode.TYPE_MISMATCH
