"""What every adapter for a service keeps to, seen through the simplest of them."""

from __future__ import annotations

import io
import ipaddress
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpcore
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from PIL import Image

from seawall.detectors.adapters import ConfigurationError, ModelRefused, SecretMissing
from seawall.detectors.adapters.service._network import BoundedBackend, Deadline
from seawall.detectors.contract import Detector, Picture, Result, Status, Text
from tests.detectors.adapters.conftest import CONTEXT, model
from tests.detectors.adapters.fake_service import FakeService, FakeTime, Says, closed_port

Load = Callable[[str], Detector]

OK = Says({"score": 0.25})


def described(url: str, more: str = "") -> str:
    return f"""
adapter: http-json
url: {url}/judge
modalities: [image, text]
headers: {{Authorization: "Bearer ${{SEAWALL_TEST_KEY}}"}}
body:
  image: {{picture: "{{image_base64}}"}}
  text: {{words: "{{text}}"}}
labels: {{adult_sexual: {{path: score}}}}
{more}
"""


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SEAWALL_TEST_KEY", "zorblax-key")
    return "zorblax-key"


def test_a_picture_and_a_text_are_sent_and_scored(
    service: FakeService, loaded: Load, canary_picture: Picture, canary_text: Text
) -> None:
    service.says(OK)
    detector = loaded(described(service.url))
    assert detector.score([canary_picture, canary_text]) == [Result.ok({"adult_sexual": 0.25})] * 2
    picture, text = service.asked
    assert text.json() == {"words": canary_text.text}
    assert set(picture.json()) == {"picture"}
    assert picture.path == "/judge"
    assert picture.headers["authorization"] == "Bearer zorblax-key"


def test_what_is_sent_is_the_picture_and_nothing_of_its_file(
    service: FakeService, loaded: Load, canary_picture: Picture
) -> None:
    import base64

    service.says(OK)
    detector = loaded(described(service.url))
    detector.score([canary_picture, canary_picture])
    sent = [base64.b64decode(asked.json()["picture"]) for asked in service.asked]
    assert sent[0] == sent[1]
    with Image.open(io.BytesIO(sent[0]), formats=("JPEG",)) as image:
        assert image.size == (320, 240)
        assert not image.getexif()
        assert np.abs(np.asarray(image, int) - canary_picture.pixels).mean() < 4


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_service_is_asked_again(
    service: FakeService, loaded: Load, fake_time: FakeTime, canary_text: Text, status: int
) -> None:
    service.says(Says(status=status), OK)
    assert loaded(described(service.url)).score([canary_text]) == [Result.ok({"adult_sexual": 0.25})]
    assert fake_time.slept == [0.25]


def test_waits_grow_and_end(service: FakeService, loaded: Load, fake_time: FakeTime, canary_text: Text) -> None:
    service.says(Says(status=503))
    assert loaded(described(service.url, "retries: 4")).score([canary_text]) == [Result.error("unavailable")]
    assert fake_time.slept == [0.25, 0.5, 1.0, 2.0]
    assert len(service.asked) == 5


def test_a_wait_that_the_service_asks_for_is_kept(
    service: FakeService, loaded: Load, fake_time: FakeTime, canary_text: Text
) -> None:
    service.says(Says(status=429, headers={"Retry-After": "7"}), OK)
    assert loaded(described(service.url)).score([canary_text])[0].status is Status.OK
    assert fake_time.slept == [7.25]


def test_a_date_to_wait_for_is_kept(service: FakeService, loaded: Load, fake_time: FakeTime, canary_text: Text) -> None:
    service.says(Says(status=503, headers={"Retry-After": "Thu, 01 Jan 2026 00:00:05 GMT"}), OK)
    assert loaded(described(service.url)).score([canary_text])[0].status is Status.OK
    assert fake_time.slept == [5.25]


