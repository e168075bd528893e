"""Logs as JSON lines on standard error. The last step lets through known names with plain values and nothing else."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO

import structlog

_EVENT = re.compile(r"[a-z][a-z0-9_.]{0,63}")
_WORD = re.compile(r"[A-Za-z0-9_.:/{}+-]{1,200}")
_WORDS = frozenset(
    {
        "action",
        "code",
        "decision",
        "drill",
        "error",
        "key",
        "kind",
        "level",
        "method",
        "policy",
        "route",
        "timestamp",
        "where",
    }
)
"""Names whose values are ids, codes and names of ours."""

_NUMBERS = frozenset({"bytes", "pid", "port", "seconds", "status", "workers"})

Event = MutableMapping[str, Any]


def let_through(_logger: object, _method: str, event: Event) -> Event:
    """Return a line with what is allowed in it: the last step before a line is written."""
    name = str(event.get("event", ""))
    kept: dict[str, Any] = {"event": name if _EVENT.fullmatch(name) else "unnamed"}
    for key, value in event.items():
        number = isinstance(value, (int, float))
        known = key in _NUMBERS and number
        if known or (
            key in _WORDS and (isinstance(value, bool) or (isinstance(value, str) and _WORD.fullmatch(value)))
        ):
            kept[key] = value
    return kept


def make_logger(stream: TextIO | None = None) -> Any:
    """Return a logger of JSON lines.

    Args:
        stream: Where to; standard error by default.
    """
    return structlog.wrap_logger(
        _Lines(stream or sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            let_through,
            structlog.processors.JSONRenderer(),
        ],
    )


class _Lines:
    """Writes lines. One that cannot be written is lost: a full disk keeps nobody from being told what was refused."""

    def __init__(self, stream: TextIO) -> None:
        self._lines = structlog.PrintLogger(stream)

    def msg(self, line: str) -> None:
        """Write a line, if it can be written."""
        with suppress(OSError):
            self._lines.msg(line)

    debug = info = warning = error = critical = msg


class Quiet(logging.Handler):
    """Takes the lines of libraries: what they say may hold content, so that only whose line it was is told."""

    def __init__(self, log: Any) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write whose line it was, and how bad."""
        place = f"{record.name}:{record.funcName}:{record.lineno}"
        self._log.warning("library", where=place, kind=record.levelname)


def take_library_logs(log: Any) -> None:
    """Let every library's lines pass through `Quiet`."""
    root = logging.getLogger()
    root.handlers = [Quiet(log)]
    root.setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        known = logging.getLogger(name)
        known.handlers, known.propagate = [], True
        known.setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").disabled = True
    logging.raiseExceptions = False
