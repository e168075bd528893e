"""API keys: made once, stored as keyed digests, scoped, rotated and revoked."""

from seawall.web.keys.book import KeyBook
from seawall.web.keys.live import LiveKeys
from seawall.web.keys.model import ApiKey, Scope

__all__ = ["ApiKey", "KeyBook", "LiveKeys", "Scope"]
