"""The HMA-compatible endpoints: its forms, exact answers, and no labels."""

from __future__ import annotations

import csv
import io
from contextlib import closing
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from seawall.deploy.guard.lists import LiveLists
from seawall.deploy.guard.media.pool import DecodePool
from seawall.deploy.guard.media.spool import MemoryMedia
from seawall.errors import StoreError, UsageError
from seawall.hashing.registry import SignalTypes
from seawall.matching import ListStore, Purpose
from seawall.policy.guard import GuardAction
from seawall.web.hma.hashing import MediaHashes
from seawall.web.hma.names import bank_of
from seawall.web.hma.remote import allowed_hosts
from seawall.web.parts import Hashed

PHOTOS = Path(__file__).parents[2] / "src/seawall/demo_photos"
LABEL = "zorblax-label"


def values(number: int) -> list[bytes]:
    return [np.random.default_rng(seed).bytes(32) for seed in range(number)]


def near(value: bytes, bits: int) -> bytes:
    changed = bytearray(value)
    for bit in range(bits):
        changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.fixture
def known(lists: LiveLists, seawall_home: Path, tmp_path: Path) -> list[bytes]:
    """Two lists of random hashes; the second holds the first value too."""
    found = values(20)
    store = ListStore(seawall_home / "lists")
    for name, rows in (("one.list", found), ("2nd", found[:1])):
        path = tmp_path / f"{name}.txt"
        path.write_text("\n".join(row.hex() for row in rows) + "\n")
        store.import_file(path, name=name, purpose=Purpose.CSAM, type="pdq", labels=(LABEL,))
    lists.refresh()
    return found


def test_raw_lookup_gives_ids_and_on_request_distances(server: Any, known: list[bytes]) -> None:
    asked = f"/m/raw_lookup?signal_type=pdq&signal={near(known[3], 5).hex()}"
    assert server.ask("GET", asked, key="hma").json() == {"matches": [3]}
    assert server.ask("GET", f"{asked}&include_distance=true", key="hma").json() == {
        "matches": [{"bank_content_id": 3, "distance": "5"}]
    }
    far = near(known[3], 32).hex()
    assert server.ask("GET", f"/m/raw_lookup?signal_type=pdq&signal={far}", key="hma").json() == {"matches": []}


def test_lookup_gives_entries_by_bank(server: Any, known: list[bytes]) -> None:
    asked = f"/m/lookup?signal_type=pdq&signal={known[0].hex().upper()}"
    entry = [{"bank_content_id": 0, "distance": "0"}]
    assert server.ask("GET", asked, key="hma").json() == {"ONE_LIST": entry, "_2ND": entry}
    assert server.ask("GET", f"{asked}&banks=_2ND", key="hma").json() == {"_2ND": entry}
    assert server.ask("GET", f"{asked}&banks=NONE", key="hma").json() == {}


def test_a_lookup_answers_exactly_as_brute_force_does(server: Any, known: list[bytes]) -> None:
    random = np.random.default_rng(5)
    for _ in range(30):
        value = near(known[int(random.integers(20))], int(random.integers(0, 40)))
        expected = [
            n for n, each in enumerate(known) if (int.from_bytes(each) ^ int.from_bytes(value)).bit_count() <= 31
        ]
        asked = f"/m/raw_lookup?signal_type=pdq&signal={value.hex()}&banks=ONE_LIST"
        assert server.ask("GET", asked, key="hma").json() == {"matches": expected}


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/m/raw_lookup", "parameter"),
        ("/m/raw_lookup?signal_type=pdq", "parameter"),
        ("/m/raw_lookup?signal_type=zorblax&signal=00", "parameter"),
        ("/m/raw_lookup?signal_type=pdq&signal=zorblax", "bad_signal"),
        ("/m/lookup?signal_type=pdq&signal=" + "0" * 63, "bad_signal"),
        ("/h/hash", "parameter"),
        ("/h/hash?url=http://127.0.0.1/x", "url_refused"),
        ("/m/lookup?url=http://169.254.169.254/latest", "url_refused"),
        ("/c/bank/ZORBLAX", "no_bank"),
    ],
)
def test_what_cannot_be_looked_up_is_refused(server: Any, path: str, code: str) -> None:
    answer = server.ask("GET", path, key="hma")
    assert answer.status_code in (400, 403, 404)
    assert answer.json()["error"]["code"] == code
    assert "zorblax" not in answer.text.lower()


