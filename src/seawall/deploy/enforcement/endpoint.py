"""Where effects go: one address and one secret that the operator wrote down, and nothing that any request says.

The address is in `HOME/effects.yaml`, the secret in `HOME/keys/effects.secret` (0600). While a secret is replaced,
both are in the file, the new one first, and messages carry both signatures.
"""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from seawall.errors import SeawallError, SecretUnusable
from seawall.files import create_once, write_whole
from seawall.settings import Settings

CONFIG = "effects.yaml"
SECRET = "effects.secret"  # noqa: S105 (the name of a file)

_PREFIX = "swhook_"
_LINE = re.compile(rb"[!-~]{32,256}")
_MOST_BYTES = 64 * 1024
_KNOWN = {"url", "timeout", "drills"}
_LONGEST = 60.0


class EffectsConfigError(SeawallError):
    """The settings of effects cannot be used."""

    code = "effects_config"
    hint = "see docs/effects.md"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where effects go.

    Attributes:
        url: The host's address.
        secrets: What signs, the newest first.
        timeout: Seconds for one delivery.
        drills: Whether blocked drills are told, too.
    """

    url: str
    secrets: tuple[bytes, ...] = field(repr=False)
    timeout: float = 10.0
    drills: bool = True


def load_endpoint(settings: Settings) -> Endpoint | None:
    """Return where effects go; None if the operator has not said. The secret is made if there is none.

    Raises:
        EffectsConfigError: If the file says something that cannot be used.
        SecretUnusable: If the secret cannot be read, or others can read it.
    """
    path = settings.home / CONFIG
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    try:
        said = yaml.safe_load(data) if len(data) <= _MOST_BYTES else None
    except (yaml.YAMLError, ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or not set(said) <= _KNOWN or "url" not in said:
        raise EffectsConfigError(f"{path} must be a mapping with url, and at most timeout and drills")
    timeout, drills = said.get("timeout", 10), said.get("drills", True)
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout <= _LONGEST:
        raise EffectsConfigError(f"{path}: timeout must be a number of seconds, {_LONGEST:.0f} at most")
    if not isinstance(drills, bool):
        raise EffectsConfigError(f"{path}: drills must be true or false")
    return Endpoint(_checked(said["url"], path), load_secrets(settings), float(timeout), drills)


def load_secrets(settings: Settings) -> tuple[bytes, ...]:
    """Return the secrets that sign, the newest first; the first call makes one.

    Raises:
        SecretUnusable: If the file cannot be read, others can read it, or it holds something else.
    """
    path = settings.home / "keys" / SECRET
    try:
        if not path.exists():
            create_once(path, _fresh() + b"\n")
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode & 0o777
            lines = file.read(_MOST_BYTES).split()
    except OSError as error:
        raise SecretUnusable(f"{path} cannot be read or made: {error.strerror}") from None
    if os.name == "posix" and mode & 0o077:
        raise SecretUnusable(f"{path} can be read or written by others (mode {mode:04o})")
    if not 1 <= len(lines) <= 2 or not all(_LINE.fullmatch(line) for line in lines):
        raise SecretUnusable(f"{path} must hold one secret, or two while it is replaced, a line each")
    return tuple(lines)


def rotate_secret(settings: Settings) -> bytes:
    """Put a new secret first, and keep the one before it until it is retired; return the new one."""
    old = load_secrets(settings)
    new = _fresh()
    write_whole(settings.home / "keys" / SECRET, new + b"\n" + old[0] + b"\n")
    return new


def retire_secret(settings: Settings) -> bool:
    """Forget every secret but the newest; return whether there was another."""
    both = load_secrets(settings)
    if len(both) > 1:
        write_whole(settings.home / "keys" / SECRET, both[0] + b"\n")
    return len(both) > 1


def _fresh() -> bytes:
    return (_PREFIX + secrets.token_urlsafe(32)).encode()


def _checked(url: object, path: Path) -> str:
    try:
        parts = urlsplit(url) if isinstance(url, str) and url.isascii() else None
        host = parts.hostname if parts else None
        _ = parts.port if parts else None
    except ValueError:
        parts = host = None
    if parts is None or not host or parts.username is not None or parts.fragment:
        raise EffectsConfigError(f"{path}: url must be an address without user, password and fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and _loopback(host)):
        raise EffectsConfigError(f"{path}: url must be https, or http to this machine itself")
    return parts.geturl()


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
