"""From an upload, or a dataset, to a receipt: real servers, a stand-in authority, and people's hands on the library."""

from __future__ import annotations

import io
import json
import os
import tarfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from seawall.canary.draw import variants
from seawall.cases import Cases, Submission
from seawall.cases.model import EffectKind, Label, NewVerdict, Outcome
from seawall.casework import Casework, open_casework
from seawall.maintain.authorities.credentials import write_credentials
from seawall.maintain.authorities.installation import connector
from seawall.maintain.authorities.ncmec.environment import EnvironmentName
from seawall.maintain.authorities.ncmec.provenance import read_provenance
from seawall.maintain.authorities.reports import Filer, Report, ReportState
from seawall.maintain.authorities.testkit import serve
from seawall.settings import Settings
from tests.contract.test_casework_contract import PEOPLE, until
from tests.ui.console_site import Site, served

REPORTER = {"first_name": "Safety", "email": ["safety@example.invalid"]}
APPROVERS = ("3" * 32, "4" * 32)
CRAWLED = "2026-01-02T03:04:05Z"


def reports_to(home: Path, address: str) -> Settings:
    """Let an installation report drills to a kit."""
    home.mkdir(mode=0o700, exist_ok=True)
    ncmec = {
        "environment": "test",
        "test_url": f"{address}/ispws",
        "service": "Example Image API",
        "reporter": REPORTER,
    }
    (home / "authorities.yaml").write_text(yaml.safe_dump({"ncmec": ncmec}))
    settings = Settings.from_env(os.environ | {"SEAWALL_HOME": str(home)})
    write_credentials(settings, "ncmec", EnvironmentName.TEST, "testkit", "testkit")
    return settings


def upload(site: Site, account: str, data: bytes) -> Any:
    """Ask about an upload, as a host does."""
    mark = uuid.uuid4().hex
    meta = json.dumps({"account": account})
    head = (
        f'--{mark}\r\ncontent-disposition: form-data; name="meta"\r\ncontent-type: application/json\r\n\r\n{meta}\r\n'
    )
    file = f'--{mark}\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n'
    body = (head + file).encode() + data + f"\r\n--{mark}--\r\n".encode()
    return site.send("POST", "/v1/check/upload", body, f"multipart/form-data; boundary={mark}", {})


def judged(cases: Cases, person: str) -> Any:
    """Judge what is next."""
    claim = cases.claim(person)
    assert claim is not None
    said = tuple(NewVerdict(each, Label.CANARY) for each in sorted(cases.asked(claim.task.id)))
    wanted = Submission(said, Outcome.REPORTABLE, (EffectKind.REPORT_DRAFT,), ("drill-1",))
    return cases.submit(claim.task.id, person, claim.task.token, wanted)


def approved(casework: Casework, case_id: str) -> Report:
    """Draft the report of a case, and let two people approve it."""
    report = casework.reports.draft(case_id)[-1]
    report = casework.reports.answer(report.id, "low_score", "nothing more is on record", person=APPROVERS[0])
    assert report.faults == 0
    for person in APPROVERS:
        casework.reports.approve(report.id, str(report.digest), person=person, via="session")
    return casework.reports.get(report.id)


