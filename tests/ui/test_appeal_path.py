"""From a decision on: its effects at the host, the statement, an appeal in a browser, and its being taken back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.ui.console_people import Person, sitting, violations
from tests.ui.console_site import Site, mark_of, picture, served

pytestmark = pytest.mark.ui

SUBJECT = "https://pictures.example/crane"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("appeals"), "--detectors", "canary") as running:
        yield running


@pytest.fixture
def person(browser: Any, site: Site) -> Iterator[Callable[..., Person]]:
    with sitting(browser, site) as sit_down:
        yield sit_down


def effects(site: Site, kind: str) -> list[dict[str, Any]]:
    """Return what the host is to do, by kind, once there is something: the server does it within seconds."""
    for _ in range(150):
        lines = [json.loads(line) for line in site.seawall("effects", "ls", "--json").splitlines()]
        found = [each for each in lines if each["payload"]["type"] == kind]
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"there is no {kind}")


def done_at_host(site: Site, kind: str) -> dict[str, Any]:
    """Acknowledge everything of a kind as the host does; return the payload of the last one."""
    found = effects(site, kind)
    for each in found:
        site.ask("POST", f"/v1/effects/{each['id']}/ack")
    payload: dict[str, Any] = found[-1]["payload"]
    return payload


def test_what_was_decided_wrongly_is_appealed_and_taken_back(site: Site, person: Callable[..., Person]) -> None:
    about = {"type": "image", "url": SUBJECT, "account": "acct-4711"}
    sender = {"name": "Nele Muster", "email": "nele@example.org"}
    words = {"category": "other", "text": "Pictures of cranes are not allowed.", "good_faith": True}
    told = site.ask("POST", "/v1/notices", words | {"subject": about, "contact": sender, "request_id": "n-1"})
    site.bring(picture(1), receipt=told["receipt"], media_type="image/png")

    # One decides; the host removes, tells the account, and says so.
    rita = person("rita")
    rita.take()
    rita.page.fill("textarea[name^=why-]", "not allowed here")
    rita.decide("other_violation", "not_reportable", "remove", "strike", "notify", reasons="terms-4")
    assert "The decision is saved." in rita.page.inner_text("main")
    removal = done_at_host(site, "case.remove")
    assert removal["item"]["ref"] == SUBJECT
    notice = done_at_host(site, "case.notice")
    statement = notice["statement"]
    receipt = statement["receipt"]
    assert receipt in statement["texts"]["en"]["body"]
    assert "terms-4" in json.dumps(statement)
    assert "rita" not in json.dumps(notice)

    # The account holder appeals, without an account and without a script.
    holder = person("the holder", java_script_enabled=False)
    holder.go("/appeal")
    holder.shot("20-appeal")
    holder.page.fill("[name=receipt]", receipt.lower())
    holder.page.fill("[name=text]", "The picture shows a harbour crane.")
    holder.page.click("form .primary")
    holder.page.wait_for_load_state()
    assert "We have your appeal." in holder.page.inner_text("main")
    assert receipt not in holder.page.url
    holder.shot("21-appeal-filed")

    # Whoever decided is never asked; a lead who had no part is.
    rita.go("/review")
    rita.page.click("main .card .primary")
    rita.page.wait_for_load_state()
    assert "/review/tasks/" not in rita.page.url
    lena = person("lena")
    lena.page.goto(f"{site.address}/review")
    lena.page.click("main .card .primary")
    lena.page.wait_for_url("**/review/appeals/*")
    page = lena.page
    text = page.inner_text("main")
    assert "The picture shows a harbour crane." in text
    assert "not allowed here" in text
    assert mark_of(1) not in page.content()
    assert page.locator(".veil").count() == 0
    assert violations(page) == []
    lena.shot("22-appeal-task")
    page.click("button[value=tile]")
    page.wait_for_selector(".veil")
    page.click("#decision button[type=submit]")
    page.wait_for_selector("#problem")
    assert violations(page) == []
    page.check("input[name=result][value=overturned]")
    page.fill("textarea[name=reason]", "The terms allow pictures of machines.")
    page.click("#decision button[type=submit]")
    page.wait_for_url("**/review?told=appeal")
    lena.shot("23-appeal-decided")

    # It is taken back at the host, the strike is void, and both sides read why.
    restored = done_at_host(site, "case.restore")
    assert restored["item"]["ref"] == SUBJECT
    account = json.loads(site.seawall("accounts", "show", "acct-4711", "--json"))
    assert account["strikes"]
    assert all(each["void"] for each in account["strikes"]), account
    holder.go("/appeal")
    holder.page.fill("[name=receipt]", receipt)
    holder.page.click("button[formaction*=status]")
    holder.page.wait_for_load_state()
    shown = holder.page.inner_text("main")
    assert "You were right." in shown
    assert "The terms allow pictures of machines." in shown
    assert "lena" not in holder.page.content()
    holder.shot("24-appeal-result")
    lena.go("/review/cases?state=closed")
    assert site.ask("GET", f"/v1/notices/{told['receipt']}")["status"] != "removed"
