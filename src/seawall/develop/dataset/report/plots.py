"""The plots of a report: hits per list, how near the matches are, and how fast the scan went.

Each is a pure function from counts to a `Chart`; what a drawing has no room for is in its table, so that the table's
numbers always sum to the counts given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import ceil

from markupsafe import Markup

from . import _svg as svg
from ._svg import Chart
from .text import duration, middle, plural, visible, whole

MOST_LISTS = 16
"""Lists that are drawn; a table holds them all."""

_BARS = 64
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 6, 10, 36


def hits_chart(hits: Mapping[str, Mapping[str, int]]) -> Chart:
    """Draw rows per list, real ones and drills apart.

    Args:
        hits: `{list: {"n": real, "drill": drill}}`.
    """
    ranked = sorted(hits.items(), key=lambda each: (-each[1]["n"], -each[1]["drill"], each[0]))
    top = max((max(each["n"], each["drill"]) for _, each in ranked), default=0) or 1
    room = svg.WIDTH - 52
    children: list[Markup] = []
    y = 0.0
    for name, each in ranked[:MOST_LISTS]:
        children.append(svg.label(middle(name, 52), 0, y + 12, kind="name"))
        y += 19
        marks = [(kind, each[key]) for kind, key in (("real", "n"), ("drill", "drill")) if each[key]] or [("real", 0)]
        for kind, n in marks:
            width = max(2.0, room * n / top) if n else 0.0
            said = plural(n, "row") if kind == "real" else plural(n, "drill row")
            children.append(svg.bar(0, y, width, 14, kind, f"{visible(name, 80)}: {said}"))
            children.append(svg.label(svg.compact(n), width + 6, y + 11.5, kind="value"))
            y += 18
        y += 9
    real, drill = (sum(each[key] for each in hits.values()) for key in ("n", "drill"))
    places = plural(sum(1 for each in hits.values() if each["n"]), "list or register", "lists and registers")
    sums = [f"{plural(real, 'row')} from {places}"] if real else []
    note = " and ".join(sums + ([plural(drill, "drill row")] if drill else [])) + "."
    if len(ranked) > MOST_LISTS:
        note += f" The {MOST_LISTS} with the most are drawn."
    key = tuple(kind for kind, n in (("real", real), ("drill", drill)) if n)
    title = "Hits per list"
    return Chart(
        "plot-hits",
        title,
        note,
        svg.drawing("plot-hits", title, note, max(y - 6, 20), children),
        ("List", "Rows", "Drill rows"),
        tuple((visible(name, 200), whole(each["n"]), whole(each["drill"])) for name, each in ranked),
        key,
    )


def distance_chart(
    name: str, distances: Mapping[float, int], *, number: int, reach: float, drill: bool, threshold: float | None = None
) -> Chart:
    """Draw how far a list's matches are from its entries.

    Args:
        name: The list.
        distances: `{distance: rows}`.
        number: Which of the page's histograms this is.
        reach: Largest distance on the axis.
        drill: Whether the list holds canaries.
        threshold: Largest distance that counts as a match.
    """
    last = max([reach, *distances]) if distances else reach
    step = max(1, ceil((last + 1) / _BARS))
    bins = [0] * (int(last // step) + 1)
    for distance, n in distances.items():
        bins[int(distance // step)] += n
    height = 190.0
    across, floor_y = svg.WIDTH - _LEFT - _RIGHT, height - _BOTTOM
    steps = svg.ticks(max(bins))
    up = (floor_y - _TOP) / steps[-1]
    children = _grid(steps, up, floor_y)
    pitch = across / len(bins)
    for place, n in enumerate(bins):
        if n:
            tall = max(2.0, n * up)
            said = f"distance {_span(place, step)}: {plural(n, 'row')}"
            x = _LEFT + place * pitch + pitch * 0.1
            children.append(svg.bar(x, floor_y - tall, pitch * 0.8, tall, "drill" if drill else "real", said))
    for mark in svg.ticks(last, most=6):
        if mark <= last:
            children.append(svg.label(f"{mark:g}", _LEFT + (mark / step + 0.5) * pitch, floor_y + 15, anchor="middle"))
    if threshold is not None and threshold < last:
        x = _LEFT + (threshold // step + 1) * pitch
        children.append(svg.line(x, _TOP, x, floor_y, "threshold"))
    children.append(svg.label("distance; 0 is the same", _LEFT, floor_y + 31))
    total = sum(distances.values())
    near = distances.get(0, 0)
    furthest = f"{max(distances, default=0):g}"
    note = f"{plural(total, 'drill row' if drill else 'row')}; {whole(near)} at distance 0, the largest at {furthest}."
    title = f"Distance to {middle(name, 40)}"
    plot = f"plot-distance-{number}"
    rows = tuple((f"{distance:g}", whole(n)) for distance, n in distances.items())
    return Chart(plot, title, note, svg.drawing(plot, title, note, height, children), ("Distance", "Rows"), rows)


def rate_chart(samples: Sequence[tuple[float, int]], *, resumed: int = 0) -> Chart | None:
    """Draw items a second over time; None if there is too little to draw.

    Args:
        samples: (seconds since the beginning, items done), neither falling.
        resumed: Items among them that an earlier run had read.
    """
    spans = rates(samples)
    if not spans:
        return None
    seconds, items = samples[-1]
    mean = items / seconds
    height = 190.0
    across, floor_y = svg.WIDTH - _LEFT - _RIGHT, height - _BOTTOM
    steps = svg.ticks(max(rate for _, _, rate in spans), whole=False)
    up = (floor_y - _TOP) / steps[-1]
    scale = across / seconds
    corners = []
    for start, end, rate in spans:
        y = floor_y - rate * up
        corners.append(f"L{_LEFT + start * scale:.1f},{y:.1f} L{_LEFT + end * scale:.1f},{y:.1f}")
    top = " ".join(corners)[1:]
    under = f"M{_LEFT},{floor_y:.1f} L{top} L{_LEFT + across:.1f},{floor_y:.1f}Z"
    level = floor_y - mean * up
    children = [
        *_grid(steps, up, floor_y),
        svg.element("path", d=under, class_="area"),
        svg.element("path", d=f"M{top}", class_="rate"),
        svg.line(_LEFT, level, svg.WIDTH - _RIGHT, level, "mean"),
    ]
    for mark in svg.ticks(seconds, most=5, whole=False):
        if mark <= seconds:
            anchor = "end" if mark > seconds * 0.95 else "middle"
            children.append(svg.label(f"{mark:g}", _LEFT + mark * scale, floor_y + 15, anchor=anchor))
    children.append(svg.label("seconds; the dashed line is the mean", _LEFT, floor_y + 31))
    note = f"{plural(items, 'item')} in {duration(seconds)}: {mean:,.0f} a second on average"
    note += f", {whole(resumed)} resumed ones among them." if resumed else "."
    rows = tuple((f"{start:.1f} to {end:.1f} s", f"{rate:,.1f}") for start, end, rate in spans)
    title = "Items a second"
    return Chart(
        "plot-rate",
        title,
        note,
        svg.drawing("plot-rate", title, note, height, children),
        ("Time", "Items a second"),
        rows,
    )


def rates(samples: Sequence[tuple[float, int]], *, most: int = 24) -> list[tuple[float, float, float]]:
    """Return (start, end, items a second) of equal spans of time, in which items are spread evenly between samples."""
    points = [(0.0, 0), *samples]
    seconds, items = points[-1]
    if seconds <= 0 or items == 0:
        return []
    spans = min(most, len(samples))
    cuts = [seconds * place / spans for place in range(spans + 1)]
    done = [_at(points, cut) for cut in cuts]
    width = seconds / spans
    return [(cuts[i], cuts[i + 1], (done[i + 1] - done[i]) / width) for i in range(spans)]


def _at(points: Sequence[tuple[float, int]], moment: float) -> float:
    """Return the items done at a moment."""
    for (start, before), (end, after) in pairwise(points):
        if moment < end:
            return before + (after - before) * (moment - start) / (end - start)
    return points[-1][1]


def _grid(steps: Sequence[float], up: float, floor_y: float) -> list[Markup]:
    marks = []
    for value in steps:
        y = floor_y - value * up
        marks.append(svg.line(_LEFT, y, svg.WIDTH - _RIGHT, y, "axis" if value == 0 else "grid"))
        marks.append(svg.label(svg.compact(value), _LEFT - 7, y + 4, anchor="end"))
    return marks


def _span(place: int, step: int) -> str:
    return f"{place * step}" if step == 1 else f"{place * step} to {place * step + step - 1}"
