"""What tests of the vault put into it, and how they look at it."""

from collections.abc import Callable
from pathlib import Path

from seawall.ledger import Event
from seawall.vault import (
    Vault,
    VaultObject,
)

Make = Callable[..., Vault]
Keep = Callable[..., VaultObject]
Events = Callable[[str], list[Event]]
DATA = b"striped paper lantern " * 40_000


def content(vault: Vault, item: VaultObject) -> bytes:
    with vault.open(item.id, person="bob", purpose="test") as stream:
        return stream.read()


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()] if root.exists() else []
