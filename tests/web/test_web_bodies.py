"""Bodies are bounded, strict, and never echoed."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.web import strict_json
from seawall.web.body import Limits
from seawall.web.errors import Malformed

JSON = {"content-type": "application/json"}
BOUNDARY = "seawallseawall"
FORM = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
GOOD = {"account": "a", "prompt": "b"}

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def part(name: str, data: bytes, *, more: str = "") -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="zorblax.bin"\r\n{more}\r\n'
    return head.encode() + data + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@given(plain)
def test_what_json_writes_is_read_again(value: Any) -> None:
    try:
        text = json.dumps(value).encode()
    except ValueError:
        return
    try:
        assert strict_json.parse(text) == value
    except Malformed as problem:
        assert "half a character" in problem.message


@settings(max_examples=300)
@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\u0123456789eE+-.nulltruefase \ud83d', max_size=40))
def test_any_bytes_are_json_or_malformed(data: Any) -> None:
    raw = data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")
    try:
        value = strict_json.parse(raw)
    except Malformed:
        return
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"account": "a", "account": "b"}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": "\\ud800"}',
        b'{"a": "\xff"}',
        b'\xef\xbb\xbf{"account": "a"}',
        b"[" * 65 + b"]" * 65,
        b"[" * 50_000 + b"]" * 50_000,
        b'{"a":' * 5_000,
        b"9" * 5_000,
    ],
)
def test_json_that_is_ambiguous_deep_or_broken_is_malformed(server: Any, body: bytes) -> None:
    answer = server.ask("POST", "/v1/check/input", content=body, headers=JSON)
    assert code(answer) == (400, "malformed")
    assert server.guard.asked == []


def test_a_body_over_the_limit_is_refused(server: Any) -> None:
    answer = server.ask("POST", "/v1/check/input", content=b'"' + b"a" * 100_000, headers=JSON)
    assert code(answer) == (413, "too_large")
    assert answer.headers["connection"] == "close"


def test_a_body_over_the_limit_that_does_not_say_so_is_refused(server: Any) -> None:
    async def pieces() -> Any:
        for _ in range(1000):
            yield b"a" * 1000

    assert code(server.ask("POST", "/v1/check/input", content=pieces(), headers=JSON)) == (413, "too_large")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_other_content_types_are_refused(server: Any, kind: str) -> None:
    answer = server.ask("POST", "/v1/check/input", content=json.dumps(GOOD), headers={"content-type": kind})
    assert code(answer) == (415, "content_type")


def test_a_body_that_comes_too_slowly_is_given_up(server: Any) -> None:
    slow = server.with_parts(limits=replace(server.parts.limits, grace=0.05, rate=1 << 20))

    async def pieces() -> Any:
        yield b"{"
        await asyncio.sleep(5)

    start = time.monotonic()
    assert code(slow.ask("POST", "/v1/check/input", content=pieces(), headers=JSON)) == (408, "too_slow")
    assert time.monotonic() - start < 4.5


def test_a_body_that_drips_is_given_up_however_long_it_drips(server: Any) -> None:
    slow = server.with_parts(limits=replace(server.parts.limits, grace=0.1, rate=1 << 20))
    sent = 0

    async def pieces() -> Any:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b" "
            await asyncio.sleep(0.005)

    assert code(slow.ask("POST", "/v1/check/input", content=pieces(), headers=JSON)) == (408, "too_slow")
    assert sent < 500


def test_a_file_and_its_meta_reach_the_guard_in_either_order(server: Any) -> None:
    file, meta = part("file", b"\x00\r\n--bytes"), part("meta", b'{"account": "a"}')
    for body in (form(file, meta), form(meta, file)):
        assert server.ask("POST", "/v1/check/upload", content=body, headers=FORM).status_code == 200
        kind, check, data = server.guard.asked.pop()
        assert (kind, check.account, data) == ("upload", "a", b"\x00\r\n--bytes")
    assert server.parts.budget.used == 0


@settings(max_examples=50)
@given(data=st.binary(max_size=300), sizes=st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_a_file_arrives_whole_however_it_is_cut(data: bytes, sizes: list[int]) -> None:
    from seawall.web.multipart import _Parser

    taken = bytearray()

    class Sink:
        def write(self, chunk: bytes | memoryview) -> None:
            taken.extend(chunk)

    if BOUNDARY.encode() in data:
        return
    parser = _Parser(BOUNDARY.encode(), Limits(), Sink(), ("file",))
    body, place = form(part("meta", b"{}"), part("file", data)), 0
    for size in [*sizes, len(body)]:
        parser.write(body[place : place + size])
        place += size
    assert parser.finish().meta == b"{}"
    assert bytes(taken) == data


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (form(part("meta", b'{"account": "a"}')), (422, "invalid")),
        (form(part("file", b"x")), (422, "invalid")),
        (form(part("file", b"x"), part("meta", b"{}")), (422, "invalid")),
        (form(part("file", b"x"), part("meta", b"{")), (400, "malformed")),
        (form(part("file", b"x"), part("file", b"x"), part("meta", b"{}")), (400, "malformed")),
        (form(part("file", b"x"), part("zorblax", b"x")), (400, "malformed")),
        (form(*[part(f"p{n}", b"") for n in range(10_000)]), (400, "malformed")),
        (form(part("file", b"x", more="X-A: " + "a" * 5000 + "\r\n")), (400, "malformed")),
        (form(part("file", b"x", more="X-A: b\r\n" * 100)), (400, "malformed")),
        (form(part("file", b"x", more="Content-Transfer-Encoding: base64\r\n")), (400, "malformed")),
        (part("file", b"x"), (400, "malformed")),
        (b"", (400, "malformed")),
        (b"nothing of the kind", (400, "malformed")),
        (form(part("file", b"x" * (2 << 20)), part("meta", b'{"account": "a"}')), (413, "too_large")),
        (form(part("meta", b'"' + b"x" * 20_000), part("file", b"x")), (413, "too_large")),
    ],
)
def test_forms_that_are_not_a_file_and_its_meta_are_refused(
    server: Any, body: bytes, expected: tuple[int, str]
) -> None:
    answer = server.ask("POST", "/v1/check/upload", content=body, headers=FORM)
    assert code(answer) == expected
    assert "zorblax" not in answer.text
    assert server.guard.asked == []
    assert server.parts.budget.used == 0


@pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=" + "x" * 71, '; boundary="\xff"'])
def test_forms_without_a_usable_boundary_are_refused(server: Any, boundary: str) -> None:
    headers = [(b"content-type", f"multipart/form-data{boundary}".encode("latin-1"))]
    answer = server.ask("POST", "/v1/check/upload", content=b"x", headers=dict(headers))
    assert answer.status_code == 400


def test_uploads_that_are_too_many_together_are_refused_as_busy(server: Any) -> None:
    server.parts.budget.take(server.parts.budget.size)
    body = form(part("file", b"x"), part("meta", b'{"account": "a"}'))
    answer = server.ask("POST", "/v1/check/upload", content=body, headers=FORM)
    assert code(answer) == (503, "guard_busy")
    assert answer.headers["retry-after"] == "1"


def test_an_output_is_a_text_as_json_or_a_file_beside_its_meta(server: Any) -> None:
    assert server.ask("POST", "/v1/check/output", json={"account": "a", "text": "b"}).status_code == 200
    body = form(part("file", b"x"), part("meta", b'{"account": "a", "prompt": "p"}'))
    assert server.ask("POST", "/v1/check/output", content=body, headers=FORM).status_code == 200
    assert [(kind, data) for kind, _, data in server.guard.asked] == [("output", None), ("output", b"x")]
    assert code(server.ask("POST", "/v1/check/output", json={"account": "a"})) == (422, "invalid")
    assert code(server.ask("POST", "/v1/check/output", content=b"x")) == (415, "content_type")
