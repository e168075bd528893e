"""Segments of exact digests: which arrays they have, and of what sizes."""

from __future__ import annotations

from seawall.matching.index._contract import STARTS, DigestArrays, DigestSearcher, Kernel
from seawall.matching.index._format import Facts, FileKind, Image
from seawall.matching.index._hamming_segment import expect_arrays
from seawall.matching.index._ids import IdSpan
from seawall.matching.index._segment import Values


class DigestKind:
    """Makes and reads segments of digests of one width."""

    kind = FileKind.DIGEST

    def __init__(self, kernel: Kernel, width: int) -> None:
        self._kernel = kernel
        self.width = width

    def build(self, values: Values, ids: IdSpan) -> Image:
        """Make a segment; see `SegmentKind.build`."""
        count = len(values)
        sections = {"values": ("u1", count * self.width)}
        if ids.offsets is not None:
            sections["ids"] = (f"u{ids.offsets.itemsize}", count)
        sections |= {"prefix": ("u4", STARTS), "keys": ("u4", count), "order": ("u4", count)}
        image = Image.new(Facts(self.kind, self.width, count, ids.first, ids.last), sections)
        image.arrays["values"][:] = values.reshape(-1)
        if ids.offsets is not None:
            image.arrays["ids"][:] = ids.offsets
        self._kernel.digest_tables(self._arrays(image))
        return image

    def searcher(self, image: Image, name: str) -> DigestSearcher:
        """Return what searches a segment; see `SegmentKind.searcher`."""
        count = image.facts.entries
        sizes = {"values": ("u1", count * self.width), "prefix": ("u4", STARTS)}
        expect_arrays(image, sizes | {"keys": ("u4", count), "order": ("u4", count)}, name)
        return self._kernel.digests(self._arrays(image))

    def _arrays(self, image: Image) -> DigestArrays:
        arrays = image.arrays
        return DigestArrays(arrays["values"], self.width, arrays["prefix"], arrays["keys"], arrays["order"])