def test_a_picture_is_looked_up_in_every_orientation(
    server: Any, lists: LiveLists, seawall_home: Path, tmp_path: Path
) -> None:
    with closing(DecodePool(1)) as pool:
        whole = server.with_parts(hashes=MediaHashes(SignalTypes.installed(), pool))
        photo = (PHOTOS / "chelsea.jpg").read_bytes()
        value = whole.ask("POST", "/h/hash", key="hma", files={"photo": photo}).json()["pdq"]
        path = tmp_path / "bank.txt"
        path.write_text(f"{value}\n")
        ListStore(seawall_home / "lists").import_file(path, name="bank", purpose=Purpose.BENIGN, type="pdq")
        lists.refresh()
        turned = io.BytesIO()
        Image.open(io.BytesIO(photo)).transpose(Image.Transpose.ROTATE_90).save(turned, "PNG")
        # The turned hashes of a picture are turned from its own coefficients. PDQ samples a picture that was turned
        # itself at other points, so the two are near (10 bits for this photo), and seldom the same.
        for data, most in ((photo, 0), (turned.getvalue(), 16)):
            found = whole.ask("POST", "/m/lookup", key="hma", files={"photo": data}).json()
            assert found["pdq"]["BANK"][0]["bank_content_id"] == 0
            assert int(found["pdq"]["BANK"][0]["distance"]) <= most
        flat = io.BytesIO()
        Image.new("RGB", (64, 64), (9, 9, 9)).save(flat, "PNG")
        assert whole.ask("POST", "/m/lookup", key="hma", files={"photo": flat.getvalue()}).json() == {}
        broken = whole.ask("POST", "/h/hash", key="hma", files={"photo": b"\x89PNG\r\n\x1a\nzorblax"})
        assert broken.status_code == 422
        text = whole.ask("POST", "/h/hash", key="hma", files={"photo": b"zorblax"})
        assert (text.status_code, text.json()["error"]["code"]) == (415, "unsupported_media")


def test_hashes_are_compared(server: Any) -> None:
    one = values(1)[0]
    answer = server.ask("POST", "/m/compare", key="hma", json={"pdq": [one.hex(), near(one, 4).hex()]})
    assert answer.json() == {"pdq": [True, {"distance": 4}]}
    answer = server.ask("POST", "/m/compare", key="hma", json={"md5": ["0" * 32, "1" * 32]})
    assert answer.json()["md5"][0] is False
    for body in ([], {}, {"pdq": [one.hex()]}, {"pdq": [1, 2]}, {"zorblax": ["", ""]}, {"pdq": "ab"}):
        assert server.ask("POST", "/m/compare", key="hma", json=body).status_code == 400


def test_the_catalogue_names_banks_types_and_sizes(server: Any, known: list[bytes]) -> None:
    banks = server.ask("GET", "/c/banks", key="hma").json()
    assert [bank["name"] for bank in banks] == ["CANARY", "ONE_LIST", "_2ND"]
    assert server.ask("GET", "/c/bank/ONE_LIST", key="hma").json() == {
        "name": "ONE_LIST",
        "matching_enabled_ratio": 1.0,
    }
    assert {"name": "pdq", "enabled_ratio": 1.0} in server.ask("GET", "/c/signal_type", key="hma").json()
    assert {"name": "photo", "enabled": True} in server.ask("GET", "/c/content_type", key="hma").json()
    pdq = server.ask("GET", "/m/index/status", key="hma").json()["pdq"]
    assert (pdq["present"], pdq["size"] > 21) == (True, True)


def test_the_status_says_whether_lookups_can_be_relied_on(server: Any, lists: LiveLists) -> None:
    assert server.ask("GET", "/status", key=None).text == "I-AM-ALIVE"

    class Unwell:
        def __init__(self, **changes: Any) -> None:
            self._changes = changes

        def status(self) -> Any:
            return replace(lists.status(), **self._changes)

    assert server.with_parts(lists=Unwell(stale=True)).ask("GET", "/status", key=None).text == "INDEX-STALE"
    broken = server.with_parts(lists=Unwell(error="index_corrupt")).ask("GET", "/status", key=None)
    assert (broken.status_code, broken.text) == (503, "INDEX-NOT-LOADED")


def test_no_endpoint_shows_labels_or_values(server: Any, known: list[bytes]) -> None:
    value = near(known[0], 3).hex()
    said = [
        server.ask("GET", path, key="hma").text
        for path in (
            f"/m/lookup?signal_type=pdq&signal={value}",
            f"/m/raw_lookup?signal_type=pdq&signal={value}&include_distance=1",
            "/c/banks",
            "/c/bank/ONE_LIST",
            "/m/index/status",
        )
    ]
    said.append(server.ask("POST", "/v1/match/batch", key="hma", json={"type": "pdq", "values": [value]}).text)
    assert not [text for text in said if LABEL in text or known[0].hex() in text]


