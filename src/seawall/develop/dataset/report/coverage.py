"""How much of a dataset was examined, and how well: four states that sum to the items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from . import _svg as svg
from .data import ReportData
from .text import percent, plural, whole

_LEAST = 0.6
"""Width, in percent, of a state that holds anything: one item in a billion still shows."""


@dataclass(frozen=True, slots=True)
class State:
    """Items that were examined equally well.

    Attributes:
        kind: Name of the state, as the style sheet knows it.
        name: Name for people.
        n: Items.
        share: Share of all items, as text.
        meaning: What it means that an item is here.
    """

    kind: str
    name: str
    n: int
    share: str
    meaning: str


def media_text(media: Mapping[str, int]) -> str:
    """Return how many items there are of each medium; empty if that is not known."""
    names = {"image": ("image", "images"), "video": ("video", "videos"), "audio": ("sound", "sounds")}
    return ", ".join(plural(n, *names.get(kind, ("other", "others"))) for kind, n in media.items() if n)


def states(data: ReportData) -> tuple[State, ...]:
    """Return the items by how well they were examined.

    An item both damaged and with too little detail is counted in both of these and not in `examined in full`.
    """
    summary = data.summary
    items, damaged = summary["items"], summary["damaged"]
    abstained = sum(summary["abstained"].values())
    found = (
        ("full", "Examined in full", max(0, summary["examined"] - damaged - abstained), "Read to the end and matched."),
        (
            "abstained",
            "Too little to compare",
            abstained,
            "Read, but too plain for a perceptual hash; digests were matched.",
        ),
        ("damaged", "Damaged", damaged, "Hashed in part: what could be read of it was matched."),
        ("unexamined", "Not examined", summary["unexamined"], "Could not be read. Nothing is known about it."),
    )
    return tuple(State(kind, name, n, percent(n, items), meaning) for kind, name, n, meaning in found)


def coverage_bar(found: tuple[State, ...]) -> Markup:
    """Draw the states as one bar; its table stands beside it on the page."""
    total = sum(state.n for state in found)
    if not total:
        return Markup("")
    wide = {state.kind: max(_LEAST, 100 * state.n / total) for state in found if state.n}
    fit = 100 / sum(wide.values())
    marks, x = [], 0.0
    for state in found:
        if not state.n:
            continue
        width = wide[state.kind] * fit
        hint = svg.element("title", f"{state.name}: {plural(state.n, 'item')}, {state.share}")
        marks.append(
            svg.element(
                "rect", hint, x=f"{x:.3f}%", y=0, width=f"{width:.3f}%", height="100%", class_=f"bar state-{state.kind}"
            )
        )
        x += width
    said = "; ".join(f"{state.name.lower()} {whole(state.n)}" for state in found)
    return svg.element(
        "svg",
        svg.element("title", "Coverage", id="plot-coverage-title"),
        svg.element("desc", f"Items by how well they were examined: {said}.", id="plot-coverage-desc"),
        *marks,
        class_="coverage",
        role="img",
        aria_labelledby="plot-coverage-title plot-coverage-desc",
    )
