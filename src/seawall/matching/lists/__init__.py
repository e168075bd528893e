"""Hash lists and operator banks: parsing, importing, versions and withdrawals, and reading them for matching."""

from seawall.matching.lists.formats import Format
from seawall.matching.lists.hashlist import HashList
from seawall.matching.lists.keys import FileKey, FixedKey, KeyProvider
from seawall.matching.lists.manifest import Manifest, Version
from seawall.matching.lists.purpose import Provenance, Purpose
from seawall.matching.lists.report import ImportReport
from seawall.matching.lists.rows import Action, ListRow
from seawall.matching.lists.store import ListStore

__all__ = [
    "Action",
    "FileKey",
    "FixedKey",
    "Format",
    "HashList",
    "ImportReport",
    "KeyProvider",
    "ListRow",
    "ListStore",
    "Manifest",
    "Provenance",
    "Purpose",
    "Version",
]
