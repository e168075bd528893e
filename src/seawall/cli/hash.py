"""`seawall hash`: the hashes of files, one JSON line per file, type and frame."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from seawall.errors import ExitCode

app = typer.Typer(rich_markup_mode=None)


@app.command()
def hash_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files to hash.")],
    types: Annotated[
        list[str] | None, typer.Option("--type", help="pdq, sha256, md5, sha1, blake3, ...; repeatable. Default: all.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """Print the hashes of files. `value` is the hash of the file as stored: EXIF orientation is not applied."""
    from seawall.hashing.examiner import Examiner
    from seawall.hashing.lines import hash_lines, wanted_digests

    failed = False
    with Examiner(wanted_digests(types)) as examiner:
        for path in files:
            for line in hash_lines(path, examiner.examine_file(path), types):
                failed = failed or line["value"] is None
                typer.echo(json.dumps(line) if as_json else _human(line))
    raise typer.Exit(int(ExitCode.UNEXAMINED if failed else ExitCode.CLEAN))


def _human(line: dict[str, Any]) -> str:
    if line["value"] is None:
        return f"{line['path']}: error[{line['error']['code']}]: {line['error']['message']}"
    frame = f" frame {line['frame']}" if "frame" in line else ""
    quality = f" quality {line['quality']}" if line["quality"] is not None else ""
    return f"{line['type']} {line['value']} {line['path']}{frame}{quality}"
