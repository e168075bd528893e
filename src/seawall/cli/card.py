"""`seawall card`: the cards that go along with a dataset, with a child-safety part filled from the ledger."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None)


class Format(StrEnum):
    """Kinds of card."""

    HUGGINGFACE = "huggingface"
    CROISSANT = "croissant"
    EU_GPAI = "eu-gpai"


@app.command()
def card(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Output directory of a scan or a separation.")],
    form: Annotated[Format, typer.Option("--format", help="Kind of card.")] = Format.HUGGINGFACE,
    name: Annotated[str | None, typer.Option(help="Name of the dataset. Default: the directory's.")] = None,
    licence: Annotated[str | None, typer.Option("--licence", help="SPDX id or address of its licence.")] = None,
    url: Annotated[str | None, typer.Option(help="Where the dataset is.")] = None,
    description: Annotated[str | None, typer.Option(help="What it is, in a sentence.")] = None,
    into: Annotated[
        Path | None, typer.Option(metavar="README", help="Renew the child-safety section of this card.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="File to write. Default: print.")] = None,
) -> None:
    """Write a dataset card whose child-safety part comes from the ledger."""
    from seawall.develop.dataset.card import DatasetNames, croissant, huggingface_card, renewed_card, safety_facts
    from seawall.errors import NotFound, UsageError
    from seawall.files import write_whole
    from seawall.ledger import open_ledger
    from seawall.settings import Settings

    if into is not None and form is not Format.HUGGINGFACE:
        raise UsageError("--into renews a Hugging Face card")
    names = DatasetNames(name or directory.absolute().name, licence, url, description)
    if form is Format.EU_GPAI:
        text = _eu_gpai(directory)
    else:
        with open_ledger(Settings.from_env()) as ledger:
            facts = safety_facts(directory, ledger)
        if form is Format.CROISSANT:
            text = json.dumps(croissant(directory, facts, names), indent=2) + "\n"
        elif into is not None:
            if not into.exists():
                raise NotFound(f"{into} does not exist")
            text, out = renewed_card(into.read_text("utf-8"), facts), out or into
        else:
            text = huggingface_card(facts, names)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_whole(out, text.encode())


def _eu_gpai(directory: Path) -> str:
    from seawall.develop.dataset.card import eu_gpai_text
    from seawall.develop.dataset.report import ReportData
    from seawall.errors import NotFound

    path = directory / "report-data.json"
    if not path.exists():
        raise NotFound(f"{directory} holds no finished scan", hint="give the --out of a scan")
    return eu_gpai_text(ReportData.from_dict(json.loads(path.read_bytes()))) + "\n"
