"""What a host's page reports: that a link of a message was followed, or for whom its reader wants to be spoken to.

Neither says who it was. Only messages that this installation could have shown are counted: the counters stay few.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from seawall.deploy.guard.contract import Message
from seawall.deploy.prevention.audience import PLAIN, Audience, MessageId
from seawall.deploy.prevention.directory import Directory
from seawall.deploy.prevention.messenger import prevention_secret
from seawall.deploy.prevention.meter import PreventionMeter
from seawall.deploy.prevention.texts import Catalogue, Texts
from seawall.errors import NotFound
from seawall.policy.guard import Tier
from seawall.settings import Settings
from seawall.store import Store


class Choice(StrEnum):
    """For whom a reader may ask to be spoken to; adults are spoken to already."""

    WORRIED = Audience.WORRIED.value
    """They worry about another person's behaviour."""
    MINOR = Audience.MINOR.value
    VICTIM = Audience.VICTIM.value
    BYSTANDER = Audience.BYSTANDER.value


class PreventionDoor:
    """Takes such reports. Safe to use from several threads.

    Args:
        store: Where is counted; its clock tells what has expired.
        meter: Counts.
        catalogue: Texts.
        directory: Services that help.
    """

    def __init__(self, store: Store, meter: PreventionMeter, catalogue: Catalogue, directory: Directory) -> None:
        self._store = store
        self._meter = meter
        self._catalogue = catalogue
        self._directory = directory

    @classmethod
    def open(cls, settings: Settings, store: Store) -> Self:
        """Return the door of an installation.

        Raises:
            SeawallError: If its texts, its directory or its key cannot be used.
        """
        home = settings.home
        return cls(store, PreventionMeter(prevention_secret(settings)), Catalogue.open(home), Directory.open(home))

    def clicked(self, message: str) -> None:
        """Count that somebody followed a link of a message.

        Raises:
            NotFound: If no message of this installation has that id.
            StoreError: If it cannot be counted.
        """
        name, _ = self._known(message)
        self._meter.clicked(self._store, str(name))

    def chosen(self, message: str, choice: Choice, country: str | None) -> Message:
        """Return the words and the services for those whom a reader counts themselves among, and count them as shown.

        Args:
            message: Id of the message beside which the choice was offered; its language stays.
            choice: For whom.
            country: ISO 3166-1 alpha-2, if known.

        Raises:
            NotFound: If no message of this installation has that id.
            StoreError: If it cannot be counted.
        """
        name, texts = self._known(message)
        audience = Audience(choice.value)
        shown = MessageId(Tier.T1, PLAIN, audience, name.locale, texts.version)
        services = self._directory.services(country=country, audience=audience, now=self._store.clock())
        text = texts.compose(shown.tier, shown.arm, audience, services=bool(services))
        self._meter.shown(self._store, shown)
        return Message(text, services, str(shown))

    def _known(self, message: str) -> tuple[MessageId, Texts]:
        name = MessageId.parse(message)
        texts = self._catalogue.texts.get(name.locale) if name is not None else None
        if name is None or texts is None or not 0 < name.version <= texts.version:
            raise NotFound("no prevention message has this id")
        return name, texts
