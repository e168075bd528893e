"""What NCMEC's server asks beyond its schema, and what seawall asks beyond that: BR01 to BR22, before any call."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from seawall.maintain.authorities.ncmec.fault import Fault, Level, errors
from seawall.maintain.authorities.ncmec.lint.accounts import accounts
from seawall.maintain.authorities.ncmec.lint.batched import batched
from seawall.maintain.authorities.ncmec.lint.files import files_of
from seawall.maintain.authorities.ncmec.lint.parties import parties
from seawall.maintain.authorities.ncmec.lint.places import places
from seawall.maintain.authorities.ncmec.lint.values import values
from seawall.maintain.authorities.ncmec.lint.whole import whole
from seawall.maintain.authorities.ncmec.node import Node
from seawall.maintain.authorities.ncmec.schema import Schema
from seawall.maintain.authorities.ncmec.validation import validate

__all__ = ["Fault", "Level", "errors", "lint"]


def lint(
    report: Node,
    files: Sequence[Node] = (),
    *,
    schema: Schema,
    now: datetime,
    known_reports: Collection[str] | None = None,
) -> list[Fault]:
    """Return everything that is wrong with a report and the details of its files, in the order of the documents.

    Args:
        report: The `report`.
        files: A `fileDetails` for each file.
        schema: Of the profile that holds.
        now: The moment, aware.
        known_reports: Ids of reports that were filed in the same environment; None if nobody knows.
    """
    found: list[Fault] = []
    for node in (report, *files):
        unlike = validate(node, schema)
        found += unlike
        if any(each.rule == "schema.root" for each in unlike):
            continue
        there = list(places(node, schema.roots[node.name].type))
        found += values(there, now)
        found += accounts(node)
        found += parties(node, known_reports)
    found += whole(report, files)
    found += files_of(files)
    found += batched(report, files)
    return found
