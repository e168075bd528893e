"""What is shown of an object on each rung: less than on the next, made from its pixels alone, and stored nowhere."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seawall.content.media import Medium
from seawall.content.sandbox import SandboxLimits
from seawall.errors import NotFound
from seawall.ledger import Event
from seawall.vault import ObjectDestroyed, Vault, VaultObject
from seawall.vault.derivatives import (
    DerivativeError,
    Derivatives,
    DerivativeTooLarge,
    Mark,
    NoDerivative,
    Rung,
)
from seawall.vault.derivatives.pool import DecoderPool
from tests.vault import picture_samples as samples
from tests.vault.vault_content import Keep

REDUCED = (Rung.TILE, Rung.STYLISED, Rung.GREY_FULL)
CANARY = b"heron-lantern-owl-5b21c7e09d"
WHO = {"user": "ada", "case": "c-1"}
pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool() as pool:
        yield pool


@pytest.fixture
def derivatives(vault: Vault, pool: DecoderPool) -> Derivatives:
    return Derivatives(vault, pool)


@pytest.fixture
def photo() -> bytes:
    return sorted(samples.PHOTOS.glob("*.jpg"))[0].read_bytes()


def _high_frequencies(image: Image.Image) -> float:
    """How much of a grey picture is finer than an eighth of its side."""
    pixels = np.asarray(image.convert("L"), np.float64)
    spectrum = np.abs(np.fft.rfft2(pixels - pixels.mean())) ** 2
    rows, columns = np.abs(np.fft.fftfreq(pixels.shape[0])), np.fft.rfftfreq(pixels.shape[1])
    fine = (rows[:, None] > 0.3) | (columns[None, :] > 0.3)
    return float(spectrum[fine].sum() / max(spectrum.sum(), 1e-9))


def test_each_rung_of_a_picture_keeps_to_its_bounds(derivatives: Derivatives, keep: Keep) -> None:
    item = keep(samples.jpeg(samples.blobs(2400, 3600)), case="c-1")
    shown = {rung: derivatives.make(item.id, rung, **WHO) for rung in Rung}
    tile, stylised, grey = (samples.opened(shown[rung].data) for rung in REDUCED)
    assert (tile.mode, max(tile.size)) == ("L", 64)
    assert max(stylised.size) == 512
    assert (grey.mode, max(grey.size)) == ("L", 1600)
    assert [(shown[rung].width, shown[rung].height) for rung in REDUCED] == [tile.size, stylised.size, grey.size]
    assert shown[Rung.FULL].data == samples.jpeg(samples.blobs(2400, 3600))
    assert shown[Rung.FULL].media_type == "image/jpeg"
    assert shown[Rung.CAPTION].data.startswith(b"image: jpeg, 3600 x 2400 pixels")
    assert json.loads(shown[Rung.METADATA].data)["size"] == item.size


def test_fine_detail_cannot_be_recovered_from_a_reduced_rung(derivatives: Derivatives, keep: Keep) -> None:
    item = keep(samples.png(samples.stripes(1200, 1800)))
    for rung in (Rung.TILE, Rung.STYLISED):
        pixels = np.asarray(samples.opened(derivatives.make(item.id, rung, **WHO).data).convert("L"))
        assert np.ptp(pixels) <= 48, "lines of one pixel are nearly one grey"
    noise = np.random.default_rng(5).integers(0, 256, (64, 64, 3), np.uint8)
    assert _high_frequencies(Image.fromarray(noise)) > 0.3
    noisy = keep(samples.png(np.kron(noise, np.ones((12, 12, 1), np.uint8))))
    tile = samples.opened(derivatives.make(noisy.id, Rung.TILE, **WHO).data)
    assert tile.size == (64, 64)
    assert _high_frequencies(tile) < 0.05, "a tile does not even hold what its pixels could"


@pytest.mark.parametrize("side", [40, 150, 600])
def test_text_in_a_picture_is_not_legible_on_the_tile(derivatives: Derivatives, keep: Keep, side: int) -> None:
    """Two pictures that differ in fine print alone give nearly the same tile, however small they are."""
    from PIL import ImageDraw, ImageFont

    tiles = []
    for words in ("zorblax", "lantern"):
        image = Image.fromarray(samples.blobs(side, side))
        draw = ImageDraw.Draw(image)
        for line in range(3):
            draw.text((4, 4 + 12 * line), words, fill=(0, 0, 0), font=ImageFont.load_default(10))
        item = keep(samples.png(np.asarray(image)))
        tile = samples.opened(derivatives.make(item.id, Rung.TILE, **WHO).data)
        assert max(tile.size) <= min(64, side // 4)
        tiles.append(np.asarray(tile, np.float64))
    assert np.abs(tiles[0] - tiles[1]).max() < 12


def test_the_stylised_rung_has_few_dull_colours(derivatives: Derivatives, keep: Keep) -> None:
    pixels = samples.blobs(800, 800)
    shown = samples.opened(derivatives.make(keep(samples.png(pixels)).id, Rung.STYLISED, **WHO).data)

    def strength(values: np.ndarray) -> float:
        return float((values.max(axis=2).astype(int) - values.min(axis=2)).mean())

    assert strength(np.asarray(shown)) < strength(pixels) / 2


@pytest.mark.parametrize("form", [0, 1], ids=["jpeg", "png"])
def test_nothing_beside_the_pixels_is_in_a_derivative(derivatives: Derivatives, keep: Keep, form: int) -> None:
    data = samples.labelled(samples.blobs(300, 400), CANARY)[form]
    assert data.count(CANARY) >= 3
    item = keep(data)
    for rung in [Rung.METADATA, Rung.CAPTION, *REDUCED]:
        shown = derivatives.make(item.id, rung, **WHO).data
        assert CANARY not in shown
        if rung in REDUCED:
            image = samples.opened(shown)
            assert not image.getexif()
            assert not {"exif", "icc_profile", "comment", "xmp"} & set(image.info)


@pytest.mark.parametrize("rung", REDUCED)
def test_no_run_of_bytes_of_the_object_is_in_a_derivative(
    derivatives: Derivatives, keep: Keep, rung: Rung, photo: bytes
) -> None:
    for data in (photo, samples.png(samples.blobs(200, 300)), samples.gif([samples.blobs(90, 90)] * 2)):
        item = keep(data)
        shown = derivatives.make(item.id, rung, **WHO).data
        # Before its scan a JPEG has headers and tables that many share; they are no content.
        content = shown[shown.find(b"\xff\xda") :] if shown.startswith(b"\xff\xd8") else shown
        runs = {data[at : at + 16] for at in range(len(data) - 16)}
        assert not [at for at in range(33, len(content) - 16) if content[at : at + 16] in runs]
        assert data not in shown


def test_a_picture_is_shown_upright(derivatives: Derivatives, keep: Keep) -> None:
    pixels = np.zeros((100, 200, 3), np.uint8)
    pixels[:, :100] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    item = keep(samples.jpeg(pixels, exif=exif))
    grey = np.asarray(samples.opened(derivatives.make(item.id, Rung.GREY_FULL, **WHO).data))
    assert grey.shape == (200, 100)
    assert grey[:90].mean() > 250 > 5 > grey[110:].mean()
    tile = np.asarray(samples.opened(derivatives.make(item.id, Rung.TILE, **WHO).data))
    assert tile[0].mean() > 200 > 50 > tile[-1].mean()


def test_an_animation_is_shown_as_a_sheet(derivatives: Derivatives, keep: Keep) -> None:
    base = samples.blobs(120, 160)
    item = keep(samples.gif([np.roll(base, 20 * number, axis=1) for number in range(6)]))
    tile = derivatives.make(item.id, Rung.TILE, **WHO)
    assert tile.width is not None
    assert 64 < tile.width <= 4 * 68
    grey = derivatives.make(item.id, Rung.GREY_FULL, **WHO)
    assert max(samples.opened(grey.data).size) <= 1600
    assert samples.opened(grey.data).mode == "L"
    facts = derivatives.facts(item.sha256)
    assert facts is not None
    assert (facts.frames or 0) > 1


def test_a_video_is_shown_as_a_sheet_of_frames_with_their_moments(derivatives: Derivatives, keep: Keep) -> None:
    data = samples.video()
    item = keep(data)
    for rung in REDUCED:
        shown = derivatives.make(item.id, rung, **WHO)
        image = samples.opened(shown.data)
        assert image.format in ("PNG", "JPEG")
        assert max(image.size) <= 1600
        assert len(shown.moments) >= 2
        assert list(shown.moments) == sorted(shown.moments)
        assert (image.mode == "L") is (rung is not Rung.STYLISED)
    assert derivatives.make(item.id, Rung.CAPTION, **WHO).data.startswith(b"video: mp4, 160 x 120 pixels, 0 min 4.0 s")
    facts = derivatives.facts(item.sha256)
    assert facts is not None
    assert facts.duration == pytest.approx(4.0, abs=0.11)
    assert derivatives.make(item.id, Rung.FULL, **WHO) == derivatives.make(item.id, Rung.FULL, **WHO)
    with derivatives.original(item.id, **WHO) as (media_type, stream):
        assert (media_type, stream.read()) == ("video/mp4", data)


def test_a_sound_is_shown_as_its_waveform(derivatives: Derivatives, keep: Keep) -> None:
    item = keep(samples.sound())
    for rung in REDUCED:
        image = samples.opened(derivatives.make(item.id, rung, **WHO).data)
        dark = (np.asarray(image) < 128).sum(axis=0)
        assert dark[-1] > 4 * dark[len(dark) // 8], "the tone grows louder"
    assert derivatives.make(item.id, Rung.CAPTION, **WHO).data.startswith(b"audio: wav, 0 min 3.0 s")
    assert derivatives.make(item.id, Rung.FULL, **WHO).media_type == "audio/wav"


class _Marker:
    def marks(self, text: str) -> Sequence[Mark]:
        at = text.find("zorblax")
        return [Mark(at, at + 7, "canary.a"), Mark(at + 3, at + 9, "canary.b")] if at >= 0 else []


def test_a_text_is_counted_then_covered_then_shown_without_its_places(
    vault: Vault, keep: Keep, pool: DecoderPool
) -> None:
    text = "the heron says zorblax twice\nand flies"
    item = keep(text.encode())
    marked = Derivatives(vault, pool, marker=_Marker())

    def shown(rung: Rung) -> str:
        return marked.make(item.id, rung, **WHO).data.decode()

    assert shown(Rung.CAPTION) == "text: 38 characters, 7 words, 2 lines\ncanary.a: 1\ncanary.b: 1"
    tile = shown(Rung.TILE)
    assert "[canary.a, canary.b]" in tile
    assert not set("heronsays") & set(tile.replace("[canary.a, canary.b]", ""))
    assert shown(Rung.STYLISED) == "the heron says [canary.a, canary.b]wice\nand flies"
    assert shown(Rung.FULL) == text
    other = keep(b"nothing is known of this")
    assert not set("nothingsk") & set(marked.make(other.id, Rung.GREY_FULL, **WHO).data.decode())


def test_the_terms_of_a_pack_are_the_places_of_a_text(vault: Vault, keep: Keep, pool: DecoderPool) -> None:
    from datetime import date

    from seawall.text import Matcher, Pack, Term
    from seawall.vault.derivatives.terms import TermMarker

    pack = Pack("nonsense", "1", "tests", date(2030, 1, 1), (Term("own.words", "zorblax"),))
    marked = Derivatives(vault, pool, marker=TermMarker(Matcher([pack])))
    item = keep(b"a heron, Z0RBLAX! and an owl")
    assert marked.make(item.id, Rung.CAPTION, **WHO).data.endswith(b"own.words: 1")
    shown = marked.make(item.id, Rung.STYLISED, **WHO).data.decode()
    assert (shown.startswith("a heron, [own.words]"), "RBLAX" in shown) == (True, False)


def test_a_text_that_could_not_be_looked_at_stays_covered(vault: Vault, keep: Keep, pool: DecoderPool) -> None:
    class Blind:
        def marks(self, text: str) -> None:
            return None

    blind, item = Derivatives(vault, pool, marker=Blind()), keep(b"a grey owl")
    assert blind.make(item.id, Rung.CAPTION, **WHO).data == b"text: 10 characters, 3 words, 1 lines"
    for rung in REDUCED:
        assert not set("greyowl") & set(blind.make(item.id, rung, **WHO).data.decode())


def test_without_a_marker_a_text_is_covered_whole_until_the_last_rung(derivatives: Derivatives, keep: Keep) -> None:
    item = keep("zwölf graue Eulen".encode())
    for rung in REDUCED:
        covered = derivatives.make(item.id, rung, **WHO).data.decode()
        assert (len(covered), covered.split(" ")[1]) == (17, "▒▒▒▒▒")
        assert not set("zwölfgraueEn") & set(covered)
    full = derivatives.make(item.id, Rung.FULL, **WHO)
    assert (full.media_type, full.data.decode()) == ("text/plain; charset=utf-8", "zwölf graue Eulen")


def test_html_and_drawings_are_given_out_as_plain_text_whatever_was_stated(
    derivatives: Derivatives, keep: Keep
) -> None:
    for data in (b"<html><script>1</script></html>", b"<svg xmlns='http://www.w3.org/2000/svg'/>"):
        item = keep(data, media_type="text/html")
        assert derivatives.make(item.id, Rung.FULL, **WHO).media_type == "text/plain; charset=utf-8"
    other = keep(b"\0\1\2\3" * 50, media_type="text/html")
    assert derivatives.make(other.id, Rung.FULL, **WHO).media_type == "application/octet-stream"


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + CANARY * 20,
        b"\xff\xd8\xff\xe0" + CANARY * 20,
        samples.jpeg(samples.blobs(64, 64))[:150],
        b"GIF89a" + CANARY,
        b"\0\0\0\x18ftypisom" + CANARY * 9,
        b"RIFF\x40\0\0\0WAVEfmt " + CANARY,
    ],
    ids=["png", "jpeg", "cut", "gif", "mp4", "wav"],
)
def test_what_does_not_decode_gives_a_clear_error_without_content(
    derivatives: Derivatives, keep: Keep, data: bytes
) -> None:
    item = keep(data)
    for rung in REDUCED:
        with pytest.raises(DerivativeError) as refused:
            derivatives.make(item.id, rung, **WHO)
        assert item.id in str(refused.value)
        assert not any(word in str(refused.value) for word in ("heron", "lantern", "owl"))
        assert refused.value.__cause__ is None
    assert derivatives.make(item.id, Rung.FULL, **WHO).data == data, "its bytes can still be asked for"


def test_a_picture_that_is_a_bomb_is_refused_before_it_takes_memory(derivatives: Derivatives, keep: Keep) -> None:
    header = samples.png(np.zeros((1, 1, 3), np.uint8))
    bomb = header[:16] + (60_000).to_bytes(4) + (60_000).to_bytes(4) + header[24:]
    import zlib

    bomb = bomb[:29] + zlib.crc32(bomb[12:29]).to_bytes(4) + bomb[33:]
    item = keep(bomb)
    for rung in REDUCED:
        with pytest.raises(DerivativeTooLarge):
            derivatives.make(item.id, rung, **WHO)


def test_a_picture_that_detectors_are_not_given_is_shown_to_people_in_grey(
    derivatives: Derivatives, keep: Keep
) -> None:
    item = keep(samples.png(np.zeros((7200, 7200), np.uint8), compress_level=1))
    shown = {rung: samples.opened(derivatives.make(item.id, rung, **WHO).data) for rung in REDUCED}
    assert [max(image.size) for image in shown.values()] == [64, 512, 1600]
    assert shown[Rung.STYLISED].getpixel((9, 9)) == (0, 0, 0)


def test_a_decoder_that_takes_too_long_is_ended_and_the_next_object_is_shown(vault: Vault, keep: Keep) -> None:
    slow, quick = keep(samples.png(samples.blobs(4000, 4000))), keep(samples.png(samples.blobs(40, 40)))
    with DecoderPool(1, limits=SandboxLimits(seconds_per_item=0.01)) as hasty, pytest.raises(DerivativeError):
        Derivatives(vault, hasty).make(slow.id, Rung.TILE, **WHO)
    with Derivatives(vault) as own:
        assert own.make(quick.id, Rung.TILE, **WHO).width == 10


def test_what_is_no_medium_has_words_and_bytes_alone(derivatives: Derivatives, keep: Keep) -> None:
    item = keep(b"\0\1\2\3" * 100)
    with pytest.raises(NoDerivative):
        derivatives.make(item.id, Rung.TILE, **WHO)
    assert derivatives.make(item.id, Rung.CAPTION, **WHO).data == b"other, 400 bytes"


def test_every_rung_but_the_metadata_is_an_opening_on_the_record(
    derivatives: Derivatives, keep: Keep, events: Callable[[str], list[Event]]
) -> None:
    item = keep(samples.png(samples.blobs(50, 50)))
    for rung in Rung:
        derivatives.make(item.id, rung, user="bob", case="c-9")
    opened = [event.body for event in events("vault.opened")]
    assert [body["purpose"] for body in opened] == [f"shown: {rung.value}" for rung in list(Rung)[1:]]
    assert {(body["person"], body["case"]) for body in opened} == {("bob", "c-9")}


def test_of_a_destroyed_object_nothing_is_shown(derivatives: Derivatives, vault: Vault, keep: Keep) -> None:
    item = keep(samples.png(samples.blobs(50, 50)))
    vault.destroy(item.id, person="ada", reason="test")
    for rung in Rung:
        with pytest.raises(ObjectDestroyed):
            derivatives.make(item.id, rung, **WHO)
    with pytest.raises(NotFound):
        derivatives.make("0" * 32, Rung.TILE, **WHO)


def test_a_transcript_is_given_where_somebody_wrote_one(vault: Vault, keep: Keep, pool: DecoderPool) -> None:
    item, other = keep(samples.sound()), keep(b"x")

    class Written:
        def transcript(self, object_id: str) -> str | None:
            return "a heron calls" if object_id == item.id else None

    made = Derivatives(vault, pool, transcripts=Written())
    assert made.transcript(item.id, **WHO).data == b"a heron calls"
    with pytest.raises(NotFound):
        made.transcript(other.id, **WHO)


def test_threads_take_turns_with_the_decoders(derivatives: Derivatives, keep: Keep) -> None:
    items = [keep(samples.png(samples.blobs(40 + 8 * number, 80))) for number in range(6)]
    found: dict[str, int | None] = {}

    def work(item: VaultObject) -> None:
        found[item.id] = derivatives.make(item.id, Rung.GREY_FULL, **WHO).height

    threads = [threading.Thread(target=work, args=(item,)) for item in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [found[item.id] for item in items] == [40 + 8 * number for number in range(6)]


def test_making_derivatives_writes_no_file(derivatives: Derivatives, keep: Keep, tmp_path: Path) -> None:
    item, film = keep(samples.png(samples.blobs(200, 300))), keep(samples.video(2))

    def files() -> set[Path]:
        return {path for path in tmp_path.rglob("*") if path.is_file() and not path.name.startswith("seawall.db")}

    before = files()
    for each in (item, film):
        for rung in Rung:
            derivatives.make(each.id, rung, **WHO)
    assert files() == before


def test_what_is_known_of_a_file_is_kept_by_digest(derivatives: Derivatives, keep: Keep) -> None:
    item = keep(samples.png(samples.blobs(50, 70)))
    assert derivatives.facts(item.sha256) is None
    derivatives.make(item.id, Rung.FULL, **WHO)
    facts = derivatives.facts(item.sha256)
    assert facts is not None
    assert (facts.medium, facts.width, facts.height, facts.frames) == (Medium.IMAGE, 70, 50, 1)
