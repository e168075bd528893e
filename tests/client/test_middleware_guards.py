"""The middleware: nothing reaches the application, and nothing leaves it, that the guard did not let pass."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.client import AsyncClient, RemoteChecks
from seawall.client.middleware import SCOPE_KEY, Body, GuardMiddleware, Output, Route
from seawall.client.middleware.events import Events, PlainText
from seawall.client.middleware.pointers import NotJson, Pointer, read_json, strings
from seawall.errors import UsageError

DECISION = "0190a1b2c3d47e5f8091a2b3c4d5e6f7"
CHAT = Route(
    "/v1/chat/completions",
    account="x-account",
    prompt=(),
    history="/messages",
    model="/model",
    surface="chat",
    output=Output(texts=("/choices/*/message/content",), deltas=("/choices/*/delta/content",)),
)
DRAW = Route(
    "/models/{model}/draw",
    account=lambda scope: scope["query_string"].decode() or None,
    negative_prompt="/options/negative",
    system="/options/system",
    attachments=("/image", "/masks/*"),
    surface="image",
    output=Output(images=("/data/*/b64",)),
)
UPLOAD = Route("/files/*", account="x-account", body=Body.MEDIA, most=1000)


class Guard(Protocol):
    """What the stand-in knows."""

    asked: list[Any]
    media: list[bytes]
    streamed: str


def _application(seen: list[Any], answer: Callable[[], Response] | None = None) -> FastAPI:
    app = FastAPI()

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Response:
        seen.append(await request.json())
        return answer() if answer else JSONResponse({"choices": [{"message": {"content": "fine"}}]})

    @app.post("/models/{model}/draw")
    async def draw(model: str, body: dict[str, Any]) -> Response:
        seen.append(body)
        return answer() if answer else Response(b"\x89PNG", media_type="image/png")

    @app.put("/files/{name}")
    async def keep(name: str, request: Request) -> dict[str, Any]:
        seen.append(await request.body())
        return {"decision": request.scope[SCOPE_KEY].decision_id}

    @app.post("/other")
    async def other(body: dict[str, Any]) -> dict[str, Any]:
        seen.append(body)
        return body

    return app


class Door:
    """An application behind the middleware."""

    def __init__(self, guard: Any, answer: Callable[[], Response] | None = None, **options: Any) -> None:
        self.seen: list[Any] = []
        self.app = _application(self.seen, answer)
        self.app.add_middleware(GuardMiddleware, guard=guard, routes=[CHAT, DRAW, UPLOAD], **options)

    def __call__(self, method: str, url: str, **request: Any) -> httpx.Response:
        async def run() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://app.test") as client:
                return await client.request(method, url, **request)

        return asyncio.run(run())

    def chat(self, *messages: Any, **request: Any) -> httpx.Response:
        body = {"model": "m1", "messages": [{"role": "user", "content": each} for each in messages]}
        return self("POST", "/v1/chat/completions", json=body, headers={"x-account": "u1"}, **request)

    def draw(self, prompt: str = "a boat", **more: Any) -> httpx.Response:
        return self("POST", "/models/m1/draw?u1", json={"prompt": prompt, **more})


def test_an_allowed_request_reaches_the_application_as_it_came(checks: Guard) -> None:
    door = Door(checks)
    answer = door.chat("hello", "a boat")
    assert answer.status_code == 200
    assert answer.json() == {"choices": [{"message": {"content": "fine"}}]}
    assert door.seen[0]["messages"][1]["content"] == "a boat"
    asked = checks.asked[0]
    assert (asked.account, asked.prompt, asked.surface, asked.model) == ("u1", "a boat", "chat", "m1")
    assert [turn.content for turn in asked.history] == ["hello"]
    assert (checks.asked[1].text, checks.asked[1].prompt) == ("fine", "a boat")


@pytest.mark.parametrize("word", ["zorblax", "quimble", "fernwibble"])
def test_a_request_that_is_not_allowed_never_reaches_it(checks: Guard, word: str) -> None:
    door = Door(checks)
    for answer in (door.chat(word), door.chat(word, "and then"), door.draw(options={"negative": word})):
        assert answer.status_code == 400
        assert answer.json()["error"] == {
            "code": "seawall_blocked",
            "message": "Not here.",
            "decision_id": DECISION,
        }
        assert word not in answer.text
    assert door.seen == []


def test_what_was_not_examined_passes_only_if_the_host_says_so(checks: Guard) -> None:
    assert Door(checks).chat("fernwibble").status_code == 400
    assert Door(checks, not_examined_ok=True).chat("fernwibble").status_code == 200


def test_a_warning_passes(checks: Guard) -> None:
    assert Door(checks).chat("mofture").status_code == 200


def test_without_a_decision_nothing_passes(checks: Guard, guard: Any, pauses: list[float]) -> None:
    door = Door(checks)
    answer = door.chat("snarp")
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "seawall_unavailable"
    guard.then = [httpx.Response(503, headers={"retry-after": "3"})] * 3
    client = AsyncClient("https://guard.test", "sw_test", transport=httpx.MockTransport(guard.later))
    remote = Door(RemoteChecks(client))
    answer = remote.chat("hello")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert door.seen == remote.seen == []
    assert remote.chat("a boat").status_code == 200
    assert remote.chat("zorblax").status_code == 400


@pytest.mark.parametrize(
    "path",
    ["/v1//chat/completions", "/v1/chat/completions/", "/V1/Chat/Completions", "//v1/chat/completions"],
)
def test_other_spellings_of_a_path_are_guarded_too(checks: Guard, path: str) -> None:
    door = Door(checks)
    url = httpx.URL("http://app.test").copy_with(raw_path=path.encode())
    answer = door("POST", url, json={"messages": ["zorblax"]}, headers={"x-account": "u1"})
    assert answer.status_code == 400
    assert checks.asked


def test_a_mount_is_guarded_with_and_without_its_prefix(checks: Guard) -> None:
    for path in ("/v1/chat/completions", "/inner/v1/chat/completions"):
        assert CHAT.guards({"type": "http", "method": "POST", "path": path, "root_path": "/inner"})
    assert not CHAT.guards({"type": "http", "method": "POST", "path": "/v1/chat", "root_path": ""})


def test_other_routes_and_harmless_methods_pass_untouched(checks: Guard) -> None:
    door = Door(checks)
    assert door("POST", "/other", json={"prompt": "zorblax"}).status_code == 200
    assert door("GET", "/v1/chat/completions").status_code == 405
    assert checks.asked == []


@pytest.mark.parametrize(
    "request_parts",
    [
        {"json": {"messages": ["a"]}},
        {"json": {"messages": ["a"]}, "headers": [("x-account", "u1"), ("x-account", "u2")]},
        {"json": {"messages": ["a"]}, "headers": {"x-account": " "}},
        {"json": {}, "headers": {"x-account": "u1"}},
        {"json": {"messages": []}, "headers": {"x-account": "u1"}},
        {"json": {"messages": [7]}, "headers": {"x-account": "u1"}},
        {"json": {"messages": [{"role": "wizard", "content": "a"}, "b"]}, "headers": {"x-account": "u1"}},
        {"content": b'{"messages": ["a"]}', "headers": {"x-account": "u1"}},
        {"content": b"messages=a", "headers": {"x-account": "u1", "content-type": "application/x-www-form-urlencoded"}},
        {"content": b"not json", "headers": {"x-account": "u1", "content-type": "application/json"}},
        {
            "content": b'{"messages": ["zorblax"], "messages": ["a"]}',
            "headers": {"x-account": "u1", "content-type": "application/json"},
        },
        {
            "content": '{"messages": ["a"]}'.encode("utf-16"),
            "headers": {"x-account": "u1", "content-type": "application/json"},
        },
        {
            "content": b'{"messages": ["a"]}',
            "headers": {"x-account": "u1", "content-type": "application/json; charset=utf-7"},
        },
        {"content": b"[" * 200_000, "headers": {"x-account": "u1", "content-type": "application/json"}},
        {
            "content": b'{"messages": ["a"]}',
            "headers": {"x-account": "u1", "content-type": "application/json", "content-encoding": "gzip"},
        },
    ],
    ids=range(15),
)
def test_a_request_that_cannot_be_read_for_certain_is_refused(checks: Guard, request_parts: dict[str, Any]) -> None:
    door = Door(checks)
    answer = door("POST", "/v1/chat/completions", **request_parts)
    assert answer.status_code in (400, 415)
    assert answer.json()["error"]["code"].startswith("seawall_")
    assert door.seen == checks.asked == []


def test_pictures_within_messages_are_checked_and_addresses_of_pictures_refused(checks: Guard) -> None:
    door = Door(checks)

    def ask(url: str) -> httpx.Response:
        parts = [{"type": "text", "text": "what is it"}, {"type": "image_url", "image_url": {"url": url}}]
        return door.chat(parts)

    good = base64.b64encode(b"picture").decode()
    assert ask(f"data:image/png;base64,{good}").status_code == 200
    assert checks.asked[0].attachments[0].base64 == b"picture"
    assert ask(f"data:image/png;base64,{base64.b64encode(b'zorblax').decode()}").status_code == 400
    assert ask("https://elsewhere.test/a.png").status_code == 400
    assert door.chat([{"type": "hologram", "data": "a"}]).status_code == 400
    assert len(door.seen) == 1


def test_what_a_message_says_beside_its_content_is_read_too(checks: Guard) -> None:
    door = Door(checks)
    call = {"role": "assistant", "content": None, "tool_calls": [{"function": {"arguments": "zorblax"}}]}
    body = {"messages": [call, {"role": "user", "content": "go on"}]}
    assert door("POST", "/v1/chat/completions", json=body, headers={"x-account": "u1"}).status_code == 400


def test_attachments_and_other_prompts_are_found(checks: Guard) -> None:
    door = Door(checks)
    encoded = base64.b64encode(b"mask").decode()
    assert door.draw(["one", "two"], masks=[encoded], options={"system": "draw"}, image=None).status_code == 200
    asked = checks.asked[0]
    assert (asked.prompt, asked.system, asked.attachments[0].base64) == ("one\ntwo", "draw", b"mask")


def test_an_upload_is_the_body_itself(checks: Guard) -> None:
    door = Door(checks)
    headers = {"x-account": "u1"}
    answer = door("PUT", "/files/a.png", content=b"picture", headers=headers)
    assert answer.json() == {"decision": DECISION}
    assert door.seen == checks.media == [b"picture"]
    assert door("PUT", "/files/a.png", content=b"zorblax", headers=headers).status_code == 400
    assert door("PUT", "/files/a.png", content=b"x" * 1001, headers=headers).status_code == 413

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    assert door("PUT", "/files/a.png", content=endless(), headers=headers).status_code == 413
    assert len(door.seen) == 1


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


def test_an_application_is_not_asked_for_compressed_or_partial_answers(checks: Guard) -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.pathsend", "path": "/etc/hostname"})

    sent: list[Any] = []

    async def run() -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": b'{"messages": ["a"]}'}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"x-account", b"u1"), (b"content-type", b"application/json"), (b"accept-encoding", b"gzip")]
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/chat/completions",
            "headers": [*headers, (b"range", b"bytes=0-1")],
            "extensions": {"http.response.pathsend": {}},
        }
        await GuardMiddleware(app, guard=checks, routes=[CHAT])(scope, receive, send)

    asyncio.run(run())
    assert [name for name, _ in seen[0]["headers"]] == [b"x-account", b"content-type"]
    assert seen[0]["extensions"] == {}
    assert sent[0]["status"] == 503


def test_a_socket_on_a_guarded_route_is_closed(checks: Guard) -> None:
    sent: list[Any] = []

    async def run() -> None:
        async def receive() -> Any:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            raise AssertionError

        scope = {"type": "websocket", "path": "/v1/chat/completions", "headers": []}
        await GuardMiddleware(app, guard=checks, routes=[CHAT])(scope, receive, send)

    asyncio.run(run())
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_a_bug_of_the_application_is_not_hidden(checks: Guard) -> None:
    def fail() -> Response:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        Door(checks, fail).chat("a boat")


def test_a_request_that_never_ends_is_given_up(checks: Guard) -> None:
    sent: list[Any] = []

    async def run() -> None:
        async def receive() -> Any:
            await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "PUT",
            "path": "/files/a",
            "headers": [(b"x-account", b"u1")],
        }
        guard = GuardMiddleware(lambda *_: asyncio.sleep(0), guard=checks, routes=[UPLOAD], reading_seconds=0.01)
        await guard(scope, receive, send)

    asyncio.run(run())
    assert sent[0]["status"] == 408


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": "no-slash"},
        {"prompt": ()},
        {"prompt": "prompt"},
        {"history": "messages"},
        {"attachments": ("image",)},
    ],
)
def test_a_route_that_would_check_nothing_or_elsewhere_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Route(**{"path": "/a", "account": "x", **wrong})
    with pytest.raises(UsageError):
        Output(texts=("no-slash",))


def test_pointers_lead_where_the_standard_says() -> None:
    document = {"a/b": 1, "m~n": 2, "": 3, "list": [{"x": 4}, {"x": None}, {"x": 5}], "0": 6}
    found = {
        text: Pointer.parse(text).find(document)
        for text in ("/a~1b", "/m~0n", "/", "/list/0/x", "/list/*/x", "/list/9", "/list/-1", "/0", "/none/x")
    }
    assert [*found.values()] == [[1], [2], [3], [4], [4, 5], [], [], [6], []]
    assert Pointer.parse("").find(document) == [document]


_BODY = st.recursive(
    st.text(max_size=5) | st.integers() | st.none() | st.sampled_from(["zorblax", "quimble", "a boat"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["prompt", "options", "negative", "image", "masks", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_BODY)
def test_whatever_is_asked_reaches_the_application_only_after_the_guard_saw_it(checks: Guard, body: Any) -> None:
    reached: list[Any] = []
    checks.asked.clear()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reached.append(json.loads((await receive())["body"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def run() -> list[Any]:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": json.dumps(body).encode()}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/models/m/draw", "query_string": b"u1"}
        headers = [(b"content-type", b"application/json")]
        await GuardMiddleware(app, guard=checks, routes=[DRAW])({**scope, "headers": headers}, receive, send)
        return sent

    sent = asyncio.run(run())
    assert len(sent) == 2
    assert (sent[0]["status"] == 200) == bool(reached)
    if reached:
        given_prompt = body["prompt"]
        assert checks.asked[0].prompt == (given_prompt if isinstance(given_prompt, str) else "\n".join(given_prompt))
        assert "zorblax" not in checks.asked[0].prompt
        assert not isinstance(body.get("options"), dict) or body["options"].get("negative") not in (
            "zorblax",
            "quimble",
        )


@given(st.binary(max_size=60))
def test_json_is_read_alike_or_refused(data: bytes) -> None:
    try:
        value = read_json(data)
    except NotJson:
        return
    assert value == json.loads(data.decode())


_DOCUMENT = st.recursive(
    st.text(max_size=5) | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=10,
)


@given(_DOCUMENT)
def test_every_string_of_a_document_is_found(document: Any) -> None:
    def count(value: Any) -> int:
        if isinstance(value, dict):
            return sum(map(count, value.values()))
        return sum(map(count, value)) if isinstance(value, list) else isinstance(value, str)

    assert len(list(strings(document))) >= count(document)


@given(st.text(max_size=60), st.integers(1, 7))
def test_text_is_cut_without_loss(text: str, size: int) -> None:
    cutter = PlainText()
    data = text.encode("utf-8", "replace")
    parts = [data[at : at + size] for at in range(0, len(data), size)] or [b""]
    pieces = [piece for at, part in enumerate(parts) for piece in cutter.cut(part, at == len(parts) - 1)]
    assert b"".join(piece.data for piece in pieces) == data
    assert "".join(piece.text for piece in pieces).encode() == data


@given(st.lists(st.text(max_size=9), max_size=5), st.integers(1, 40), st.sampled_from(["\n", "\r\n", "\r"]))
def test_events_are_cut_alike_however_they_arrive(texts: list[str], size: int, end: str) -> None:
    whole = "".join(f"data: {json.dumps({'t': text})}{end}{end}" for text in texts).encode()
    parts = [whole[at : at + size] for at in range(0, len(whole), size)] or [b""]
    cutter = Events(["/t"])
    pieces = [piece for at, part in enumerate(parts) for piece in cutter.cut(part, at == len(parts) - 1)]
    assert "".join(piece.text for piece in pieces) == "".join(texts)
