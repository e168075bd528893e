"""How much of what an investigator needs a report says: who, what, where, when, how, and what it rests on.

A report that says little may be sent; but a person says why, and it is counted apart. Nobody is made to send more than
the law asks for: what is in a report is at the provider's sole discretion (18 USC 2258A(b)).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from seawall.maintain.authorities.ncmec.node import Node
from seawall.maintain.authorities.ncmec.provenance import read_provenance

LOW = 40
"""Below this, a person says why the report is sent."""

_PERSON = "personOrUserReported"
_LINKED = f"{_PERSON}/associatedAccount"
_TRUE = ("true", "1")


@dataclass(frozen=True, slots=True)
class Part:
    """Something that a report may say.

    Attributes:
        code: What it is called where it is missing.
        points: What it is worth.
        said: Whether a report says it.
    """

    code: str
    points: int
    said: Callable[[Node, Sequence[Node]], bool]


@dataclass(frozen=True, slots=True)
class Completeness:
    """How complete a report is.

    Attributes:
        score: 0 to 100.
        there: Codes of what it says.
        missing: Codes of what it does not say, the weightiest first.
    """

    score: int
    there: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def low(self) -> bool:
        """Whether a person says why it is sent all the same."""
        return self.score < LOW

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {"score": self.score, "low": self.low, "there": list(self.there), "missing": list(self.missing)}


def completeness(report: Node, files: Sequence[Node]) -> Completeness:
    """Return how complete a report is.

    Args:
        report: The report.
        files: The details of its files.
    """
    there = [part for part in PARTS if part.said(report, files)]
    missing = sorted((part for part in PARTS if part not in there), key=lambda part: -part.points)
    whole = sum(part.points for part in PARTS)
    score = round(100 * sum(part.points for part in there) / whole)
    return Completeness(score, tuple(part.code for part in there), tuple(part.code for part in missing))


def _has(*paths: str) -> Callable[[Node, Sequence[Node]], bool]:
    return lambda report, _files: any((report.said(path) or "").strip() for path in paths)


def _verified(report: Node, _files: Sequence[Node]) -> bool:
    contacts = (
        each for name in ("email", "phone") for each in report.all(f"{_PERSON}/personOrUserReportedPerson/{name}")
    )
    return any(each.attributes.get("verified") in _TRUE for each in contacts)


def _captures(report: Node, files: Sequence[Node]) -> list[Node]:
    of_files = (each for file in files for each in file.all("ipCaptureEvent"))
    return [*report.all(f"{_PERSON}/ipCaptureEvent"), *of_files]


def _captured(report: Node, files: Sequence[Node]) -> bool:
    return any(each.said("ipAddress") and each.said("dateTime") for each in _captures(report, files))


def _port(report: Node, files: Sequence[Node]) -> bool:
    return any(each.said("port") for each in _captures(report, files))


def _where(report: Node, files: Sequence[Node]) -> bool:
    named = any((each.text or "").strip() for each in report.all("internetDetails/webPageIncident/url"))
    return named or any(each.said("locationOfFile") for each in files)


def _content(report: Node, files: Sequence[Node]) -> bool:
    kinds = ("chatImIncident", "emailIncident", "newsgroupIncident", "onlineGamingIncident")
    return bool(files) or any(report.said(f"internetDetails/{kind}/content") for kind in kinds)


def _of_files(*paths: str) -> Callable[[Node, Sequence[Node]], bool]:
    return lambda _report, files: bool(files) and all(any(each.first(path) for path in paths) for each in files)


def _provenance(report: Node, files: Sequence[Node]) -> bool:
    texts = (each.text or "" for node in (report, *files) for each in node.all("additionalInfo"))
    return any(read_provenance(text) is not None for text in texts)


PARTS = (
    Part("account", 15, _has(f"{_PERSON}/espIdentifier", f"{_PERSON}/screenName")),
    Part("contact_verified", 10, _verified),
    Part("ip_and_time", 15, _captured),
    Part("ip_port", 5, _port),
    Part("where", 10, _where),
    Part("file_or_text", 10, _content),
    Part("uploaded_at", 5, _of_files("uploadedToEspTimestamp")),
    Part("file_hashes", 5, _of_files("originalFileHash")),
    Part("viewed_state", 5, _of_files("fileViewedByEsp")),
    Part("device", 5, _has(f"{_PERSON}/deviceId/idValue")),
    Part("location", 5, _has(f"{_PERSON}/estimatedLocation/countryCode")),
    Part("prior_reports", 2, _has(f"{_PERSON}/priorCTReports")),
    Part(
        "associated_accounts",
        3,
        _has(*(f"{_LINKED}/{each}" for each in ("espIdentifier", "email"))),
    ),
    Part("provenance", 5, _provenance),
)
"""What a report may say, in the order who, where, what, and what it rests on."""
