"""A log that cannot be written, as on a full disk, keeps nobody from an answer."""

from __future__ import annotations

import errno
import io
import logging
from dataclasses import dataclass, field
from typing import Any

import pytest

from seawall.errors import StoreError
from seawall.web.app import create_app
from seawall.web.logs import Quiet, make_logger


@dataclass(eq=False)
class FullDisk(io.StringIO):
    """Takes nothing."""

    refused: list[str] = field(default_factory=list)

    def write(self, text: str) -> int:
        self.refused.append(text)
        raise OSError(errno.ENOSPC, "no space")


@pytest.mark.parametrize(("fails", "status"), [(None, 422), (StoreError("x"), 503), (ZeroDivisionError(), 500)])
def test_what_is_refused_is_told_although_its_line_is_lost(server: Any, fails: Exception | None, status: int) -> None:
    disk = FullDisk()
    server.app = create_app(server.parts, log=make_logger(disk))
    server.guard.fails = fails
    body = {"account": "x", "prompt": "a boat"} if fails else {"prompt": "a boat"}
    answer = server.ask("POST", "/v1/check/input", json=body)
    assert answer.status_code == status
    assert disk.refused


def test_lines_of_libraries_are_lost_as_quietly() -> None:
    disk = FullDisk()
    record = logging.LogRecord("uvicorn", logging.ERROR, __file__, 1, "zorblax", (), None)
    Quiet(make_logger(disk)).emit(record)
    assert disk.refused and "zorblax" not in "".join(disk.refused)
