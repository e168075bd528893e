"""Canary words that this home has minted: `HOME/canary/*.yaml`. They fire what the shipped ones fire, as drills.

A file that cannot be used is an error, never passed over: a drill that stays silent would look like a guard asleep.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from seawall.canary.pack import Pack
from seawall.canary.terms import canary_terms
from seawall.errors import SystemRefused, UsageError
from seawall.settings import Settings, write_private
from seawall.text.errors import PackFormat
from seawall.text.packs import Pack as TermPack
from seawall.text.packs import Term

NAME = "seawall-canary-minted"
"""Name of the pack of terms."""

MOST_FILES = 64
_FOLDER = "canary"


def minted_folder(home: Path) -> Path:
    """Return where minted packs are."""
    return home / _FOLDER


def add_minted(settings: Settings, pack: Pack) -> Path:
    """Add a pack to those of a home, whole at once for whoever reads them; return its file.

    Raises:
        OSError: If it cannot be written.
    """
    name = f"minted-{secrets.token_hex(6)}"
    path = settings.directory(_FOLDER) / f"{name}.yaml"
    write_private(path.with_suffix(".new"), pack.to_yaml().encode(), exclusive=True)
    path.with_suffix(".new").rename(path)
    return path


def minted_packs(home: Path) -> list[Pack]:
    """Return the packs that a home has minted, in the order of their files' names.

    Raises:
        UsageError: If a file is not a canary pack, or there are too many.
        SystemRefused: If the directory cannot be read.
    """
    try:
        files = sorted(path for path in minted_folder(home).iterdir() if path.suffix == ".yaml")
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError:
        raise SystemRefused from None
    if len(files) > MOST_FILES:
        raise UsageError(f"a home has at most {MOST_FILES} minted canary packs")
    return [Pack.load(path) for path in files]


def minted_terms(home: Path) -> TermPack | None:
    """Return all minted words as one pack of terms, whose hits are drills; None if nothing was minted.

    Raises:
        UsageError: As `minted_packs`, or if a word cannot be looked for.
        SystemRefused: If the directory cannot be read.
    """
    packs = minted_packs(home)
    if not packs:
        return None
    try:
        terms: dict[tuple[str, str], Term] = {
            (term.category, term.text): term for pack in packs for term in canary_terms(pack).terms
        }
        version = hashlib.sha256("".join(pack.to_yaml() for pack in packs).encode()).hexdigest()[:16]
        return TermPack(NAME, version, "seawall", None, tuple(terms.values()), drill=True)
    except PackFormat as error:
        raise UsageError(f"a minted canary pack cannot be used: {error.message}") from None


def minted_state(home: Path) -> tuple[object, ...]:
    """Return what changes when a minted pack does. Costs a look at a directory."""
    try:
        found = [(path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in minted_folder(home).iterdir()]
    except OSError:
        return ()
    return tuple(sorted(found))
