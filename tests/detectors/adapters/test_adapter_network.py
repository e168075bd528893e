"""Whom an adapter speaks to, and with which secrets: the address that the operator named, and nobody else."""

from __future__ import annotations

import ipaddress
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from seawall.detectors.adapters import ConfigurationError, ModelRefused, SecretMissing
from seawall.detectors.adapters.service._network import BoundedBackend, Deadline
from seawall.detectors.contract import Picture, Result, Status, Text
from tests.detectors.adapters.conftest import CONTEXT, model
from tests.detectors.adapters.described_service import OK, Load, described
from tests.detectors.adapters.fake_service import FakeService, Says

pytestmark = pytest.mark.usefixtures("service_key")


def test_nothing_of_the_content_or_the_key_is_logged_or_told(
    service: FakeService,
    loaded: Load,
    canary_text: Text,
    canary_picture: Picture,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    for says in (
        OK,
        Says(status=400, raw=canary_text.text.encode()),
        Says(raw=canary_text.text.encode()),
        Says(status=302, headers={"Location": "http://127.0.0.1:1/"}),
    ):
        service.says(says)
        detector = loaded(described(service.url))
        results = detector.score([canary_text, canary_picture])
        told = caplog.text + "".join(capfd.readouterr()) + repr(results) + repr(detector.info) + repr(detector)
        assert "lantern" not in told
        assert "zorblax-key" not in told
        assert "/9j/" not in told


def test_a_key_that_is_not_set_keeps_the_model_from_loading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEAWALL_TEST_KEY")
    detector = model(described("https://guard.example.internal"))
    with pytest.raises(SecretMissing, match="SEAWALL_TEST_KEY is not set"):
        detector.load(CONTEXT)
    assert detector.score([Text("zorblax")]) == [Result.error("not_loaded")]


def test_a_key_with_a_line_break_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_TEST_KEY", "zorblax\r\nX-Other: 1")
    with pytest.raises(SecretMissing) as told:
        model(described("https://guard.example.internal")).load(CONTEXT)
    assert "zorblax" not in str(told.value)


def test_the_environments_proxies_are_not_used(
    service: FakeService, loaded: Load, canary_text: Text, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    service.says(OK)
    assert loaded(described(service.url)).score([canary_text])[0].status is Status.OK


def test_a_proxy_is_used_where_the_operator_names_one(service: FakeService, loaded: Load, canary_text: Text) -> None:
    service.says(OK)
    more = f"proxy: {service.url}\nallow_cleartext: true"
    assert loaded(described("http://guard.invalid", more)).score([canary_text])[0].status is Status.OK
    assert service.asked[0].path == "http://guard.invalid/judge"


def test_certificates_that_cannot_be_read_keep_the_model_from_loading(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("zorblax")
    with pytest.raises(ModelRefused):
        model(described("https://guard.example.internal", f"ca_file: {tmp_path}/ca.pem")).load(CONTEXT)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "guard")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "guard.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(signed.public_bytes(Encoding.PEM) + secret)
    return path


@pytest.fixture
def tls_service(certificate: Path) -> Iterator[FakeService]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    fake = FakeService(context)
    yield fake
    fake.close()


def test_a_certificate_that_nobody_vouches_for_gets_nothing(
    tls_service: FakeService, loaded: Load, canary_text: Text, monkeypatch: pytest.MonkeyPatch, certificate: Path
) -> None:
    """Nor does the environment's word for it count."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    detector = loaded(described(tls_service.url, "retries: 0"))
    assert detector.score([canary_text]) == [Result.error("unreachable")]
    assert tls_service.asked == []


def test_the_operators_own_authority_is_trusted_where_it_is_named(
    tls_service: FakeService, loaded: Load, canary_text: Text, certificate: Path
) -> None:
    tls_service.says(OK)
    detector = loaded(described(tls_service.url, f"ca_file: {certificate}"))
    assert detector.score([canary_text])[0].status is Status.OK
    renamed = loaded(
        described(tls_service.url.replace("127.0.0.1", "localhost"), f"ca_file: {certificate}\nretries: 0")
    )
    assert renamed.score([canary_text]) == [Result.error("unreachable")]
    assert len(tls_service.asked) == 1


@pytest.mark.parametrize(
    ("url", "more", "leaves"),
    [
        ("http://127.0.0.1:8000", "", False),
        ("http://127.8.9.10", "", False),
        ("http://[::1]:8000", "", False),
        ("http://[::ffff:127.0.0.1]", "", False),
        ("http://localhost:8000", "", False),
        ("http://guard.localhost", "", False),
        ("http://guard.example.internal", "unix_socket: /run/guard.sock", False),
        ("http://127.0.0.1:8000", "forwards_off_host: true", True),
        ("http://127.0.0.1:8000", "proxy: http://127.0.0.1:3128", True),
        ("https://10.0.0.5", "", True),
        ("https://192.168.1.5", "", True),
        ("https://[fd00::1]", "", True),
        ("https://[::ffff:10.0.0.5]", "", True),
        ("https://0.0.0.0", "", True),
        ("https://guard.example.internal", "", True),
        ("https://localhost.example.org", "", True),
        ("https://127.0.0.1.example.org", "", True),
        ("https://2130706433", "", True),
    ],
)
def test_whether_content_leaves_the_host_follows_from_the_address(url: str, more: str, leaves: bool) -> None:
    assert model(described(url, more)).info.sends_content_off_host is leaves


class _Elsewhere(httpcore.NetworkStream):
    closed = False

    def get_extra_info(self, info: str) -> object:
        return ("192.0.2.7", 80)

    def close(self) -> None:
        self.closed = True


class _Lying(httpcore.NetworkBackend):
    def __init__(self, stream: _Elsewhere) -> None:
        self.stream = stream

    def connect_tcp(self, *_: object, **__: object) -> httpcore.NetworkStream:
        return self.stream


def test_a_local_name_that_leads_to_another_host_gets_nothing() -> None:
    deadline = Deadline(lambda: 0.0)
    deadline.set(10.0)
    stream = _Elsewhere()
    with pytest.raises(httpcore.ConnectError):
        BoundedBackend(deadline, False, _Lying(stream)).connect_tcp("localhost", 80)
    assert stream.closed
    assert BoundedBackend(deadline, True, _Lying(stream)).connect_tcp("guard.example.internal", 80)


def test_a_socket_file_is_spoken_to(loaded: Load, tmp_path: Path, canary_text: Text) -> None:
    path = tmp_path / "guard.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"score": 0.5}')

        thread = threading.Thread(target=answer)
        thread.start()
        detector = loaded(described("http://guard.example.internal", f"unix_socket: {path}"))
        assert detector.score([canary_text]) == [Result.ok({"adult_sexual": 0.5})]
        thread.join(5)


@pytest.mark.parametrize(
    ("url", "more", "says"),
    [
        ("ftp://guard.example.internal", "", "http or https"),
        ("https://", "", "http or https"),
        ("https://someone:zorblax@guard.example.internal", "", "secrets go into headers"),
        ("https://guard.example.internal/?key=zorblax", "", "looks like a secret"),
        ("https://guard.example.internal/?a=1&api_key=zorblax", "", "looks like a secret"),
        ("https://guard.example.internal/${KEY}", "", "secrets go into headers"),
        ("https://guard.example.internal:99999", "", "no address"),
        ("http://guard.example.internal", "", "unencrypted"),
        ("https://guard.example.internal", "headers: {Authorization: zorblax}", "write ${NAME}"),
        ("https://guard.example.internal", "headers: {X-Api-Key: zorblax}", "write ${NAME}"),
        ("https://guard.example.internal", 'headers: {"X\\r\\nY": zorblax}', "no header"),
        ("https://guard.example.internal", "headers: {Host: zorblax}", "no header"),
        ("https://guard.example.internal", 'headers: {X-Other: "${zorblax-"}', "not written"),
        ("https://guard.example.internal", "retries: 1000", "whole number from 0 to 10"),
        ("https://guard.example.internal", "total_seconds: .inf", "a number from"),
        ("https://guard.example.internal", "ca_file: ca.pem", "absolute path"),
    ],
)
def test_addresses_and_headers_that_are_not_safe_are_refused(url: str, more: str, says: str) -> None:
    """The message names the key, and never repeats what may be secret."""
    text = described(url).replace('headers: {Authorization: "Bearer ${SEAWALL_TEST_KEY}"}', "") + "\n" + more
    with pytest.raises(ConfigurationError) as told:
        model(text)
    assert says in str(told.value)
    assert "zorblax" not in str(told.value).replace("models: zorblax", "")
