"""What tests of the clients know of the stand-in server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import httpx

KEY = "sw_test"
DECISION = "0190a1b2c3d47e5f8091a2b3c4d5e6f7"


class Asked(Protocol):
    """What the stand-in knows."""

    then: list[Any]
    requests: list[httpx.Request]
    bodies: list[bytes]

    def __call__(self, request: httpx.Request) -> httpx.Response: ...
    async def later(self, request: httpx.Request) -> httpx.Response: ...
    def meta(self, at: int = -1) -> dict[str, Any]: ...
    def file(self, at: int = -1) -> bytes: ...


Ask = Callable[..., Any]
