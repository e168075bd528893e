"""The test kit as others use it: over HTTP, from the shell, in any language."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from seawall.errors import UsageError
from seawall.maintain.authorities.testkit import FaultPlan, TestKit, serve
from tests.maintain.authorities.ncmec.test_client import report


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    """A client of a kit, which knows the password."""
    with serve() as (address, _), httpx.Client(base_url=address, auth=("testkit", "testkit")) as client:
        yield client


def test_both_environments_are_apart_and_can_be_looked_at(http: httpx.Client) -> None:
    for prefix in ("/ispws", "/prod/ispws"):
        answer = http.post(f"{prefix}/submit", content=report(), headers={"Content-Type": "text/xml; charset=utf-8"})
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/xml;charset=utf-8")
        assert answer.headers["Request-ID"]
        state = http.get("/_testkit/state").json()
        assert [each["state"] for each in state[prefix]["reports"]] == ["open"]
    ids = [state[prefix]["reports"][0]["id"] for prefix in ("/ispws", "/prod/ispws")]
    assert http.post("/prod/ispws/finish", data={"id": ids[0]}).text.count("<responseCode>5001<") == 1
    assert http.post("/ispws/finish", files={"id": (None, ids[0])}).text.count("<responseCode>0<") == 1
    assert http.post("/_testkit/reset").status_code == 200
    assert http.get("/_testkit/state").json()["/ispws"]["reports"] == []


def test_the_clock_and_faults_are_steered_over_http(http: httpx.Client) -> None:
    http.post("/ispws/submit", content=report())
    assert http.post("/_testkit/clock", json={"forward": 90_000}).status_code == 200
    assert http.get("/_testkit/state").json()["/ispws"]["reports"][0]["state"] == "expired"
    plan = [{"call": "status", "nth": 2, "fault": "code", "code": 2000}]
    assert http.post("/_testkit/faults", json=plan).json() == {"faults": 1}
    codes = [http.get("/ispws/status").text.partition("<responseCode>")[2][:4].partition("<")[0] for _ in range(3)]
    assert codes == ["0", "2000", "0"]


@pytest.mark.parametrize("path", ["clock", "faults"])
@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'{"forward": "x"}', b'[{"call": "finish"}]'])
def test_what_steers_nothing_is_told(http: httpx.Client, path: str, body: bytes) -> None:
    assert http.post(f"/_testkit/{path}", content=body).status_code in (400, 404, 422)


@pytest.mark.parametrize(
    "plan",
    [
        {},
        [{}],
        [{"call": "finish", "fault": "explode"}],
        [{"call": "finish", "fault": "html", "nth": "x"}],
        [{"call": "finish", "fault": "html", "when": 1}],
    ],
)
def test_a_plan_that_cannot_be_is_refused(plan: Any) -> None:
    with pytest.raises(UsageError):
        FaultPlan().order(plan)


def test_who_has_no_password_and_what_is_no_call_get_nothing(http: httpx.Client) -> None:
    assert httpx.get(f"{http.base_url}/ispws/status").status_code == 401
    assert http.get("/ispws/submit").status_code == 404
    assert http.get("/elsewhere").status_code == 404
    assert http.post("/ispws/upload", files={"id": (None, "1")}).text.count("<responseCode>1110<") == 1


def test_a_kit_keeps_nothing_of_a_file(http: httpx.Client) -> None:
    answer = http.post("/ispws/submit", content=report())
    report_id = answer.text.partition("<reportId>")[2].partition("<")[0]
    with serve(kit=(kit := TestKit())) as (address, _):
        own = httpx.Client(base_url=address, auth=("testkit", "testkit"))
        own.post("/ispws/submit", content=report())
        report_id = kit.state()["/ispws"]["reports"][0]["id"]
        own.post("/ispws/upload", data={"id": report_id}, files={"file": ("name.png", b"zorblax" * 999)})
        own.close()
    assert len(kit.state()["/ispws"]["reports"][0]["files"]) == 1
    assert "zorblax" not in repr(vars(kit)) + json.dumps(kit.state())
    assert "name.png" not in json.dumps(kit.state())


def test_it_is_served_from_the_shell_until_it_is_ended(tmp_path: Path) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps([{"call": "status", "fault": "html"}]))
    command = [sys.executable, "-m", "seawall", "testkit", "serve", "--faults", str(faults)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            address = line.partition(" on ")[2].partition(":")[0] + ":" + line.partition("http:")[2].partition(": ")[0]
            answer = httpx.get(f"{address}/ispws/status", auth=("testkit", "testkit"))
            assert answer.headers["Content-Type"] == "text/html"
        finally:
            process.terminate()
        assert process.wait(20) == 0
    faults.write_text("{")
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, "no JSON" in ran.stderr) == (2, True)
