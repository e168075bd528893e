"""The messenger: which words and which services a refused user is shown, and in which arm of the measurement.

It is told no prompt, and keeps nothing. Minors, and people who say that they are victims, take no part in any trial.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

from seawall.clock import Clock, system_clock
from seawall.deploy.guard.contract import Message
from seawall.deploy.prevention.audience import HOLDOUT, NEUTRAL, PLAIN, THEMES, Audience, MessageId
from seawall.deploy.prevention.directory import Directory
from seawall.deploy.prevention.options import Options
from seawall.deploy.prevention.texts import Catalogue
from seawall.files import installation_secret
from seawall.policy.guard import AgeSignal, Tier
from seawall.settings import Settings

SECRET_FILE = "prevention.key"  # noqa: S105 (the name of a file)
_SPACE = 1 << 64
_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


class PreventionMessenger:
    """Implements the guard's `Messenger`. Safe to use from several threads.

    Args:
        directory: Services that help.
        catalogue: Texts.
        secret: Keys the assignment.
        options: Share of the holdout, and length of an epoch.
        clock: Tells what has expired, and which epoch it is.
    """

    def __init__(
        self,
        directory: Directory,
        catalogue: Catalogue,
        secret: bytes,
        *,
        options: Options | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._directory = directory
        self._catalogue = catalogue
        self._secret = secret
        self._options = options or Options()
        self._clock = clock

    @classmethod
    def open(cls, settings: Settings, *, clock: Clock = system_clock) -> PreventionMessenger:
        """Return the messenger of an installation, with what its operator added.

        Raises:
            DirectoryInvalid: If `HOME/helplines.yaml` cannot be used.
            TextsInvalid: If a file of `HOME/messages` cannot be used.
            OptionsInvalid: If `HOME/prevention.yaml` cannot be used.
            SecretUnusable: If the key cannot be read or made.
        """
        home = settings.home
        options, directory, catalogue = Options.open(home), Directory.open(home), Catalogue.open(home)
        return cls(directory, catalogue, prevention_secret(settings), options=options, clock=clock)

    def message(
        self,
        *,
        tier: Tier,
        age_signal: AgeSignal,
        locale: str | None,
        country: str | None,
        unit: str,
        audience: Audience | None = None,
    ) -> Message:
        """Choose a message.

        Args:
            tier: How it speaks.
            age_signal: Minors get texts of their own, whatever `audience` says of others.
            locale: BCP 47 tag, if known.
            country: ISO 3166-1 alpha-2, if known.
            unit: Pseudonym of the account.
            audience: What the user has said of themselves, if the host asked; default an adult.
        """
        texts = self._catalogue.choose(locale, country)
        audience = _audience(age_signal, audience)
        now = self._clock()
        arm = self._arm(tier, audience, unit, now)
        name = str(MessageId(tier, arm, audience, texts.locale, texts.version))
        if arm in (NEUTRAL, HOLDOUT):
            return Message(texts.neutral, (), name)
        services = self._directory.services(country=country, audience=audience, now=now)
        return Message(texts.compose(tier, arm, audience, services=bool(services)), services, name)

    def _arm(self, tier: Tier, audience: Audience, unit: str, now: datetime) -> str:
        if tier is Tier.T0:
            return NEUTRAL
        if audience is not Audience.ADULT:
            return PLAIN
        epoch = (now - _BEGINNING).days // self._options.epoch_days
        place = self._place(epoch, "theme", unit)
        theme = THEMES[min(int(place * len(THEMES)), len(THEMES) - 1)]
        # Whoever tries again is told more, also in the holdout.
        if tier is Tier.T1 and self._place(epoch, "holdout", unit) < self._options.holdout:
            return HOLDOUT
        return theme

    def _place(self, epoch: int, what: str, unit: str) -> float:
        text = f"{what}\0{epoch}\0{unit}".encode("utf-8", "surrogatepass")
        return int.from_bytes(hmac.digest(self._secret, text, hashlib.sha256)[:8], "big") / _SPACE


def prevention_secret(settings: Settings) -> bytes:
    """Return the secret that keys assignment and pseudonyms; the first call creates it.

    Raises:
        SecretUnusable: If it cannot be read or made.
    """
    return installation_secret(settings.home / "keys" / SECRET_FILE)


def _audience(age_signal: AgeSignal, said: Audience | None) -> Audience:
    # A minor who says that they are a victim is spoken to as one; any other minor as a minor.
    if age_signal is AgeSignal.MINOR and said is not Audience.VICTIM:
        return Audience.MINOR
    return said or Audience.ADULT
