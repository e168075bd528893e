"""`seawall scan`: the main job."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seawall.cli._finding_cases import OpenCases, in_words, open_cases
from seawall.errors import ExitCode

if TYPE_CHECKING:
    from seawall.develop.dataset.scan import Progress

app = typer.Typer(rich_markup_mode=None)
DEFAULT_OUT = Path("seawall-scan")


@app.command()
def scan_datasets(
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH_OR_URL...", help="Folders, tar or zip archives, Parquet, manifests, or URLs."),
    ] = None,
    lists: Annotated[
        list[str] | None,
        typer.Option("--list", help="Imported list, or list file; repeatable. Default: every imported list."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Output directory; the same one resumes.")] = DEFAULT_OUT,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. Default: one per core.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget an earlier scan in --out.")] = False,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="LIST@VERSION",
            help="Match what LIST gained after VERSION, against stored hashes; media are not read.",
        ),
    ] = None,
    max_distance: Annotated[int | None, typer.Option(min=0, max=63, help="Largest PDQ distance. Default: 31.")] = None,
    hash_only: Annotated[bool, typer.Option("--hash-only", help="Store hashes; match canaries alone.")] = False,
    policy: Annotated[Path | None, typer.Option(help="Policy file. Default: the one that ships.")] = None,
    shard_items: Annotated[int, typer.Option(min=1, help="Loose files per shard, the unit of resumption.")] = 256,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS|local", help="Ray cluster to run on; 'local' starts one here."),
    ] = None,
    shard_index: Annotated[
        int | None, typer.Option(min=0, help="Do this part of the plan alone, from 0, and write receipts only.")
    ] = None,
    shard_count: Annotated[int | None, typer.Option(min=1, help="Of how many parts.")] = None,
    cases: OpenCases = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print summary.json.")] = False,
) -> None:
    """Find known content in datasets, and record what was done. The same command resumes a scan."""
    from seawall.develop.dataset.scan import ScanOptions, scan
    from seawall.kernels import notice

    if line := notice():
        typer.echo(line, err=True)
    options = ScanOptions(
        out=out,
        lists=tuple(lists or ()),
        hash_only=hash_only,
        workers=workers,
        fresh=fresh,
        since=since,
        max_distance=max_distance,
        policy=policy,
        shard_items=shard_items,
        cluster=cluster,
        shard_index=shard_index,
        shard_count=shard_count,
    )
    with progress_bar() as show:
        summary = scan(tuple(sources or ()), options, progress=show)
    said = describe(summary, out)
    if cases and "shard_index" not in summary:
        summary = summary | {"cases": open_cases(out)}
        said += "\n" + in_words(summary["cases"])
    typer.echo(json.dumps(summary, indent=2) if as_json else said)
    raise typer.Exit(int(exit_code(summary)))


def exit_code(summary: dict[str, Any]) -> ExitCode:
    """Return the exit code that a summary calls for: 3 beats 1."""
    if summary["unexamined"]:
        return ExitCode.UNEXAMINED
    return ExitCode.FINDINGS if summary["findings"] or summary["drill"] else ExitCode.CLEAN


def describe(summary: dict[str, Any], out: Path) -> str:
    """Return a summary in words."""
    abstained = sum(summary["abstained"].values())
    lines = [
        f"{summary['items']:,} items in {summary['seconds']:.1f} s ({summary['images_per_second']:,.0f} a second), "
        f"{summary['resumed']:,} resumed",
        f"examined {summary['examined']:,}, unexamined {summary['unexamined']:,}, damaged {summary['damaged']:,}, "
        f"abstained {abstained:,}",
        f"findings {summary['findings']:,}" + (f", drill {summary['drill']:,}" if summary["drill"] else ""),
        *(
            f"  list {each['name']} version {each['version']}: {each['entries']:,} entries ({each['purpose']})"
            for each in summary["lists"]
        ),
    ]
    if "shard_index" in summary:
        part = f"part {summary['shard_index']} of {summary['shard_count']}: {summary['shards']:,} shards"
        return "\n".join([part, *lines, "receipts only: the same command without a part settles"])
    return "\n".join([*lines, f"ledger root {summary['ledger_root']}", f"report {out / 'report.html'}"])


@contextmanager
def progress_bar() -> Iterator[Callable[[Progress], None] | None]:
    """Show items, rate and time left on standard error while a scan runs; nothing if that is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("scanning"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(
            "shards · {task.fields[items]} items · {task.fields[rate]}/s · {task.fields[findings]} findings · left"
        ),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("scan", total=None, items="0", rate="0", findings="0")

        def show(now: Progress) -> None:
            rate = now.items / now.seconds if now.seconds else 0
            bar.update(
                task,
                total=now.of_shards,
                completed=now.shards,
                items=f"{now.items:,}",
                rate=f"{rate:,.0f}",
                findings=f"{now.findings:,}",
            )

        yield show
