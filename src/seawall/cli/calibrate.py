"""`seawall calibrate`: harmless items of one's own become thresholds with confidence bounds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from seawall.errors import UsageError

if TYPE_CHECKING:
    from seawall.develop.dataset.calibrate import Calibration, ScoreSource

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command()
def calibrate(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH...", help="Harmless items to score.", show_default=False)
    ] = None,
    scored: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="Output directory of 'seawall separate' over harmless items."),
    ] = None,
    detectors: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Detectors to score with, by commas. Default: the policy's.")
    ] = None,
    policy: Annotated[Path | None, typer.Option(help="Separation policy to start from. Default: the shipped.")] = None,
    alarm_rate: Annotated[float, typer.Option(help="Share of harmless items that may alarm.")] = 0.01,
    confidence: Annotated[float, typer.Option(help="How sure the rate is to be kept.")] = 0.95,
    no_minors: Annotated[
        bool, typer.Option("--no-minors", help="You know that nobody in the sample is under 21: fit ages too.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Where to write the policy.", metavar="POLICY.yaml")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Turn a sample of your own harmless items into a separation policy with calibrated thresholds."""
    from seawall.develop.dataset.calibrate import calibrate as fit_thresholds
    from seawall.files import write_whole
    from seawall.policy.separation import load_separation_policy

    base = load_separation_policy(policy)
    with _source(paths or [], scored, detectors, policy) as source:
        found = fit_thresholds(source, base, alarm_rate=alarm_rate, confidence=confidence, no_minors=no_minors)
    if out is not None:
        write_whole(out, found.text().encode())
    if as_json:
        typer.echo(json.dumps(found.to_dict() | {"out": str(out) if out else None}, indent=2))
        return
    typer.echo(_describe(found, confidence))
    if out is not None:
        typer.echo(f"policy {found.policy.hash} written to {out}")
    else:
        typer.echo("nothing written: give --out to keep the policy")


@contextmanager
def _source(paths: list[str], scored: Path | None, detectors: str | None, policy: Path | None) -> Iterator[ScoreSource]:
    """Give the scores: of a finished separation, or of items that are separated now, for their scores alone."""
    from seawall.develop.dataset.calibrate import Separated

    if scored is not None and (paths or detectors is not None):
        raise UsageError("give either --from, or items to score and their --detectors")
    if scored is not None:
        yield Separated(scored)
        return
    if not paths:
        raise UsageError("there is nothing to calibrate on", hint="name harmless items, or give --from")
    from seawall.cli.scan import progress_bar
    from seawall.develop.dataset.separate import SeparateOptions, separate

    names = tuple(name.strip() for name in (detectors or "").split(",") if name.strip())
    with TemporaryDirectory(prefix="seawall-calibrate-") as place:
        with progress_bar() as show:
            separate(tuple(paths), SeparateOptions(out=Path(place), policy=policy, detectors=names), progress=show)
        yield Separated(Path(place))


def _describe(found: Calibration, confidence: float) -> str:
    lines = [
        f"{found.items:,} different items ({found.duplicates:,} duplicates left out), sample {found.sample_sha256}",
        f"{'threshold':<10}{'value':>10}{'scored':>10}{'abstained':>11}{'alarms':>8}{'rate at most':>14}",
    ]
    for name, fit in found.fits.items():
        lines.append(
            f"{name:<10}{fit.threshold:>10.6g}{fit.items:>10,}{fit.abstained:>11,}{fit.alarms:>8,}{fit.rate_upper:>14.4%}"
            + (f"  raised: {fit.raised}" if fit.raised else "")
        )
    lines.append(
        f"each rate holds at {confidence:g} confidence, for harmless items like these and these detectors alone;"
    )
    lines.append("what the detectors miss is not known")
    return "\n".join(lines)
