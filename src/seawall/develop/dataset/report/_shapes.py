"""Checks of what a report is made from: each takes a value as a caller or a JSON file gives it, and gives it one shape.

A count is a whole number, never negative; a mapping of counts keeps the caller's order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from seawall.errors import SeawallError


class ReportDataError(SeawallError):
    """The facts for a report do not have the expected shape."""

    code = "report_data"
    hint = "see docs/report.md for the fields"


def count(value: Any, where: str) -> int:
    """Return a whole number ≥ 0.

    Raises:
        ReportDataError: If it is anything else; `where` names the place.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ReportDataError(f"{where} is a whole number, 0 or more")
    return value


def number(value: Any, where: str) -> float:
    """Return a finite number ≥ 0.

    Raises:
        ReportDataError: If it is anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise ReportDataError(f"{where} is a number, 0 or more")
    return value


def text(value: Any, where: str) -> str:
    """Return a string.

    Raises:
        ReportDataError: If it is anything else.
    """
    if not isinstance(value, str):
        raise ReportDataError(f"{where} is text")
    return value


def texts(value: Any, where: str) -> tuple[str, ...]:
    """Return a tuple of strings; one string alone is a mistake, not a sequence of letters."""
    return tuple(text(each, where) for each in sequence(value, where))


def mapping(value: Any, where: str) -> Mapping[Any, Any]:
    """Return a mapping.

    Raises:
        ReportDataError: If it is anything else.
    """
    if not isinstance(value, Mapping):
        raise ReportDataError(f"{where} is a mapping")
    return value


def sequence(value: Any, where: str) -> Iterable[Any]:
    """Return an iterable that is neither text nor a mapping.

    Raises:
        ReportDataError: If it is anything else.
    """
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise ReportDataError(f"{where} is a list")
    return value


def counts(value: Any, where: str) -> dict[str, int]:
    """Return a mapping of names to counts."""
    return {text(key, where): count(each, f"{where}[{key!r:.60}]") for key, each in mapping(value, where).items()}


def hits(value: Any, where: str) -> dict[str, dict[str, int]]:
    """Return `{list: {"n": real, "drill": drill}}`; a plain number counts as real."""
    found = {}
    for key, each in mapping(value, where).items():
        row = {"n": each} if not isinstance(each, Mapping) else each
        place = f"{where}[{key!r:.60}]"
        found[text(key, where)] = {
            "n": count(row.get("n", 0), place),
            "drill": count(row.get("drill", 0), place),
        }
    return found


def distances(value: Any, where: str) -> dict[str, dict[float, int]]:
    """Return `{list: {distance: n}}` in rising order; a distance may come as text, as JSON has it."""
    return {
        text(name, where): dict(
            sorted((_distance(key, where), count(n, where)) for key, n in mapping(each, where).items())
        )
        for name, each in mapping(value, where).items()
    }


def _distance(value: Any, where: str) -> float:
    try:
        found = number(float(value), where)
    except (TypeError, ValueError):
        raise ReportDataError(f"{where}: a distance is a number") from None
    return int(found) if found == int(found) else found


def samples(value: Any, where: str) -> tuple[tuple[float, int], ...]:
    """Return `((seconds, items), ...)`, neither of which may fall."""
    found: list[tuple[float, int]] = []
    for each in sequence(value, where):
        pair = tuple(sequence(each, where))
        if len(pair) != 2:
            raise ReportDataError(f"{where} holds pairs of seconds and items")
        found.append((number(pair[0], where), count(pair[1], where)))
    if any(a[0] > b[0] or a[1] > b[1] for a, b in pairwise(found)):
        raise ReportDataError(f"{where} never falls")
    return tuple(found)


def origins(value: Any, where: str) -> dict[str, Any]:
    """Return `{"actionable": n, "informational": n, "known": {field: n}}`; fields may stand beside the two counts."""
    given = dict(mapping(value, where))
    known = dict(mapping(given.pop("known", {}), where))
    two = {name: count(given.pop(name, 0), f"{where}[{name}]") for name in ("actionable", "informational")}
    return two | {"known": counts(known | given, where)}


def denied(value: Any, where: str) -> dict[str, Any]:
    """Return `{"n": total, "by": {register or rule: n}}`; a plain mapping of counts is `by`."""
    given = mapping(value, where)
    if set(given) - {"n", "by"}:
        by = counts(given, where)
        return {"n": sum(by.values()), "by": by}
    by = counts(given.get("by", {}), where)
    return {"n": count(given.get("n", sum(by.values())), f"{where}[n]"), "by": by}


def ledger(value: Any, where: str) -> dict[str, Any]:
    """Return `{"size", "root", "key_fingerprint", "event"}`; what is not known is None."""
    given = mapping(value, where)
    size = given.get("size")
    found: dict[str, Any] = {"size": None if size is None else count(size, f"{where}[size]")}
    for name in ("root", "key_fingerprint", "event"):
        each = given.get(name)
        found[name] = None if each is None else text(each, f"{where}[{name}]")
    return found


def summary(value: Any, where: str = "summary") -> dict[str, Any]:
    """Return summary.json as contracts.md has it, its counts checked; further keys are kept.

    Raises:
        ReportDataError: If a key is missing or wrong, or items are not examined + unexamined.
    """
    found = dict(mapping(value, where))
    for name in ("items", "examined", "unexamined", "damaged", "resumed", "findings", "drill"):
        found[name] = count(found.get(name), f"{where}.{name}")
    for name in ("known_fine", "kept"):
        if name in found:
            found[name] = count(found[name], f"{where}.{name}")
    for name in ("seconds", "images_per_second"):
        found[name] = number(found.get(name), f"{where}.{name}")
    for name in ("policy", "ledger_root"):
        found[name] = text(found.get(name), f"{where}.{name}")
    found["abstained"] = counts(found.get("abstained"), f"{where}.abstained")
    found["lists"] = [_list(each, f"{where}.lists") for each in sequence(found.get("lists"), f"{where}.lists")]
    if found["items"] != found["examined"] + found["unexamined"]:
        raise ReportDataError(f"{where}: items are the sum of examined and unexamined")
    return found


def _list(value: Any, where: str) -> dict[str, Any]:
    found = dict(mapping(value, where))
    if isinstance(found.get("version"), bool) or not isinstance(found.get("version"), int | str):
        raise ReportDataError(f"{where}: a list has a version")
    for name in ("name", "purpose"):
        text(found.get(name), f"{where}.{name}")
    count(found.get("entries"), f"{where}.entries")
    return found
