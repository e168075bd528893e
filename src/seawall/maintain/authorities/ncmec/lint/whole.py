"""Rules on a report as a whole: BR20, and what stands there without saying anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seawall.maintain.authorities.ncmec.fault import Fault, Level
from seawall.maintain.authorities.ncmec.node import Node


def whole(report: Node, files: Sequence[Node]) -> Iterator[Fault]:
    """Yield what a person should look at before a report is sent."""
    if report.name != "report":
        return
    says = any(report.first(name) is not None for name in ("personOrUserReported", "internetDetails"))
    if not says and not files:
        message = "nobody can act on it: it names no account, no place and no file"
        yield Fault("report", "BR20", message, "add what is known, or let a person say why it is sent", Level.WARNING)
    for path, each in report.walk():
        if each.name == "intendedRecipient" and each.bare:
            yield Fault(path, "schema.bare", "it says nothing", "it is left out", Level.WARNING)
        elif each.name.endswith("Incident") and each.bare:
            yield Fault(path, "schema.bare", "it says nothing of the incident", level=Level.WARNING)
        if each.name == "intendedRecipient" and len(list(each.all("additionalInfo"))) > 1:
            message = "the server takes one text for each recipient"
            yield Fault(f"{path}/additionalInfo", "BR03", message, "join them")
