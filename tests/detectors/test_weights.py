"""Weights come from pinned packages by digest, are never imported, and are given out only as what was pinned."""

from __future__ import annotations

import hashlib
import os
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from seawall.detectors.errors import WeightsMissing, WeightsRefused
from seawall.detectors.weights import (
    InstalledWeights,
    Weight,
    fetch,
    installed_weights,
    shipped_weights,
    weights_directories,
)
from seawall.detectors.weights._graph import rewrite
from seawall.detectors.weights._manifest import read_manifest
from seawall.detectors.weights._pip import download, last_line
from seawall.errors import UsageError
from seawall.settings import Settings
from tests.detectors.small_models import convolution

PACKAGE = "seawall-test-weights"
NOTICE = b"Anyone may use this.\n"
TRAP = b"raise SystemExit('imported')\n"


# --- fetching -----------------------------------------------------------------------------------------------------


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wheel(folder: Path, members: Iterable[tuple[str, bytes]]) -> Path:
    """Write a package that ends the process if it is imported."""
    folder.mkdir(exist_ok=True)
    path = folder / "seawall_test_weights-1.0-py3-none-any.whl"
    info = "seawall_test_weights-1.0.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
        archive.writestr("seawall_test_weights/__init__.py", TRAP)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: seawall-test-weights\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def manifest(package: Path, **changes: object) -> Mapping[str, Weight]:
    source, model = convolution(), rewrite(convolution(), ("initializers-are-no-inputs",))
    entry = {
        "name": "test.onnx",
        "package": PACKAGE,
        "member": "seawall_test_weights/model.onnx",
        "size": len(source),
        "sha256": sha(source),
        "rewrites": ["initializers-are-no-inputs"],
        "installed": {"size": len(model), "sha256": sha(model)},
        "licence": "CC0-1.0",
        "notices": [{"member": "seawall_test_weights/NOTICE", "size": len(NOTICE), "sha256": sha(NOTICE)}],
        "origin": "made here",
        "training_data": "none",
        "incidents": [],
    }
    lock = f"{PACKAGE}==1.0 --hash=sha256:{sha(package.read_bytes())}\n"
    return read_manifest({"weights": [entry | changes]}, lock)


MEMBERS = [("seawall_test_weights/model.onnx", convolution()), ("seawall_test_weights/NOTICE", NOTICE)]


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "weights"
    monkeypatch.setenv("SEAWALL_WEIGHTS", str(path))
    return path


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return wheel(tmp_path / "packages", MEMBERS)


def copies(package: Path) -> Callable[[Iterable[str], Path], None]:
    """Return a download that puts this package there."""
    return lambda requirements, folder: (folder / package.name).write_bytes(package.read_bytes()) and None


def never(requirements: Iterable[str], folder: Path) -> None:
    raise AssertionError("downloaded")


def test_pip_brings_the_package_and_the_pinned_files_alone_are_installed(
    target: Path, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(package.parent))
    said: list[str] = []
    (installed,) = fetch(manifest=manifest(package), progress=said.append)
    assert installed.fresh
    assert sorted(str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()) == [
        "notices/test.onnx/NOTICE",
        "test.onnx",
    ]
    assert installed.path.read_bytes() == rewrite(convolution(), ("initializers-are-no-inputs",))
    assert [path.stat().st_mode & 0o777 for path in target.rglob("*") if path.is_file()] == [0o644] * 2
    assert said == [f"downloading {PACKAGE}==1.0", "installing test.onnx"]
    assert "seawall_test_weights" not in sys.modules


def test_a_package_of_another_digest_is_refused_by_pip(
    target: Path, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned = manifest(package)
    wheel(package.parent, [*MEMBERS, ("more", b"")])
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(package.parent))
    with pytest.raises(WeightsMissing):
        fetch(manifest=pinned)
    assert not [path for path in target.rglob("*") if path.is_file()]


def test_without_a_network_the_error_says_what_pip_said_without_addresses(
    target: Path, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(empty))
    with pytest.raises(WeightsMissing, match="No matching distribution found for seawall-test-weights") as caught:
        fetch(manifest=manifest(package))
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "ERROR: 401 for https://user:secret@packages.example/simple/x/",
        "ERROR: cannot read /secret/place/x.whl",
        "ERROR: no route to user:secret@packages.example",
    ],
)
def test_the_last_line_of_pip_loses_addresses_and_credentials(line: str) -> None:
    said = last_line(f"WARNING: retrying\n{line}\n\n[notice] a new release of pip\n")
    assert said.startswith("ERROR: ")
    assert "secret" not in said
    assert "example" not in said


def test_a_python_without_pip_gets_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    with pytest.raises(WeightsMissing, match="pip could not be started"):
        download([], tmp_path)


def test_what_is_there_is_kept_and_nothing_is_downloaded(target: Path, package: Path) -> None:
    pinned = manifest(package)
    (first,) = fetch(manifest=pinned, download=copies(package))
    before = first.path.stat()
    (again,) = fetch(["test.onnx"], manifest=pinned, download=never)
    assert (again.fresh, again.path, again.path.stat()) == (False, first.path, before)


