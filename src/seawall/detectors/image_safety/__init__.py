"""Adult sexual content in photographs: image-safety-classifier-s."""

from seawall.detectors.image_safety._detector import NSFL, ImageSafety

__all__ = ["NSFL", "ImageSafety"]
