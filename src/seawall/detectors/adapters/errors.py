"""What can go wrong with an operator's model as a whole. Messages name the place, never a value that may be secret."""

from __future__ import annotations

from seawall.detectors.errors import DetectorError
from seawall.errors import ExitCode


class ConfigurationError(DetectorError):
    """The configuration of operator models cannot be used."""

    code = "detectors_config"
    hint = "see docs/operator-models.md"


class SecretMissing(DetectorError):
    """An environment variable that a model's headers name is not set."""

    code = "detector_secret"
    hint = "set it in the environment of the process"
    exit_code = ExitCode.UNEXAMINED


class ModelRefused(DetectorError):
    """An operator's model file or program cannot be used."""

    code = "detector_model"
    exit_code = ExitCode.UNEXAMINED
