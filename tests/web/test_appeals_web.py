"""Appeals over the web: the API, the pages for everybody, and what the host reads of statements and results."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
import yaml

from seawall.cases.model import TaskKind
from seawall.deploy.notices import NoticeOptions
from seawall.maintain.appeals import Result
from seawall.store import Store
from seawall.web.appeals import add_appeal_pages, add_appeals
from seawall.web.pages import Wording

BEN = f"{0xBE4:032x}"
HTML = {"accept": "text/html,application/xhtml+xml"}
CATALOGUES = Path(__file__).parents[2] / "src" / "seawall" / "web" / "appeals" / "catalogues"
WHY = "The picture shows a harbour crane."


def _load() -> Any:
    name = "appeals_office_for_web"
    spec = spec_from_file_location(name, Path(__file__).parents[1] / "maintain" / "appeals" / "conftest.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


_office = _load()
hands, make_office = _office.hands, _office.make_office


@pytest.fixture
def office(server: Any, hands: Any, make_office: Any, tmp_path: Path, migrated_sqlite: Path) -> Iterator[Any]:
    shutil.copy(migrated_sqlite, tmp_path / "appeals.db")
    with Store.open(f"sqlite:///{tmp_path / 'appeals.db'}", clock=hands) as store:
        made = make_office(store)
        add_appeals(server.app, server.parts, made.appeals, made.statements)
        options = NoticeOptions.model_validate({"service": "Example & Co"})
        add_appeal_pages(server.app, server.parts, made.appeals, options)
        yield made


def page(server: Any, path: str, fields: dict[str, str] | None = None, **headers: str) -> Any:
    method = "GET" if fields is None else "POST"
    return server.ask(method, path, key=None, data=fields, headers=HTML | headers)


def overturn(office: Any) -> None:
    claim = office.take(BEN, TaskKind.APPEAL)
    office.appeals.decide(claim.task.id, BEN, claim.task.token, Result.OVERTURNED, WHY)


def test_whoever_has_a_receipt_appeals_without_a_key(server: Any, office: Any) -> None:
    receipt = office.receipt(office.decided())
    before = server.ask("GET", f"/v1/appeals/{receipt}", key=None).json()["decisions"]
    assert [(each["possible"], each["state"]) for each in before] == [(True, None)]
    answer = server.ask("POST", "/v1/appeals", key=None, json={"receipt": receipt, "text": "x", "locale": "de"})
    assert answer.status_code == 201, answer.text
    (found,) = answer.json()["decisions"]
    assert (found["state"], found["possible"], found["reason"]) == ("open", False, None)
    assert "Mensch" in found["lines"][0]
    again = server.ask("POST", "/v1/appeals", key=None, json={"receipt": receipt})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "appeal_exists")
    overturn(office)
    (found,) = server.ask("GET", f"/v1/appeals/{receipt}", key=None).json()["decisions"]
    assert (found["state"], found["reason"]) == ("overturned", WHY)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"receipt": "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA"}, 404), ({"receipt": ""}, 422), ({}, 422),
        ({"receipt": "x", "text": "y" * 5001}, 422), ({"receipt": "x", "more": 1}, 422),
        ({"receipt": "x", "locale": "../.."}, 422), ([], 422),
    ],
)  # fmt: skip
def test_what_is_no_appeal_is_refused(server: Any, office: Any, body: Any, status: int) -> None:
    answer = server.ask("POST", "/v1/appeals", key=None, json=body)
    assert answer.status_code == status
    assert office.appeals.list() == []
    assert server.ask("GET", "/v1/appeals/nope", key=None).status_code == 404


def test_no_file_is_taken_with_an_appeal(server: Any, office: Any) -> None:
    receipt = office.receipt(office.decided())
    files = {"file": ("x.png", b"x", "image/png")}
    assert server.ask("POST", "/v1/appeals", key=None, data={"receipt": receipt}, files=files).status_code == 415
    assert server.ask("POST", "/appeal", key=None, data={"receipt": receipt}, files=files).status_code == 415
    assert office.appeals.list() == []


def test_the_host_alone_reads_statements_and_results(server: Any, office: Any) -> None:
    decision = office.decided()
    path = f"/v1/statements/{decision.id}"
    assert server.ask("GET", path, key=None).status_code == 401
    assert server.ask("GET", path, key="check").status_code == 403
    told = server.ask("GET", path, key="effects").json()
    assert told["receipt"] in told["texts"]["en"]["body"]
    (appeal,) = office.appeals.file(told["receipt"])
    overturn(office)
    path = f"/v1/appeal-results/{appeal.id}"
    assert server.ask("GET", path, key=None).status_code == 401
    result = server.ask("GET", path, key="effects").json()
    assert (result["state"], result["party"]) == ("overturned", "account")
    assert WHY in result["texts"]["ar"]["body"]
    for unknown in ("/v1/statements/nope", f"/v1/statements/{'0' * 32}", "/v1/appeal-results/nope"):
        assert server.ask("GET", unknown, key="effects").status_code == 404


def test_an_upheld_appeal_tells_of_courts_and_of_article_21(server: Any, office: Any) -> None:
    receipt = office.receipt(office.decided())
    (appeal,) = office.appeals.file(receipt)
    claim = office.take(BEN, TaskKind.APPEAL)
    office.appeals.decide(claim.task.id, BEN, claim.task.token, Result.UPHELD, "Clause 4 applies.")
    body = server.ask("GET", f"/v1/appeal-results/{appeal.id}", key="effects").json()["texts"]["en"]["body"]
    for part in ("article 21", "court", "Clause 4 applies.", "no part in the decision"):
        assert part in body
    shown = page(server, "/appeal/status", {"receipt": receipt}).text
    assert "article 21" in shown
    assert "Clause 4 applies." in shown


def test_a_form_takes_an_appeal_and_shows_what_becomes_of_it(server: Any, office: Any) -> None:
    receipt = office.receipt(office.decided())
    empty = page(server, "/appeal")
    assert empty.status_code == 200
    assert "Example &amp; Co" in empty.text
    sent = page(server, "/appeal", {"receipt": receipt, "text": "<b>a crane</b>"})
    assert sent.status_code == 200
    assert "We have your appeal." in sent.text
    assert office.appeals.words(office.appeals.list()[0].id, person=BEN, purpose="test") == "<b>a crane</b>"
    again = page(server, "/appeal", {"receipt": receipt})
    assert again.status_code == 409
    assert "We have your appeal." in again.text
    overturn(office)
    shown = page(server, "/appeal/status?lang=de", {"receipt": receipt})
    assert "Sie hatten recht." in shown.text
    assert 'lang="de"' in shown.text


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_typed_twice(server: Any, office: Any) -> None:
    for fields, status in (
        ({"receipt": "", "text": "my <words>"}, 422),
        ({"receipt": "AAAAA", "text": "my <words>"}, 404),
        ({"receipt": office.receipt(office.decided()), "text": "my <words>" + "x" * 5000}, 422),
    ):
        answer = page(server, "/appeal", fields)
        assert answer.status_code == status
        assert "my &lt;words&gt;" in answer.text
        assert 'role="alert"' in answer.text
        assert 'aria-invalid="true"' in answer.text
    assert office.appeals.list() == []
    assert page(server, "/appeal/status", {"receipt": "nope"}).status_code == 404


def test_a_page_of_somebody_else_appeals_for_nobody(server: Any, office: Any) -> None:
    receipt = office.receipt(office.decided())
    answer = page(server, "/appeal", {"receipt": receipt}, **{"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert office.appeals.list() == []


def test_the_pages_forbid_what_is_foreign_and_keep_receipts_out_of_addresses(server: Any, office: Any) -> None:
    receipt = office.receipt(office.decided())
    pages = [page(server, "/appeal"), page(server, "/appeal/status", {"receipt": receipt})]
    for answer in pages:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "form-action 'self'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in answer.headers
        assert not re.search(r"<style|style=|onclick|<script>", answer.text)
        assert all(receipt not in link for link in re.findall(r'(?:href|action|formaction)="([^"]*)"', answer.text))
    assert receipt in pages[1].text


class Labels(HTMLParser):
    """What a page asks for, and what it calls it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.asked: set[str] = set()
        self.labelled: set[str] = set()
        self.headings: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in ("input", "textarea", "select") and values.get("type") != "hidden":
            self.asked.add(str(values.get("id")))
        if tag == "label" and values.get("for"):
            self.labelled.add(str(values["for"]))
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(tag)


def test_every_field_has_a_label_and_headings_have_an_order(server: Any, office: Any) -> None:
    receipt = office.receipt(office.decided())
    for answer in (page(server, "/appeal"), page(server, "/appeal/status", {"receipt": receipt})):
        found = Labels(answer.text)
        assert found.asked
        assert found.asked <= found.labelled
        assert found.headings[0] == "h1"
        assert found.headings.count("h1") == 1


def test_all_languages_have_all_words() -> None:
    words = Wording()
    keys = {code: {key for key in words.keys(code) if key.startswith("appeals.")} for code in ("en", "de", "ar")}
    assert keys["en"]
    assert keys["en"] == keys["de"] == keys["ar"]
    for file in CATALOGUES.iterdir():
        assert yaml.safe_load(file.read_text("utf-8"))


def test_the_document_describes_the_routes(server: Any, office: Any) -> None:
    paths = server.app.openapi()["paths"]
    assert {"post"} <= set(paths["/v1/appeals"])
    assert {"/v1/appeals/{receipt}", "/v1/statements/{decision_id}", "/v1/appeal-results/{appeal_id}"} <= set(paths)
