"""`/v1/notices` and `/v1/evidence` as strangers, flaggers and hosts use them."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
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

from seawall.deploy.notices import NoticeOptions, Notices
from seawall.ledger import KeyFile, Ledger
from seawall.store import Store
from seawall.vault import FileKeyProvider, Vault
from seawall.web.evidence import add_evidence
from seawall.web.notices import add_notices

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    missing_required_header,
    unsupported_method,
)
CHILD = {"category": "minor_sexual_content", "subject": "https://host.example/p/1"}
OTHER = {
    "category": "other",
    "subject": {"type": "model", "id": "m-1"},
    "text": "a zorblax",
    "good_faith": True,
    "contact": {"name": "Ada Example", "email": "ada@example.org"},
}


def load(name: str, path: Path) -> Any:
    spec = spec_from_file_location(name, path)
    assert spec and spec.loader
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


stand_ins = load("notices_stand_ins", Path(__file__).parents[1] / "deploy" / "notices" / "conftest.py")


class Office:
    """A server with notices, and what stands behind it."""

    def __init__(self, server: Any, notices: Notices, cases: Any, vault: Vault, store: Store) -> None:
        self.server, self.notices, self.cases, self.vault, self.store = server, notices, cases, vault, store

    def tell(self, said: Any = None, key: str | None = None, **options: Any) -> httpx.Response:
        given = options or {"json": CHILD if said is None else said}
        return self.server.ask("POST", "/v1/notices", key=key, **given)

    def see(self, receipt: str, **headers: str) -> httpx.Response:
        return self.server.ask("GET", f"/v1/notices/{receipt}", key=None, headers=headers)

    def bring(self, data: bytes | None, meta: Any, key: str | None = "evidence", **more: Any) -> httpx.Response:
        files: dict[str, Any] = dict(more)
        if meta is not None:
            files["meta"] = (None, meta if isinstance(meta, str) else json.dumps(meta))
        if data is not None:
            files["file"] = ("x.bin", data)
        return self.server.ask("POST", "/v1/evidence", key=key, files=files)


@pytest.fixture
def office(server: Any, tmp_path: Path, migrated_sqlite: Path) -> Iterator[Office]:
    shutil.copy(migrated_sqlite, tmp_path / "notices.db")
    with Store.open(f"sqlite:///{tmp_path / 'notices.db'}") as store:
        ledger = Ledger.open(store, KeyFile(tmp_path / "keys"))
        vault = Vault(store, ledger, FileKeyProvider(tmp_path / "keys" / "vault.key"), tmp_path / "vault")
        cases = stand_ins.StandInCases()
        options = NoticeOptions.model_validate({"evidence_bytes": 4096, "rates": {"address": 20, "key": 100}})
        notices = Notices(store, ledger, vault, cases, secret=b"s" * 32, options=options)
        add_notices(server.app, server.parts, notices)
        add_evidence(server.app, server.parts, notices)
        yield Office(server, notices, cases, vault, store)


def test_a_stranger_gives_notice_and_sees_by_the_receipt_what_became_of_it(office: Office) -> None:
    answer = office.tell()
    told = answer.json()
    assert (answer.status_code, told["status"], told["emergency"]) == (201, "received", None)
    assert len(told["next"]) == 4
    seen = office.see(told["receipt"]).json()
    assert (seen["status"], seen["outcome"], seen["due_at"]) == ("received", None, told["due_at"])
    assert office.see("0" * 25).json()["error"]["code"] == "no_notice"
    german = office.see(told["receipt"], **{"accept-language": "de-AT,en;q=0.5"}).json()
    assert german["message"] == "Ihre Meldung ist angekommen."


@pytest.mark.parametrize(
    "sent",
    [
        {"files": {"file": ("x.png", b"\x89PNG")}},
        {"files": {"file": ("x.png", b"\x89PNG"), "meta": (None, json.dumps(CHILD))}},
        {"content": b"\xff\xd8\xff", "headers": {"content-type": "image/jpeg"}},
        {"data": {"category": "other"}},
        {"content": json.dumps(CHILD)},
    ],
)
def test_no_file_is_ever_taken_with_a_notice(office: Office, sent: dict[str, Any]) -> None:
    answer = office.tell(**sent)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "no_media")
    assert office.cases.openings == []


def test_the_material_cannot_be_put_in_the_place_of_its_address(office: Office) -> None:
    answer = office.tell({**CHILD, "subject": "data:image/png;base64,AAAA"})
    assert answer.status_code == 422
    assert answer.json()["error"]["fields"] == [{"loc": ["subject"], "type": "not_allowed"}]
    assert "AAAA" not in answer.text


def test_what_is_missing_is_told_by_field(office: Office) -> None:
    fields = office.tell({"category": "other"}).json()["error"]["fields"]
    places = {".".join(each["loc"]) for each in fields}
    assert places == {"subject", "good_faith", "text", "contact.name", "contact.email"}
    assert office.tell(OTHER).status_code == 201
    for wrong in ({}, {"category": "zorblax"}, {**CHILD, "zorblax": 1}, {**CHILD, "text": "x" * 2001}, [], "x"):
        assert office.tell(wrong).status_code == 422
    assert office.tell(content=b"{" * 50, headers={"content-type": "application/json"}).status_code == 400
    large = json.dumps({**CHILD, "text": "x" * 300_000})
    assert office.tell(content=large, headers={"content-type": "application/json"}).status_code == 413


def test_a_key_says_who_tells_and_a_wrong_key_is_no_stranger(office: Office) -> None:
    subject = {"type": "image", "id": "gen-1", "account": "acc-1"}
    told = {**CHILD, "subject": subject}
    assert office.tell(told).json()["error"]["fields"] == [{"loc": ["subject", "account"], "type": "not_allowed"}]
    assert office.tell(told, key="metrics").status_code == 422
    assert office.tell(told, key="check").status_code == 201
    assert office.tell(CHILD, key="nonsense").status_code == 401
    assert office.cases.openings[0][1].subject == "acc-1"


def test_over_the_bound_the_answer_says_when_to_come_again(office: Office) -> None:
    answers = [office.tell() for _ in range(21)]
    assert [each.status_code for each in answers] == [201] * 20 + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 3600
    assert answers[-1].json()["error"]["code"] == "too_many_notices"
    assert office.tell(key="check").status_code == 201


def test_the_same_request_again_gives_the_same_receipt(office: Office) -> None:
    said = {**CHILD, "request_id": "one"}
    assert office.tell(said).json()["receipt"] == office.tell(said).json()["receipt"]
    assert len(office.cases.openings) == 1


def test_nothing_that_was_sent_is_logged(office: Office) -> None:
    office.tell(OTHER)
    office.tell({**OTHER, "category": "zorblax-category"})
    office.see("0" * 25)
    said = office.server.log.getvalue()
    assert "refused" in said
    for word in ("zorblax", "ada@example.org", "Ada", "m-1", "0" * 25):
        assert word not in said


def test_the_host_brings_the_bytes_of_a_noticed_item_into_the_vault(office: Office) -> None:
    receipt = office.tell().json()["receipt"]
    answer = office.bring(b"\x89PNG benign", {"receipt": receipt, "media_type": "image/png"})
    brought = answer.json()
    assert (answer.status_code, brought["new"], brought["size"]) == (200, True, 11)
    with office.vault.open(brought["vault"], person="ada", purpose="test") as stream:
        assert stream.read() == b"\x89PNG benign"
    item = office.cases.openings[-1][1].items[0]
    assert (item.kind.value, item.sha256, item.vault) == ("image", brought["sha256"], brought["vault"])
    assert item.parent == office.cases.openings[0][1].items[0].key
    again = office.bring(b"\x89PNG benign", {"subject": CHILD["subject"]}).json()
    assert again == {**brought, "new": False}
    other = office.bring(b"another file", {"receipt": receipt}).json()
    assert other["vault"] != brought["vault"]


def test_evidence_is_taken_only_of_what_was_noticed_and_with_the_right_key(office: Office) -> None:
    receipt = office.tell().json()["receipt"]
    meta = {"receipt": receipt}
    assert office.bring(b"x", meta, key=None).status_code == 401
    assert office.bring(b"x", meta, key="check").status_code == 403
    for unknown in ({"subject": "gen-0"}, {"receipt": "0" * 25}, {"receipt": receipt, "number": 3}, {}):
        assert office.bring(b"x", unknown).status_code == 404
    wrong_digest = office.bring(b"x", {**meta, "sha256": "0" * 64})
    assert (wrong_digest.status_code, wrong_digest.json()["error"]["code"]) == (422, "evidence")
    assert office.bring(b"", meta).status_code == 422
    assert office.bring(b"x" * 4097, meta).status_code == 413
    assert office.bring(None, meta).status_code == 422
    assert office.bring(b"x", None).status_code == 422
    assert office.bring(b"x", "{").status_code == 400
    assert office.server.ask("POST", "/v1/evidence", key="evidence", json=meta).status_code == 415
    assert list(office.vault.objects(purpose="evidence")) == []


def test_evidence_of_one_of_several_items_says_which(office: Office) -> None:
    receipt = office.tell({**CHILD, "subject": ["gen-1", {"type": "lora", "id": "gen-2"}]}).json()["receipt"]
    assert office.bring(b"x", {"receipt": receipt}).status_code == 404
    assert office.bring(b"x", {"receipt": receipt, "number": 1}).status_code == 200
    assert office.bring(b"y", {"receipt": receipt, "subject": "gen-1"}).status_code == 200


def test_evidence_is_never_written_to_a_disk_in_the_clear(office: Office, tmp_path: Path) -> None:
    receipt = office.tell().json()["receipt"]
    office.bring(b"heron-heron-heron", {"receipt": receipt})
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"heron-heron" not in path.read_bytes()


def test_the_openapi_document_tells_of_notices_and_a_fuzzer_finds_nothing(office: Office) -> None:
    office.server.app.openapi_schema = None
    document = office.server.app.openapi()
    paths = {path: each for path, each in document["paths"].items() if path.startswith(("/v1/notices", "/v1/evidence"))}
    assert set(paths) == {"/v1/notices", "/v1/notices/{receipt}", "/v1/evidence"}
    assert paths["/v1/evidence"]["post"]["x-seawall-scope"] == "evidence"
    json_schema = paths["/v1/notices"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert "$ref" not in json.dumps(json_schema)
    rates = office.notices.options.rates.model_copy(update={"address": 10_000, "key": 10_000})
    office.notices.options = office.notices.options.model_copy(update={"rates": rates})
    schema = schemathesis.openapi.from_asgi("/openapi.json", office.server.app)
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path in paths:
            expect_as_documented(operation)


def expect_as_documented(operation: Any) -> None:
    # What one field asks of another, no schema says.
    checks = [each for each in CHECKS if each is not positive_data_acceptance or operation.path != "/v1/notices"]

    @given(case=operation.as_strategy() | operation.as_strategy(GenerationMode.NEGATIVE))
    @settings(
        max_examples=50, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def holds(case: Any) -> None:
        case.call_and_validate(headers={"authorization": "Bearer key-admin"}, checks=checks)

    holds()


def test_many_at_once_are_all_taken(office: Office) -> None:
    async def go() -> list[int]:
        transport = httpx.ASGITransport(office.server.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            asked = [client.post("/v1/notices", json={**CHILD, "subject": f"gen-{n}"}) for n in range(12)]
            return [each.status_code for each in await asyncio.gather(*asked)]

    assert asyncio.run(go()) == [201] * 12
    assert len(office.notices.list()) == 12
