"""Lists over their life: imports, withdrawals, versions, banks of one's own, and what never leaves."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from seawall.errors import IndexCorrupt, ListConflict, ListFormatError, NotFound, UsageError
from seawall.hashing.registry import SignalTypes
from seawall.matching import HashList, ListStore, Purpose
from seawall.matching.lists import Action, Format, ImportReport, ListRow, Provenance

TYPES = SignalTypes.installed()
PDQ = bytes.fromhex("f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22")
OTHER = bytes.fromhex("f162eb9daab170c0567fe3632d9a5548c5612982dd5e374a7424ebbc8a835c95")
MD5 = bytes.fromhex("cab08b36195edb1a1231d2d09fa450e0")

Importer = Callable[..., ImportReport]


@pytest.fixture
def store(tmp_path: Path) -> ListStore:
    return ListStore(tmp_path / "home" / "lists")


@pytest.fixture
def give(store: ListStore, tmp_path: Path) -> Importer:
    """Import text as the list `given`."""

    def importer(text: str, **options: object) -> ImportReport:
        path = tmp_path / "given.txt"
        path.write_text(text)
        return store.import_file(path, name="given", purpose=Purpose.CSAM, **options)  # type: ignore[arg-type]

    return importer


def live(found: HashList, type: str, *values: bytes) -> list[list[int]]:
    """Return the entries that equal each value."""
    rows, entries, distances = found.search(type, values)
    return [
        [int(e) for r, e, d in zip(rows, entries, distances, strict=True) if r == number and d == 0]
        for number in range(len(values))
    ]


def adds_up(report: ImportReport) -> bool:
    parts = (report.added, report.duplicates, report.superseded, report.withdrawals)
    groups = (report.quarantined, report.bad, report.unsupported)
    return report.rows == sum(parts) + sum(sum(group.values()) for group in groups)


def test_entries_are_numbered_in_the_order_of_the_file(store: ListStore, vectors: Path) -> None:
    report = store.import_file(vectors / "lists" / "haystack.txt", name="hay", purpose=Purpose.CSAM)
    values = [bytes.fromhex(line) for line in (vectors / "lists" / "haystack.txt").read_text().split()]
    assert (report.version, report.added, report.entries, report.first_entry) == (1, 1350, 1350, "0")
    assert live(store.open("hay"), "pdq", *values) == [[number] for number in range(1350)]
    assert adds_up(report)


@pytest.mark.parametrize(
    "name",
    [
        "dataset_dump.csv",
        "local_file_one_type_per_file.txt",
        "local_file_typed_lines.txt",
        "ncmec_entries.xml",
        "ncmec_entries_large_fingerprints.xml",
        "ncmec_entries_no_data.xml",
        "ncmec_entries_xml2.xml",
        "ncmec_entries_xml3.xml",
        "ncmec_entries_xml4.xml",
        "stopncii_fetchhashes_page1.json",
        "stopncii_fetchhashes_page2.json",
        "stopncii_fetchhashes_withdrawn.json",
    ],
)
def test_every_exchange_sample_imports_and_again_changes_nothing(store: ListStore, vectors: Path, name: str) -> None:
    path = vectors / "exchange" / name
    first = store.import_file(path, name="sample", purpose=Purpose.CSAM)
    again = store.import_file(path, name="sample", purpose=Purpose.CSAM)
    assert adds_up(first)
    assert adds_up(again)
    assert (again.version, again.added, again.withdrawn, again.entries) == (1, 0, 0, first.added)
    assert len(store.verify("sample")) == first.added


def test_a_withdrawn_stopncii_record_stops_matching(store: ListStore, vectors: Path) -> None:
    value = bytes.fromhex("9def0b7dafa86a1c90f2abd78e79ceb25ec3d1a4b3d4bc7a4354baf7717ea038")
    folder = vectors / "exchange"
    for page in (1, 2):
        store.import_file(folder / f"stopncii_fetchhashes_page{page}.json", name="s", purpose=Purpose.NCII_ADULT)
    before = store.open("s")
    assert live(before, "pdq", value) == [[2]]
    report = store.import_file(folder / "stopncii_fetchhashes_withdrawn.json", name="s", purpose=Purpose.NCII_ADULT)
    assert (report.withdrawals, report.withdrawn, report.entries) == (1, 1, 2)
    after = store.open("s")
    assert live(after, "pdq", value) == [[]]
    assert after.withdrawn_since(2) == ["2"]
    assert after.withdrawn_since(3) == []


def test_ncmec_updates_replace_and_deletions_remove(store: ListStore, vectors: Path) -> None:
    updated, deleted = bytes.fromhex("face" * 8), bytes.fromhex("bace" * 8)
    folder = vectors / "exchange"
    store.import_file(folder / "ncmec_entries_xml3.xml", name="n", purpose=Purpose.CSAM)
    before = store.open("n")
    assert live(before, "video_md5", updated, deleted) == [[0], [1]]
    assert before.labels_of(0) == ("A1",)
    report = store.import_file(folder / "ncmec_entries_xml4.xml", name="n", purpose=Purpose.CSAM)
    assert (report.added, report.relabelled, report.withdrawals, report.withdrawn) == (1, 1, 1, 2)
    after = store.open("n")
    assert live(after, "video_md5", updated, deleted) == [[2], []]
    assert after.labels_of(2) == ("A2",)


def test_a_value_under_two_keys_lives_until_both_are_deleted(store: ListStore, tmp_path: Path) -> None:
    def page(*items: str) -> Path:
        path = tmp_path / "page.xml"
        path.write_text(f"<queryResult><images>{''.join(items)}</images></queryResult>")
        return path

    def item(tag: str, key: int, at: str = "2020-01-01T00:00:00Z") -> str:
        prints = f"<fingerprints><md5>{MD5.hex()}</md5></fingerprints>" if tag == "image" else ""
        return f'<{tag}><member id="1"/><timestamp>{at}</timestamp><id>{key}</id>{prints}</{tag}>'

    def give(*items: str) -> int:
        store.import_file(page(*items), name="n", purpose=Purpose.CSAM)
        return len(live(store.open("n"), "md5", MD5)[0])

    assert give(item("image", 1), item("image", 2), item("image", 2)) == 2
    assert give(item("deletedImage", 1)) == 1
    assert give(item("deletedImage", 2), item("image", 2, "2019-01-01T00:00:00Z")) == 0
    assert give(item("image", 2, "2021-01-01T00:00:00Z"), item("deletedImage", 2)) == 1


def test_weak_and_low_quality_values_are_set_aside(store: ListStore, give: Importer, vectors: Path) -> None:
    report = give(f"{'0' * 64}\n{'f' * 64}\n{PDQ.hex()}\n{'d41d8cd98f00b204e9800998ecf8427e'}\n")
    assert (report.added, report.quarantined) == (1, {"weak": 3})
    uniform = give(f"{'0' * 64}\n{'01' * 32}\n{OTHER.hex()}\n")
    assert (uniform.added, uniform.quarantined) == (1, {"weak": 2})
    frames = store.import_file(
        vectors / "vpdq" / "doorknob-hd-no-bar-128x128.txt", name="frames", purpose=Purpose.BENIGN
    )
    assert frames.quarantined == {"low quality": 58}
    assert adds_up(frames)


def test_array_and_row_tests_of_weakness_agree(vectors: Path) -> None:
    import numpy as np

    from seawall.matching.lists.weakness import weak_rows

    random = np.random.default_rng(5)
    for kind in TYPES:
        if kind.width is None:
            continue
        noise = random.integers(0, 256, (200, kind.width), np.uint8)
        sparse = noise & random.integers(0, 256, noise.shape, np.uint8) & random.integers(0, 256, noise.shape, np.uint8)
        sparse[:50] &= random.integers(0, 256, (50, kind.width), np.uint8)
        tiled = np.tile(noise[:40, :4], kind.width // 4)
        flat = np.repeat(noise[:40, :1], kind.width, axis=1)
        values = np.concatenate([noise, sparse, ~sparse, tiled, flat])
        assert weak_rows(kind, values).tolist() == [kind.weak(value.tobytes()) for value in values]


def test_replacing_adds_what_is_new_and_withdraws_what_is_gone(store: ListStore, give: Importer) -> None:
    give(f"{PDQ.hex()}\n{MD5.hex()}\n")
    report = give(f"{OTHER.hex()}\n{PDQ.hex()}\n", replace=True)
    assert (report.added, report.duplicates, report.withdrawn, report.entries) == (1, 1, 1, 2)
    found = store.open("given")
    assert live(found, "pdq", PDQ, OTHER) == [[0], [2]]
    assert live(found, "md5", MD5) == [[]]


def test_an_empty_snapshot_does_not_disarm_a_list(store: ListStore, give: Importer, vectors: Path) -> None:
    give(f"{PDQ.hex()}\n")
    for text in (f"{'0' * 64}\n", (vectors / "exchange" / "ncmec_entries_no_data.xml").read_text()):
        with pytest.raises(ListConflict, match="every entry"):
            give(text, replace=True)
    assert live(store.open("given"), "pdq", PDQ) == [[0]]


def test_a_withdrawn_value_that_returns_gets_a_new_entry(store: ListStore, give: Importer) -> None:
    give(f"{PDQ.hex()}\n")
    give(f"{MD5.hex()}\n", replace=True)
    give(f"{PDQ.hex()}\n")
    assert live(store.open("given"), "pdq", PDQ) == [[2]]
    assert store.open("given").withdrawn_since(1) == ["0"]


def test_an_earlier_version_shows_its_entries_less_what_was_withdrawn_since(store: ListStore, give: Importer) -> None:
    give(f"{PDQ.hex()}\n{MD5.hex()}\n")
    give(f"{OTHER.hex()}\n")
    opened_then = store.open("given", 1)
    assert live(opened_then, "pdq", PDQ, OTHER) == [[0], []]
    assert opened_then.first_entry_since(1) == 2
    give(f"{OTHER.hex()}\n", replace=True)
    assert live(store.open("given", 1), "pdq", PDQ, OTHER) == [[], []]
    with pytest.raises(NotFound, match="no version 9"):
        store.open("given", 9)


def test_an_open_list_does_not_move(store: ListStore, give: Importer) -> None:
    give(f"{PDQ.hex()}\n")
    opened = store.open("given")
    give(f"{OTHER.hex()}\n", replace=True)
    assert live(opened, "pdq", PDQ, OTHER) == [[0], []]


def test_an_entry_of_a_received_list_can_be_withdrawn_for_oneself(store: ListStore, give: Importer) -> None:
    give(f"{PDQ.hex()}\n{OTHER.hex()}\n")
    assert store.remove("given", entries=["0"]) == 1
    assert live(store.open("given"), "pdq", PDQ, OTHER) == [[], [1]]


def test_purposes_and_provenance_never_change(store: ListStore, give: Importer, tmp_path: Path) -> None:
    give(f"{PDQ.hex()}\n")
    with pytest.raises(ListConflict, match="purpose csam, not benign"):
        store.import_file(tmp_path / "given.txt", name="given", purpose=Purpose.BENIGN)
    with pytest.raises(ListConflict, match="a received list"):
        give(f"{OTHER.hex()}\n", own=True)
    with pytest.raises(ListConflict):
        store.add("given", [ListRow("pdq", OTHER)])
    store.create_bank("bank", Purpose.BENIGN)
    with pytest.raises(ListConflict, match="a bank of your own"):
        store.import_file(tmp_path / "given.txt", name="bank", purpose=Purpose.BENIGN)
    with pytest.raises(ListConflict, match="already"):
        store.create_bank("bank", Purpose.BENIGN)


def test_received_entries_are_never_given_out(store: ListStore, give: Importer, tmp_path: Path) -> None:
    give(f"{PDQ.hex()}\n")
    with pytest.raises(ListConflict, match="received"):
        store.export("given", tmp_path / "out.csv")
    with pytest.raises(ListConflict, match="received"):
        store.open("given").items()
    assert not (tmp_path / "out.csv").exists()


def test_a_bank_of_ones_own_takes_gives_back_and_exports(store: ListStore, tmp_path: Path) -> None:
    store.create_bank("bank", Purpose.BENIGN)
    assert store.manifest("bank").provenance is Provenance.OPERATOR
    report = store.add("bank", [ListRow("pdq", PDQ, labels=("logo",)), ListRow("md5", MD5)], labels=["ours"])
    assert (report.version, report.added, report.first_entry) == (2, 2, "0")
    out = tmp_path / "out.csv"
    assert store.export("bank", out) == 2
    copied = store.import_file(out, name="copy", purpose=Purpose.BENIGN)
    assert (copied.format, copied.added) == (Format.CSV.value, 2)
    copy = store.open("copy")
    assert copy.labels_of(live(copy, "pdq", PDQ)[0][0]) == ("ours", "logo")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with pytest.raises(ListConflict, match="exists"):
        store.export("bank", out)
    assert store.remove("bank", entries=["0", "77"]) == 1
    assert store.remove("bank", entries=["0"]) == 0
    assert store.remove("bank", values=[("md5", MD5), ("sha1", bytes(20))]) == 1
    assert len(store.open("bank")) == 0
    assert store.export("bank", tmp_path / "empty.csv") == 0
    assert store.verify("bank").version.entries == 0


def test_a_bank_can_be_replaced_as_a_whole(store: ListStore) -> None:
    store.create_bank("bank", Purpose.BENIGN)
    store.add("bank", [ListRow("pdq", PDQ), ListRow("md5", MD5)])
    report = store.add("bank", [ListRow("pdq", PDQ), ListRow("pdq", OTHER)], replace=True)
    assert (report.added, report.duplicates, report.withdrawn) == (1, 1, 1)


def test_malformed_requests_are_refused(store: ListStore) -> None:
    store.create_bank("bank", Purpose.BENIGN)
    for name in ("", ".hidden", "../up", "a/b", "a@1", "x" * 65, "naïve"):
        with pytest.raises(UsageError, match="name"):
            store.create_bank(name, Purpose.BENIGN)
    for label in ("", "two words", "x" * 101, "a,b", "line\n"):
        with pytest.raises(UsageError, match="label"):
            store.add("bank", [ListRow("pdq", PDQ, labels=(label,))])
    with pytest.raises(UsageError, match="32 bytes"):
        store.add("bank", [ListRow("pdq", MD5)])
    with pytest.raises(UsageError, match="unknown signal type"):
        store.add("bank", [ListRow("photodna", MD5)])
    for entry in ("x", "-1", "1" * 30):
        with pytest.raises(UsageError, match="entry id"):
            store.remove("bank", entries=[entry])
    for act in (store.open, store.manifest, store.verify, store.delete):
        with pytest.raises(NotFound, match="no list none"):
            act("none")
    with pytest.raises(NotFound, match="no list none"):
        store.add("none", [])
    assert store.names() == ["bank"]
    assert store.manifest("bank").current.version == 1


def test_a_file_without_any_readable_row_makes_no_list(store: ListStore, give: Importer) -> None:
    with pytest.raises(ListFormatError, match="no readable row: 2"):
        give("xyz\nabc\n", format=Format.PLAIN)
    assert store.names() == []


def test_a_deleted_list_is_gone_and_its_name_is_free(store: ListStore, give: Importer) -> None:
    give(f"{PDQ.hex()}\n")
    before = store.manifest("given").id
    store.delete("given")
    assert store.names() == []
    give(f"{PDQ.hex()}\n")
    assert store.manifest("given").id != before


def test_nothing_readable_is_left_on_disk_of_labels_and_keys(store: ListStore, vectors: Path) -> None:
    folder = vectors / "exchange"
    store.import_file(folder / "ncmec_entries_xml3.xml", name="n", purpose=Purpose.CSAM, labels=["our-own-label"])
    store.import_file(folder / "stopncii_fetchhashes_page2.json", name="s", purpose=Purpose.NCII_ADULT)
    home = store.root.parent
    for path in home.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        if path.is_dir():
            assert mode == 0o700, path
        else:
            data = path.read_bytes()
            assert not any(word in data for word in (b"willupdate", b"our-own-label", b"Objectionable"))
    assert stat.S_IMODE((home / "keys" / "labels.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "lists" / "n" / "manifest.json").stat().st_mode) == 0o600


def test_another_key_opens_no_labels(store: ListStore, vectors: Path) -> None:
    store.import_file(vectors / "exchange" / "ncmec_entries_xml3.xml", name="n", purpose=Purpose.CSAM)
    (store.root.parent / "keys" / "labels.key").write_bytes(bytes(32))
    with pytest.raises(IndexCorrupt, match="labels of the list n"):
        store.open("n")
    (store.root.parent / "keys" / "labels.key").write_bytes(b"short")
    with pytest.raises(IndexCorrupt, match="not a key"):
        store.open("n")


@pytest.mark.parametrize("name", ["manifest.json", "entries.bin", "withdrawn.bin", "labels-1.bin"])
@pytest.mark.parametrize("damage", ["cut", "flip", "gone"])
def test_damage_is_found_and_named(store: ListStore, vectors: Path, name: str, damage: str) -> None:
    folder = vectors / "exchange"
    store.import_file(folder / "stopncii_fetchhashes_page2.json", name="s", purpose=Purpose.CSAM)
    store.import_file(folder / "stopncii_fetchhashes_withdrawn.json", name="s", purpose=Purpose.CSAM)
    path = store.root / "s" / name
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] if damage == "cut" else bytes([data[0] ^ 255]) + data[1:])
    with pytest.raises((IndexCorrupt, NotFound), match="s"):
        store.verify("s")


def test_damage_to_any_file_is_found(store: ListStore, vectors: Path) -> None:
    store.import_file(vectors / "exchange" / "ncmec_entries_xml3.xml", name="n", purpose=Purpose.CSAM)
    store.import_file(vectors / "lists" / "haystack.txt", name="n", purpose=Purpose.CSAM)
    store.verify("n")
    files = [path for path in (store.root / "n").rglob("*") if path.is_file() and path.stat().st_size]
    assert len(files) > 6
    for path in files:
        data = path.read_bytes()
        for damaged in (data[:-2], data[: len(data) // 2], bytes([data[0] ^ 64]) + data[1:]):
            path.write_bytes(damaged)
            with pytest.raises(IndexCorrupt):
                store.verify("n")
        path.write_bytes(data)
    store.verify("n")


def test_progress_is_told(store: ListStore, tmp_path: Path) -> None:
    path = tmp_path / "many.txt"
    path.write_text("".join(f"md5 {number:032x}\n" for number in range(1, 70_000)))
    told: list[int] = []
    store.import_file(path, name="many", purpose=Purpose.BENIGN, progress=told.append)
    assert told == [65_536]


def test_withdrawals_in_the_same_file_weigh_by_time(store: ListStore) -> None:
    store.create_bank("bank", Purpose.BENIGN)
    gone = ListRow("md5", MD5, action=Action.WITHDRAW, at=2)
    report = store.add("bank", [gone, ListRow("md5", MD5, at=1)])
    assert (report.added, report.superseded, report.withdrawals) == (0, 1, 1)
    report = store.add("bank", [ListRow("md5", MD5, at=3), gone])
    assert (report.added, report.withdrawals, report.withdrawn) == (1, 1, 0)


def test_labels_of_others_are_bounded_and_printable(store: ListStore, give: Importer) -> None:
    tags = " ".join(["\x1b[31mred", "x" * 5000, *(f"t{number}" for number in range(100))])
    give(f"signal_type,signal_str,tags\npdq,{PDQ.hex()},{tags}\n")
    labels = store.open("given").labels_of(0)
    assert len(labels) == 32
    assert all(label.isprintable() and len(label) <= 200 for label in labels)