def test_an_upload_goes_from_the_guard_to_a_receipt_and_is_preserved(tmp_path: Path) -> None:
    home = tmp_path / "home"
    picture = io.BytesIO()
    next(iter(variants(("a", "b"), 1, 7))).picture.save(picture, "PNG")
    with serve() as (address, kit):
        settings = reports_to(home, address)
        with served(home, "--detectors", "canary") as site:
            reply = upload(site, "acct-7", picture.getvalue())
            assert (reply["action"], reply["drill"]) == ("block", True)
            with open_casework(settings) as casework:
                (case,) = casework.cases.list()
                assert judged(casework.cases, PEOPLE[0]).decision is None
                assert judged(casework.cases, PEOPLE[1]).decision is not None
                # The server drafts by itself, and files what people approved.
                until(lambda: casework.reports.of_case(case.id))
                report = approved(casework, case.id)
                until(lambda: casework.reports.get(report.id).state is ReportState.FILED)
                report = casework.reports.get(report.id)
                (item,) = casework.cases.items(case.id)
                (finished,) = kit.environments["/ispws"].state()
                assert (finished["id"], finished["state"]) == (report.remote_id, "finished")
                assert [each["sha256"] for each in finished["files"]] == [item.sha256]
                stored = kit.environments["/ispws"].reports[str(report.remote_id)]
                assert stored.document.said("personOrUserReported/espIdentifier") == "acct-7"
                (details,) = stored.details
                assert (details.said("fileViewedByEsp"), details.first("fileAnnotations/generativeAi")) == (
                    "false",
                    None,
                )
                facts = read_provenance(details.said("additionalInfo") or "")
                assert facts is not None
                assert (facts["event-class"], facts["decision-id"]) == ("upload_known", reply["decision_id"])
                standing = casework.retention.standing(str(item.vault))
                assert standing.winner is not None
                assert standing.winner.receipt == f"ncmec {report.remote_id}"
                assert casework.reports.counts() == {
                    "filed": 0,
                    "informational": 0,
                    "drills": 1,
                    "low_score": 0,
                    "waiting": 0,
                }
        logged = (home / "serve.log").read_text()
    assert "acct-7" not in logged
    assert str(item.sha256) not in logged


def test_hits_in_a_dataset_are_reported_with_their_chain_and_without_one_apart(
    seawall: Callable[..., Any], seawall_home: Path, tmp_path: Path
) -> None:
    whole, bare = tmp_path / "whole", tmp_path / "bare"
    for folder, chain in ((whole, True), (bare, False)):
        folder.mkdir()
        with tarfile.open(folder / "00000.tar", "w") as shard:
            for number, variant in enumerate(variants(("a",), 2, 3 if chain else 4)):
                made = io.BytesIO()
                variant.picture.save(made, "PNG")
                add(shard, f"{number:05}.png", made.getvalue())
                if chain:
                    facts = {"url": f"https://boats.example.invalid/{number}.png", "crawled_at": CRAWLED}
                    add(shard, f"{number:05}.json", json.dumps(facts).encode())
        ran = seawall("scan", folder, "--out", tmp_path / f"out-{folder.name}", "--hash-only", "--cases", "--json")
        assert ran.code == 1, ran.err
    with serve() as (address, kit):
        settings = reports_to(seawall_home, address)
        with open_casework(settings) as casework:
            cases = casework.cases.list()
            for _ in cases:
                judged(casework.cases, PEOPLE[0])
                judged(casework.cases, PEOPLE[1])
            reports = {case.subject: approved(casework, case.id) for case in cases}
            Filer(casework.reports, connector(settings, casework.reports)).once()
            told = {
                subject: (found.state, found.event_class, found.informational)
                for subject, report in reports.items()
                for found in (casework.reports.get(report.id),)
            }
            assert len(told) == 2
            filed = ReportState.FILED
            assert told.pop("domain:boats.example.invalid") == (filed, "training_data_hit", False)
            assert list(told.values()) == [(filed, "training_data_hit", True)]
            of_domain = casework.reports.get(reports["domain:boats.example.invalid"].id)
        document = kit.environments["/ispws"].reports[str(of_domain.remote_id)].document
    assert document.first("personOrUserReported") is None
    assert {each.text for each in document.all("internetDetails/webPageIncident/url")} == {
        "https://boats.example.invalid/0.png",
        "https://boats.example.invalid/1.png",
    }
    facts = read_provenance(document.said("additionalInfo") or "")
    assert facts is not None
    assert (facts["crawled-at"], facts["shard"]) == (CRAWLED, "00000.tar")
    assert facts["matched-list"]


def add(shard: tarfile.TarFile, name: str, data: bytes) -> None:
    """Add a file to a shard."""
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    shard.addfile(entry, io.BytesIO(data))
