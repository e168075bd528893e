"""What can go wrong with the vault. Messages name object and key ids; never content, digests of it, or keys."""

from __future__ import annotations

from seawall.errors import ExitCode, SeawallError


class VaultError(SeawallError):
    """The vault cannot do that."""

    code = "vault"


class ObjectDamaged(VaultError):
    """The stored object is not the one that was put in."""

    code = "vault_damaged"
    hint = "restore its file from a backup; run 'seawall vault verify'"
    exit_code = ExitCode.UNEXAMINED


class ObjectCut(ObjectDamaged):
    """The stored object ends too early."""

    code = "vault_cut"


class ObjectDestroyed(VaultError):
    """The object was destroyed, and its key with it."""

    code = "vault_destroyed"


class DigestMismatch(VaultError):
    """The bytes are not those that were announced; nothing was kept."""

    code = "vault_digest"
    hint = "read them again from their source"


class KeyReused(VaultError):
    """Another object was put under this idempotency key."""

    code = "vault_conflict"


class Held(VaultError):
    """The object is under a hold."""

    code = "vault_held"


class VaultKeyError(VaultError):
    """The vault's key cannot be used."""

    code = "vault_key"


class VaultUnsound(VaultError):
    """The vault does not hold what it should."""

    code = "vault_unsound"
    exit_code = ExitCode.FINDINGS
