"""The headers of a tar archive, read forward and within bounds.

The standard library parses each header block; extension records are read here, because `tarfile` reads them whole
whatever their size, and ends in silence at a damaged header. Here damage is an error, and an archive that goes on
after its end marker is read on.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from seawall.develop.dataset.readers.errors import BadArchive, TruncatedArchive
from seawall.develop.dataset.readers.streams import Forward

BLOCK = 512
MAX_EXTENSION = 1 << 20
"""Bytes of extension headers (long names, pax records) that one member may have."""

_ZEROS = bytes(BLOCK)
_LINKS = {tarfile.LNKTYPE, tarfile.SYMTYPE}
_DEVICES = {tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE}
_LONG_NAME, _LONG_LINK = tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK
_PAX, _PAX_GLOBAL = {tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE}, tarfile.XGLTYPE
_VOLUME, _DUMP, _CONTINUED = b"V", b"D", b"M"


class MemberKind(StrEnum):
    """What a member is, as far as reading goes."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    DEVICE = "special_file"
    SPARSE = "sparse"
    CONTINUED = "multi_volume"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a tar archive.

    Attributes:
        name: Name, bytes that are not UTF-8 as `os.fsdecode` carries them; it is a name and nothing is written there.
        kind: What it is.
        offset: Where its first header begins.
        size: Bytes of data that follow; 0 for what has none.
    """

    name: str
    kind: MemberKind
    offset: int
    size: int


def members(stream: Forward) -> Iterator[Member]:
    """Yield the members; before drawing the next one, the caller passes over exactly `padded(member.size)` bytes.

    Raises:
        TruncatedArchive: If the archive ends without an end marker.
        BadArchive: If a header is damaged, or something that is no archive follows the end marker.
    """
    ended = False
    shared = _Extensions()
    while True:
        start = stream.offset
        block = stream.read(BLOCK)
        if not block.strip(b"\0"):
            if len(block) == BLOCK:
                ended = True
                continue
            if ended:
                return
            if start == 0 and not block:
                raise BadArchive("the archive is empty: it has not even an end marker")
            raise TruncatedArchive("the archive has no end marker")
        if len(block) < BLOCK:
            raise TruncatedArchive("the archive ends inside a header")
        member = _member(stream, block, start, shared)
        # What holds for all that follows may be followed by nothing: then that was the end mark.
        ended = member is None
        if member is not None:
            yield member


def padded(size: int) -> int:
    """Return how many bytes `size` bytes of data take."""
    return -(-size // BLOCK) * BLOCK


@dataclass(slots=True)
class _Extensions:
    """What extension headers say of the member that follows, or (global ones) of all that follow."""

    name: str | None = None
    pax: dict[str, str] = field(default_factory=dict)


def _member(stream: Forward, block: bytes, start: int, shared: _Extensions) -> Member | None:
    own = _Extensions(pax=dict(shared.pax))
    spent = 0
    alone = True
    while True:
        header = _parse(block)
        if header.type not in (_LONG_NAME, _LONG_LINK, _PAX_GLOBAL) and header.type not in _PAX:
            return _finish(stream, header, block, start, own)
        spent += BLOCK + header.size
        if not 0 <= header.size <= MAX_EXTENSION or spent > MAX_EXTENSION:
            raise BadArchive(f"a member's headers are longer than {MAX_EXTENSION >> 20} MiB")
        data = stream.read(padded(header.size))
        if len(data) < header.size:
            raise TruncatedArchive("the archive ends inside a header")
        data = data[: header.size]
        if header.type == _LONG_NAME:
            own.name = data.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
        elif header.type == _PAX_GLOBAL:
            shared.pax.update(_pax(data))
            own.pax.update(shared.pax)
        elif header.type in _PAX:
            own.pax.update(_pax(data))
        alone = alone and header.type == _PAX_GLOBAL
        block = stream.read(BLOCK)
        if len(block) < BLOCK:
            raise TruncatedArchive("the archive ends inside a header")
        if alone and not block.strip(b"\0"):
            return None


def _parse(block: bytes) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError, OverflowError):
        raise BadArchive("a header is damaged") from None


def _finish(stream: Forward, header: tarfile.TarInfo, block: bytes, start: int, own: _Extensions) -> Member:
    size = header.size
    if "size" in own.pax:
        try:
            size = int(own.pax["size"])
        except ValueError:
            raise BadArchive("a member's length is not a number") from None
    if size < 0 or size >= 1 << 63:
        raise BadArchive("a member's length is impossible")
    name = own.pax.get("GNU.sparse.name") or own.pax.get("path") or own.name or header.name
    kind = _kind(header.type)
    if kind is MemberKind.FILE and any(key.startswith("GNU.sparse.") for key in own.pax):
        kind = MemberKind.SPARSE
    if header.type == tarfile.GNUTYPE_SPARSE:
        _pass_sparse_map(stream, block)
    if kind in (MemberKind.FOLDER, MemberKind.LINK, MemberKind.DEVICE) and header.type != _DUMP:
        size = 0
    return Member(name, kind, start, size)


def _kind(code: bytes) -> MemberKind:
    """Return what a type code means; an unknown one is a file, as POSIX says."""
    if code in (tarfile.DIRTYPE, _DUMP):
        return MemberKind.FOLDER
    if code in _LINKS:
        return MemberKind.LINK
    if code in _DEVICES:
        return MemberKind.DEVICE
    if code == tarfile.GNUTYPE_SPARSE:
        return MemberKind.SPARSE
    if code == _CONTINUED:
        return MemberKind.CONTINUED
    return MemberKind.LABEL if code == _VOLUME else MemberKind.FILE


def _pass_sparse_map(stream: Forward, block: bytes) -> None:
    extended, passed = block[482], 0
    while extended:
        more = stream.read(BLOCK)
        passed += BLOCK
        if len(more) < BLOCK:
            raise TruncatedArchive("the archive ends inside a header")
        if passed > MAX_EXTENSION:
            raise BadArchive(f"a member's headers are longer than {MAX_EXTENSION >> 20} MiB")
        extended = more[504]


def _pax(data: bytes) -> dict[str, str]:
    r"""Read the pax records that matter; each is `LENGTH KEY=VALUE\n`.

    Raises:
        BadArchive: If they are not pax records.
    """
    found: dict[str, str] = {}
    at = 0
    while at < len(data) and data[at]:
        space = data.find(b" ", at, at + 20)
        length = data[at:space]
        end = at + int(length) if space > 0 and length.isdigit() else 0
        if not space < end <= len(data) or data[end - 1 : end] != b"\n":
            raise BadArchive("an extension header is damaged")
        key, separator, value = data[space + 1 : end - 1].partition(b"=")
        if not separator:
            raise BadArchive("an extension header is damaged")
        if key in (b"path", b"size") or key.startswith(b"GNU.sparse."):
            kept = key.decode("utf-8", "surrogateescape") if len(key) < 64 else "GNU.sparse."
            found[kept] = value[: 1 << 16].decode("utf-8", "surrogateescape")
        at = end
    return found