def test_another_file_of_the_name_is_never_replaced(target: Path, package: Path) -> None:
    target.mkdir()
    (target / "test.onnx").write_bytes(b"mine")
    with pytest.raises(WeightsRefused):
        fetch(manifest=manifest(package), download=copies(package))
    assert (target / "test.onnx").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("changes", "members"),
    [
        ({"sha256": "0" * 64}, MEMBERS),
        ({"installed": {"size": len(convolution()), "sha256": "0" * 64}}, MEMBERS),
        ({"size": 3}, MEMBERS),
        ({"size": 1 << 32}, MEMBERS),
        ({}, MEMBERS[1:]),
        ({}, [*MEMBERS, MEMBERS[0]]),
        ({}, [MEMBERS[0], (MEMBERS[1][0], b"Nobody may use thi.\n\n")]),
    ],
    ids=["digest", "digest after the rewrite", "length", "too large", "missing", "twice", "notice"],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_is_not_the_one_pinned_is_refused_and_leaves_nothing(
    target: Path, tmp_path: Path, changes: dict[str, object], members: list[tuple[str, bytes]]
) -> None:
    package = wheel(tmp_path / "other", members)
    with pytest.raises(WeightsRefused):
        fetch(manifest=manifest(package, **changes), download=copies(package))
    assert not [path for path in target.rglob("*") if path.is_file()]


@pytest.mark.parametrize("keep", [0, 100, -40])
def test_a_damaged_package_is_refused(target: Path, package: Path, keep: int) -> None:
    pinned = manifest(package)
    package.write_bytes(package.read_bytes()[:keep])
    with pytest.raises(WeightsRefused):
        fetch(manifest=pinned, download=copies(package))


def test_a_name_that_is_unknown_is_an_error(target: Path) -> None:
    with pytest.raises(UsageError, match=r"no model file 'x\.onnx'"):
        fetch(["x.onnx"], download=never)


# --- giving them out ----------------------------------------------------------------------------------------------


def test_a_file_is_given_if_its_digest_is_right_and_digested_again_if_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(b"one")
    store = InstalledWeights([tmp_path / "none", tmp_path])
    assert store.path("a.onnx", sha(b"one")) == path
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    with pytest.raises(WeightsRefused):
        store.path("a.onnx", sha(b"one"))
    assert store.path("a.onnx", sha(b"two")) == path


@pytest.mark.parametrize("name", ["../a.onnx", "/etc/passwd", "", ".", "..", "a/b", "a\0", "x" * 200])
def test_a_name_that_leads_elsewhere_is_no_model_file(tmp_path: Path, name: str) -> None:
    (tmp_path.parent / "a.onnx").write_bytes(b"one")
    with pytest.raises(WeightsMissing):
        InstalledWeights([tmp_path]).path(name, sha(b"one"))


def test_a_file_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"open-nsfw\.onnx is not installed"):
        InstalledWeights([tmp_path]).path("open-nsfw.onnx", "0" * 64)


def test_the_environment_names_the_directory_else_the_installation_else_the_home(tmp_path: Path) -> None:
    named = {"SEAWALL_WEIGHTS": str(tmp_path), "SEAWALL_HOME": str(tmp_path / "home")}
    assert weights_directories(env=named) == (tmp_path,)
    inside = Path(sys.prefix, "share/seawall/weights")
    assert weights_directories(Settings.from_env(named), env={}) == (inside, tmp_path / "home/weights")
    assert isinstance(installed_weights(), InstalledWeights)


def test_an_installation_that_cannot_be_written_to_leaves_the_home(
    tmp_path: Path, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "prefix"
    blocked.write_bytes(b"")
    monkeypatch.setattr(sys, "prefix", str(blocked))
    settings = Settings.from_env({"SEAWALL_HOME": str(tmp_path / "home")})
    (installed,) = fetch(manifest=manifest(package), settings=settings, download=copies(package))
    assert installed.path == tmp_path / "home/weights/test.onnx"
    assert settings.home.stat().st_mode & 0o777 == 0o700


def test_what_is_shared_is_made_once_while_it_is_held() -> None:
    store = InstalledWeights([])

    class Thing:
        pass

    one = store.shared("key", Thing)
    assert store.shared("key", Thing) is one
    del one
    assert isinstance(store.shared("key", Thing), Thing)


# --- what ships ---------------------------------------------------------------------------------------------------


def test_everything_that_ships_states_where_it_comes_from() -> None:
    shipped = shipped_weights()
    assert set(shipped) == {"open-nsfw.onnx", "image-safety-classifier-s.onnx", "centerface.onnx", "age-v1.onnx"}
    for weight in shipped.values():
        assert weight.licence in {"BSD-2-Clause", "MIT", "CC0-1.0"}
        assert weight.notices
        assert weight.origin
        assert weight.training_data
        assert len(bytes.fromhex(weight.sha256)) == len(bytes.fromhex(weight.source.sha256)) == 32
        assert "--hash=sha256:" in weight.requirement
        assert bool(weight.rewrites) == (weight.sha256 != weight.source.sha256)


def test_no_model_of_gender_or_of_faces_by_name_ships() -> None:
    names = {weight.source.member.rpartition("/")[2] for weight in shipped_weights().values()}
    assert names == {"open-nsfw.onnx", "image-safety-classifier-s.onnx", "centerface.onnx", "age-v1.onnx"}
    assert sum(weight.size for weight in shipped_weights().values()) < 70_000_000
