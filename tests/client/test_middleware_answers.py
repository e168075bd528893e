"""The middleware on answers: nothing leaves the application, whole or in a stream, that the guard did not let pass."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
from fastapi.responses import JSONResponse, Response, StreamingResponse

from seawall.client import AsyncClient, RemoteChecks
from tests.client.client_asked import DECISION
from tests.client.middleware_door import Door, Guard


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (lambda: JSONResponse({"choices": [{"message": {"content": "zorblax"}}]}), 400),
        (lambda: JSONResponse({"choices": [{"message": {"content": ["a", {"b": "zorblax"}]}}]}), 400),
        (lambda: JSONResponse({"choices": [{"message": {"content": "snarp"}}]}), 503),
        (lambda: JSONResponse({"other": "shape"}), 503),
        (lambda: JSONResponse({"detail": "you said zorblax"}, 422), 400),
        (lambda: JSONResponse({"detail": "no such model"}, 404), 404),
        (lambda: Response(b"not json", media_type="application/json"), 503),
        (lambda: Response(b"zorblax", media_type="image/png"), 400),
        (lambda: Response(b"zorblax"), 400),
        (lambda: Response(b"zorblax", media_type="text/plain"), 400),
        (lambda: Response(b"\xff\xfe", media_type="text/plain"), 503),
        (lambda: Response(b"\x1f\x8b", media_type="image/png", headers={"content-encoding": "gzip"}), 503),
        (lambda: Response(b"", headers={"x-accel-redirect": "/private/made.png"}), 503),
        (lambda: Response(b"x" * (33 << 20), media_type="image/png"), 503),
        (lambda: Response(status_code=204), 204),
        (lambda: Response(b"a quiet answer", media_type="text/plain"), 200),
    ],
    ids=range(16),
)
def test_answers_are_checked_before_they_leave(checks: Guard, answer: Callable[[], Response], status: int) -> None:
    got = Door(checks, answer).chat("a boat")
    assert got.status_code == status
    assert "zorblax" not in got.text
    if status in (400, 503):
        assert got.json()["error"]["code"].startswith("seawall_")
    if status == 200:
        assert got.text == "a quiet answer"


def test_pictures_in_an_answer_are_checked_as_pictures_and_its_strings_as_text(checks: Guard) -> None:
    encoded = base64.b64encode(b"picture").decode()
    body = {"data": [{"b64": encoded, "revised_prompt": "a ship"}]}
    assert Door(checks, lambda: JSONResponse(body)).draw().json() == body
    assert checks.media == [b"picture"]
    assert checks.asked[-1].text == "a ship"
    bad = {"data": [{"b64": base64.b64encode(b"zorblax").decode()}]}
    assert Door(checks, lambda: JSONResponse(bad)).draw().status_code == 400
    bad = {"data": [{"b64": encoded, "revised_prompt": "zorblax"}]}
    assert Door(checks, lambda: JSONResponse(bad)).draw().status_code == 400
    bad = {"data": [{"b64": "https://elsewhere.test/a.png"}]}
    assert Door(checks, lambda: JSONResponse(bad)).draw().status_code == 503


def _events(*texts: str) -> list[bytes]:
    chunks = [{"id": "c1", "choices": [{"delta": {"content": text}}]} for text in texts]
    return [f"data: {json.dumps(each)}\n\n".encode() for each in chunks] + [b"data: [DONE]\n\n"]


def _streaming(pieces: list[bytes], media_type: str = "text/event-stream") -> Callable[[], Response]:
    async def body() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return lambda: StreamingResponse(body(), media_type=media_type)


def test_a_stream_arrives_whole_when_it_is_harmless(checks: Guard) -> None:
    pieces = _events("a ", "bo", "at ", "on the lake")
    whole = b"".join(pieces)
    cut = [whole[at : at + 7] for at in range(0, len(whole), 7)]
    for way in (pieces, cut, [whole]):
        checks.streamed = ""
        got = Door(checks, _streaming(way)).chat("go")
        assert got.status_code == 200
        assert got.content == whole
        assert checks.streamed == "a boat on the lake"


def test_a_stream_is_stopped_before_the_word_that_stops_it_is_whole(checks: Guard) -> None:
    got = Door(checks, _streaming(_events("a long quiet ", "beginning, zor", "blax", " and more"))).chat("go")
    assert "a long quiet" in got.text
    assert "zor" not in got.text
    assert "more" not in got.text
    assert got.text.endswith("\n\n")
    last = got.text.strip().split("\n\n")[-1]
    assert last.startswith("event: error\ndata: ")
    assert json.loads(last.split("data: ")[1])["error"]["decision_id"] == DECISION
    assert Door(checks, _streaming(_events("zorblax"))).chat("go").status_code == 400


def test_a_plain_stream_is_stopped_too(checks: Guard) -> None:
    got = Door(checks, _streaming([b"quiet words and ", b"zorb", b"lax and"], "text/plain")).chat("go")
    assert got.text.startswith("quiet w")
    assert "zor" not in got.text
    assert "and" not in got.text.removeprefix("quiet words and")


@pytest.mark.parametrize(
    "piece",
    [
        b"data: not json\n\n",
        b'data: {"choices": [{"delta": {"tool": "some hidden words"}}]}\n\n',
        b'data: {"choices": [{"delta": {"content": 7}}]}\n\n',
        b"other: some hidden words\n\n",
        b"event: some hidden words\ndata: [DONE]\n\n",
        b"data: \xff\n\n",
    ],
)
def test_an_event_that_cannot_be_checked_is_not_sent(checks: Guard, piece: bytes) -> None:
    got = Door(checks, _streaming([piece])).chat("go")
    assert got.status_code == 503
    assert "hidden" not in got.text


def test_comments_of_a_stream_are_not_sent_on(checks: Guard) -> None:
    got = Door(checks, _streaming([b": some hidden words\n\n", *_events("a boat")])).chat("go")
    assert got.content == b":\n\n" + b"".join(_events("a boat"))


def test_a_remote_guard_holds_a_stream_back_to_its_end(guard: Any) -> None:
    client = AsyncClient("https://guard.test", "sw_test", transport=httpx.MockTransport(guard.later))
    whole = _events("a boat ", "on the lake")
    assert Door(RemoteChecks(client), _streaming(whole)).chat("go").content == b"".join(whole)
    assert guard.meta()["text"] == "a boat on the lake"
    got = Door(RemoteChecks(client), _streaming(_events("a boat ", "zorblax"))).chat("go")
    assert got.status_code == 400


def test_an_application_that_goes_on_after_a_stop_is_told_that_nobody_listens(checks: Guard) -> None:
    made = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal made
        for made in range(10_000):
            yield _events("zorblax" if made == 3 else "a boat ")[0]

    got = Door(checks, lambda: StreamingResponse(endless(), media_type="text/event-stream")).chat("go")
    assert "zorblax" not in got.text
    assert made < 10


def test_a_stream_whose_application_breaks_off_is_decided_all_the_same(checks: Any) -> None:
    def breaking() -> Iterator[bytes]:
        yield from _events("a long quiet beginning")[:1]
        raise ConnectionResetError("the model went away")

    with pytest.raises(ConnectionResetError):
        Door(checks, lambda: StreamingResponse(breaking(), media_type="text/event-stream")).chat("go")
    assert checks.closed == 1
    checks.streamed = ""
    assert Door(checks, _streaming(_events("a boat"))).chat("go").status_code == 200
    assert checks.closed == 1, "what has ended is not closed again"
