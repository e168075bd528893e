"""The packs of a home: sealed files under `HOME/packs`, whole or not there, opened only as they were sealed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from seawall.clock import Clock, system_clock
from seawall.errors import NotFound
from seawall.files import write_whole
from seawall.settings import Settings
from seawall.text.errors import PackError, PackFormat
from seawall.text.packs.keys import BesideHome, HomeKeys, TrustedKeys
from seawall.text.packs.pack import Pack
from seawall.text.packs.sealed import LARGEST_SEALED, Opened, open_sealed

SUFFIX = ".pack"

SHIPPED = "seawall-"
"""How the names of packs that ship begin."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A pack file of a home.

    Attributes:
        name: Its name.
        opened: The pack, if it opens.
        error: Why it does not, otherwise.
    """

    name: str
    opened: Opened | None
    error: PackError | None


class PackStore:
    """The packs of one home."""

    def __init__(self, home: Path, *, clock: Clock = system_clock, env: Mapping[str, str] | None = None) -> None:
        """Name the place; nothing is read or made yet."""
        self._home = home
        self._folder = home / "packs"
        self._clock = clock
        self.keys = HomeKeys(home, env)
        self.trusted = TrustedKeys(home)

    def open(self, data: bytes, *, signer: bytes | None = None, key: bytes | None = None) -> Opened:
        """Decrypt and verify the file of a pack.

        Args:
            data: The file.
            signer: A public key to trust beside those of the home.
            key: A key to try beside those of the home.

        Raises:
            PackError: If it is not to be used.
        """
        keys = self.keys if key is None else BesideHome(self.keys, key)
        trusted = self.trusted.all() | ({signer} if signer is not None else frozenset())
        return open_sealed(data, keys, trusted, today=self._clock().date())

    def install(self, data: bytes, *, signer: bytes | None = None, key: bytes | None = None) -> Opened:
        """Open a pack and keep its file, in place of the one of that name.

        Args:
            data: The file.
            signer: A public key to trust from now on.
            key: A key to keep from now on.

        Raises:
            PackError: If it is not to be used; nothing is changed.
        """
        opened = self.open(data, signer=signer, key=key)
        if opened.pack.name.startswith(SHIPPED):
            raise PackFormat(f"names that begin with {SHIPPED} are those of packs that ship")
        Settings(self._home, "").directory("packs")
        if signer is not None:
            self.trusted.trust(signer)
        if key is not None:
            self.keys.keep(key)
        write_whole(self.path(opened.pack.name), data)
        return opened

    def remove(self, name: str) -> None:
        """Remove a pack, whether it opens or not.

        Raises:
            NotFound: If there is none of that name.
        """
        if name not in self.names():
            raise NotFound(f"there is no pack {name!r}", hint="'seawall packs ls' shows them")
        self.path(name).unlink()

    def names(self) -> list[str]:
        """Return the names of the packs."""
        return sorted(path.name.removesuffix(SUFFIX) for path in self._folder.glob(f"*{SUFFIX}"))

    def all(self) -> Iterator[Installed]:
        """Give every pack, opened, or with the reason why it is refused."""
        for name in self.names():
            try:
                opened = self.open(read_sealed(self.path(name)))
                if opened.pack.name != name:
                    raise PackFormat(f"the file of the pack {name} holds another pack")
            except PackError as error:
                yield Installed(name, None, error)
            else:
                yield Installed(name, opened, None)

    def path(self, name: str) -> Path:
        """Return the file of a pack."""
        return self._folder / f"{name}{SUFFIX}"


def read_sealed(path: Path) -> bytes:
    """Return the bytes of a sealed file.

    Raises:
        PackFormat: If it cannot be read or is too large.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_SEALED + 1)
    except OSError as error:
        raise PackFormat(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > LARGEST_SEALED:
        raise PackFormat(f"{path} is larger than a sealed pack may be")
    return data


def installed_packs(settings: Settings) -> tuple[Pack, ...]:
    """Return every pack of a home.

    Raises:
        PackError: If one is refused: nobody may think that its terms were looked for.
    """
    packs: list[Pack] = []
    for installed in PackStore(settings.home).all():
        if installed.opened is None:
            raise installed.error or PackError()
        packs.append(installed.opened.pack)
    return tuple(packs)