@pytest.mark.parametrize("asked", ["21", "999999999999", "Fri, 02 Jan 2026 00:00:00 GMT"])
def test_a_wait_beyond_the_bound_is_a_failure(
    service: FakeService, loaded: Load, fake_time: FakeTime, canary_text: Text, asked: str
) -> None:
    service.says(Says(status=429, headers={"Retry-After": asked}), OK)
    assert loaded(described(service.url)).score([canary_text]) == [Result.error("rate_limited")]
    assert fake_time.slept == []


@pytest.mark.parametrize("asked", ["soon", "-1", "1e3", "٣"])
def test_a_wait_that_makes_no_sense_is_none(
    service: FakeService, loaded: Load, fake_time: FakeTime, canary_text: Text, asked: str
) -> None:
    header = asked if asked.isascii() else "\xd9"
    service.says(Says(status=429, headers={"Retry-After": header}), OK)
    assert loaded(described(service.url)).score([canary_text])[0].status is Status.OK
    assert fake_time.slept == [0.25]


@pytest.mark.parametrize(
    ("says", "reason", "times"),
    [
        (Says(status=401), "not_authorised", 1),
        (Says(status=403), "not_authorised", 1),
        (Says(status=404), "refused", 1),
        (Says(status=400), "refused", 1),
        (Says(status=413), "too_large", 1),
        (Says(status=500), "service_failed", 1),
        (Says(status=204, raw=b"", headers={"Content-Length": ""}), "malformed_reply", 1),
        (Says(hang_up=True), "connection_lost", 3),
        (Says(raw=b"{"), "malformed_reply", 1),
        (Says(raw=b"\xff\xfe"), "malformed_reply", 1),
        (Says(raw=b'{"score": NaN}'), "malformed_reply", 1),
        (Says(raw=b'{"score": 1e999}'), "malformed_reply", 1),
        (Says(raw=b'{"score": 0, "score": 1}'), "malformed_reply", 1),
        (Says(raw=b"[" * 100_000), "malformed_reply", 1),
        (Says(raw=b'{"score": ' + b"9" * 5000 + b"}"), "malformed_reply", 1),
        (Says({"score": 1.5}), "malformed_reply", 1),
        (Says({"score": -0.5}), "malformed_reply", 1),
        (Says({"score": True}), "malformed_reply", 1),
        (Says({"score": "0.5"}), "malformed_reply", 1),
        (Says({"score": None}), "malformed_reply", 1),
        (Says({"points": 0.5}), "malformed_reply", 1),
        (Says([]), "malformed_reply", 1),
        (Says(raw=b'{"score": 0.1}', headers={"Content-Encoding": "gzip"}), "malformed_reply", 1),
        (Says(raw=b" " * (1 << 20) + b" "), "reply_too_large", 1),
        (Says(raw=b" " * (2 << 20), headers={"Content-Length": ""}), "reply_too_large", 1),
    ],
)
def test_what_is_no_answer_is_an_error(
    service: FakeService, loaded: Load, canary_text: Text, says: Says, reason: str, times: int
) -> None:
    service.says(says)
    assert loaded(described(service.url)).score([canary_text]) == [Result.error(reason)]
    assert len(service.asked) == times


def test_a_redirect_is_never_followed(service: FakeService, loaded: Load, canary_text: Text) -> None:
    elsewhere = FakeService()
    try:
        for status in (301, 302, 303, 307, 308):
            service.says(Says(status=status, headers={"Location": f"{elsewhere.url}/judge"}))
            assert loaded(described(service.url)).score([canary_text]) == [Result.error("redirected")]
        assert elsewhere.asked == []
    finally:
        elsewhere.close()


def test_a_service_that_is_not_there_is_not_asked_for_every_item(
    loaded: Load, fake_time: FakeTime, canary_text: Text
) -> None:
    with closed_port() as url:
        assert loaded(described(url)).score([canary_text] * 5) == [Result.error("unreachable")] * 5
    assert len(fake_time.slept) == 2


