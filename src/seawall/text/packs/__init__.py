"""Packs of terms: written by operators, sealed, signed, and opened only whole, trusted and in date."""

from seawall.text.packs.keys import HomeKeys, KeyProvider, TrustedKeys, key_id_of, read_key, read_public_key
from seawall.text.packs.pack import Blind, BlindTerm, Pack, Term
from seawall.text.packs.sealed import CONTEXT, Opened, Signer, open_sealed, seal
from seawall.text.packs.source import pack_of, read_source, source_of
from seawall.text.packs.store import Installed, PackStore, installed_packs, read_sealed

__all__ = [
    "CONTEXT",
    "Blind",
    "BlindTerm",
    "HomeKeys",
    "Installed",
    "KeyProvider",
    "Opened",
    "Pack",
    "PackStore",
    "Signer",
    "Term",
    "TrustedKeys",
    "installed_packs",
    "key_id_of",
    "open_sealed",
    "pack_of",
    "read_key",
    "read_public_key",
    "read_sealed",
    "read_source",
    "seal",
    "source_of",
]
