"""Changes of configuration go into the ledger: which list or register is in which version, and since when.

Every published version is recorded under a key of its own, so that recording again adds nothing, and a version that a
crash kept out is recorded with the next change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seawall.settings import Settings

if TYPE_CHECKING:
    from seawall.develop.sources.store import Stored
    from seawall.matching.lists import Manifest


def record_list(manifest: Manifest) -> None:
    """Record every version of a list: counts and digests, never entries."""
    events = []
    for version in manifest.versions:
        body = {
            "list": manifest.name,
            "purpose": manifest.purpose.value,
            "provenance": manifest.provenance.value,
            "version": version.version,
            "at": version.at,
            "sha256": version.sha256,
            "entries": version.entries,
            "added": version.added,
            "withdrawn": version.withdrawn,
        }
        events.append(("list.version", f"list/{manifest.id}/{version.version}", body))
    _record(events)


def record_list_deleted(manifest: Manifest) -> None:
    """Record that a list is gone."""
    _record([("list.deleted", f"list/{manifest.id}/deleted", {"list": manifest.name})])


def record_register(stored: Stored) -> None:
    """Record the state of a source register: counts and versions, never rules."""
    body = {
        "register": stored.name,
        "revision": stored.revision,
        "versions": list(stored.versions),
        "experts": list(stored.experts),
        "rules": stored.entries,
    }
    _record([("sources.version", f"sources/{stored.name}/{stored.revision}/{stored.at}", body)])


def record_event(kind: str, key: str, facts: Mapping[str, Any]) -> None:
    """Record one event: ids, digests and counts."""
    _record([(kind, key, facts)])


def _record(events: Sequence[tuple[str, str, Mapping[str, Any]]]) -> None:
    from seawall.ledger import KeyFile, Ledger, open_store

    settings = Settings.from_env()
    with open_store(settings) as store:
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        with store.begin() as connection:
            ledger.record_all(connection, events)
        ledger.append_pending()
