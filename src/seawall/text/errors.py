"""What can go wrong with packs of terms. No message ever repeats a term."""

from __future__ import annotations

from seawall.errors import ExitCode, SeawallError


class PackError(SeawallError):
    """The pack of terms cannot be used."""

    code = "pack"
    exit_code = ExitCode.UNEXAMINED


class PackFormat(PackError):
    """The file is not a pack of terms."""

    code = "pack_format"
    exit_code = ExitCode.USAGE


class PackRefused(PackError):
    """The pack was changed, or was sealed with a key that this home does not have."""

    code = "pack_refused"
    hint = "ask its owner for the file and the key again"


class PackUntrusted(PackError):
    """The pack is signed by a key that this home does not trust."""

    code = "pack_untrusted"
    hint = "if you know the signer: --trust PEM"


class PackExpired(PackError):
    """The pack has expired."""

    code = "pack_expired"
    hint = "ask its owner for a newer one, or remove it with 'seawall packs remove'"


class PackKeyError(PackError):
    """The key of the packs cannot be used."""

    code = "pack_key"
    hint = "restore it from a backup"
