"""What a byte string is, by its first bytes alone: a file name is a claim, not a fact."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

HEAD_BYTES = 64
"""Bytes from the start of an item that `sniff` needs."""


class Medium(StrEnum):
    """Kinds of content that seawall decodes; everything else gets digests alone."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    TEXT = "text"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Sniffed:
    """The kind of an item: its medium and the format's short name (`jpeg`, `mp4`, ...)."""

    medium: Medium
    format: str


OTHER = Sniffed(Medium.OTHER, "")

TEXT = Sniffed(Medium.TEXT, "utf-8")
"""A row of a text corpus: only its reader can know; a text may begin like any other file."""

_MAGIC: tuple[tuple[bytes, Sniffed], ...] = (
    (b"\xff\xd8\xff", Sniffed(Medium.IMAGE, "jpeg")),
    (b"\x89PNG\r\n\x1a\n", Sniffed(Medium.IMAGE, "png")),
    (b"GIF87a", Sniffed(Medium.IMAGE, "gif")),
    (b"GIF89a", Sniffed(Medium.IMAGE, "gif")),
    (b"II*\x00", Sniffed(Medium.IMAGE, "tiff")),
    (b"MM\x00*", Sniffed(Medium.IMAGE, "tiff")),
    (b"II+\x00", Sniffed(Medium.IMAGE, "tiff")),
    (b"MM\x00+", Sniffed(Medium.IMAGE, "tiff")),
    (b"8BPS\x00\x01", Sniffed(Medium.IMAGE, "psd")),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", Sniffed(Medium.IMAGE, "jp2")),
    (b"\xff\x4f\xff\x51", Sniffed(Medium.IMAGE, "jp2")),
    (b"qoif", Sniffed(Medium.IMAGE, "qoi")),
    (b"\x1aE\xdf\xa3", Sniffed(Medium.VIDEO, "matroska")),
    (b"FLV\x01", Sniffed(Medium.VIDEO, "flv")),
    (b"\x00\x00\x01\xba", Sniffed(Medium.VIDEO, "mpeg")),
    (b"\x00\x00\x01\xb3", Sniffed(Medium.VIDEO, "mpeg")),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Sniffed(Medium.VIDEO, "asf")),
    (b"ID3", Sniffed(Medium.AUDIO, "mp3")),
    (b"fLaC", Sniffed(Medium.AUDIO, "flac")),
    (b"OggS", Sniffed(Medium.AUDIO, "ogg")),
    (b"FORM", Sniffed(Medium.AUDIO, "aiff")),
)
_RIFF = {b"WEBP": (Medium.IMAGE, "webp"), b"AVI ": (Medium.VIDEO, "avi"), b"WAVE": (Medium.AUDIO, "wav")}
_HEIF = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}
_ISO_AUDIO = {b"M4A ", b"M4B "}
_PNM = {b"P1", b"P2", b"P3", b"P4", b"P5", b"P6", b"Pf", b"PF", b"P7"}
_DIB_HEADERS = {12, 16, 40, 52, 56, 64, 108, 124}


def sniff(head: bytes) -> Sniffed:
    """Return what the bytes are.

    Args:
        head: The first `HEAD_BYTES` bytes, or fewer if the item is shorter.
    """
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] in _RIFF:
        return Sniffed(*_RIFF[head[8:12]])
    if head[4:8] == b"ftyp":
        return _sniff_iso(head)
    if head[:2] == b"BM" and len(head) >= 18 and int.from_bytes(head[14:18], "little") in _DIB_HEADERS:
        return Sniffed(Medium.IMAGE, "bmp")
    if head[:2] in _PNM and len(head) > 2 and head[2:3].isspace():
        return Sniffed(Medium.IMAGE, "pnm")
    if head[:4] == b"\x00\x00\x01\x00" and len(head) >= 6 and 0 < int.from_bytes(head[4:6], "little") < 256:
        return Sniffed(Medium.IMAGE, "ico")
    if len(head) >= 2 and head[0] == 0xFF and head[1] & 0xE6 in (0xE2, 0xE4) and head[1] & 0x18 != 0x08:
        return Sniffed(Medium.AUDIO, "mp3")
    if len(head) >= 2 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return Sniffed(Medium.AUDIO, "aac")
    return OTHER


def _sniff_iso(head: bytes) -> Sniffed:
    """Tell AVIF, HEIF and sound apart from video by the ISO base media brand."""
    brand = head[8:12]
    compatible = {head[at : at + 4] for at in range(16, len(head) - 3, 4)}
    if brand in {b"avif", b"avis"} or (brand in _HEIF and compatible & {b"avif", b"avis"}):
        return Sniffed(Medium.IMAGE, "avif")
    if brand in _HEIF:
        return Sniffed(Medium.IMAGE, "heif")
    if brand in _ISO_AUDIO:
        return Sniffed(Medium.AUDIO, "m4a")
    return Sniffed(Medium.VIDEO, "mp4")
