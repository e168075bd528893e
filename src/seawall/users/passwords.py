"""Passwords: what may be one, and its argon2id hash, made anew when the parameters change.

Hashing takes memory on purpose, so only a few are made at once; whoever comes when all are busy is told to wait.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from seawall.users.errors import PasswordRefused, SignInBusy

SHORTEST = 12
LONGEST = 256
_AT_ONCE = 2
_WAIT_SECONDS = 10.0
_FEWEST_DISTINCT = 5
_BESIDE_NAME = 8
_SEQUENCES = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiopasdfghjklzxcvbnm")


def checked_password(password: str, name: str) -> str:
    """Return a password in the form in which it is hashed.

    Args:
        password: As it was typed.
        name: Of the user.

    Raises:
        PasswordRefused: If it cannot be one; the message never repeats it.
    """
    wanted = _normal(password)
    if len(wanted) < SHORTEST:
        raise PasswordRefused(f"a password has at least {SHORTEST} characters")
    if len(password) > LONGEST or len(wanted) > LONGEST:
        raise PasswordRefused(f"a password has at most {LONGEST} characters")
    if any(unicodedata.category(each) in ("Cc", "Cs", "Cn") for each in wanted + password):
        raise PasswordRefused("the password has a character that cannot be typed everywhere")
    plain = wanted.casefold()
    if len(plain.replace(name.casefold(), "")) < _BESIDE_NAME:
        raise PasswordRefused("the password is little more than the name")
    bare = plain.rstrip("0123456789!?.,-_#$*+ ")
    if plain in _trivial() or bare in _trivial() or len(set(plain)) < _FEWEST_DISTINCT or _is_sequence(plain):
        raise PasswordRefused("the password is one of those that everybody thinks of")
    return wanted


class Passwords:
    """Hashes and verifies passwords. Threads may share one.

    Args:
        hasher: With parameters other than the recommended ones; for tests, which hash often.
        at_once: How many hashes are made at once.
        wait: Seconds that a caller waits for its turn.
    """

    def __init__(
        self, hasher: PasswordHasher | None = None, *, at_once: int = _AT_ONCE, wait: float = _WAIT_SECONDS
    ) -> None:
        # RFC 9106, second recommendation: 64 MiB, three passes, four lanes.
        self._hasher = hasher or PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4, type=Type.ID)
        self._turns = threading.BoundedSemaphore(at_once)
        self._wait = wait
        self._nobody: str | None = None

    def hash(self, password: str) -> str:
        """Return the hash of a password, with its parameters and a salt of its own."""
        with self._turn():
            return self._hasher.hash(_normal(password))

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether a password is the one that was hashed.

        Args:
            stored: The hash; None for somebody without a password, or who does not exist. It takes as long.
            password: As it was typed.

        Raises:
            SignInBusy: If it could not be looked at.
        """
        typed = _normal(password[: LONGEST + 1])
        if self._nobody is None:
            self._nobody = self.hash("nobody has this password")
        with self._turn():
            try:
                right = self._hasher.verify(stored or self._nobody, typed)
            except (VerificationError, InvalidHashError):
                return False
        return right and stored is not None and len(password) <= LONGEST

    def outdated(self, stored: str) -> bool:
        """Whether a hash was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(stored)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=self._wait):
            raise SignInBusy
        try:
            yield
        finally:
            self._turns.release()


@cache
def _trivial() -> frozenset[str]:
    lines = (files("seawall.users") / "trivial.txt").read_text("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _normal(password: str) -> str:
    # What two keyboards make of one password differs before normalisation.
    return unicodedata.normalize("NFKC", password.encode("utf-8", "replace").decode())


def _is_sequence(plain: str) -> bool:
    return any(plain in row * 2 or plain in row[::-1] * 2 for row in _SEQUENCES)
