"""The pieces of SVG that plots are made of: escaped elements, round ticks, a drawing that a screen reader can name.

Colours come from the page's style sheet by class, so that a plot is right in light, dark and print.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup, escape

WIDTH = 440
"""Width of every plot in its own units; the page scales it."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot, and the same numbers as a table.

    Attributes:
        id: Id within the page.
        title: What is shown.
        note: One sentence that reads the plot out.
        svg: The drawing.
        columns: Head of the table.
        rows: Cells of the table.
        key: Names of the marks that the drawing uses: `real`, `drill`.
    """

    id: str
    title: str
    note: str
    svg: Markup
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    key: tuple[str, ...] = ()


def element(tag: str, *children: object, **attributes: object) -> Markup:
    """Return an element; values are escaped, `_` in names becomes `-`, and `class_` is `class`."""
    named = (
        f' {name.rstrip("_").replace("_", "-")}="{escape(_short(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    inner = Markup("").join(each if isinstance(each, Markup) else escape(each) for each in children)
    return Markup(f"<{tag}{''.join(named)}>{inner}</{tag}>")  # noqa: S704  every part above is escaped


def _short(value: object) -> object:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else value


def drawing(name: str, title: str, note: str, height: float, children: Iterable[Markup]) -> Markup:
    """Return a whole drawing with a name and a description for those who do not see it."""
    return element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", note, id=f"{name}-desc"),
        *children,
        class_="plot",
        viewBox=f"0 0 {WIDTH} {height:g}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
    )


def label(text: object, x: float, y: float, *, anchor: str = "start", kind: str = "tick") -> Markup:
    """Return a line of text."""
    return element("text", text, x=float(x), y=float(y), text_anchor=anchor, class_=kind)


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    """Return a straight line."""
    return element("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), class_=kind)


def bar(x: float, y: float, width: float, height: float, kind: str, hint: str) -> Markup:
    """Return a bar that says its value to a pointer."""
    return element(
        "rect",
        element("title", hint),
        x=float(x),
        y=float(y),
        width=float(width),
        height=float(height),
        class_=f"bar {kind}",
        rx=1.5,
    )


def ticks(top: float, *, most: int = 4, whole: bool = True) -> Sequence[float]:
    """Return round values from 0 to at least `top`, about `most` steps apart."""
    if top <= 0:
        return (0, 1)
    raw = top / most
    scale = 10 ** floor(log10(raw))
    step = next(scale * each for each in (1, 2, 2.5, 5, 10) if scale * each >= raw * 0.999)
    if whole:
        step = max(1, ceil(step))
    return [step * i for i in range(ceil(top / step - 1e-9) + 1)]


def compact(value: float) -> str:
    """Return a number short enough for an axis."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if value >= size:
            return f"{value / (1e3 if unit == 'k' else size):.3g}{unit}"
    return f"{value:,g}"
