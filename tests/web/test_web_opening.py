"""What a server opens: one set of decode processes for all that decode, warm before the first request."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from seawall.deploy.guard.media import pool
from seawall.deploy.guard.media.spool import MemoryMedia
from seawall.deploy.guard.requests import UploadCheck
from seawall.settings import Settings
from seawall.web.parts import Parts
from seawall.web.serving.opening import open_parts
from seawall.web.serving.options import ServeOptions


class Counted(pool.Examiner):
    """Counts the decode processes that are started."""

    started = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        type(self).started += 1
        super().__init__(*arguments, **options)


@pytest.fixture
def parts(seawall_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parts]:
    Counted.started = 0
    monkeypatch.setattr(pool, "Examiner", Counted)
    with open_parts(Settings.from_env(), ServeOptions(detectors=("canary",))) as parts:
        yield parts


def test_uploads_and_lookups_share_a_decode_process_that_was_started_before(parts: Parts) -> None:
    assert Counted.started == 1
    data = io.BytesIO()
    pixels = np.random.default_rng(1).integers(0, 255, (96, 96, 3), np.uint8)
    Image.fromarray(pixels).resize((384, 384), Image.Resampling.BICUBIC).save(data, "PNG")
    media = MemoryMedia(data.getvalue())
    hashed = parts.hashes.hashes(media)
    assert len(hashed.sought["pdq"]) == 8
    reply = asyncio.run(parts.checks.upload(UploadCheck(account="x"), media))
    assert ("decode", "ok") in {(check.name, check.status) for check in reply.checks}
    assert parts.hashes.hashes(media) == hashed
    assert Counted.started == 1
