"""A report in the browser: read, answered, approved by two, filed by the server, and its receipt seen."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from seawall.casework import open_casework
from seawall.casework.rehearsal import rehearse
from seawall.maintain.authorities.credentials import write_credentials
from seawall.maintain.authorities.ncmec.environment import EnvironmentName
from seawall.maintain.authorities.testkit import TestKit, serve
from seawall.settings import Settings
from tests.contract.test_casework_contract import until
from tests.maintain.authorities.reports.office import OPTIONS, judge
from tests.ui.console_people import Person, sitting, violations
from tests.ui.console_site import Site, served

pytestmark = pytest.mark.ui


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, TestKit]]:
    home: Path = tmp_path_factory.mktemp("reports")
    home.chmod(0o700)
    with serve() as (address, kit):
        ncmec = OPTIONS["ncmec"] | {"environment": "test", "test_url": f"{address}/ispws"}
        (home / "authorities.yaml").write_text(yaml.safe_dump({"ncmec": ncmec}))
        settings = Settings.from_env(os.environ | {"SEAWALL_HOME": str(home)})
        write_credentials(settings, "ncmec", EnvironmentName.TEST, "testkit", "testkit")
        with served(home, "--detectors", "canary") as running:
            yield running, kit


@pytest.fixture
def person(browser: Any, site: tuple[Site, TestKit]) -> Iterator[Callable[..., Person]]:
    with sitting(browser, site[0]) as sit_down:
        yield sit_down


def test_a_report_is_approved_by_two_in_the_browser_and_its_receipt_seen(
    site: tuple[Site, TestKit], person: Callable[..., Person]
) -> None:
    running, kit = site
    settings = Settings.from_env(os.environ | {"SEAWALL_HOME": str(running.home)})
    with open_casework(settings) as casework:
        (case_id,) = rehearse(casework)
        case = casework.cases.get(case_id)
        for who in ("7" * 32, "8" * 32):
            if not casework.cases.decisions(case_id):
                judge(casework, case, who)
        report = until(lambda: casework.reports.of_case(case_id))[0]
        rita = person("rita")
        rita.go("/review")
        rita.page.click("nav a[href='/review/reports']")
        rita.page.wait_for_url("**/review/reports")
        assert violations(rita.page) == []
        rita.shot("30-reports")
        rita.page.click(f"a[href='/review/reports/{report.id}']")
        rita.page.wait_for_url("**/review/reports/*")
        assert violations(rita.page) == []
        assert not rita.page.is_visible("blockquote.said")
        rita.shot("31-report")
        rita.page.click("button[name=answer][value=no] >> nth=0")
        rita.page.wait_for_url("**?told=saved")
        rita.page.click("button[name=move][value=approve]")
        rita.page.wait_for_url("**?told=saved")
        assert rita.page.locator("button[name=move][value=approve]").count() == 0
        rita.shot("32-report-approved-once")
        lena = person("lena", color_scheme="dark")
        lena.go(f"/review/reports/{report.id}")
        lena.shot("33-report-dark")
        lena.page.click("button[name=move][value=approve]")
        lena.page.wait_for_url("**?told=saved")
        until(lambda: casework.reports.get(report.id).remote_id)
        lena.go(f"/review/reports/{report.id}")
        receipt = str(casework.reports.get(report.id).remote_id)
        assert receipt in lena.page.inner_text("aside")
        assert violations(lena.page) == []
        lena.shot("34-report-filed")
        arabic = person("rita", locale="ar")
        arabic.go(f"/review/reports/{report.id}?lang=ar")
        assert arabic.page.get_attribute("html", "dir") == "rtl"
        arabic.shot("35-report-arabic")
    (finished,) = kit.environments["/ispws"].state()
    assert (finished["id"], finished["state"]) == (receipt, "finished")
