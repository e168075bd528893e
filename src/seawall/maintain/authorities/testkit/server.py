"""The test kit over HTTP, on this machine alone: both environments, and what steers them.

    /ispws            the test environment            /prod/ispws        the production environment
    /_testkit/state   reports of both                 /_testkit/clock    POST {"forward": seconds}
    /_testkit/faults  POST a plan of faults           /_testkit/reset    POST: as it was at first

User and password are `testkit`. Files that are sent are digested, and nothing of them is kept.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

from python_multipart import MultipartParser
from python_multipart.multipart import parse_options_header

from seawall.errors import UsageError
from seawall.maintain.authorities.ncmec.parsing import DOCUMENT_BYTES
from seawall.maintain.authorities.ncmec.schema import load_schema
from seawall.maintain.authorities.ncmec.uploading import PIECE, Digests
from seawall.maintain.authorities.testkit.as_xsd import as_xsd
from seawall.maintain.authorities.testkit.clock import VirtualClock
from seawall.maintain.authorities.testkit.faults import Fault, FaultKind, FaultPlan
from seawall.maintain.authorities.testkit.ispws import Answer, Ispws

USER = PASSWORD = "testkit"  # noqa: S105 (that of a stand-in, which everybody may know)
_ALLOWED = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
_BEFORE = frozenset({FaultKind.DROP_BEFORE, FaultKind.ERROR_BEFORE, FaultKind.HTML, FaultKind.TOO_MANY})
_DROPS = frozenset({FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER})
_PAGE = b"<!doctype html><html><body><p>Sign in to this network</p></body></html>"
_FIELD = 4096


class TestKit:
    """The state of a kit: two environments, a clock and a plan of faults."""

    __test__ = False

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.faults = FaultPlan()
        self.environments = {"/ispws": Ispws(self.clock), "/prod/ispws": Ispws(self.clock)}
        self.calls: list[dict[str, Any]] = []
        self._lock = Lock()

    def called(self, environment: str, call: str, answer: Answer | None, fault: Fault | None) -> None:
        """Note a call."""
        told = {"environment": environment, "call": call, "code": answer.code if answer is not None else None}
        with self._lock:
            self.calls.append(told | {"fault": fault.kind.value if fault is not None else None})

    def state(self) -> dict[str, Any]:
        """Return all that there is to see."""
        with self._lock:
            calls = list(self.calls)
        return {name: {"reports": each.state()} for name, each in self.environments.items()} | {"calls": calls}

    def reset(self) -> None:
        """Be as at first."""
        self.clock.reset()
        self.faults.order([])
        with self._lock:
            self.calls.clear()
        for each in self.environments.values():
            each.reset()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body leave together: apart, each reply waits for an acknowledgement
    server_version = "testkit"
    sys_version = ""
    kit: TestKit

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the moment as a header says it: by the kit's own clock."""
        return super().date_time_string(self.kit.clock().timestamp() if timestamp is None else timestamp)

    def do_GET(self) -> None:
        """Answer."""
        self._route()

    def do_POST(self) -> None:
        """Answer."""
        self._route()

    def _route(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/_testkit/"):
            self._steer(path.removeprefix("/_testkit/"))
            return
        for prefix, environment in self.kit.environments.items():
            if path.startswith(f"{prefix}/"):
                self._call(prefix, environment, path.removeprefix(f"{prefix}/"))
                return
        self._send(404, b"")

    def _call(self, prefix: str, environment: Ispws, call: str) -> None:
        fault = self.kit.faults.next(call)
        body = self._body(call)
        if self.headers.get("Authorization") != _ALLOWED or (fault and fault.kind is FaultKind.UNAUTHORIZED):
            self.kit.called(prefix, call, None, fault)
            self._send(401, b"")
            return
        answer = None
        if fault is None or not (fault.kind in _BEFORE or (fault.kind is FaultKind.CODE and not fault.after)):
            answer = self._work(environment, call, body, fault)
        self.kit.called(prefix, call, answer, fault)
        self._answer(environment, call, answer, fault)

    def _work(self, environment: Ispws, call: str, body: _Body, fault: Fault | None) -> Answer | None:
        match (self.command, call):
            case ("GET", "status"):
                return Answer(0, f"Remote User : {USER}, Remote Ip : 127.0.0.1")
            case ("POST", "submit"):
                same = fault is not None and fault.kind is FaultKind.DUPLICATE_ID
                return environment.submit(body.data, same_id=same)
            case ("POST", "upload"):
                if body.digests is None:
                    return Answer(1110, "upload failed")
                return environment.upload(body.fields.get("id", ""), body.digests)
            case ("POST", "fileinfo"):
                return environment.file_info(body.data)
            case ("POST", "finish"):
                return environment.finish(body.fields.get("id", ""))
            case ("POST", "retract"):
                return environment.retract(body.fields.get("id", ""))
        return None

    def _answer(self, environment: Ispws, call: str, answer: Answer | None, fault: Fault | None) -> None:
        kind = fault.kind if fault is not None else None
        if kind in _DROPS:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif kind in (FaultKind.ERROR_BEFORE, FaultKind.ERROR_AFTER):
            self._send(500, Answer(1000, "server error").to_xml())
        elif kind in (FaultKind.HTML, FaultKind.HTML_AFTER):
            self._send(200, _PAGE, "text/html")
        elif kind is FaultKind.TOO_MANY:
            self._send(429, b"", more={"Retry-After": "1"})
        elif fault is not None and kind is FaultKind.CODE:
            self._send(200, Answer(fault.code, "a fault on order").to_xml())
        elif (self.command, call) == ("GET", "xsd"):
            self._send(200, as_xsd(environment.schema), "text/xml;charset=utf-8")
        elif answer is None:
            self._send(404, b"")
        else:
            if fault is not None and kind is FaultKind.SLOW:
                time.sleep(min(fault.seconds, 600))
            if kind is FaultKind.WRONG_MD5 and answer.md5 is not None:
                answer = Answer(answer.code, answer.description, answer.report_id, answer.file_id, "0" * 32)
            data, charset = answer.to_xml(), "utf-8"
            if kind is FaultKind.LATIN1:
                text = data.decode().replace("UTF-8", "ISO-8859-1").replace("Success", "Succès")
                data, charset = text.encode("latin-1"), "ISO-8859-1"
            self._send(answer.status, data, f"text/xml;charset={charset}")

    def _steer(self, what: str) -> None:
        data = self._body("").data
        try:
            said = json.loads(data) if data else None
            if (self.command, what) == ("GET", "state"):
                told: Any = self.kit.state()
            elif (self.command, what) == ("POST", "clock") and isinstance(said, dict):
                told = {"now": self.kit.clock.forward(float(said["forward"])).isoformat()}
            elif (self.command, what) == ("POST", "faults"):
                self.kit.faults.order(said)
                told = {"faults": len(self.kit.faults.faults)}
            elif (self.command, what) == ("POST", "reset"):
                self.kit.reset()
                told = {}
            else:
                self._send(404, b"{}", "application/json")
                return
        except UsageError as error:
            self._send(422, json.dumps({"error": error.message}).encode(), "application/json")
            return
        except (ValueError, KeyError, TypeError):
            self._send(400, b'{"error": "not understood"}', "application/json")
            return
        self._send(200, json.dumps(told).encode(), "application/json")

    def _body(self, call: str) -> _Body:
        length = int(self.headers.get("Content-Length") or 0)
        kind, options = parse_options_header(self.headers.get("Content-Type"))
        if kind == b"multipart/form-data" and b"boundary" in options:
            return _read_form(self.rfile, length, options[b"boundary"])
        data = self.rfile.read(min(length, DOCUMENT_BYTES + 1))
        body = _Body(data)
        if kind == b"application/x-www-form-urlencoded":
            body.fields = {"id": data.decode("ascii", "replace").removeprefix("id=")[:_FIELD]}
        return body

    def _send(self, status: int, body: bytes, kind: str = "text/plain", more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), "Request-ID": secrets.token_hex(8)}
        for name, value in (headers | (more or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class _Body:
    """What came with a call."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = data
        self.fields: dict[str, str] = {}
        self.digests: Digests | None = None


def _read_form(stream: Any, length: int, boundary: bytes) -> _Body:
    """Read a form: fields are kept, of a file its digests alone."""
    body = _Body()
    digests = (hashlib.md5(usedforsecurity=False), hashlib.sha1(usedforsecurity=False), hashlib.sha256())
    headers = Message()
    state: dict[str, Any] = {"name": "", "file": False, "field": b"", "value": b"", "text": b"", "size": 0}

    def begin() -> None:
        nonlocal headers
        headers = Message()
        state.update(field=b"", value=b"", text=b"")

    def header_end() -> None:
        headers[state["field"].decode("latin-1")] = state["value"].decode("latin-1")
        state.update(field=b"", value=b"")

    def headers_end() -> None:
        _, options = parse_options_header(headers.get("Content-Disposition"))
        state["name"] = options.get(b"name", b"").decode("latin-1")
        state["file"] = b"filename" in options

    def data(piece: bytes, start: int, end: int) -> None:
        if state["file"]:
            state["size"] += end - start
            for digest in digests:
                digest.update(piece[start:end])
        else:
            state["text"] = (state["text"] + piece[start:end])[:_FIELD]

    def part_end() -> None:
        if state["file"]:
            md5, sha1, sha256 = (each.hexdigest() for each in digests)
            body.digests = Digests(md5, sha1, sha256, state["size"])
        else:
            body.fields[state["name"]] = state["text"].decode("latin-1")

    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": begin,
            "on_header_field": lambda piece, start, end: state.update(field=state["field"] + piece[start:end]),
            "on_header_value": lambda piece, start, end: state.update(value=state["value"] + piece[start:end]),
            "on_header_end": header_end,
            "on_headers_finished": headers_end,
            "on_part_data": data,
            "on_part_end": part_end,
        },
    )
    left = length
    while left > 0 and (piece := stream.read(min(PIECE, left))):
        left -= len(piece)
        parser.write(piece)
    parser.finalize()
    return body


@contextmanager
def serve(port: int = 0, kit: TestKit | None = None) -> Iterator[tuple[str, TestKit]]:
    """Serve a kit on this machine for the length of a block; give its address and the kit.

    Args:
        port: By default any that is free.
        kit: By default a new one.
    """
    served = kit or TestKit()
    handler = type("Handler", (_Handler,), {"kit": served})
    load_schema()
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", served
        finally:
            server.shutdown()
            thread.join()
