"""Rules on who is named: BR02, BR13, BR16."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from seawall.maintain.authorities.ncmec.fault import Fault, Level
from seawall.maintain.authorities.ncmec.lint.values import is_email
from seawall.maintain.authorities.ncmec.node import Node

_PARTIES = (
    "personOrUserReported/personOrUserReportedPerson/email",
    "intendedRecipient/intendedRecipientPerson/email",
    "victim/victimPerson/email",
)
_BY_MAIL = frozenset({"emailIncident", "newsgroupIncident"})
_PRIOR = frozenset({"priorCTReports", "priorCTReport"})


def parties(node: Node, known_reports: Collection[str] | None) -> Iterator[Fault]:
    """Yield what is wrong with who is named.

    Args:
        node: The document.
        known_reports: Ids of reports that were filed in the same environment; None if nobody knows.
    """
    if node.name == "report":
        yield from _reporter(node)
        yield from _mail(node)
    for path, each in node.walk():
        if each.name not in _PRIOR:
            continue
        if known_reports is None:
            message = "whether that report was filed in this environment is not known here"
            yield Fault(path, "BR16", message, level=Level.WARNING)
        elif (each.text or "") not in known_reports:
            yield Fault(path, "BR16", "no report of that id was filed in this environment", "leave it out")


def _reporter(report: Node) -> Iterator[Fault]:
    addresses = [each.text or "" for each in report.all("reporter/reportingPerson/email")]
    if not any(is_email(each) for each in addresses):
        message = "who reports has an e-mail address"
        yield Fault(
            "report/reporter/reportingPerson/email", "BR02", message, "give the address of a role, not a person"
        )


def _mail(report: Node) -> Iterator[Fault]:
    listed = {(each.text or "").casefold() for path in _PARTIES for each in report.all(path)}
    for path, each in report.walk():
        if each.name not in _BY_MAIL:
            continue
        found = list(each.all("emailAddress"))
        for number, address in enumerate(found, 1):
            if (address.text or "").casefold() not in listed:
                here = f"{path}/emailAddress" + (f"[{number}]" if len(found) > 1 else "")
                message = "the address is of no party of this report"
                yield Fault(here, "BR13", message, "list it as an e-mail of the person, a recipient or a victim")
