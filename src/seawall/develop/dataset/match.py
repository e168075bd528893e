"""Single lookups: files or hashes against lists, by the same examination and the same judgement as a scan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from seawall.canary.selection import Selection, select_lists
from seawall.content.item import Item
from seawall.content.origin import Origin
from seawall.develop.dataset.scan.judge import Judge, open_matcher
from seawall.develop.dataset.scan.rows import Row
from seawall.develop.sources import Registers
from seawall.errors import NothingToMatch
from seawall.hashing.digests import needed_digests
from seawall.hashing.examiner import Examiner
from seawall.hashing.registry import SignalTypes
from seawall.policy import Policy, load_policy
from seawall.settings import Settings

_KEYS = ("list", "list_version", "entry", "type", "distance", "orientation", "labels", "action", "drill")


def match(
    files: str | Path | Sequence[str | Path],
    *,
    lists: Sequence[str | Path] = (),
    max_distance: int | None = None,
    settings: Settings | None = None,
) -> list[dict[str, Any]]:
    """Match files against lists, in all eight orientations.

    Args:
        files: One file or several.
        lists: Names of imported lists, or list files; empty for every imported list. Canaries are always matched.
        max_distance: Largest PDQ distance; None for each type's own threshold.
        settings: Where seawall's state is; default: the environment's.

    Returns:
        A line for each file, as `Lookup.files` describes.

    Raises:
        NothingToMatch: If there is no list but the canaries.
        SeawallError: For a list that cannot be used.
    """
    settings = settings or Settings.from_env()
    selection = select_lists(settings, [str(each) for each in lists])
    if not selection.real:
        raise NothingToMatch
    paths = [files] if isinstance(files, str | Path) else files
    with Lookup(selection, settings, max_distance=max_distance) as lookup:
        return list(lookup.files(Path(path) for path in paths))


class Lookup:
    """Lists that are open, and a decode process for files.

    Args:
        selection: Lists in force.
        settings: Where seawall's state is.
        max_distance: Largest PDQ distance; None for each type's own threshold.
        policy: Rules that say what a match leads to; default: the ones that ship.
    """

    def __init__(
        self,
        selection: Selection,
        settings: Settings,
        *,
        max_distance: int | None = None,
        policy: Policy | None = None,
    ) -> None:
        self._types = SignalTypes.installed()
        self._matcher = open_matcher(selection.sources, settings, max_distance=max_distance)
        self._examiner = Examiner(needed_digests(self._matcher.digest_types()))
        self._judge = Judge(self._matcher, Registers.none(), policy or load_policy())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._examiner.close()

    def files(self, paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
        """Match files.

        Yields:
            path, matches, flags, and `error` {code, message} for a file that could not be examined; its digests
            are matched all the same if its bytes could be read.
        """
        for path in paths:
            item = Item(str(path), Origin(), lambda path=path: path.open("rb"), path=path)  # type: ignore[misc]
            row = Row.of(item, self._examiner.examine(item))
            judged = next(self._judge.judge([row]))
            line: dict[str, Any] = {"path": str(path), "matches": [_match(each) for each in judged.findings]}
            line["flags"] = sorted(row.examined.flags)
            if row.examined.abstained is not None:
                line["abstained"] = row.examined.abstained
            if row.examined.problem is not None:
                line["error"] = {"code": row.examined.problem.code, "message": row.examined.problem.message}
            yield line

    def hashes(self, signal_type: str, values: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Match hash values as they are.

        Raises:
            BadSignal: If a value is not of the type.
        """
        parse = self._types[signal_type].parse
        signals = [(signal_type, parse(value)) for value in values]
        for value, matches in zip(values, self._matcher.match(signals), strict=True):
            rows = [
                {
                    "list": match.list,
                    "list_version": match.list_version,
                    "entry": match.entry,
                    "type": match.type,
                    "distance": match.distance,
                    "orientation": "original" if signal_type == "pdq" else None,
                    "labels": list(match.labels),
                }
                for match in matches
            ]
            yield {"hash": value, "matches": sorted(rows, key=lambda row: (row["distance"] or 0, row["list"]))}


def _match(finding: dict[str, Any]) -> dict[str, Any]:
    return {key: finding[key] for key in (*_KEYS, "frame") if key in finding}
