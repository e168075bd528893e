"""Guard models behind a chat endpoint: asked one item at a time, their replies read by a strict grammar."""

from seawall.detectors.adapters.chat_guard._detector import ChatGuard, read

__all__ = ["ChatGuard", "read"]
