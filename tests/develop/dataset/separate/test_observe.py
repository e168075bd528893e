"""Showing items to detectors: each answer belongs to its item, and what could not be shown says why."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from seawall.content.item import Item, Problem
from seawall.content.media import TEXT, Medium, Sniffed
from seawall.content.origin import Origin
from seawall.content.pictures import Picture, Shown
from seawall.detectors.contract import Input, Result, Status, Text
from seawall.develop.dataset.scan.rows import Row
from seawall.develop.dataset.separate.observation import Modality, Observation, joined_results
from seawall.develop.dataset.separate.observe import BATCH_PICTURES, Observer
from seawall.errors import TooLarge
from seawall.hashing.examined import Examined


class _Stub:
    """Answers with the mean of a picture's pixels, or the length of a text; keeps what it was shown."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.hashed: list[bool] = []

    def score(self, items: Sequence[Input], *, hashed: bool) -> list[dict[str, Result]]:
        self.batches.append(len(items))
        self.hashed.append(hashed)
        return [self._one(item) for item in items]

    @staticmethod
    def _one(item: Input) -> dict[str, Result]:
        if isinstance(item, Text):
            return {"texts": Result.ok({"length": float(len(item.text))})}
        shade = float(item.pixels.mean()) / 255
        bright = Result.abstain("too_bright") if shade > 0.9 else Result.ok({"shade": shade})
        return {"shades": bright, "always": Result.ok({"one": 1.0})}


class _Pictures:
    """Shows flat pictures: one for each byte of an item."""

    def show(self, item: Item, *, sha256: bytes | None = None) -> Shown:
        assert item.open is not None
        data = item.open().read()
        assert sha256 == hashlib.sha256(data).digest()
        if data == b"huge":
            raise TooLarge("too large")
        flags = frozenset({"damaged"}) if data == b"d" else frozenset[str]()
        return Shown(tuple(Picture(np.full((4, 4, 3), byte, np.uint8), 4, 4) for byte in data), flags)


def _pair(data: bytes, kind: Sniffed, *, caption: str | None = None, matched: bool = False) -> tuple[Item, Row, bool]:
    item = Item("item", Origin(), lambda: io.BytesIO(data), size=len(data), caption=caption, kind=kind)
    examined = Examined({"sha256": hashlib.sha256(data).digest()}, len(data), kind)
    return item, Row("item", Origin(), examined), matched


IMAGE, VIDEO, AUDIO = Sniffed(Medium.IMAGE, "png"), Sniffed(Medium.VIDEO, "mp4"), Sniffed(Medium.AUDIO, "wav")
OTHER = Sniffed(Medium.OTHER, "")


def _observe(*pairs: tuple[Item, Row, bool]) -> tuple[list[Observation], _Stub]:
    stub = _Stub()
    return list(Observer(stub, _Pictures()).observe(pairs)), stub  # type: ignore[arg-type]


def test_answers_belong_to_their_items_in_every_batch() -> None:
    shades = [(7 * number) % 200 for number in range(3 * BATCH_PICTURES + 5)]
    observations, stub = _observe(*(_pair(bytes([shade]), IMAGE) for shade in shades))
    assert [round(each.answers["shades"].labels["shade"] * 255) for each in observations] == shades
    assert len(stub.batches) > 2
    assert all(stub.hashed), "detectors see content after the hash stage alone"


def test_an_item_that_a_list_has_is_shown_to_no_detector() -> None:
    (observation,), stub = _observe(_pair(b"\x40", IMAGE, matched=True))
    assert observation.matched
    assert observation.parts == ()
    assert stub.batches == []


def test_the_frames_of_a_video_are_joined_to_the_worst() -> None:
    (observation,), _ = _observe(_pair(bytes([10, 200, 100]), VIDEO))
    assert len(observation.parts) == 3
    assert round(observation.answers["shades"].labels["shade"] * 255) == 200
    (bright,), _ = _observe(_pair(bytes([10, 255]), VIDEO))
    assert bright.answers["shades"].status is Status.ABSTAIN
    assert bright.answers["shades"].reason == "too_bright"
    assert bright.answers["always"].status is Status.OK


def test_captions_are_judged_beside_their_pictures() -> None:
    (observation,), _ = _observe(_pair(b"\x10", IMAGE, caption="a boat"))
    assert observation.captions["texts"].labels == {"length": 6.0}
    assert "texts" not in observation.parts[0]


def test_texts_are_read_and_what_is_no_text_is_unsupported() -> None:
    observations, _ = _observe(
        _pair(b"a boat", TEXT),
        _pair("päivä".encode(), OTHER),
        _pair(b"\xff\xfe\x00binary", OTHER),
        _pair(b"RIFF", AUDIO),
    )
    assert [each.modality for each in observations] == [Modality.TEXT, Modality.TEXT, Modality.OTHER, Modality.AUDIO]
    assert [each.problem for each in observations] == [None, None, "unsupported_media", "unsupported_media"]


def test_what_cannot_be_shown_says_why_and_keeps_its_place() -> None:
    unread = Row("item", Origin(), Examined(problem=Problem("not_fetched", "an address alone")))
    observations, _ = _observe(
        _pair(b"\x01", IMAGE),
        _pair(b"huge", IMAGE),
        (Item("item", Origin(), None, problem=unread.examined.problem), unread, False),
        _pair(b"d", IMAGE),
    )
    assert [each.problem for each in observations] == [None, "too_large", "not_fetched", None]
    assert observations[2].modality is Modality.UNREAD
    assert observations[3].flags == {"damaged"}


def test_the_worst_status_of_several_is_kept_with_the_largest_scores() -> None:
    results = [Result.ok({"x": 0.2}), Result.error("crashed"), Result.ok({"x": 0.7, "y": 0.1}), Result.abstain("small")]
    joined = joined_results(results)
    assert (joined.status, joined.reason) == (Status.ERROR, "crashed")
    assert joined.labels == {"x": 0.7, "y": 0.1}


def test_stored_observations_come_back_as_they_were(tmp_path: object) -> None:
    from pathlib import Path

    import pyarrow.parquet as pq

    from seawall.develop.dataset.separate.observation import read_observations, schema, to_batch

    assert isinstance(tmp_path, Path)
    observations, _ = _observe(_pair(b"\x20\xff", VIDEO, caption="a boat"), _pair(b"huge", IMAGE), _pair(b"x", TEXT))
    with pq.ParquetWriter(tmp_path / "rows.parquet", schema()) as writer:
        writer.write_batch(to_batch(observations))
    assert list(read_observations(tmp_path / "rows.parquet")) == observations


def test_pictures_are_decoded_for_real(tmp_path: object) -> None:
    from seawall.hashing.examiner import Examiner

    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), (51, 51, 51)).save(buffer, "PNG")
    with Examiner() as examiner:
        observer = Observer(_Stub(), examiner.pictures)
        (observation,) = observer.observe([_pair(buffer.getvalue(), IMAGE)])
    assert round(observation.answers["shades"].labels["shade"], 2) == 0.2
