"""`seawall separate`: every item in one partition; and `seawall separate audit`: how much may have leaked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from seawall.cli._finding_cases import OpenCases, in_words, open_cases
from seawall.cli._separate_audit import app as audit_app
from seawall.errors import ExitCode

DEFAULT_OUT = Path("seawall-separate")
_RUN = "run"


class _LocationsOrCommand(TyperGroup):
    """A group whose first word is a command, or else the first of the locations to separate."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "--help"):
            args = [_RUN, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for name in super().list_commands(ctx) if name != _RUN]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        self.commands[_RUN].format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        formatter.write_usage(ctx.command_path, "[OPTIONS] PATH_OR_URL... | audit COMMAND")


app = typer.Typer(rich_markup_mode=None, cls=_LocationsOrCommand, no_args_is_help=True)
app.add_typer(audit_app, name="audit")


@app.callback()
def _separate() -> None:
    """Put every item of datasets into one partition, and attest to it. The same command resumes."""


@app.command(_RUN, hidden=True)
def separate_datasets(
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH_OR_URL...", help="Folders, tar or zip archives, Parquet, manifests, or URLs."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Output directory; the same one resumes.")] = DEFAULT_OUT,
    policy: Annotated[Path | None, typer.Option(help="Separation policy. Default: the one that ships.")] = None,
    detectors: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Detectors, by commas, or 'canary'. Default: the policy's.")
    ] = None,
    lists: Annotated[
        list[str] | None,
        typer.Option("--list", help="Imported list, or list file; repeatable. Default: every imported list."),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. Default: one per core.")] = None,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS|local", help="Ray cluster to run on; 'local' starts one here."),
    ] = None,
    shard_index: Annotated[
        int | None, typer.Option(min=0, help="Do this part of the plan alone, from 0, and write receipts only.")
    ] = None,
    shard_count: Annotated[int | None, typer.Option(min=1, help="Of how many parts.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget an earlier run in --out.")] = False,
    shard_items: Annotated[int, typer.Option(min=1, help="Loose files per shard, the unit of resumption.")] = 256,
    text: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column whose texts are the items. Default: told by the rows.")
    ] = None,
    cases: OpenCases = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print summary.json.")] = False,
) -> None:
    """Put every item of datasets into one partition, and attest to it. The same command resumes."""
    from seawall.cli.scan import progress_bar
    from seawall.develop.dataset.separate import SeparateOptions, separate
    from seawall.kernels import notice

    if line := notice():
        typer.echo(line, err=True)
    options = SeparateOptions(
        out=out,
        lists=tuple(lists or ()),
        detectors=tuple(name.strip() for name in (detectors or "").split(",") if name.strip()),
        policy=policy,
        workers=workers,
        cluster=cluster,
        fresh=fresh,
        shard_items=shard_items,
        text=text,
        shard_index=shard_index,
        shard_count=shard_count,
    )
    with progress_bar() as show:
        summary = separate(tuple(sources or ()), options, progress=show)
    said = describe(summary, out)
    if cases and "shard_index" not in summary:
        summary = summary | {"cases": open_cases(out)}
        said += "\n" + in_words(summary["cases"])
    typer.echo(json.dumps(summary, indent=2) if as_json else said)
    raise typer.Exit(int(exit_code(summary)))


@app.command("verify")
def verify(
    out: Annotated[Path, typer.Argument(metavar="DIR", help="Output directory of a separation.")],
    key: Annotated[Path, typer.Option(metavar="PEM", help="The ledger's public key, from somewhere else.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check an attestation's signature, and that it is about the files beside it; exit 1 if not."""
    from seawall.develop.dataset.separate.attestation import verify_attestation
    from seawall.errors import NotFound
    from seawall.ledger import PublicKey

    if not key.is_file():
        raise NotFound(f"{key} does not exist", hint="'seawall ledger key' prints the public key")
    facts = verify_attestation(out, PublicKey.from_pem(key.read_bytes()))
    said = {"verified": True, "items": facts["items"], "partitions": facts["partitions"], "leakage": facts["leakage"]}
    typer.echo(json.dumps(said) if as_json else f"as signed: {facts['items']:,} items, run {facts['run_id']}")


def exit_code(summary: dict[str, Any]) -> ExitCode:
    """Return the exit code that a summary calls for: 3 beats 1."""
    if summary["unexamined"] or summary["errors"]:
        return ExitCode.UNEXAMINED
    return ExitCode.FINDINGS if summary["findings"] or summary["drill"] else ExitCode.CLEAN


def describe(summary: dict[str, Any], out: Path) -> str:
    """Return a summary in words, with the modality matrix."""
    if "shard_index" in summary:
        return (
            f"part {summary['shard_index']} of {summary['shard_count']}: {summary['shards']:,} shards, "
            f"{summary['items']:,} items in {summary['seconds']:.1f} s\n"
            "receipts only: the same command without a part settles"
        )
    lines = [
        f"{summary['items']:,} items in {summary['seconds']:.1f} s ({summary['items_per_second']:,.1f} a second), "
        f"{summary['resumed']:,} resumed",
        *(f"  {name:<20} {number:>12,}" for name, number in summary["partitions"].items()),
        f"{summary['clusters']:,} groups of near-duplicates, the largest of {summary['largest_cluster']:,}",
        f"matched by lists {summary['matched']:,}, findings {summary['findings']:,}"
        + (f", drill {summary['drill']:,}" if summary["drill"] else ""),
        f"abstentions {summary['abstentions']:,}, skipped {summary['skipped']:,}, errors {summary['errors']:,}, "
        f"unexamined {summary['unexamined']:,}",
        *(f"  {name:<28} {number:>12,}" for name, number in summary["categories"].items()),
        "",
        *_matrix(summary["modalities"]),
        "",
        "detectors " + (", ".join(f"{each['id']} {each['version']}" for each in summary["detectors"]) or "none"),
        f"ledger root {summary['ledger_root']}",
        f"attestation {out / summary['attestation']['file']}",
    ]
    return "\n".join(lines)


def _matrix(modalities: dict[str, dict[str, int]]) -> list[str]:
    """Return what was judged of each modality, and what was not: a gap is shown, never left out."""
    columns = ("items", "judged", "abstained", "error", "damaged", "unsupported", "unread")
    lines = ["modality  " + "".join(f"{column:>12}" for column in columns)]
    for name, counts in modalities.items():
        lines.append(f"{name:<10}" + "".join(f"{counts.get(column, 0):>12,}" for column in columns))
    return lines
