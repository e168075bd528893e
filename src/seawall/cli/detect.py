"""`seawall detect`: what detectors say of files, one line per file and detector."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from seawall.detectors.host import Detectors
    from seawall.settings import Settings

app = typer.Typer(rich_markup_mode=None)


@app.command()
def detect_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Images, videos and texts.")],
    detectors: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Detectors, by commas, or 'canary'. Default: the shipped set.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """Ask detectors about files. A score is not evidence, and a low score is not safety."""
    from seawall.detectors.host import DetectorSet, open_detectors
    from seawall.detectors.inputs import InputReader
    from seawall.detectors.lines import exit_code, file_lines
    from seawall.settings import Settings

    settings = Settings.from_env()
    chosen = DetectorSet.chosen(names(detectors), settings)
    lines: list[dict[str, Any]] = []
    with ExitStack() as stack:
        opened = stack.enter_context(open_detectors(chosen))
        reader = stack.enter_context(InputReader())
        passed = _hash_stage(opened, settings, stack)
        for path in files:
            for line in file_lines(str(path), reader.read(path), opened, hashed=passed(path)):
                lines.append({key: line[key] for key in ("status", "labels", "pictures", "texts")})
                typer.echo(json.dumps(line) if as_json else _human(line))
    raise typer.Exit(int(exit_code(lines)))


def names(text: str | None) -> tuple[str, ...]:
    """Return names that commas part."""
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def _hash_stage(opened: Detectors, settings: Settings, stack: ExitStack) -> Callable[[Path], bool]:
    """Return whether a file has passed the hash stage; it is run only if content may leave this host at all."""
    if not any(each["may_leave_host"] for each in opened.described()):
        return lambda path: False
    from seawall.canary.selection import select_lists
    from seawall.develop.dataset.match import Lookup

    lookup = stack.enter_context(Lookup(select_lists(settings), settings))

    def passed(path: Path) -> bool:
        (row,) = lookup.files([path])
        return "error" not in row and all(match["drill"] or match["action"] == "allow" for match in row["matches"])

    return passed


def _human(line: dict[str, Any]) -> str:
    told = ", ".join(f"{label} {score:.3g}" for label, score in line["labels"].items())
    why = f" ({line['reason']})" if line["reason"] else ""
    faces = f", {len(line['regions'])} regions" if line.get("regions") else ""
    seen = f" damaged: {','.join(line['flags'])}" if line["flags"] else ""
    return f"{line['path']}: {line['detector'] or 'no detector'}: {line['status']}{why} {told}{faces}{seen}".rstrip()
