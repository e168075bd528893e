"""The vault: encrypted evidence, whose every opening is logged. Removed bytes go here and nowhere else."""

from seawall.vault.errors import (
    DigestMismatch,
    Held,
    KeyReused,
    ObjectCut,
    ObjectDamaged,
    ObjectDestroyed,
    VaultError,
    VaultKeyError,
    VaultUnsound,
)
from seawall.vault.keys import EnvKeyProvider, FileKeyProvider, KeyProvider, KeyRing, WrappedKey, key_provider
from seawall.vault.objects import Destroyed, Hold, Purpose, VaultObject
from seawall.vault.vault import Vault, open_vault
from seawall.vault.verify import Fault, Problem, Swept, Verification

__all__ = [
    "Destroyed",
    "DigestMismatch",
    "EnvKeyProvider",
    "Fault",
    "FileKeyProvider",
    "Held",
    "Hold",
    "KeyProvider",
    "KeyReused",
    "KeyRing",
    "ObjectCut",
    "ObjectDamaged",
    "ObjectDestroyed",
    "Problem",
    "Purpose",
    "Swept",
    "Vault",
    "VaultError",
    "VaultKeyError",
    "VaultObject",
    "VaultUnsound",
    "Verification",
    "WrappedKey",
    "key_provider",
    "open_vault",
]
