"""The operator's own models as detectors: files, services and programs, each reached by an adapter."""

from seawall.detectors.adapters.config import (
    Adapter,
    Configuration,
    OffHostPermissions,
    configured,
    load_configuration,
    parse_configuration,
    permissions,
)
from seawall.detectors.adapters.errors import ConfigurationError, ModelRefused, SecretMissing

__all__ = [
    "Adapter",
    "Configuration",
    "ConfigurationError",
    "ModelRefused",
    "OffHostPermissions",
    "SecretMissing",
    "configured",
    "load_configuration",
    "parse_configuration",
    "permissions",
]
