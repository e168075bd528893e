"""The hash lists as a service holds them: always the newest that is published, shared by threads."""

from seawall.deploy.guard.lists.live import STALE_SECONDS, LiveLists
from seawall.deploy.guard.lists.opened import Found, ListsFailed, OpenLists
from seawall.deploy.guard.lists.status import ListsStatus, ListStatus

__all__ = ["STALE_SECONDS", "Found", "ListStatus", "ListsFailed", "ListsStatus", "LiveLists", "OpenLists"]