@pytest.mark.parametrize("error", [socket.gaierror(-2, "zorblax"), UnicodeError("label too long")])
def test_a_name_that_resolves_to_nothing_is_unreachable(
    loaded: Load, canary_text: Text, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def resolve(*_: object, **__: object) -> object:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    detector = loaded(described("https://guard.invalid", "retries: 0"))
    assert detector.score([canary_text]) == [Result.error("unreachable")]


def test_a_refused_key_ends_the_call(service: FakeService, loaded: Load, canary_text: Text) -> None:
    service.says(Says(status=401))
    assert loaded(described(service.url)).score([canary_text] * 4) == [Result.error("not_authorised")] * 4
    assert len(service.asked) == 1


def test_a_slow_body_ends_at_the_deadline(service: FakeService, loaded: Load, canary_text: Text) -> None:
    """Each byte comes in time, and all of them never do."""
    service.says(Says({"score": 0.5, "more": "-" * 10_000}, drip=0.02))
    detector = loaded(described(service.url, "read_seconds: 5\ntotal_seconds: 0.2"))
    assert detector.score([canary_text]) == [Result.error("timeout")]


def test_slow_headers_end_at_the_deadline(loaded: Load, canary_text: Text) -> None:
    over = threading.Event()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                try:
                    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"-" * 1000:
                        connection.sendall(bytes([byte]))
                        if over.wait(0.02):
                            return
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        detector = loaded(described(url, "read_seconds: 5\ntotal_seconds: 0.2\nretries: 0"))
        assert detector.score([canary_text]) == [Result.error("timeout")]
        over.set()
        thread.join(5)


def test_two_timeouts_in_a_row_end_the_call(service: FakeService, loaded: Load, canary_text: Text) -> None:
    service.says(Says(stall=30))
    detector = loaded(described(service.url, "read_seconds: 0.05"))
    assert detector.score([canary_text] * 6) == [Result.error("timeout")] * 6
    assert len(service.asked) == 2


def test_one_slow_item_spoils_no_other(service: FakeService, loaded: Load) -> None:
    service.answer = lambda asked: Says({"score": 0.25}, stall=30 if "slow" in asked.json()["words"] else 0)
    detector = loaded(described(service.url, "read_seconds: 0.5"))
    statuses = [result.status for result in detector.score([Text("zorblax"), Text("slow"), Text("owl")])]
    assert statuses == [Status.OK, Status.ERROR, Status.OK]


def test_requests_may_run_side_by_side(service: FakeService, loaded: Load) -> None:
    """Nobody gets an answer before all four have asked."""
    together = threading.Barrier(4)

    def script(asked: object) -> Says:
        together.wait(10)
        return OK

    service.answer = script
    detector = loaded(described(service.url, "parallel: 4"))
    results = detector.score([Text(f"zorblax {number}") for number in range(4)])
    assert [result.status for result in results] == [Status.OK] * 4


def test_a_text_that_is_too_long_is_not_cut(service: FakeService, loaded: Load) -> None:
    service.says(OK)
    detector = loaded(described(service.url, "max_bytes: 10"))
    results = detector.score([Text("é" * 6), Text("é" * 5), Text("\ud800")])
    assert results == [Result.abstain("too_long"), Result.ok({"adult_sexual": 0.25}), Result.error("bad_text")]
    assert len(service.asked) == 1


def test_pictures_that_say_nothing_are_not_sent(service: FakeService, loaded: Load) -> None:
    detector = loaded(described(service.url))
    small = Picture(np.zeros((20, 20, 3), np.uint8), 20, 20)
    huge = Picture(np.zeros((64, 64, 3), np.uint8), 10_000, 10_000)
    grey = Picture(np.zeros((64, 64), np.uint8), 64, 64)
    results = detector.score([small, huge, grey])
    assert results == [Result.abstain("too_small"), Result.abstain("too_large"), Result.error("bad_picture")]
    assert service.asked == []


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
