"""Every list format: what is read, what is counted, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.errors import ListFormatError, NotFound, SeawallError, UsageError
from seawall.hashing.registry import SignalTypes
from seawall.matching.lists.formats import Format, read_list
from seawall.matching.lists.rows import Action, ListRow, Tally, ValueBlock

TYPES = SignalTypes.installed()
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
MD5 = "cab08b36195edb1a1231d2d09fa450e0"
SHA1 = "cab08b36195edb1a1231d2d09fa450e0aabbccdd"


def read(path: Path, *, format: Format | None = None, type: str | None = None) -> tuple[Format, list[ListRow], Tally]:
    tally = Tally()
    chosen, rows = read_list(path, TYPES, tally, format=format, type=type)
    return chosen, list(expanded(rows)), tally


def expanded(rows: Iterator[ListRow | ValueBlock]) -> Iterator[ListRow]:
    for item in rows:
        if isinstance(item, ListRow):
            yield item
        else:
            yield from (ListRow(item.type, value.tobytes()) for value in item.values)


def written(tmp_path: Path, data: str | bytes, name: str = "list.txt") -> Path:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def test_a_plain_list_of_64_digits_is_read_as_pdq_and_says_that_this_was_inferred(vectors: Path) -> None:
    chosen, rows, tally = read(vectors / "lists" / "haystack.txt")
    lines = (vectors / "lists" / "haystack.txt").read_text().split()
    assert chosen is Format.PLAIN
    assert [(row.type, row.value.hex()) for row in rows] == [("pdq", line) for line in lines]
    assert tally.inferred == {"pdq": 1350}


def test_a_plain_list_tells_each_type_by_its_length(tmp_path: Path) -> None:
    _, rows, tally = read(written(tmp_path, f"{PDQ}\n{MD5}\n{SHA1}\n"))
    assert [row.type for row in rows] == ["pdq", "md5", "sha1"]
    assert tally.inferred == {"pdq": 1, "md5": 1, "sha1": 1}


def test_a_named_type_is_not_inferred(tmp_path: Path) -> None:
    chosen, rows, tally = read(written(tmp_path, f"{PDQ}\n{PDQ}\n"), type="sha256")
    assert (chosen, [row.type for row in rows]) == (Format.PLAIN, ["sha256", "sha256"])
    assert not tally.inferred


def test_a_type_that_is_not_installed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown signal type"):
        read(written(tmp_path, f"{PDQ}\n"), type="photodna")


@pytest.mark.parametrize(
    "data",
    [
        f"{PDQ}\n{MD5}\n".encode("utf-8-sig"),
        f"{PDQ}\r\n{MD5}\r\n".encode(),
        f"{PDQ}\r{MD5}\r".encode(),
        f"{PDQ}\r\n{MD5}\r\n".encode("utf-16"),
        b"\xfe\xff" + f"{PDQ}\n{MD5}".encode("utf-16-be"),
        f"{PDQ.upper()}\n{MD5.upper()}".encode(),
        f"\n\n  {PDQ}\t\n\n# a comment\n{MD5}  # another\n\n".encode(),
        f"# only\n{PDQ}\n#\n{MD5}\n".encode("utf-8-sig"),
    ],
    ids=["bom", "crlf", "cr", "utf16", "utf16be", "upper", "blanks", "comments"],
)
def test_plain_lists_are_read_whatever_wrote_them(tmp_path: Path, data: bytes) -> None:
    _, rows, tally = read(written(tmp_path, data))
    assert [row.value.hex() for row in rows] == [PDQ, MD5]
    assert not tally.bad


def test_uniform_crlf_lists_take_the_array_path_and_read_the_same(tmp_path: Path, vectors: Path) -> None:
    lines = (vectors / "lists" / "haystack.txt").read_text().split()
    path = written(tmp_path, "\r\n".join(line.upper() for line in lines) + "\r\n")
    tally = Tally()
    _, rows = read_list(path, TYPES, tally)
    blocks = list(rows)
    assert all(isinstance(block, ValueBlock) for block in blocks)
    assert [row.value.hex() for row in expanded(iter(blocks))] == lines


def test_bad_rows_are_counted_with_their_lines_and_never_repeated(tmp_path: Path) -> None:
    bad = "zz" + PDQ[2:]
    path = written(tmp_path, f"{PDQ}\n{bad}\n{MD5}\n{MD5[:-1]}\n{MD5}\n{bad}\n")
    _, rows, tally = read(path)
    assert len(rows) == 3
    assert tally.bad == {"malformed value": 2, "no type has this length": 1}
    assert tally.lines == {"malformed value": [2, 6], "no type has this length": [4]}
    assert bad not in repr(tally)


def test_only_the_first_few_lines_of_a_reason_are_kept(tmp_path: Path) -> None:
    _, _, tally = read(written(tmp_path, f"{PDQ}\n" + "xx\n" * 100))
    assert tally.bad.total() == 100
    assert tally.lines["no type has this length"] == [2, 3, 4, 5, 6]


def test_an_endless_line_is_one_bad_row(tmp_path: Path) -> None:
    _, rows, tally = read(written(tmp_path, f"{PDQ}\n" + "a" * 9_000_000 + f"\n{MD5}\n"))
    assert [row.value.hex() for row in rows] == [PDQ, MD5]
    assert tally.bad == {"line too long": 1}
    _, rows, tally = read(written(tmp_path, f"md5 {MD5}\nmd5 " + "a" * 300_000 + f"\nmd5 {MD5}\n"))
    assert len(rows) == 2
    assert tally.bad == {"line too long": 1}


def test_typed_lines_are_read_and_other_types_counted(vectors: Path) -> None:
    chosen, rows, tally = read(vectors / "exchange" / "local_file_typed_lines.txt")
    assert chosen is Format.TYPED
    assert [row.type for row in rows] == ["pdq", "pdq", "pdq", "video_md5"]
    assert tally.unsupported == {"url": 1, "raw_text": 1}


def test_local_files_of_one_type_are_plain(vectors: Path) -> None:
    chosen, rows, _ = read(vectors / "exchange" / "local_file_one_type_per_file.txt")
    assert (chosen, len(rows)) == (Format.PLAIN, 5)


def test_a_value_in_place_of_a_type_is_not_repeated(tmp_path: Path) -> None:
    path = written(tmp_path, f"md5 {MD5}\n{MD5} md5\n{'ab' * 9}cd x\nmd5\n")
    _, rows, tally = read(path)
    assert len(rows) == 1
    assert MD5 not in repr(tally)
    assert (tally.unsupported.total(), tally.bad) == (2, {"missing or malformed field": 1})


def test_a_dataset_dump_is_read_with_its_category_as_label(vectors: Path) -> None:
    chosen, rows, tally = read(vectors / "exchange" / "dataset_dump.csv")
    assert chosen is Format.CSV
    assert len(rows) == 11
    assert {row.labels for row in rows} == {("INVESTIGATION_SEED",)}
    assert not tally.bad


def test_csv_takes_columns_in_any_order_quotes_tags_and_quality(tmp_path: Path) -> None:
    text = (
        f'Signal_Str,tags,SIGNAL_TYPE,quality,extra\r\n"{PDQ.upper()}","one two",PDQ,80,z\r\n'
        f"{PDQ},,pdq,\r\n{PDQ},,pdq,high\r\n,,pdq\r\nabc,,raw_text\r\n"
    )
    chosen, rows, tally = read(written(tmp_path, text, "l.csv"))
    assert chosen is Format.CSV
    assert [(row.type, row.labels, row.quality) for row in rows] == [("pdq", ("one", "two"), 80), ("pdq", (), None)]
    assert tally.bad == {"missing or malformed field": 2}
    assert tally.lines == {"missing or malformed field": [4, 5]}
    assert tally.unsupported == {"raw_text": 1}


def test_csv_without_the_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ListFormatError, match=r"l\.csv.*header"):
        read(written(tmp_path, f"hash,type\n{PDQ},pdq\n", "l.csv"), format=Format.CSV)


def test_vpdq_frames_keep_their_quality(vectors: Path) -> None:
    for path in sorted((vectors / "vpdq").glob("*.txt")):
        chosen, rows, tally = read(path)
        lines = path.read_text().split()
        assert chosen is Format.VPDQ
        assert [(row.type, row.value.hex(), row.quality) for row in rows] == [
            ("vpdq", line.split(",")[2], int(line.split(",")[1])) for line in lines
        ]
        assert not tally.bad


def test_ncmec_entries_are_keyed_typed_by_medium_and_labelled(vectors: Path) -> None:
    chosen, rows, tally = read(vectors / "exchange" / "ncmec_entries.xml")
    assert chosen is Format.NCMEC
    by_key = {(row.key, row.type): row for row in rows}
    assert by_key["42/image1", "md5"].labels == ("A1", "feedback:affirmative")
    assert by_key["42/image1", "sha1"].labels == ("A1", "feedback:negative")
    assert {row.type for row in rows if row.action is Action.ADD} == {"md5", "sha1", "video_md5", "video_sha1"}
    assert all(row.at > 1.4e9 for row in rows)
    assert tally.unsupported == {"photodna": 1}


def test_ncmec_deletions_are_withdrawals_by_key(vectors: Path) -> None:
    _, rows, _ = read(vectors / "exchange" / "ncmec_entries_xml4.xml")
    assert [(row.action, row.key) for row in rows] == [
        (Action.ADD, "101/willupdate"),
        (Action.WITHDRAW, "101/willdelete"),
    ]


def test_ncmec_fingerprints_kept_elsewhere_are_counted(vectors: Path) -> None:
    _, rows, tally = read(vectors / "exchange" / "ncmec_entries_large_fingerprints.xml")
    assert [row.type for row in rows] == ["video_md5"]
    assert tally.unsupported == {"tmk_pdqf": 1, "videntifier": 1}


def test_ncmec_pages_without_entries_are_lists(vectors: Path) -> None:
    assert read(vectors / "exchange" / "ncmec_entries_no_data.xml")[1] == []


def test_other_xml_is_refused(vectors: Path) -> None:
    with pytest.raises(ListFormatError, match=r"ncmec_status\.xml is not a hash list"):
        read(vectors / "exchange" / "ncmec_status.xml")


def test_ncmec_entries_without_identity_or_with_broken_values_are_bad(tmp_path: Path) -> None:
    text = (
        "<queryResult><images><image><id>x</id></image>"
        f'<image><member id="1"/><id>y</id><fingerprints><md5>{MD5[:-1]}</md5><md5/></fingerprints></image>'
        f'<image><member id="1"/><id>z</id><timestamp>never</timestamp><fingerprints><md5>{MD5.upper()}</md5>'
        "</fingerprints></image></images></queryResult>"
    )
    _, rows, tally = read(written(tmp_path, text))
    assert [(row.key, row.at) for row in rows] == [("1/z", 0.0)]
    assert tally.bad == {"no member id or entry id": 1, "malformed value": 2}


def test_xml_in_utf16_is_read(tmp_path: Path, vectors: Path) -> None:
    text = (vectors / "exchange" / "ncmec_entries_xml3.xml").read_text().replace("UTF-8", "UTF-16")
    assert len(read(written(tmp_path, text.encode("utf-16")))[1]) == 2


def test_stopncii_status_decides_between_live_and_removed(vectors: Path) -> None:
    folder = vectors / "exchange"
    chosen, rows, _ = read(folder / "stopncii_fetchhashes_page1.json")
    assert chosen is Format.STOPNCII
    assert [(row.type, row.action, row.key) for row in rows] == [("pdq", Action.ADD, None)] * 2
    assert read(folder / "stopncii_fetchhashes_page2.json")[1][0].labels == (
        "Nude",
        "Objectionable",
        "feedback:Blocked",
    )
    assert [row.action for row in read(folder / "stopncii_fetchhashes_withdrawn.json")[1]] == [Action.WITHDRAW]


def test_stopncii_pages_may_follow_each_other_or_stand_in_an_array(tmp_path: Path, vectors: Path) -> None:
    pages = [(vectors / "exchange" / f"stopncii_fetchhashes_page{n}.json").read_text() for n in (1, 2)]
    assert len(read(written(tmp_path, "\n".join(pages)))[1]) == 3
    assert len(read(written(tmp_path, "[" + ",".join(pages) + "]"))[1]) == 3


def test_stopncii_records_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    def record(**fields: object) -> dict[str, object]:
        return {"signalType": "VideoMD5", "hashValue": MD5, "hashStatus": "Active", "lastModtimestamp": 5} | fields

    page = {
        "hashRecords": [
            record(),
            record(hashStatus="Lost"),
            record(hashValue="x"),
            record(hashValue=7),
            record(signalType="VideoTMK"),
            record(signalType=MD5),
            None,
            [],
        ]
    }
    _, rows, tally = read(written(tmp_path, json.dumps(page)))
    assert [(row.type, row.at) for row in rows] == [("video_md5", 5.0)]
    assert tally.bad == {"unknown status": 1, "malformed value": 1, "missing or malformed field": 3}
    assert tally.unsupported == {"tmk_pdqf": 1, "other": 1}


def test_large_json_is_read_in_pieces(tmp_path: Path) -> None:
    records = [
        {"signalType": "VideoMD5", "hashValue": f"{n:032x}", "hashStatus": "Active", "lastModtimestamp": n}
        for n in range(1, 5001)
    ]
    path = written(tmp_path, json.dumps({"nextPageToken": "x" * 200_000, "hashRecords": records, "count": 5000}))
    _, rows, tally = read(path)
    assert [int(row.value.hex(), 16) for row in rows] == list(range(1, 5001))
    assert not tally.bad


XML_BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<queryResult><images><image><member id='1'/><id>&b;</id></image></images></queryResult>"
)
XML_OUTSIDE = (
    '<!DOCTYPE q [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    "<queryResult><images><image><member id='1'/><id>&x;</id></image></images></queryResult>"
)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"\n \r\n\t\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)), "not text"),
        (b"SQLite format 3\x00" + bytes(100), "not text"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "not text"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "web page"),
        (b"\n<html>", "web page"),
        (b"Dear customer, here are the hashes.\n", "known format"),
        (b"a,b,c\n1,2,3\n", "known format"),
        (b"# only a comment\n", "known format"),
        (XML_BOMB.encode(), "document type"),
        (XML_OUTSIDE.encode(), "document type"),
        (b"<queryResult><images><image><member id='1'/><id>x</id>", "cut"),
        (b"<queryResult>" + b"<a>" * 100_000, "nested"),
        (b"<queryResult><images><image><id>" + b"a" * 9_000_000, "larger than"),
        (b'{"hashRecords": [{"signalType": "ImagePDQ"}, {"hashVal', "cut"),
        (b'{"hashRecords": [{"signalType": "ImagePDQ"}', "cut"),
        (b'{"hashRecords": ' + b"[" * 100_000, "cut"),
        (b'{"hashRecords": [{"a": "' + b"x" * 3_000_000 + b'"', "JSON"),
        (b"{}", "no hashRecords"),
        (b"[1, 2]", "JSON"),
        (b"{\x7f}", "JSON"),
    ],
)
def test_a_file_that_is_no_list_is_refused_by_name(tmp_path: Path, data: bytes, says: str) -> None:
    with pytest.raises(ListFormatError, match=rf"given\.dat.*{says}"):
        read(written(tmp_path, data, "given.dat"))


@pytest.mark.parametrize("name", ["images/misc/c.png", "tmk/pattern-hd-no-bar.tmk", "vpdq/test-padded-dimensions.mp4"])
def test_media_are_not_lists(vectors: Path, name: str) -> None:
    with pytest.raises(ListFormatError, match="not text"):
        read(vectors / name)


def test_a_missing_file_and_a_directory_are_not_found(tmp_path: Path) -> None:
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(NotFound):
            read(path)


@pytest.mark.parametrize("format", list(Format))
def test_a_wrong_format_given_by_name_never_ends_in_anything_but_an_error(
    vectors: Path, format: Format, tmp_path: Path
) -> None:
    for path in sorted((vectors / "exchange").iterdir()):
        try:
            read(path, format=format)
        except SeawallError as problem:
            assert path.name in str(problem)
