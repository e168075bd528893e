"""What can go wrong with a detector as a whole."""

from __future__ import annotations

from seawall.errors import ExitCode, SeawallError


class DetectorError(SeawallError):
    """A detector cannot be used."""

    code = "detector"


class WeightsMissing(DetectorError):
    """A model file is not installed."""

    code = "weights_missing"
    hint = "run 'seawall detectors fetch'"
    exit_code = ExitCode.UNEXAMINED


class WeightsRefused(DetectorError):
    """A model file is not the one that is pinned."""

    code = "weights_refused"
    hint = "remove it and run 'seawall detectors fetch'"
    exit_code = ExitCode.UNEXAMINED
