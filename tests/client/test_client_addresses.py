"""Whom the clients speak to: the address and key as given, and nothing else."""

from __future__ import annotations

import ssl
from typing import Any

import httpx
import pytest

from seawall.client import (
    AsyncClient,
    Client,
    NotDecided,
)
from seawall.errors import UsageError
from tests.client.client_asked import KEY, Asked


def test_a_closed_client_gives_no_decision(guard: Asked) -> None:
    client = Client("https://guard.test", KEY, transport=httpx.MockTransport(guard))
    client.close()
    with pytest.raises(NotDecided):
        client.check_input("a", account="u")


def test_the_key_is_not_shown() -> None:
    client = Client("https://guard.test", "sw_secret")
    assert "sw_secret" not in repr(client) + repr(vars(client))
    client.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "ftp://guard.test"},
        {"base_url": "guard.test"},
        {"base_url": "https://user:word@guard.test"},
        {"base_url": "https://guard.test?x=1"},
        {"base_url": "http://guard.test"},
        {"base_url": "http://10.0.0.1"},
        {"key": ""},
        {"key": "two words"},
        {"key": "line\nbreak"},
        {"key": "ключ"},
    ],
)
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_an_address_or_key_that_cannot_be_one_is_refused(kind: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        kind(**{"base_url": "https://guard.test", "key": KEY, **wrong})


def test_unverified_tls_is_refused() -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with pytest.raises(UsageError):
        Client("https://guard.test", KEY, tls=context)


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:8000"])
def test_plain_http_stays_on_this_machine(address: str) -> None:
    Client(address, KEY).close()
    Client("http://guard.test", KEY, allow_plain_http=True).close()


def test_the_environments_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:1")
    client = Client("https://guard.test", KEY)
    assert not any(client._http._mounts.values())
    client.close()
