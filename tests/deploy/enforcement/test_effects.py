"""Effects reach the host signed, without content, until it takes them; nothing that it answers is followed or read."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.accounts import Accounts, RestrictionKind
from seawall.decisions import DecisionRecord
from seawall.deploy.enforcement import (
    EffectsConfigError,
    EffectsWorker,
    Endpoint,
    EnforcementBook,
    SignatureInvalid,
    Webhook,
    acknowledge_effect,
    load_endpoint,
    sign,
    verify_signature,
)
from seawall.deploy.enforcement.endpoint import load_secrets, retire_secret, rotate_secret
from seawall.errors import NotFound, SecretUnusable
from seawall.settings import Settings, write_private
from seawall.store.outbox import MessageState, Outbox
from tests.deploy.enforcement.conftest import Host, Moment

SECRET = b"swhook_" + b"x" * 40
WHO = {"person": "ada", "reason": "seen"}
Decide = Callable[..., DecisionRecord]


@pytest.fixture
def settings(seawall_home: Path) -> Settings:
    settings = Settings.from_env()
    settings.directory()
    return settings


def _worker(outbox: Outbox, host: Host, secrets: tuple[bytes, ...] = (SECRET,)) -> EffectsWorker:
    return EffectsWorker(outbox, Webhook(Endpoint(host.url, secrets, timeout=5), now=lambda: 1000.0))


def test_a_ban_is_told_once_signed_and_without_content(
    book: EnforcementBook, decide: Decide, outbox: Outbox, host: Host
) -> None:
    record = decide(strike="zero_tolerance")
    worker = _worker(outbox, host)
    assert [each.failure for each in worker.once()] == [None]
    assert worker.once() == []
    ((headers, body),) = host.got
    verified = verify_signature(headers, body, SECRET, 1010.0)
    told = json.loads(body)
    assert verified.id == told["id"]
    assert told == {
        "v": 1,
        "id": told["id"],
        "type": "account.restricted",
        "account": "a-1",
        "decision_id": record.id,
        "sequence": 1,
        "restriction": {
            "id": told["restriction"]["id"],
            "kind": "ban",
            "feature": None,
            "starts_at": record.at,
            "ends_at": None,
            "inverse": "unban",
        },
        "at": record.at,
        "drill": False,
    }
    assert acknowledge_effect(outbox, told["id"]).state is MessageState.ACKNOWLEDGED
    with pytest.raises(NotFound):
        acknowledge_effect(outbox, "0" * 32)


def test_a_host_that_is_down_or_refuses_is_asked_again_and_later_effects_of_the_account_wait(
    accounts: Accounts, outbox: Outbox, host: Host, moment: Moment
) -> None:
    ban = accounts.restrict("a-1", RestrictionKind.BAN, **WHO)
    accounts.lift(ban.id, **WHO)
    accounts.restrict("a-2", RestrictionKind.BAN, **WHO)
    host.answers = [503, 200]
    worker = _worker(outbox, host)
    assert sorted(str(each.failure) for each in worker.once()) == ["None", "http_503"]
    moment.pass_by(hours=1)
    worker.once()
    assert [(each["account"], each["type"]) for each in host.events()] == [
        ("a-1", "account.restricted"),
        ("a-2", "account.restricted"),
        ("a-1", "account.restricted"),
        ("a-1", "account.lifted"),
    ]
    assert host.events()[0]["id"] == host.events()[2]["id"]


def test_a_redirect_is_not_followed(accounts: Accounts, outbox: Outbox, host: Host) -> None:
    accounts.restrict("a-1", RestrictionKind.BAN, **WHO)
    host.status, host.location = 307, host.url + "/elsewhere"
    assert [each.failure for each in _worker(outbox, host).once()] == ["http_307"]
    assert len(host.got) == 1


def test_nobody_listening_is_a_failure(accounts: Accounts, outbox: Outbox) -> None:
    host = Host()
    host.close()
    accounts.restrict("a-1", RestrictionKind.BAN, **WHO)
    assert [each.failure for each in _worker(outbox, host).once()] == ["connect"]


def test_proxies_of_the_environment_are_not_used(
    accounts: Accounts, outbox: Outbox, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    accounts.restrict("a-1", RestrictionKind.BAN, **WHO)
    assert [each.failure for each in _worker(outbox, host).once()] == [None]


def test_the_loop_delivers_until_it_is_stopped(accounts: Accounts, outbox: Outbox, host: Host) -> None:
    stop = threading.Event()
    loop = threading.Thread(target=_worker(outbox, host).run, args=(stop,))
    ban = accounts.restrict("a-1", RestrictionKind.BAN, **WHO)
    loop.start()
    accounts.lift(ban.id, **WHO)
    for _ in range(1000):
        if outbox.backlog("account.effect").states == {MessageState.DELIVERED: 2}:
            break
        stop.wait(0.02)
    stop.set()
    loop.join(10)
    assert not loop.is_alive()
    assert [each["type"] for each in host.events()] == ["account.restricted", "account.lifted"]


def test_a_changed_moment_id_or_body_is_noticed() -> None:
    headers = sign([SECRET], "a" * 32, b"{}", 1000)
    assert verify_signature(headers, b"{}", SECRET, 1300).id == "a" * 32
    lower = {name.lower(): value for name, value in headers.items()}
    assert not verify_signature(lower, b"{}", SECRET, 700).repeated
    bad: list[tuple[dict[str, str], bytes, bytes, float]] = [
        (headers, b"{ }", SECRET, 1000),
        (headers, b"{}", b"y" * 40, 1000),
        (headers, b"{}", SECRET, 1301),
        (headers, b"{}", SECRET, 699),
        (headers | {"Seawall-Event": "b" * 32}, b"{}", SECRET, 1000),
        (
            headers | {"Seawall-Signature": headers["Seawall-Signature"].replace("t=1000", "t=1001")},
            b"{}",
            SECRET,
            1000,
        ),
        (headers | {"Seawall-Signature": "t=1000"}, b"{}", SECRET, 1000),
        (headers | {"Seawall-Signature": "t=1000" + ",v1=" + "0" * 64 + "x" * 2000}, b"{}", SECRET, 1000),
        ({}, b"{}", SECRET, 1000),
    ]
    for wrong, body, secret, now in bad:
        with pytest.raises(SignatureInvalid):
            verify_signature(wrong, body, secret, now)


@given(
    signature=st.text(max_size=120) | st.from_regex(r"t=\d{1,20}(,v1=[0-9a-f]{60,66}){0,6}"), event=st.text(max_size=40)
)
def test_whatever_headers_say_only_a_genuine_signature_passes(signature: str, event: str) -> None:
    with pytest.raises(SignatureInvalid):
        verify_signature({"Seawall-Signature": signature, "Seawall-Event": event}, b"{}", SECRET, 1000)


def test_a_replayed_message_is_recognised_by_its_event() -> None:
    headers = sign([SECRET], "a" * 32, b"{}", 1000)
    seen: set[str] = set()
    first = verify_signature(headers, b"{}", SECRET, 1000, seen=seen)
    seen.add(first.id)
    assert (first.repeated, verify_signature(headers, b"{}", SECRET, 1000, seen=seen).repeated) == (False, True)


def test_while_a_secret_is_replaced_both_verify(settings: Settings) -> None:
    old = load_secrets(settings)
    assert load_secrets(settings) == old
    new = rotate_secret(settings)
    both = load_secrets(settings)
    assert both == (new, old[0])
    headers = sign(both, "a" * 32, b"{}", 1000)
    for secret in (new, old[0], [old[0], new]):
        assert verify_signature(headers, b"{}", secret, 1000).id == "a" * 32
    assert retire_secret(settings)
    assert not retire_secret(settings)
    assert load_secrets(settings) == (new,)
    with pytest.raises(SignatureInvalid):
        verify_signature(sign([new], "a" * 32, b"{}", 1000), b"{}", old[0], 1000)


def test_a_secret_that_others_can_read_or_that_is_none_is_refused(settings: Settings) -> None:
    load_secrets(settings)
    path = settings.home / "keys" / "effects.secret"
    path.chmod(0o644)
    with pytest.raises(SecretUnusable, match="by others"):
        load_secrets(settings)
    path.chmod(0o600)
    for bad in (b"", b"short\n", b"x" * 40 + b"\n" + b"y" * 40 + b"\n" + b"z" * 40 + b"\n"):
        path.write_bytes(bad)
        with pytest.raises(SecretUnusable):
            load_secrets(settings)


@pytest.mark.parametrize(
    "url", ["https://host.example/hooks", "http://127.0.0.1:8080/x", "http://localhost/x", "http://[::1]:1/x"]
)
def test_https_and_this_machine_are_addresses_for_effects(settings: Settings, url: str) -> None:
    write_private(settings.home / "effects.yaml", f"url: '{url}'\n".encode())
    endpoint = load_endpoint(settings)
    assert endpoint is not None
    assert endpoint.url == url
    assert SECRET.decode() not in repr(endpoint)
    assert load_secrets(settings)[0].decode() not in repr(endpoint)


@pytest.mark.parametrize(
    "text",
    [
        "url: http://host.example/x",
        "url: http://127.0.0.1.host.example/x",
        "url: http://169.254.169.254/x",
        "url: ftp://host.example/x",
        "url: https://user:word@host.example/x",
        "url: https://host.example/x#y",
        "url: 'https://[::1'",
        "url: https:///x",
        "url: 7",
        "url: https://host.example/x\nproxy: y",
        "url: https://host.example/x\ntimeout: 0",
        "url: https://host.example/x\ntimeout: true",
        "url: https://host.example/x\ndrills: 1",
        "- url",
        "{",
        "",
    ],
)
def test_other_addresses_and_settings_are_refused(settings: Settings, text: str) -> None:
    write_private(settings.home / "effects.yaml", text.encode())
    with pytest.raises(EffectsConfigError):
        load_endpoint(settings)


def test_without_settings_there_is_no_endpoint(settings: Settings) -> None:
    assert load_endpoint(settings) is None
