"""Rules on batched reports, of one viral file that many shared: BR03 and BR19."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seawall.maintain.authorities.ncmec.fault import Fault
from seawall.maintain.authorities.ncmec.node import Node

_NOT_IN_REPORT = (
    "incidentSummary/escalateToHighPriority",
    "internetDetails",
    "lawEnforcement",
    "intendedRecipient",
    "victim",
    "additionalInfo",
)
_NOT_IN_FILE = (
    "originalFileName",
    "locationOfFile",
    "originalFileHash",
    "ipCaptureEvent",
    "deviceId",
    "details",
    "additionalInfo",
)
_MARKS = frozenset({"viral", "potentialMeme"})


def batched(report: Node, files: Sequence[Node]) -> Iterator[Fault]:
    """Yield what is wrong with a report in batched mode, or with one of several people without it."""
    people = list(report.all("personOrUserReported"))
    if report.first("batchedReport") is None:
        if len(people) > 1:
            message = "one person is reported at a time, unless the report is batched"
            yield Fault("report/personOrUserReported[2]", "BR03", message, "file a report for each")
        return
    for inner in _NOT_IN_REPORT:
        if report.first(inner) is not None:
            yield Fault(f"report/{inner}", "BR19", "a batched report has none", "leave it out")
    for number, person in enumerate(people, 1):
        yield from _person(person, f"report/personOrUserReported[{number}]" if len(people) > 1 else "")
    if len(files) > 1:
        yield Fault("fileDetails[2]", "BR19", "a batched report has one file", "file the other by itself")
    for each in files:
        yield from _file(each)


def _person(person: Node, path: str) -> Iterator[Fault]:
    path = path or "report/personOrUserReported"
    if not (person.said("espIdentifier") or "").strip():
        yield Fault(f"{path}/espIdentifier", "BR19", "in a batched report, everybody has their identifier")
    for other in {child.name for child in person.children} - {"espIdentifier"}:
        yield Fault(f"{path}/{other}", "BR19", "in a batched report, people have their identifier alone")


def _file(node: Node) -> Iterator[Fault]:
    for name in _NOT_IN_FILE:
        if node.first(name) is not None:
            yield Fault(f"fileDetails/{name}", "BR19", "the file of a batched report has none", "leave it out")
    found = node.first("fileAnnotations")
    flags = {child.name for child in found.children} if found is not None else set()
    if not flags & _MARKS:
        message = "the file of a batched report is viral or a potential meme"
        yield Fault("fileDetails/fileAnnotations", "BR19", message)
    for other in sorted(flags - _MARKS):
        yield Fault(f"fileDetails/fileAnnotations/{other}", "BR19", "the file of a batched report has no other mark")
    if node.said("fileRelevance") not in (None, "Reported"):
        yield Fault("fileDetails/fileRelevance", "BR19", "the file of a batched report is what is reported")
