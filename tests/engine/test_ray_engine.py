"""What is the Ray engine's own: a private cluster that speaks to nobody, clear words when one is of no use."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.engine import ClusterError, ClusterMissing, RayEngine, engine_for
from seawall.errors import ExitCode
from tests.engine.test_engines import Square
from tests.ray_fixture import RayCluster, family_of

ROOT = Path(__file__).parents[2]

LOCAL_RUN = """
import json, os, sys
from pathlib import Path
from seawall.engine import engine_for
from tests.engine.test_ray_engine import Confess
outcomes = list(engine_for(workers=2, cluster="local").run(Confess, range(8)))
json.dump([each.result for each in outcomes], sys.stdout)
"""


HEADLESS_RUN = """
import itertools, sys
from seawall.engine import RayEngine, _ray_cluster, ray_engine
from seawall.errors import SeawallError
from tests.engine.test_engines import Square
_ray_cluster.PULSE_SECONDS = ray_engine.PULSE_SECONDS = _ray_cluster._SILENCE_SECONDS = 0.5
try:
    for each in RayEngine("local", workers=2).run(Square, itertools.count()):
        print(each.result, flush=True)
except SeawallError as error:
    sys.exit(str(error))
"""


class Confess:
    """Says what Ray in this process thinks of telemetry, and dies once on its way."""

    def __call__(self, shard: int) -> dict[str, object]:
        from ray._common.usage import usage_lib

        mark = Path(os.environ["MARKS"]) / "died"
        if shard == 3 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), 9)
        asked = {name: os.environ.get(name) for name in ("RAY_USAGE_STATS_ENABLED", "DO_NOT_TRACK")}
        return asked | {"enabled": usage_lib.usage_stats_enabled(), "shard": shard}

    def close(self) -> None:
        """Nothing is held."""


class Stillborn(Square):
    """Cannot be made."""

    def __init__(self) -> None:
        os.kill(os.getpid(), 9)


class Unmakeable(Square):
    """Fails to be made."""

    def __init__(self) -> None:
        raise ValueError("no such model")


def test_a_private_cluster_speaks_to_nobody_and_leaves_nothing(tmp_path: Path) -> None:
    """Looked at from outside while it runs: every socket of every process of it."""
    environment = os.environ | {
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "MARKS": str(tmp_path),
        "RAY_USAGE_STATS_ENABLED": "1",  # what the user's profile may say
        "PYTHONPATH": str(ROOT),
    }
    before = set(Path("/tmp").glob("seawall-ray-*"))
    command = [sys.executable, "-W", "error", "-c", LOCAL_RUN]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    seen: set[tuple[str, str]] = set()
    programs: set[str] = set()
    while process.poll() is None:
        family = family_of(process.pid)
        seen |= {address for pid in (process.pid, *family) for address in _addresses(pid)}
        programs |= set(family.values())
    out, err = process.communicate()
    assert process.returncode == 0, err
    answers = json.loads(out)  # and nothing else is on standard output, though a worker was killed
    assert sorted(each["shard"] for each in answers) == list(range(8))
    for each in answers:
        assert (each["RAY_USAGE_STATS_ENABLED"], each["DO_NOT_TRACK"], each["enabled"]) == ("0", "1", False)
    assert err == ""
    assert any("raylet" in program for program in programs), "it was looked at"
    assert not any("dashboard.py" in program for program in programs)
    assert {state for state, _ in seen} >= {"listening", "connected"}
    assert {address for _, address in seen} <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
    assert not (tmp_path / ".ray").exists()
    assert set(Path("/tmp").glob("seawall-ray-*")) <= before


@pytest.mark.crash
def test_a_head_that_is_gone_ends_the_run_with_words_and_not_with_the_code_of_findings() -> None:
    """Ray itself would end the process a minute later, with exit code 1."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", HEADLESS_RUN],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip().isdigit(), "it works"
    (head,) = (pid for pid, command in family_of(process.pid).items() if "gcs_server" in command.split()[0])
    os.kill(head, signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.UNEXAMINED
    assert err.startswith("error[cluster_lost]: "), err


def test_a_cluster_is_joined_and_left_and_the_driver_refuses_telemetry_too(
    cluster: RayCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")
    import ray
    from ray._common.usage import usage_lib

    outcomes = []
    for each in RayEngine(cluster.address).run(Square, range(9)):
        outcomes.append(each.result)
        assert not usage_lib.usage_stats_enabled()
        assert os.environ["DO_NOT_TRACK"] == "1"
    assert sorted(outcomes) == [number * number for number in range(9)]
    assert not ray.is_initialized()


def test_a_cluster_that_reports_its_usage_is_refused(cluster: RayCluster, tmp_path: Path) -> None:
    """The mark that Ray's head leaves when reporting is on is put there by hand: nothing is ever reported."""
    script = (
        "import json, logging, ray, sys\n"
        "from ray._common.usage import usage_constants as names\n"
        "from ray._private import ray_constants\n"
        "from ray.experimental.internal_kv import internal_kv_get_gcs_client as client\n"
        "ray.init(sys.argv[1], logging_level=logging.ERROR)\n"
        "place = dict(namespace=ray_constants.KV_NAMESPACE_CLUSTER)\n"
        "facts = json.loads(client().internal_kv_get(names.CLUSTER_METADATA_KEY, **place))\n"
        "facts.pop('session_start_timestamp_ms', None)\n"
        "facts |= json.loads(sys.argv[2])\n"
        "client().internal_kv_put(names.CLUSTER_METADATA_KEY, json.dumps(facts).encode(), True, **place)\n"
    )

    def mark(facts: dict[str, int]) -> None:
        command = [sys.executable, "-W", "ignore", "-c", script, cluster.address, json.dumps(facts)]
        subprocess.run(command, check=True, capture_output=True)

    mark({"session_start_timestamp_ms": 1})
    try:
        with pytest.raises(ClusterError, match="reports its usage") as raised:
            list(RayEngine(cluster.address).run(Square, range(3)))
        assert "RAY_USAGE_STATS_ENABLED=0" in raised.value.hint
    finally:
        mark({})
    assert len(list(RayEngine(cluster.address).run(Square, range(3)))) == 3


def test_without_ray_the_hint_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ClusterMissing) as raised:
        engine_for(cluster="local")
    assert str(raised.value).endswith("(install seawall[cluster])")


def test_the_engines_alone_do_not_import_ray() -> None:
    script = "import sys, seawall.engine as e; e.engine_for(cluster='local'); sys.exit('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_an_address_where_nobody_listens_is_named_at_once() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(ClusterError, match="nobody answers") as raised:
            list(RayEngine(address).run(Square, range(3)))
    assert address in raised.value.message


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:port", "ray://127.0.0.1:1", ":", ""])
def test_an_address_that_is_none_is_an_error(address: str) -> None:
    with pytest.raises(ClusterError):
        list(RayEngine(address).run(Square, range(3)))


def test_processes_that_die_as_they_start_end_the_run(cluster: RayCluster) -> None:
    with pytest.raises(ClusterError, match="die as they start"):
        list(RayEngine(cluster.address, workers=2).run(Stillborn, range(100)))


def test_work_that_cannot_be_made_ends_the_run(cluster: RayCluster) -> None:
    with pytest.raises(ValueError, match="no such model"):
        list(RayEngine(cluster.address, workers=2).run(Unmakeable, range(100)))


def test_more_workers_than_the_cluster_has_still_finish(cluster: RayCluster) -> None:
    assert len(list(RayEngine(cluster.address, workers=50).run(Square, range(200)))) == 200


def test_a_process_that_has_joined_a_cluster_may_use_that_one(cluster: RayCluster) -> None:
    """From a program that uses Ray itself: its connection is used, and left as it is."""
    script = (
        "import logging, ray, sys\n"
        "from seawall.engine import ClusterError, RayEngine\n"
        "from tests.engine.test_engines import Square\n"
        "ray.init(sys.argv[1], logging_level=logging.ERROR)\n"
        "assert len(list(RayEngine('auto').run(Square, range(5)))) == 5\n"
        "assert ray.is_initialized()\n"
        "try:\n    list(RayEngine('local').run(Square, range(5)))\n"
        "except ClusterError as error:\n    print(error)\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", script, cluster.address]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "has joined a Ray cluster already" in done.stdout


def _addresses(pid: int) -> Iterator[tuple[str, str]]:
    """Yield what a process listens on or speaks to, over TCP and UDP."""
    try:
        held = {str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir()}
        tables = [Path(f"/proc/{pid}/net/{name}").read_text() for name in ("tcp", "tcp6", "udp", "udp6")]
    except OSError:
        return
    for line in (line for table in tables for line in table.splitlines()[1:]):
        fields = line.split()
        if f"socket:[{fields[9]}]" in held:
            listening = fields[3] == "0A"
            yield "listening" if listening else "connected", _parsed(fields[1 if listening else 2])


def _parsed(text: str) -> str:
    packed = bytes.fromhex(text.partition(":")[0])
    words = struct.unpack(f">{len(packed) // 4}I", packed)
    return socket.inet_ntop(
        socket.AF_INET if len(packed) == 4 else socket.AF_INET6, struct.pack(f"={len(words)}I", *words)
    )
