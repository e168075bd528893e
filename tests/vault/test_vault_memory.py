"""Memory does not grow with the object."""

import json
import subprocess
import sys
from pathlib import Path

MIB = 1 << 20
SIZE = 200 * MIB
PROGRAM = """
import io, json, sys
from pathlib import Path
from seawall.settings import Settings
from seawall.vault import open_vault

def peak():
    # Not ru_maxrss, which counts the memory of the parent before exec.
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) * 1024

class Zeros(io.RawIOBase):
    def __init__(self, size):
        self.left = size
    def read(self, size=-1):
        count = min(size, self.left)
        self.left -= count
        return bytes(count)

def through(vault, size):
    item = vault.put(Zeros(size), purpose="canary", person="ada")
    total = 0
    with vault.open(item.id, person="bob", purpose="test") as stream:
        while data := stream.read(1 << 18):
            total += len(data)
    vault.destroy(item.id, person="ada", reason="test")
    return total

with open_vault(Settings.from_env()) as vault:
    through(vault, 1000)
    before = peak()
    total = through(vault, int(sys.argv[1]))
    print(json.dumps([total, peak() - before]))
"""


def test_a_large_object_goes_in_and_out_in_less_than_64_mib(seawall_home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(SIZE)], capture_output=True, text=True, timeout=120, check=True
    )
    total, grown = json.loads(done.stdout)
    assert total == SIZE
    assert grown < 64 * MIB
