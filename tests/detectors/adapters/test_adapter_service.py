"""What every adapter for a service keeps to, seen through the simplest of them: what is asked, waited for and read."""

from __future__ import annotations

import io
import socket
import threading

import numpy as np
import pytest
from PIL import Image

from seawall.detectors.contract import Picture, Result, Status, Text
from tests.detectors.adapters.described_service import OK, Load, described
from tests.detectors.adapters.fake_service import FakeService, FakeTime, Says, closed_port

pytestmark = pytest.mark.usefixtures("service_key")


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