def test_a_batch_of_hashes_has_one_decision(server: Any, known: list[bytes]) -> None:
    asked = [near(known[0], 31), near(known[1], 32), known[2]]
    answer = server.ask("POST", "/v1/match/batch", key="hma", json={"type": "pdq", "values": [v.hex() for v in asked]})
    told = answer.json()
    assert [[(each["list"], each["entry"], each["distance"]) for each in row] for row in told["results"]] == [
        [("2nd", "0", 31), ("one.list", "0", 31)],
        [],
        [("one.list", "2", 0)],
    ]
    (record,) = server.memory.records.values()
    assert (record.id, record.account, record.kind) == (told["decision_id"], "key:0123456789ab", "upload")
    assert record.action is GuardAction(told["action"])
    assert told["action"] in ("block", "review")
    assert told["drill"] is False


def test_whatever_policy_does_to_a_batch_that_only_canaries_match_is_a_drill(server: Any) -> None:
    with (files("seawall.canary") / "canary_list.csv").open() as file:
        value = next(row for row in csv.reader(file) if row[4] == "canary.a canary.b")[1]
    told = server.ask("POST", "/v1/match/batch", key="hma", json={"type": "pdq", "values": [value]}).json()
    assert told["results"][0][0]["list"] == "canary"
    assert (told["action"] != "allow", told["drill"]) == (True, True), told


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"type": "pdq"}, [{"loc": ["values"], "type": "missing"}]),
        ({"type": "zorblax", "values": []}, [{"loc": ["type"], "type": "unknown_type"}]),
        ({"type": "pdq", "values": ["0" * 64, "zorblax"]}, [{"loc": ["values", 1], "type": "bad_signal"}]),
        ({"type": "pdq", "values": ["0"] * 20_001}, [{"loc": ["values"], "type": "too_long"}]),
    ],
)
def test_a_batch_that_is_malformed_is_refused(server: Any, body: dict[str, Any], fields: list[Any]) -> None:
    limits = replace(server.parts.limits, json_bytes=1 << 20)
    answer = server.with_parts(limits=limits).ask("POST", "/v1/match/batch", key="hma", json=body)
    assert (answer.status_code, answer.json()["error"]["fields"]) == (422, fields)
    assert server.memory.records == {}


def test_a_batch_that_cannot_be_recorded_is_not_answered(server: Any) -> None:
    server.memory.fails = StoreError()
    answer = server.ask("POST", "/v1/match/batch", key="hma", json={"type": "pdq", "values": ["0" * 64]})
    assert answer.status_code == 503


def test_an_address_is_fetched_if_the_operator_allows_its_host(server: Any) -> None:
    asked = []

    class Remote:
        def fetch(self, url: str, limit: int) -> MemoryMedia:
            asked.append((url, limit))
            if "bad" in url:
                raise StoreError("/secret")
            return MemoryMedia(b"bytes")

    class Hashes:
        def hashes(self, media: Any) -> Hashed:
            return Hashed({"pdq": "0" * 64}, {"pdq": [bytes(32)]})

    allowed = server.with_parts(remote=Remote(), hashes=Hashes())
    assert allowed.ask("GET", "/h/hash?url=https://good.example/x", key="hma").json() == {"pdq": "0" * 64}
    assert allowed.ask("GET", "/m/lookup?url=https://good.example/x", key="hma").json() == {"pdq": {}}
    refused = allowed.ask("GET", "/h/hash?url=https://bad.example/x", key="hma")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "url_refused")
    assert asked[0] == ("https://good.example/x", server.parts.limits.file_bytes)


def test_hosts_are_named_in_a_file_of_the_operator(tmp_path: Path) -> None:
    path = tmp_path / "guard.yaml"
    assert allowed_hosts(path) == ()
    path.write_text("url_hosts: [cdn.example]\n")
    assert allowed_hosts(path) == ("cdn.example",)
    for text in ("url_hosts: cdn.example", "url_hosts: [1]", "- a", "{", "url_hosts: ['']"):
        path.write_text(text)
        with pytest.raises(UsageError):
            allowed_hosts(path)


@pytest.mark.parametrize(("name", "bank"), [("one.list", "ONE_LIST"), ("2nd", "_2ND"), ("A-b_c", "A_B_C")])
def test_names_of_lists_become_names_of_banks(name: str, bank: str) -> None:
    assert bank_of(name) == bank
