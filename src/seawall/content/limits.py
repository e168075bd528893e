"""How much of a picture is decoded: checked against headers, before memory is taken.

A picture beyond a limit is refused with `TooLarge`; a sequence beyond a limit is cut short and flagged `partial`.
"""

from __future__ import annotations

from dataclasses import dataclass

from seawall.errors import MediaError, TooLarge

_MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one decode.

    Attributes:
        max_pixels: Most pixels in one frame.
        max_side: Longest side of a frame, pixels.
        max_frames: Most frames (pages, icon sizes) that are decoded.
        max_total_pixels: Most pixels over all frames; the first frame is always decoded.
        max_seconds: Wall time after which no further frame is begun.
    """

    max_pixels: int = 100 * _MEGA
    max_side: int = 65_535
    max_frames: int = 1_000
    max_total_pixels: int = 1_000 * _MEGA
    max_seconds: float = 40.0

    def check_size(self, width: int, height: int) -> None:
        """Refuse a frame by the size that its header claims.

        Raises:
            TooLarge: If it has too many pixels or too long a side.
            MediaError: If it has no pixels.
        """
        if width < 1 or height < 1:
            raise MediaError("the picture has no pixels")
        if max(width, height) > self.max_side:
            raise TooLarge(f"a side of the picture is {max(width, height)} pixels long, the limit is {self.max_side}")
        if width * height > self.max_pixels:
            raise TooLarge(
                f"the picture has {width * height / _MEGA:.1f} megapixels, the limit is {self.max_pixels / _MEGA:g}"
            )
