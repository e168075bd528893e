"""Hashes of uploads for the HMA-compatible endpoints, computed in the sandboxed decode processes."""

from __future__ import annotations

from seawall.content.item import Item
from seawall.content.media import Medium
from seawall.content.origin import Origin
from seawall.deploy.guard.contract import Media
from seawall.deploy.guard.media.pool import DecodePool
from seawall.errors import MediaError, UnsupportedMedia
from seawall.hashing.examined import LOW_QUALITY
from seawall.hashing.registry import SignalTypes
from seawall.web.parts import Hashed

PHOTO = "photo"
VIDEO = "video"
_WAIT_SECONDS = 10.0


class MediaHashes:
    """Hashes media. Threads may share one.

    Args:
        types: Known signal types.
        pool: Decode processes, which are their owner's to close.
    """

    def __init__(self, types: SignalTypes, pool: DecodePool) -> None:
        self._types = types
        self._pool = pool

    def hashes(self, media: Media) -> Hashed:
        """Return the hashes of a picture or a video. A picture that says too little has none.

        Raises:
            MediaError: If it is neither, or cannot be decoded.
            GuardBusy: If every decode process is busy.
        """
        with self._pool.lend(frozenset({"md5"}), _WAIT_SECONDS) as examiner:
            examined = examiner.examine(Item("upload", Origin(), media.open))
        if examined.kind.medium is Medium.VIDEO:
            value = examined.digests.get("md5")
            if value is None:
                raise MediaError
            return Hashed({"video_md5": value.hex()}, {"video_md5": [value]})
        if examined.problem is not None:
            raise MediaError
        if examined.kind.medium is not Medium.IMAGE:
            raise UnsupportedMedia
        frames = [frame for frame in examined.frames if frame.quality >= LOW_QUALITY]
        if not frames:
            return Hashed({}, {})
        sought = [value for frame in frames for value in frame.orientations()]
        return Hashed({"pdq": self._types["pdq"].format(frames[0].value)}, {"pdq": sought})
