"""Which datasets are hosted, and where what is known of each is kept: a directory each under the state directory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from seawall.errors import NotFound, UsageError
from seawall.files import write_whole
from seawall.settings import Settings

_RECORD = "hosted.json"
_LONGEST_NAME = 500


@dataclass(frozen=True, slots=True)
class Hosted:
    """One hosted dataset.

    Attributes:
        name: What the host calls it.
        source: Folder, archive, table, manifest, or URL of these.
        revision: The host's own name of the state that was pushed last; None if it gave none.
        pushed_at: Moment of the last push, RFC 3339.
    """

    name: str
    source: str
    revision: str | None
    pushed_at: str


class HostedDatasets:
    """The datasets of one home."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def folder(self, name: str) -> Path:
        """Return where what is known of a dataset is kept.

        Raises:
            UsageError: If the name is empty or too long.
        """
        if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
            raise UsageError(f"a dataset's name has 1 to {_LONGEST_NAME} printable characters")
        return self._settings.home / "hub" / hashlib.sha256(name.encode()).hexdigest()[:32]

    def scan_folder(self, name: str) -> Path:
        """Return the output directory of a dataset's scans."""
        return self.folder(name) / "scan"

    def get(self, name: str) -> Hosted:
        """Return a dataset.

        Raises:
            NotFound: If it was never pushed.
            UsageError: If its record is damaged.
        """
        return _read(self.folder(name) / _RECORD, name)

    def put(self, hosted: Hosted) -> None:
        """Remember a push."""
        folder = self.folder(hosted.name)
        self._settings.directory("hub", folder.name)
        write_whole(folder / _RECORD, json.dumps(asdict(hosted)).encode())

    def __iter__(self) -> Iterator[Hosted]:
        for path in sorted((self._settings.home / "hub").glob(f"*/{_RECORD}")):
            yield _read(path, path.parent.name)


def _read(path: Path, name: str) -> Hosted:
    try:
        return Hosted(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        raise NotFound(f"no dataset {name!r} was pushed", hint="see 'seawall hub ls'") from None
    except (ValueError, TypeError):
        raise UsageError(f"the record of {name!r} is damaged", hint="push the dataset again") from None
