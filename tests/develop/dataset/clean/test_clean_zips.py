"""Zip archives: raw bytes of members stay, the directory is made anew, and nothing unlisted comes along."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.develop.dataset.clean.conftest import Cleaner, contents, finding

BAD = b"these bytes go" * 20


class _Unseekable(io.RawIOBase):
    """Makes zipfile write data descriptors."""

    def __init__(self) -> None:
        self.data = b""

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.data += bytes(data)  # type: ignore[call-overload]
        return len(bytes(data))  # type: ignore[call-overload]


def _zip(members: list[tuple[str, bytes]], *, described: bool = False, wide: bool = False, method: int = 8) -> bytes:
    raw: io.BytesIO | _Unseekable = _Unseekable() if described else io.BytesIO()
    with zipfile.ZipFile(raw, "w", method) as archive:  # type: ignore[arg-type]
        for name, data in members:
            info = zipfile.ZipInfo(name, (2020, 2, 2, 2, 2, 2))
            info.comment = b"of " + name.encode()
            info.compress_type = method
            info.external_attr = 0o100640 << 16
            with archive.open(info, "w", force_zip64=wide) as file:
                file.write(data)
    return raw.data if isinstance(raw, _Unseekable) else raw.getvalue()


NAMES = st.lists(
    st.text("ab/é語.", min_size=1, max_size=5).filter(lambda name: not name.endswith("/")), max_size=6, unique=True
)


@given(
    names=NAMES,
    removed=st.sets(st.integers(0, 5), max_size=3),
    described=st.booleans(),
    wide=st.booleans(),
    method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_left_is_as_if_the_others_had_never_been_packed(
    names: list[str], removed: set[int], described: bool, wide: bool, method: int
) -> None:
    members = [(name, f"data of {number} ".encode() * 30) for number, name in enumerate(names)]
    with tempfile.TemporaryDirectory() as folder:
        cleaner = Cleaner(Path(folder))
        (cleaner.data / "z.zip").write_bytes(_zip(members, described=described, wide=wide, method=method))
        before = list(contents(cleaner.data).items())
        goes = [before[number] for number in sorted(removed) if number < len(before)]
        cleaner.run([finding(key, data) for key, data in goes])
        left = [member for number, member in enumerate(members) if number not in removed]
        assert (cleaner.out / "z.zip").read_bytes() == _zip(left, described=described, wide=wide, method=method)
        assert cleaner.evidence == {data for _, data in goes}
        assert cleaner.verify().as_signed


def test_what_no_entry_names_is_left_out(cleaner: Cleaner) -> None:
    packed = _zip([("1", b"one"), ("2", BAD), ("3/", b"")])
    raw = io.BytesIO(b"#!/bin/sh\n# a hidden beginning\n" + packed)
    with zipfile.ZipFile(raw, "a") as archive:
        archive.comment = b"a hidden comment"
        archive.writestr("4", b"four")
    (cleaner.data / "z.zip").write_bytes(raw.getvalue())
    cleaner.run([finding("z.zip::2", BAD)])
    written = (cleaner.out / "z.zip").read_bytes()
    assert b"hidden" not in written
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["1", "3/", "4"]
        assert archive.getinfo("1").comment == b"of 1"


def test_encrypted_members_and_folders_with_data_are_left_out(cleaner: Cleaner) -> None:
    packed = bytearray(_zip([("1", b"one"), ("2", b"two")], method=0))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.rindex(signature) + at] |= 1  # the last member says that it is encrypted
    (cleaner.data / "z.zip").write_bytes(bytes(packed))
    with zipfile.ZipFile(cleaner.data / "y.zip", "w") as archive:
        archive.writestr("1", b"one")
        archive.writestr(zipfile.ZipInfo("folder/"), b"data that no item stands for")
    summary = cleaner.run()
    assert (summary["kept"], summary["removed"]["unreadable"], summary["dropped"]) == (2, 1, 1)
    assert b"no item stands for" not in (cleaner.out / "y.zip").read_bytes()


def test_an_archive_whose_members_overlap_is_not_copied(cleaner: Cleaner) -> None:
    packed = bytearray(_zip([("1", b"x" * 3000), ("2", b"x" * 3000)], method=0))
    first, second = packed.index(b"PK\x01\x02"), packed.rindex(b"PK\x01\x02")
    packed[second + 46 : second + 47] = packed[first + 46 : first + 47]
    packed[second + 42 : second + 46] = packed[first + 42 : first + 46]
    (cleaner.data / "z.zip").write_bytes(bytes(packed))  # the directory names one place twice
    summary = cleaner.run()
    assert summary["kept"] + summary["removed"]["unreadable"] == 2
    assert cleaner.verify().as_signed
