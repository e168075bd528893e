"""What an authority lets us in with: for each environment a private file of two lines, and nothing of it shown."""

from __future__ import annotations

import os
from pathlib import Path

from seawall.errors import SecretUnusable, UsageError
from seawall.files import write_whole
from seawall.maintain.authorities.ncmec.client import Credentials
from seawall.maintain.authorities.ncmec.environment import EnvironmentName
from seawall.settings import Settings

_LONGEST = 500


def write_credentials(settings: Settings, authority: str, name: EnvironmentName, user: str, password: str) -> None:
    """Keep user and password of an environment.

    Raises:
        UsageError: If one is empty, or has more than one line.
    """
    for each in (user, password):
        if not each or len(each) > _LONGEST or not each.isprintable():
            raise UsageError("user and password are a line each")
    write_whole(_path(settings.directory("keys"), authority, name), f"{user}\n{password}\n".encode())


def read_credentials(settings: Settings, authority: str, name: EnvironmentName) -> Credentials | None:
    """Return user and password of an environment; None if there are none.

    Raises:
        SecretUnusable: If the file cannot be read, or others can read it.
    """
    path = _path(settings.home / "keys", authority, name)
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode & 0o777
            data = file.read(4 * _LONGEST)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SecretUnusable(f"{path} cannot be read: {error.strerror}") from None
    if os.name == "posix" and mode & 0o077:
        raise SecretUnusable(f"{path} can be read or written by others (mode {mode:04o})")
    lines = data.decode("utf-8", "replace").splitlines()
    if len(lines) != 2 or not all(lines):
        raise SecretUnusable(f"{path} does not hold a user and a password, in a line each")
    return Credentials(*lines)


def _path(keys: Path, authority: str, name: EnvironmentName) -> Path:
    return keys / f"{authority}-{name.value}.credentials"
