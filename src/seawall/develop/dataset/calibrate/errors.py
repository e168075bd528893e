"""What can keep a sample from giving thresholds. No message carries content."""

from __future__ import annotations

from seawall.errors import ExitCode, SeawallError


class CalibrationError(SeawallError):
    """The sample gives no thresholds."""

    code = "calibration"


class NotScored(CalibrationError):
    """There are no scores to calibrate on."""

    code = "calibration_scores"
    hint = "give the output directory of a finished 'seawall separate' over harmless items"


class SampleTooSmall(CalibrationError):
    """The sample is too small to support the alarm rate."""

    code = "calibration_too_small"


class NotBenign(CalibrationError):
    """A hash list knows items of the sample: it is not harmless."""

    code = "calibration_not_benign"
    hint = "act on the match first; calibrate on harmless items alone"
    exit_code = ExitCode.FINDINGS


class OutOfReach(CalibrationError):
    """The detectors cannot keep the alarm rate on this sample."""

    code = "calibration_out_of_reach"
    hint = "look at the highest items, ask for a higher --alarm-rate, or use other detectors"
