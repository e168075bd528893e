"""The vault: encrypted evidence, whose every opening is logged. Removed bytes go here and nowhere else."""

from seawall.vault._local_key import WrappedKey
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
from seawall.vault.file_keys import FileKeyProvider
from seawall.vault.keys import EnvKeyProvider, KeyProvider, KeyRing, key_provider
from seawall.vault.objects import Destroyed, Hold, Purpose, VaultObject
from seawall.vault.rotation import Rotation, forget, rotate
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
    "Rotation",
    "Swept",
    "Vault",
    "VaultError",
    "VaultKeyError",
    "VaultObject",
    "VaultUnsound",
    "Verification",
    "WrappedKey",
    "forget",
    "key_provider",
    "open_vault",
    "rotate",
]
