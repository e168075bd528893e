"""The published test vectors: what this code writes today is what it wrote when they were published.

Run as a program, this file writes them again: `python tests/ledger/test_vectors.py`.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seawall.ledger.events import Event
from seawall.ledger.keys import public_key
from seawall.ledger.merkle import (
    consistency_path,
    inclusion_path,
    is_consistent,
    leaf_hash,
    root_from_inclusion,
    tree_root,
)
from seawall.ledger.notes import Checkpoint, PublicKey, open_note
from seawall.ledger.tiles import TileEdge, node_reader

VECTORS = Path(__file__).parents[1] / "data" / "ledger" / "vectors.json"
AT = "2026-01-01T12:00:00.000000Z"
SIZES = (0, 1, 2, 3, 4, 5, 7, 8, 11, 16, 33)


def make() -> dict[str, Any]:
    key = Ed25519PrivateKey.from_private_bytes(sha256(b"seawall test vectors; signs nothing real").digest())
    public = public_key(key)
    bodies = [{"number": number, "text": "ü\n\u2028", "half": number / 2, "none": None} for number in range(max(SIZES))]
    events = [Event(f"fact-{number}", "test.fact", AT, body).encode() for number, body in enumerate(bodies)]
    leaves = [leaf_hash(event) for event in events]
    tiles = TileEdge(0, {}).extend(leaves)
    read = node_reader(tiles.__getitem__)
    pairs = [(old, new) for new in SIZES for old in SIZES if old <= new]
    return {
        "comment": "Made by tests/ledger/test_vectors.py. The key signs nothing but these vectors.",
        "public_key": public.to_pem(),
        "verifier_key": public.verifier_key,
        "events": [event.decode() for event in events],
        "leaves": [leaf.hex() for leaf in leaves],
        "trees": [
            {
                "size": size,
                "root": tree_root(leaves[:size]).hex(),
                "checkpoint": Checkpoint(public.origin, size, tree_root(leaves[:size]), AT).sign(key),
                "paths": [[node.hex() for node in inclusion_path(at, size, read)] for at in range(size)],
            }
            for size in SIZES
        ],
        "consistency": [
            {"old": old, "new": new, "path": [node.hex() for node in consistency_path(old, new, read)]}
            for old, new in pairs
        ],
    }


def text(vectors: dict[str, Any]) -> str:
    return json.dumps(vectors, indent=1, ensure_ascii=True) + "\n"


def test_the_vectors_are_what_the_code_makes() -> None:
    assert VECTORS.read_text(encoding="utf-8") == text(make())


def test_the_vectors_verify() -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    key = PublicKey.from_pem(vectors["public_key"])
    leaves = [bytes.fromhex(leaf) for leaf in vectors["leaves"]]
    assert leaves == [sha256(b"\x00" + event.encode()).digest() for event in vectors["events"]]
    roots = {tree["size"]: bytes.fromhex(tree["root"]) for tree in vectors["trees"]}
    for tree in vectors["trees"]:
        assert open_note(tree["checkpoint"], key).root == roots[tree["size"]]
        for at, path in enumerate(tree["paths"]):
            nodes = [bytes.fromhex(node) for node in path]
            assert root_from_inclusion(leaves[at], at, tree["size"], nodes) == roots[tree["size"]]
    for proof in vectors["consistency"]:
        nodes = [bytes.fromhex(node) for node in proof["path"]]
        assert is_consistent(proof["old"], roots[proof["old"]], proof["new"], roots[proof["new"]], nodes)


if __name__ == "__main__":
    VECTORS.parent.mkdir(parents=True, exist_ok=True)
    VECTORS.write_text(text(make()), encoding="utf-8")
    sys.stdout.write(f"written to {VECTORS}\n")
