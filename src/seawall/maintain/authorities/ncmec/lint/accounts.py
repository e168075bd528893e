"""Rules on what is said of accounts, phones and places: BR08 to BR12, BR18."""

from __future__ import annotations

from collections.abc import Iterator

from seawall.maintain.authorities.ncmec.fault import Fault, Level
from seawall.maintain.authorities.ncmec.node import Node
from seawall.maintain.authorities.ncmec.schema import load_schema, walk
from seawall.maintain.authorities.ncmec.validation import moment

_TRUE = ("true", "1")
_US = next(entry.type.value for _, entry in walk(load_schema().roots["report"].type) if entry.name == "state")


def accounts(node: Node) -> Iterator[Fault]:
    """Yield what is wrong with what is said of accounts, phones and places."""
    for path, each in node.walk():
        if each.name == "associatedAccount" and each.first("approximateAge") and each.first("dateOfBirth"):
            yield Fault(f"{path}/approximateAge", "BR08", "an age and a day of birth exclude each other", "keep one")
        elif each.name == "estimatedLocation":
            yield from _location(each, path)
        elif each.name == "deviceId":
            yield from _device(each, path)
        yield from _verified(each, path)
        yield from _calling_code(each, path)
        yield from _disabled(each, path)


def _verified(node: Node, path: str) -> Iterator[Fault]:
    if "verificationDate" in node.attributes and node.attributes.get("verified") not in _TRUE:
        message = "a date of verification belongs to what is verified"
        yield Fault(f"{path}@verified", "BR09", message, "say verified, or leave the date out")


def _calling_code(node: Node, path: str) -> Iterator[Fault]:
    code = node.attributes.get("countryCallingCode")
    if not code:
        return
    text = "".join(sign for sign in node.text or "" if sign.isdigit() or sign == "+")
    digits = code.removeprefix("+")
    if text.startswith(("+", f"00{digits}")):
        yield Fault(path, "BR10", "the number repeats its calling code", "leave the code out of the text")
    elif digits and text.startswith(digits):
        message = "the number may repeat its calling code"
        yield Fault(path, "BR10", message, "leave the code out of the text, if it is one", Level.WARNING)


def _disabled(node: Node, path: str) -> Iterator[Fault]:
    times = {name: moment(text) for name, text in node.attributes.items()}
    since = times.get("disabledDate")
    if since is None:
        return
    for name, strictly in (("userNotifiedDate", False), ("reenabledDate", True)):
        at = times.get(name)
        if at is None or (at.tzinfo is None) is not (since.tzinfo is None):
            continue
        if at < since or (strictly and at == since):
            yield Fault(f"{path}@{name}", "BR11", "it is not before the account was disabled")


def _location(node: Node, path: str) -> Iterator[Fault]:
    country, region = node.said("countryCode"), (node.said("region") or "").strip()
    if not country:
        yield Fault(f"{path}/countryCode", "BR12", "a place has its country")
    elif country == "US":
        if region and _US is not None and region not in _US.words:
            yield Fault(f"{path}/region", "BR12", "in the US, a region is the code of a state")
        elif not region and (node.said("city") or "").strip():
            yield Fault(f"{path}/region", "BR12", "in the US, a city has its state")


def _device(node: Node, path: str) -> Iterator[Fault]:
    for name in ("idType", "idValue"):
        found = node.said(name)
        if found is not None and not found.strip():
            yield Fault(f"{path}/{name}", "BR18", "it is blank")
