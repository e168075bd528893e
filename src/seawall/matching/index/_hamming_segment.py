"""Segments of 256-bit codes: which arrays they have, and of what sizes.

A code that occurs many times takes one place in the tables, so a flood of one hash costs searches nothing. Small
segments have no tables: comparing with all of a few thousand codes is as fast, and 4 MB of starts would be waste.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.errors import IndexCorrupt
from seawall.matching.index._contract import CODE_BYTES, STARTS, TABLES, HammingArrays, HammingSearcher, Kernel
from seawall.matching.index._format import Facts, FileKind, Image
from seawall.matching.index._ids import IdSpan, run_starts
from seawall.matching.index._segment import Values

TABLES_FROM = 16_384
"""Codes from which on a segment has tables."""


class HammingKind:
    """Makes and reads segments of codes."""

    kind = FileKind.HAMMING
    width = CODE_BYTES

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def build(self, values: Values, ids: IdSpan) -> Image:
        """Make a segment; see `SegmentKind.build`."""
        count = len(values)
        sections = {"values": ("u1", count * CODE_BYTES)}
        if ids.offsets is not None:
            sections["ids"] = (f"u{ids.offsets.itemsize}", count)
        copies: Mapping[str, NDArray[np.uint32]] = {}
        skip = None
        if count >= TABLES_FROM:
            copies, skip = _copies(self._kernel.duplicates(values.reshape(-1)), count)
            distinct = count - len(copies.get("copies", ()))
            sections |= {
                "off": ("u4", TABLES * STARTS),
                "rows": ("u4", TABLES * distinct),
                "partner": ("u2", TABLES * distinct),
            }
            sections |= {name: ("u4", len(array)) for name, array in copies.items()}
        image = Image.new(Facts(self.kind, self.width, count, ids.first, ids.last), sections)
        image.arrays["values"][:] = values.reshape(-1)
        if ids.offsets is not None:
            image.arrays["ids"][:] = ids.offsets
        for name, array in copies.items():
            image.arrays[name][:] = array
        if "off" in sections:
            self._kernel.hamming_tables(image.arrays["values"], skip, _arrays(image))
        return image

    def searcher(self, image: Image, name: str) -> HammingSearcher:
        """Return what searches a segment; see `SegmentKind.searcher`."""
        arrays = image.arrays
        partner, heads = arrays.get("partner"), arrays.get("heads")
        distinct = 0 if partner is None else len(partner) // TABLES
        sizes: dict[str, tuple[str, int]] = {"values": ("u1", image.facts.entries * CODE_BYTES)}
        if partner is not None:
            sizes |= {
                "off": ("u4", TABLES * STARTS),
                "rows": ("u4", TABLES * distinct),
                "partner": ("u2", TABLES * distinct),
            }
            copies = image.facts.entries - distinct
            if copies:
                count = 0 if heads is None else len(heads)
                sizes |= {"heads": ("u4", count), "starts": ("u4", count + 1), "copies": ("u4", copies)}
                if not 0 < count <= copies:
                    raise IndexCorrupt(f"{name} has arrays of wrong sizes")
        expect_arrays(image, sizes, name)
        return self._kernel.hamming(_arrays(image))


def expect_arrays(image: Image, sizes: Mapping[str, tuple[str, int]], name: str) -> None:
    """Check that a segment has arrays of these types and numbers of items, and none but ids besides.

    Raises:
        IndexCorrupt: If it does not.
    """
    found = {title: (f"u{array.itemsize}", len(array)) for title, array in image.arrays.items() if title != "ids"}
    if found != dict(sizes):
        raise IndexCorrupt(f"{name} has arrays of wrong sizes")


def _arrays(image: Image) -> HammingArrays:
    get: Any = image.arrays.get
    return HammingArrays(
        image.arrays["values"], get("off"), get("rows"), get("partner"), get("heads"), get("starts"), get("copies")
    )


def _copies(pairs: NDArray[np.uint64], count: int) -> tuple[Mapping[str, NDArray[np.uint32]], Values | None]:
    """Return the arrays of duplicates, by the row that has the code first, and the bitmap of the others."""
    if len(pairs) == 0:
        return {}, None
    later, first = (pairs >> np.uint64(32)).astype(np.uint32), pairs.astype(np.uint32)
    order = np.argsort(first, kind="stable")
    starts = run_starts(first[order])
    heads = first[order][starts]
    marks = np.zeros(count, np.bool_)
    marks[later] = True
    arrays = {"heads": heads, "starts": np.append(starts, len(pairs)).astype(np.uint32), "copies": later[order]}
    return arrays, np.packbits(marks, bitorder="little")
