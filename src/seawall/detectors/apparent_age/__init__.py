"""Apparent age of the persons in a picture, as a distribution."""

from seawall.detectors.apparent_age._chips import Unjudged
from seawall.detectors.apparent_age._detector import MOST_JUDGED, ApparentAge

__all__ = ["MOST_JUDGED", "ApparentAge", "Unjudged"]
