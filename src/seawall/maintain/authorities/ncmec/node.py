"""A document as a tree of elements, whatever it was made of. All that stands in it is text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Node:
    """An element.

    Attributes:
        name: Its name.
        attributes: By name.
        text: What it holds, if it holds a text; None for elements that hold others.
        children: The elements in it, in their order.
    """

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    children: list[Node] = field(default_factory=list)

    def all(self, path: str) -> Iterator[Node]:
        """Yield the elements at a path below this one: `reporter/reportingPerson/email`."""
        name, _, rest = path.partition("/")
        for child in self.children:
            if child.name == name:
                yield from child.all(rest) if rest else (child,)

    def first(self, path: str) -> Node | None:
        """Return the first element at a path below this one."""
        return next(self.all(path), None)

    def said(self, path: str) -> str | None:
        """Return the text of the first element at a path; None if there is none."""
        found = self.first(path)
        return found.text or "" if found is not None else None

    @property
    def bare(self) -> bool:
        """Whether nothing at all stands in it."""
        return not self.children and not self.attributes and not self.text

    def walk(self, path: str | None = None) -> Iterator[tuple[str, Node]]:
        """Yield this element and all below it with their paths; of several of a name each has its number."""
        here = self.name if path is None else path
        yield here, self
        names = [child.name for child in self.children]
        seen: dict[str, int] = {}
        for child in self.children:
            seen[child.name] = seen.get(child.name, 0) + 1
            number = f"[{seen[child.name]}]" if names.count(child.name) > 1 else ""
            yield from child.walk(f"{here}/{child.name}{number}")
