"""Video frames hash as the vPDQ reference published them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from seawall.errors import MediaError, UnsupportedMedia
from seawall.hashing.replies import read_reply
from seawall.hashing.video import decode_video

LOW_QUALITY = 50


def _decode(path: Path, **params: Any) -> dict[str, Any]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return decode_video(descriptor, params)
    finally:
        os.close(descriptor)


def _published(path: Path) -> dict[int, tuple[int, int]]:
    rows = (line.split(",") for line in path.read_text().split())
    return {int(frame): (int(quality), int(value, 16)) for frame, quality, value, _ in rows}


@pytest.mark.parametrize("name", ["doorknob-hd-no-bar", "test-padded-dimensions"])
def test_every_frame_is_near_the_published_hash(vectors: Path, name: str) -> None:
    published = _published(vectors / f"vpdq/{name}.txt")
    hashes = read_reply(_decode(vectors / f"vpdq/{name}.mp4", seconds_per_frame=0))
    judged = 0
    for frame in hashes.frames:
        quality, value = published[frame.frame]
        assert abs(frame.quality - quality) <= 2
        if quality >= LOW_QUALITY:
            judged += 1
            assert (int.from_bytes(frame.value) ^ value).bit_count() <= 16, frame.frame
    assert judged > 50


def test_one_frame_a_second_is_sampled(vectors: Path) -> None:
    hashes = read_reply(_decode(vectors / "vpdq/test-padded-dimensions.mp4"))
    assert [frame.frame for frame in hashes.frames] == [0, 30, 60, 90, 120]
    assert [frame.time_s for frame in hashes.frames] == pytest.approx([0, 1, 2, 3, 4])


def test_a_cut_video_is_hashed_in_part(vectors: Path, tmp_path: Path) -> None:
    """An MP4 whose index comes last is not readable when cut; Matroska is, up to the cut."""
    import av

    whole = tmp_path / "whole.mkv"
    with av.open(str(vectors / "vpdq/test-padded-dimensions.mp4")) as source, av.open(str(whole), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    frames = read_reply(_decode(cut, seconds_per_frame=0)).frames
    assert 0 < len(frames) < 127


def test_noise_is_no_video(tmp_path: Path) -> None:
    noise = tmp_path / "noise.mp4"
    noise.write_bytes(b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 40)
    with pytest.raises((MediaError, UnsupportedMedia)):
        _decode(noise)
