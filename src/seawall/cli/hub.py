"""`seawall hub`: verdicts on datasets that are hosted for others."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seawall.cli._finding_cases import in_words, open_cases
from seawall.errors import ExitCode, NotFound

if TYPE_CHECKING:
    from seawall.develop.dataset.hub import Verdict

app = typer.Typer(
    help="Judge datasets that are hosted for others: on every push, and again when lists change.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Lists = Annotated[
    list[str] | None,
    typer.Option("--list", help="Imported list, or list file; repeatable. Default: every imported list."),
]
Deadline = Annotated[
    float | None, typer.Option(min=0.001, help="Seconds for a dataset; what is not done by then is held.")
]
Cases = Annotated[
    bool,
    typer.Option("--cases", help="Open a case for each dataset where something was found; see 'seawall cases'."),
]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes. Default: one per core.")]


@app.command()
def push(
    name: Annotated[str, typer.Argument(help="What the host calls the dataset.")],
    source: Annotated[str, typer.Argument(metavar="PATH_OR_URL", help="Where it is.")],
    revision: Annotated[str | None, typer.Option(help="The host's own name of this state.")] = None,
    deadline: Deadline = None,
    lists: Lists = None,
    workers: Workers = None,
    cases: Cases = False,
    as_json: AsJson = False,
) -> None:
    """Judge a dataset that was pushed: call it from the host's own push hook. Exit 0 only for `allow`."""
    from seawall.develop.dataset import hub

    verdict = hub.push(name, source, revision=revision, deadline=deadline, lists=lists or (), workers=workers)
    _print([verdict], cases=cases, as_json=as_json)


@app.command()
def rescan(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Which; default: all.")] = None,
    deadline: Deadline = None,
    lists: Lists = None,
    workers: Workers = None,
    cases: Cases = False,
    as_json: AsJson = False,
) -> None:
    """Judge hosted datasets again with the lists as they are now; media hashed before are not read."""
    from seawall.develop.dataset import hub

    _print(hub.rescan(names or (), deadline=deadline, lists=lists or (), workers=workers), cases=cases, as_json=as_json)


@app.command()
def ls(as_json: AsJson = False) -> None:
    """List the hosted datasets."""
    from seawall.develop.dataset.hub import HostedDatasets
    from seawall.settings import Settings

    for hosted in HostedDatasets(Settings.from_env()):
        line = f"{hosted.name}  {hosted.revision or '-'}  {hosted.pushed_at}  {hosted.source}"
        typer.echo(json.dumps(asdict(hosted)) if as_json else line)


def _print(verdicts: Iterable[Verdict], *, cases: bool, as_json: bool) -> None:
    """Print each verdict as it comes, and leave with the worst exit code."""
    worst = ExitCode.CLEAN
    for verdict in verdicts:
        facts = verdict.to_dict()
        opened = _open_cases(verdict) if cases else None
        new = f", {len(verdict.new)} new" if verdict.new else ""
        line = (
            f"{verdict.dataset}: {verdict.outcome.value} ({verdict.reason}); {verdict.items:,} items, "
            f"{verdict.findings:,} findings{new}, {verdict.unexamined:,} unexamined, {verdict.seconds:.1f} s"
        )
        if opened is not None:
            facts["cases"] = opened
            line += f"; {in_words(opened)}"
        typer.echo(json.dumps(facts) if as_json else line)
        worst = max(worst, verdict.exit_code)
    raise typer.Exit(int(worst))


def _open_cases(verdict: Verdict) -> dict[str, Any] | None:
    """Open the cases of a verdict; None if there is nothing to look at, or the scan has not come to its end."""
    from seawall.develop.dataset.hub import HostedDatasets, Outcome
    from seawall.settings import Settings

    if verdict.outcome is Outcome.ALLOW:
        return None
    try:
        return open_cases(HostedDatasets(Settings.from_env()).scan_folder(verdict.dataset), hosted=verdict.dataset)
    except NotFound:
        return None
