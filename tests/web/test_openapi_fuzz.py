"""schemathesis asks everything that the OpenAPI document promises, and finds nothing that is not as it says.

The guard is a stand-in and values are random: no words of any pack are drawn.
"""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from schemathesis import Case, CheckContext, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    missing_required_header,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from seawall.web.body import Limits


def wrong_is_refused(ctx: CheckContext, response: Response, case: Case) -> bool | None:
    """Refuse what is wrong, as schemathesis checks it, but for bodies that it broke into other right ones.

    Of `anyOf` a text or null, it makes null a text, which is as good.
    """
    try:
        return negative_data_rejection(ctx, response, case)
    except AcceptedNegativeData as accepted:
        if " in body " in str(accepted) and _fits(case):
            return None
        raise


def _fits(case: Case) -> bool:
    """Whether a body is what the document says."""
    document = case.operation.schema.raw_schema
    content = case.operation.definition.raw["requestBody"]["content"]
    schema = content[str(case.media_type)]["schema"] | {"components": document["components"]}
    body = case.body
    if isinstance(body, dict):
        body = {name: "" if isinstance(value, bytes) else value for name, value in body.items()}
    return bool(Draft202012Validator(schema).is_valid(body))


CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    wrong_is_refused,
    positive_data_acceptance,
    missing_required_header,
    unsupported_method,
)
KEY = {"authorization": "Bearer key-admin"}
BOUNDED = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


def _operations(server: Any) -> list[Any]:
    schema = schemathesis.openapi.from_asgi("/openapi.json", server.app)
    found = [result.ok() for result in schema.get_all_operations()]
    assert len(found) >= 10
    return found


def test_the_server_does_what_its_document_says(server: Any) -> None:
    for operation in _operations(server.with_parts(limits=Limits())):
        _expect_as_documented(operation)


def _expect_as_documented(operation: Any) -> None:
    # What a hash looks like depends on its type, which a schema cannot say.
    free = operation.path == "/v1/match/batch"
    checks = [check for check in CHECKS if not (free and check is positive_data_acceptance)]

    @given(case=operation.as_strategy() | operation.as_strategy(GenerationMode.NEGATIVE))
    @BOUNDED
    def holds(case: Any) -> None:
        case.call_and_validate(headers=KEY, checks=checks)

    holds()


def test_whoever_has_no_key_learns_nothing(server: Any) -> None:
    for operation in _operations(server):
        if operation.definition.raw.get("security"):
            _expect_refusal(operation)
    assert server.guard.asked == []


def _expect_refusal(operation: Any) -> None:
    # As it comes, metrics need no key, but this machine's own name, which the test's is not.
    open_here = operation.path == "/metrics"
    expected = (403, "host_refused") if open_here else (401, "unauthenticated")

    @given(case=operation.as_strategy())
    @settings(BOUNDED, max_examples=5)
    def refuses(case: Any) -> None:
        answer = case.call(headers={"authorization": "Bearer nothing"})
        assert (answer.status_code, answer.json()["error"]["code"]) == expected

    refuses()
