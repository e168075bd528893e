"""Calibration: an operator's own harmless items become thresholds with confidence bounds."""

from seawall.develop.dataset.calibrate.calibrate import Calibration, calibrate
from seawall.develop.dataset.calibrate.errors import (
    CalibrationError,
    NotBenign,
    NotScored,
    OutOfReach,
    SampleTooSmall,
)
from seawall.develop.dataset.calibrate.fit import Fit, fit
from seawall.develop.dataset.calibrate.scores import Asked, Said, Scored, ScoreSource
from seawall.develop.dataset.calibrate.separated import Separated

__all__ = [
    "Asked",
    "Calibration",
    "CalibrationError",
    "Fit",
    "NotBenign",
    "NotScored",
    "OutOfReach",
    "Said",
    "SampleTooSmall",
    "ScoreSource",
    "Scored",
    "Separated",
    "calibrate",
    "fit",
]
