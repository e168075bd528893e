"""Rules on the details of files: BR14, BR15, BR17."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seawall.maintain.authorities.ncmec.fault import Fault
from seawall.maintain.authorities.ncmec.node import Node

_TRUE = ("true", "1")
SUPPLEMENTAL = "Supplemental Reported"


def files_of(files: Sequence[Node]) -> Iterator[Fault]:
    """Yield what is wrong with the details of a report's files."""
    seen: set[str] = set()
    reports = {each.said("reportId") for each in files}
    for number, each in enumerate(files, 1):
        path = "fileDetails" + (f"[{number}]" if len(files) > 1 else "")
        if each.said("exifViewedByEsp") in _TRUE and each.said("fileViewedByEsp") not in _TRUE:
            message = "who viewed the EXIF data viewed the file"
            yield Fault(f"{path}/exifViewedByEsp", "BR14", message, "both come from the viewing record")
        if each.said("fileRelevance") == SUPPLEMENTAL:
            yield from _supplemental(each, path)
        file_id = each.said("fileId") or ""
        if file_id and file_id in seen:
            yield Fault(f"{path}/fileId", "BR17", "the details of this file are there already", "one for each file")
        seen.add(file_id)
        if len(reports) > 1:
            yield Fault(f"{path}/reportId", "BR17", "the files are of different reports")


def _supplemental(node: Node, path: str) -> Iterator[Fault]:
    for inner in ("fileAnnotations/potentialMeme", "potentialMeme", "industryClassification"):
        if node.first(inner) is not None:
            message = "what is reported as context has no such mark"
            yield Fault(f"{path}/{inner}", "BR15", message, "leave it out, or report the file itself")
