"""The lineage of edits: which item was made from which, from the first prompt on. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from seawall.cases.model import Item


def lineages(items: Sequence[Item]) -> list[tuple[Item, ...]]:
    """Return the items of a case as lineages: each begins with what was made from nothing else here.

    Within a lineage an item follows what it was made from. Every item is in exactly one; where parents lead in a
    circle, the earliest begins.
    """
    by_key = {each.key: each for each in items}
    children: dict[str, list[Item]] = {}
    for item in items:
        if item.parent is not None and item.parent in by_key and item.parent != item.key:
            children.setdefault(item.parent, []).append(item)
    roots = [each for each in items if each.parent is None or each.parent not in by_key or each.parent == each.key]
    found: list[tuple[Item, ...]] = []
    taken: set[str] = set()
    for root in (*roots, *items):
        if root.key not in taken:
            found.append(tuple(_down(root, children, taken)))
    return found


def _down(root: Item, children: dict[str, list[Item]], taken: set[str]) -> list[Item]:
    line: list[Item] = []
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if item.key in taken:
            continue
        taken.add(item.key)
        line.append(item)
        waiting.extend(reversed(children.get(item.key, [])))
    return line
