"""The operator's models: `detectors.yaml` in seawall's home, checked to the last key, and the detectors made of it.

Content leaves this host only if the operator allowed it here for that modality; without the file nothing is allowed
and nothing is configured.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any

from seawall.detectors.adapters._section import Section
from seawall.detectors.adapters._yaml import parse_yaml, read_yaml
from seawall.detectors.adapters.description import Description
from seawall.detectors.adapters.errors import ConfigurationError
from seawall.detectors.contract import Detector, Modality
from seawall.settings import Settings

FILE = "detectors.yaml"
BUILT_IN = frozenset({"open-nsfw", "image-safety", "faces", "apparent-age", "term-packs", "canary", "image", "text"})
"""Names that a model may not have: those of seawall's own detectors, and of modalities. A registry may pass others."""

_ID = re.compile(r"[a-z0-9-]{1,64}")
_MOST_MODELS = 100


class Adapter(StrEnum):
    """How an operator's model is reached."""

    ONNX_IMAGE = "onnx-image"
    OPENAI_MODERATIONS = "openai-moderations"
    CHAT_GUARD = "chat-guard"
    HTTP_JSON = "http-json"
    COMMAND = "command"

    @property
    def module(self) -> str:
        """Name of the module that has its `read`."""
        return f"seawall.detectors.adapters.{self.value.replace('-', '_')}"


@dataclass(frozen=True, slots=True)
class OffHostPermissions:
    """For which modalities the operator lets content leave this host.

    Attributes:
        image: Pictures, for every model.
        text: Texts, for every model.
        models: Modalities by id, for single models.
    """

    image: bool = False
    text: bool = False
    models: Mapping[str, frozenset[Modality]] = field(default_factory=dict)

    def allow(self, modality: Modality, model: str | None = None) -> bool:
        """Whether content of a modality may leave: for every model, or for the one that is named."""
        everywhere = {Modality.IMAGE: self.image, Modality.TEXT: self.text}[modality]
        return everywhere or (model is not None and modality in self.models.get(model, frozenset()))

    @classmethod
    def read(cls, section: Section) -> OffHostPermissions:
        """Read them: `image` and `text` are true or false, any other key is a model's id with a list of modalities."""
        everywhere = {each.value: section.flag(each.value, False) for each in Modality}
        single = [name for name in section.names() if name not in everywhere]
        return cls(
            **everywhere,
            models={_checked_id(name, section, name[:40]): section.choices(name, Modality) for name in single},
        )


@dataclass(frozen=True, slots=True)
class Configuration:
    """What `detectors.yaml` says.

    Attributes:
        allow_off_host: For which modalities content may leave this host.
        allow_licence: Ids of detectors that the provenance gate may let pass in spite of their licence.
        detectors: The models, in the order of the file; not loaded.
    """

    allow_off_host: OffHostPermissions = OffHostPermissions()
    allow_licence: frozenset[str] = frozenset()
    detectors: tuple[Detector, ...] = ()


def configured(settings: Settings, reserved: Collection[str] = BUILT_IN) -> list[Detector]:
    """Return a detector for each model of `detectors.yaml`, not loaded; none if there is no file.

    Args:
        settings: Says where home is.
        reserved: Ids that a model may not have.

    Raises:
        ConfigurationError: If the file is not as it must be; the message names the place.
    """
    return list(load_configuration(settings, reserved).detectors)


def permissions(settings: Settings) -> OffHostPermissions:
    """Return for which modalities content may leave this host; for none if there is no file.

    Raises:
        ConfigurationError: If the file is not as it must be.
    """
    return load_configuration(settings).allow_off_host


def load_configuration(settings: Settings, reserved: Collection[str] = BUILT_IN) -> Configuration:
    """Read `detectors.yaml`; an empty configuration if there is none.

    Raises:
        ConfigurationError: If the file is not as it must be; the message names the place.
    """
    path = settings.home / FILE
    try:
        data = read_yaml(path)
    except FileNotFoundError:
        return Configuration()
    return _configuration(data, str(path), reserved)


def parse_configuration(text: str, name: str = FILE, reserved: Collection[str] = BUILT_IN) -> Configuration:
    """Read a configuration from YAML text; `name` is what errors call it.

    Raises:
        ConfigurationError: If it is not as it must be.
    """
    return _configuration(parse_yaml(text, name), name, reserved)


def _configuration(data: Any, name: str, reserved: Collection[str]) -> Configuration:
    top = Section({} if data is None else data, name)
    allowed = top.section("allow_off_host", optional=True)
    off_host = OffHostPermissions.read(allowed)
    licences = top.texts("allow_licence", ())
    for each in licences:
        _checked_id(each, top, "allow_licence")
    models = top.section("models", optional=True)
    names = models.names()
    top.done()
    if len(names) > _MOST_MODELS:
        raise ConfigurationError(f"{name}: more than {_MOST_MODELS} models")
    detectors = []
    for each in names:
        if _checked_id(each, models, each[:40]) in reserved:
            raise models.wrong(each, "is the id of one of seawall's own detectors", "give it another")
        detectors.append(_detector(each, models.section(each)))
    return Configuration(off_host, frozenset(licences), tuple(detectors))


def _checked_id(value: str, section: Section, key: str) -> str:
    if not _ID.fullmatch(value):
        raise section.wrong(key, "is no id", "small letters, digits and hyphens")
    return value


def _detector(name: str, section: Section) -> Detector:
    adapter = section.choice("adapter", Adapter)
    description = Description.read(name, section)
    # Only what is configured is imported: a model of one kind needs nothing of the others.
    read: Callable[[Section, Description], Detector] = import_module(adapter.module).read
    detector = read(section, description)
    section.done()
    return detector


def configuration_path(settings: Settings) -> Path:
    """Return where the file is, or would be."""
    return settings.home / FILE


__all__ = [
    "BUILT_IN",
    "FILE",
    "Adapter",
    "Configuration",
    "OffHostPermissions",
    "configuration_path",
    "configured",
    "load_configuration",
    "parse_configuration",
    "permissions",
]
