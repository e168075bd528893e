"""`seawall separate audit`: draw a sample, record what people say of it, state the bound."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from seawall.develop.dataset.audit import Sample

app = typer.Typer(
    help="Bound how much leaked into what is trained on, by people who look at a random sample.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Directory = Annotated[Path, typer.Argument(metavar="DIR", help="Output directory of a separation.")]
By = Annotated[str | None, typer.Option(metavar="NAME", help="Who does it. Default: the user of this account.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def draw(
    directory: Directory,
    partitions: Annotated[
        str, typer.Option(metavar="NAMES", help="The sides that will be trained on, by commas.")
    ] = "neither",
    size: Annotated[int, typer.Option(min=1, help="Items to draw.")] = 300,
    by: By = None,
    nonce: Annotated[str, typer.Option(help="A word of the auditor, given after the ledger root was published.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Put the earlier sample aside and draw another.")] = False,
    as_json: AsJson = False,
) -> None:
    """Draw a random sample that nobody can choose: the seed follows from the ledger's root and the nonce."""
    from seawall.cli._audit import record_event
    from seawall.develop.dataset import audit

    sample = audit.draw(directory, partitions=_partitions(partitions), size=size, by=_who(by), nonce=nonce, again=again)
    record_event("audit.drawn", f"audit/{sample.id}/drawn", sample.to_dict())
    if as_json:
        items = [{"number": each.number, "item": each.item, "sha256": each.sha256} for each in sample.entries]
        typer.echo(json.dumps(sample.to_dict() | {"items": items}))
    else:
        typer.echo(_describe(sample, directory))


@app.command()
def record(
    directory: Directory,
    item: Annotated[str, typer.Argument(help="Number in the sample, key of the item, or its SHA-256.")],
    verdict: Annotated[str, typer.Argument(help="ok, leak or cannot_tell.")],
    by: By = None,
    note: Annotated[str | None, typer.Option(help="A short remark; never content.")] = None,
    correct: Annotated[bool, typer.Option("--correct", help="It differs from what you said before.")] = False,
    as_json: AsJson = False,
) -> None:
    """Record what a person says of an item of the sample."""
    from seawall.cli._audit import record_event
    from seawall.develop.dataset import audit
    from seawall.errors import UsageError

    try:
        said = audit.Verdict(verdict)
    except ValueError:
        raise UsageError(f"{verdict!r} is no verdict", hint="one of " + ", ".join(audit.Verdict)) from None
    who = _who(by)
    place: int | str = int(item) if item.isdecimal() and len(item) < 10 else item
    recorded = audit.record(directory, place, said, by=who, note=note, correct=correct)
    sample = audit.open_sample(directory).id
    facts = {"sample": sample, "number": recorded.number, "verdict": recorded.verdict.value, "by": recorded.by}
    if not recorded.repeated:
        record_event("audit.verdict", f"audit/{sample}/{recorded.number}/{recorded.by}/{recorded.at}", facts)
    typer.echo(json.dumps(facts) if as_json else f"item {recorded.number}: {recorded.verdict.value}, by {recorded.by}")


@app.command()
def bound(
    directory: Directory,
    confidence: Annotated[float, typer.Option(help="How sure the bound is to hold.")] = 0.95,
    count_unreviewed: Annotated[
        bool, typer.Option("--count-unreviewed", help="Count what nobody looked at as leaks.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """State the upper bound on leakage, and sign it into the attestation."""
    from seawall.cli._audit import record_event
    from seawall.develop.dataset import audit
    from seawall.develop.dataset.separate.attestation import attest_leakage
    from seawall.ledger import open_ledger
    from seawall.settings import Settings

    found = audit.bound(directory, confidence=confidence, count_unreviewed=count_unreviewed)
    facts = found.to_dict()
    record_event("audit.bound", f"audit/{found.sample}/bound/{found.verdicts}/{confidence}", facts)
    with open_ledger(Settings.from_env()) as ledger:
        attest_leakage(directory, facts, ledger)
    typer.echo(json.dumps(facts) if as_json else found.statement)


def _partitions(names: str) -> list[Any]:
    from seawall.errors import UsageError
    from seawall.policy.separation import Partition

    try:
        return [Partition(name.strip()) for name in names.split(",") if name.strip()]
    except ValueError:
        raise UsageError("--partitions names no partition", hint="one of " + ", ".join(Partition)) from None


def _who(by: str | None) -> str:
    return by if by is not None else getpass.getuser()


def _describe(sample: Sample, directory: Path) -> str:
    shown = [f"  {each.number:>6}  {each.item}" for each in sample.entries[:20]]
    more = [f"  … {sample.size - 20:,} more in {directory / 'audit' / 'sample.jsonl'}"] if sample.size > 20 else []
    return "\n".join([f"{sample.size:,} of {sample.population:,} items drawn, sample {sample.id}", *shown, *more])
