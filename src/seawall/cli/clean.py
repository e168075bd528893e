"""`seawall clean`: datasets without what was found, and a signed manifest of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seawall.errors import UsageError

if TYPE_CHECKING:
    from seawall.develop.dataset.clean import Progress

app = typer.Typer(rich_markup_mode=None)


@app.command()
def clean_datasets(
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH_OR_URL...", help="The locations that were scanned, as the scan was given them."),
    ] = None,
    out: Annotated[str, typer.Option(metavar="URL", help="Where the cleaned data go; the same one resumes.")] = "",
    remove: Annotated[
        list[Path] | None,
        typer.Option(help="findings.jsonl, or the output directory of a scan or a separation; repeatable."),
    ] = None,
    partitions: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Partitions to keep, by commas. Default: neither.")
    ] = None,
    policy: Annotated[Path | None, typer.Option(help="Separation policy. Default: the one that ships.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. Default: one per core.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Empty --out, if a clean wrote it, and begin anew.")] = False,
    discard: Annotated[
        bool, typer.Option("--discard", help="Do not keep removed bytes in the vault; needs --reason.")
    ] = False,
    reason: Annotated[str | None, typer.Option(help="Why removed bytes are not kept; goes into the ledger.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Write datasets anew without what was found, and sign what they are then. The same command resumes."""
    from seawall.develop.dataset.clean import CleanOptions, clean

    if not out:
        raise UsageError("no output is named", hint="give --out a directory or URL of its own")
    if discard and not (reason or "").strip():
        raise UsageError("--discard needs a reason", hint="say why with --reason")
    if reason is not None and not discard:
        raise UsageError("--reason goes with --discard")
    options = CleanOptions(
        out=out,
        remove=tuple(remove or ()),
        partitions=tuple(name.strip() for name in (partitions or "").split(",") if name.strip()),
        policy=policy,
        workers=workers,
        fresh=fresh,
        discard=reason if discard else None,
    )
    with progress_bar() as show:
        summary = clean(tuple(sources or ()), options, progress=show)
    typer.echo(json.dumps(summary, indent=2) if as_json else describe(summary))


def describe(summary: dict[str, Any]) -> str:
    """Return a summary in words."""
    removed = {why: count for why, count in summary["removed"].items() if count}
    lines = [
        f"{summary['items']:,} items in {summary['seconds']:.1f} s ({summary['mb_per_second']:,.0f} MB/s), "
        f"{summary['resumed']:,} resumed",
        f"kept {summary['kept']:,}, removed {sum(removed.values()):,}",
        *(f"  {why.replace('_', ' ')} {count:,}" for why, count in removed.items()),
        f"{summary['stored']:,} removed items in the vault"
        if summary["evidence"] == "vault"
        else "removed items were not kept",
        f"manifest {summary['manifest']}, signed by {summary['key']}",
    ]
    return "\n".join(lines)


@contextmanager
def progress_bar() -> Iterator[Callable[[Progress], None] | None]:
    """Show items, rate and time left on standard error while a clean runs; nothing if that is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("cleaning"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(
            "shards · {task.fields[items]} items · {task.fields[rate]} MB/s · {task.fields[removed]} removed · left"
        ),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("clean", total=None, items="0", rate="0", removed="0")

        def show(now: Progress) -> None:
            rate = now.size / now.seconds / 1e6 if now.seconds else 0
            bar.update(
                task,
                total=now.of_shards,
                completed=now.shards,
                items=f"{now.items:,}",
                rate=f"{rate:,.0f}",
                removed=f"{now.removed:,}",
            )

        yield show
