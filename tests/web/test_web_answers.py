"""What is answered, and what is never told: the content that was sent."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from seawall.decisions import DecisionRecord
from seawall.deploy.guard.errors import GuardBusy, GuardUnavailable, RequestConflict
from seawall.errors import StorageFull, StoreError, UsageError
from seawall.policy.decide import Evidence
from seawall.policy.guard import CheckKind, EventClass, Facts, GuardAction, Judgement, Look
from seawall.web.logs import let_through

GOOD = {"account": "a", "prompt": "b"}
SECRET = "zorblaxQ7vx"


def test_a_decision_is_given_as_the_guard_gave_it(server: Any) -> None:
    server.guard.reply = server.guard.reply.model_copy(
        update={
            "action": GuardAction.BLOCK,
            "category": "canary",
            "drill": True,
            "event_class": EventClass.REQUEST_TEXT,
        }
    )
    answer = server.ask("POST", "/v1/check/input", json=GOOD)
    assert answer.json() == json.loads(server.guard.reply.model_dump_json())
    assert answer.headers["cache-control"] == "no-store"


def test_a_batch_is_answered_in_order(server: Any) -> None:
    answer = server.ask("POST", "/v1/check/batch", json={"items": [GOOD, {"kind": "input", "check": GOOD}]})
    assert [each["action"] for each in answer.json()["results"]] == ["allow", "allow"]


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [
        (GuardUnavailable(), 503, True),
        (GuardBusy(), 503, True),
        (RequestConflict(), 409, False),
        (UsageError("item 3 of the batch is malformed"), 422, False),
        (StoreError("/secret/place is damaged"), 503, True),
        (StorageFull("/secret/place is full"), 503, True),
        (ZeroDivisionError("/secret/place"), 500, False),
    ],
)
def test_what_goes_wrong_is_never_an_answer_to_allow(server: Any, error: Exception, status: int, retry: bool) -> None:
    server.guard.fails = error
    answer = server.ask("POST", "/v1/check/input", json=GOOD)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "message", "hint"}
    assert ("retry-after" in answer.headers) is retry
    assert "/secret" not in answer.text + server.log.getvalue()


def test_a_field_that_is_not_known_is_refused_and_not_repeated(server: Any) -> None:
    answer = server.ask("POST", "/v1/check/input", json={**GOOD, SECRET: 1, "surface": SECRET})
    assert answer.status_code == 422
    assert answer.json()["error"]["fields"] == [
        {"loc": ["surface"], "type": "string_pattern_mismatch"},
        {"loc": ["?"], "type": "extra_forbidden"},
    ]
    assert SECRET not in answer.text


def test_unknown_paths_and_methods_are_told_as_errors(server: Any) -> None:
    answer = server.ask("GET", f"/{SECRET}?{SECRET}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    answer = server.ask("GET", "/v1/check/input")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert server.ask("POST", "/v1/check/input/", json=GOOD).status_code == 404


def test_what_was_sent_appears_in_no_error_log_metric_or_trace(server: Any) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    full = {
        "account": SECRET,
        "prompt": SECRET,
        "negative_prompt": SECRET,
        "system": SECRET,
        "history": [SECRET, {"role": "user", "content": SECRET}],
        "attachments": [{"base64": base64.b64encode(SECRET.encode()).decode()}],
        "request_id": SECRET,
        "model": SECRET,
        "generation_id": SECRET,
        "locale": SECRET,
    }
    broken = full | {"surface": SECRET, "jurisdiction": SECRET, "age_signal": SECRET, SECRET: SECRET}
    said = []
    for error in (None, GuardUnavailable(), ValueError(SECRET), KeyError(SECRET)):
        server.guard.fails = error
        for body in (full, broken, {"history": [{SECRET: SECRET}]}, {"attachments": [SECRET]}):
            said.append(server.ask("POST", "/v1/check/input", json=body))
            said.append(server.ask("POST", "/v1/check/output", json=body | {"text": SECRET}))
            said.append(server.ask("POST", "/v1/check/batch", json={"items": [body]}))
            meta = json.dumps(body)
            said.append(server.ask("POST", "/v1/check/upload", files={"file": (SECRET, SECRET)}, data={"meta": meta}))
        said.append(server.ask("POST", "/v1/check/upload", files={SECRET: (SECRET, SECRET)}))
        said.append(server.ask("POST", "/v1/check/finetune", json={"manifest": {SECRET: SECRET}, "account": SECRET}))
        said.append(server.ask("POST", "/v1/match/batch", key="hma", json={"type": SECRET.lower(), "values": [SECRET]}))
        for path in ("/m/lookup", "/m/raw_lookup", "/h/hash", "/c/bank/" + SECRET, "/v1/decisions/" + SECRET):
            said.append(
                server.ask("GET", f"{path}?signal={SECRET}&signal_type=pdq&banks={SECRET}&url=http://{SECRET}/")
            )
            said.append(server.ask("GET", f"{path}?signal={SECRET}&signal_type={SECRET}", key="hma"))
        said.append(server.ask("POST", "/m/compare", key="hma", json={SECRET: [SECRET]}))
        said.append(server.ask("POST", "/m/lookup", key="hma", files={"photo": (SECRET, SECRET)}))
        said.append(server.ask(SECRET.upper(), "/" + SECRET, headers={"authorization": SECRET, "host": SECRET}))
    heard = [answer.text + str(answer.headers) for answer in said]
    heard += [server.log.getvalue(), server.parts.instruments.text().decode()]
    heard += [span.to_json() for span in exporter.get_finished_spans()]
    assert len(exporter.get_finished_spans()) > 10
    assert {answer.status_code for answer in said} >= {200, 400, 404, 405, 422, 500, 503} - {405}
    assert [text for text in heard if SECRET.lower() in text.lower()] == []


def test_the_last_step_of_logging_lets_nothing_else_through() -> None:
    event = {
        "event": "a.b",
        "status": 200,
        "prompt": SECRET,
        "code": f"two {SECRET}",
        "seconds": "3",
        "drill": True,
    }
    assert let_through(None, "info", event) == {"event": "a.b", "status": 200, "drill": True}
    assert let_through(None, "info", {"event": f"{SECRET} happened"}) == {"event": "unnamed"}


def test_metrics_count_requests_decisions_and_checkers(server: Any) -> None:
    server.ask("POST", "/v1/check/input", json=GOOD)
    server.ask("POST", "/v1/check/input", json={})
    text = server.ask("GET", "/metrics", key=None).text
    for line in (
        'seawall_http_requests_total{method="POST",route="/v1/check/input",status="200"} 1.0',
        'seawall_http_requests_total{method="POST",route="/v1/check/input",status="422"} 1.0',
        'seawall_decisions_total{action="allow",drill="false",kind="input"} 1.0',
        'seawall_checker_status_total{checker="canary",status="ok"} 1.0',
        'seawall_check_seconds_count{kind="input"} 1.0',
        "seawall_checks_under_way 0.0",
    ):
        assert line in text


def test_a_server_is_ready_if_every_part_is_well(server: Any) -> None:
    def broken() -> str | None:
        raise StoreError("/secret/place")

    assert server.ask("GET", "/readyz", key=None).json() == {"status": "ready", "problems": {}}
    unwell = server.with_parts(probes={"database": broken, "lists": lambda: "stale", "policy": lambda: None})
    answer = unwell.ask("GET", "/readyz", key=None)
    assert answer.status_code == 503
    assert answer.json() == {"status": "not_ready", "problems": {"database": "store", "lists": "stale"}}
    assert unwell.ask("GET", "/healthz", key=None).json() == {"status": "ok"}


def test_a_recorded_decision_is_shown_without_labels_and_without_its_digest(server: Any) -> None:
    match = Evidence("csam", "some-list", "pdq", 4, False, (SECRET,))
    record = DecisionRecord(
        id="1" * 32,
        at="2026-11-23T00:00:00.000000Z",
        kind=CheckKind.UPLOAD,
        account="a",
        action=GuardAction.BLOCK,
        judgement=Judgement(GuardAction.BLOCK, "csem.known", ("known",), "0" * 64, evidence=True),
        facts=Facts(CheckKind.UPLOAD, real=Look((match,))),
        event_class=EventClass.UPLOAD_KNOWN,
        digest="d" * 64,
    )
    server.memory.records[record.id] = record
    answer = server.ask("GET", f"/v1/decisions/{record.id}")
    found = answer.json()
    assert (found["action"], found["reasons"], found["kind"]) == ("block", ["known"], "upload")
    assert SECRET not in answer.text
    assert record.digest not in answer.text
    for other in ("2" * 32, "x", SECRET):
        assert server.ask("GET", f"/v1/decisions/{other}").json()["error"]["code"] == "no_decision"
