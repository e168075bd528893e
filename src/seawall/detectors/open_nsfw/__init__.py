"""Adult sexual content in photographs: open_nsfw."""

from seawall.detectors.open_nsfw._detector import LOOK_AGAIN, OpenNsfw

__all__ = ["LOOK_AGAIN", "OpenNsfw"]
