"""`seawall review`: how reviewing goes, as rules and sums.

No command here takes a person to tell of: what somebody met is for that person alone, on a page of their own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seawall.cli._notice_people import moment_of
from seawall.cli._review_stock import golden_app, vocabulary_app
from seawall.errors import UsageError

if TYPE_CHECKING:
    from seawall.ledger import Ledger
    from seawall.maintain.review import Agreement, Floor
    from seawall.settings import Settings
    from seawall.store import Store

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="How reviewing goes: the floor, agreement, loads as sums, golden tasks, vocabularies, a first drill.",
)
app.add_typer(golden_app, name="golden")
app.add_typer(vocabulary_app, name="vocabulary")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_MOST_WEEKS = 52


@app.command()
def floor(
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="This one, instead of that of the installation.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what nobody goes below, each value with its reason; a floor that is none is an error."""
    from seawall.maintain.review import load_floor
    from seawall.settings import Settings

    found = load_floor(file if file is not None else _own(Settings.from_env().home, "floor.yaml"))
    if as_json:
        typer.echo(json.dumps(_floor(found), ensure_ascii=False))
        return
    for line in _floor_lines(found):
        typer.echo(line)


@app.command()
def lint(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="A floor, a quality or a repeats policy.")],
    as_json: AsJson = False,
) -> None:
    """Check files of reviewing before they hold, and print the hash of each."""
    for file in files:
        kind, found = _linted(file)
        row = {"file": str(file), "kind": kind, "name": found.name, "version": found.version, "sha256": found.hash}
        typer.echo(json.dumps(row) if as_json else f"{file}: {kind} {found.name} {found.version}, sha256 {found.hash}")


@app.command()
def agreement(
    queue: Annotated[str | None, typer.Option("--queue", metavar="NAME", help="Only this queue.")] = None,
    policy: Annotated[
        str | None, typer.Option("--policy", metavar="HASH", help="Only under the policy of this hash.")
    ] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="Only from this day on.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show how well judgements agree beyond chance, by queue and policy; never who agrees with whom."""
    from seawall.maintain.review import Quality, SideTasks, load_quality

    start = moment_of(since, "--since")
    with _opened() as (settings, store, ledger):
        rules = load_quality(_own(settings.home, "quality.yaml"))
        side = SideTasks(store, rules.lease_seconds)
        found = Quality(store, ledger, side, rules).agreement(queue=queue, policy=policy, since=start)
    if not as_json:
        heads = f"{'POLICY':<12}  {'UNITS':>6}  {'ALPHA':>6}  {'KAPPA':>6}  {'AGAIN':>9}  {'RULES':>9}"
        typer.echo(f"{'QUEUE':<16}  {heads}  {'WRONG <=':>8}  {'GOLDEN':>9}")
    for each in found:
        typer.echo(json.dumps(asdict(each)) if as_json else _agreement_line(each))


@app.command()
def load(
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=_MOST_WEEKS, help="So many whole weeks back.")] = 8,
    as_json: AsJson = False,
) -> None:
    """Show what reviewers met in a week on average: weeks of five people or more, rounded, or nothing at all."""
    from datetime import timedelta

    from seawall.maintain.review import Aggregates, load_floor
    from seawall.users import Role, Users
    from seawall.vault.viewing import ViewingRecord

    with _opened() as (settings, store, ledger):
        # The same people as in the console, so that nobody is told apart by asking in two places.
        people = [each.id for each in Users(store, ledger, settings).all() if each.role in (Role.REVIEWER, Role.LEAD)]
        viewing = ViewingRecord(store, ledger)
        sums = Aggregates(viewing, lambda: people, load_floor(_own(settings.home, "floor.yaml")), store.clock)
        today = store.clock().date()
        asked = [sums.week(today - timedelta(days=7 * back)) for back in range(1, weeks + 1)]
    found = [each for each in asked if each is not None]
    if not as_json:
        typer.echo(f"{'WEEK':<10}  {'PEOPLE':>6}  {'UNITS':>6}  {'SEVERE':>6}  BUDGET OF A DAY")
    for each in found:
        line = f"{each.week}  {each.people:>6}  {each.mean_units:>6}  {each.mean_severe:>6}  {each.budget:>6}"
        typer.echo(json.dumps(asdict(each) | {"week": each.week.isoformat()}) if as_json else line)
    if not found:
        typer.echo("no week can be told: each takes five people, none of whom is half of it", err=True)


@app.command()
def seen(as_json: AsJson = False) -> None:
    """Show what need not be seen twice: verdicts that hold, and items that were decided unseen by them."""
    from seawall.maintain.review import SeenOnce, load_repeats

    with _opened() as (settings, store, ledger):
        rules = load_repeats(_own(settings.home, "repeats.yaml"))
        counts = SeenOnce(store, ledger, rules).counts()
    if as_json:
        typer.echo(json.dumps(counts | {"policy": rules.hash}))
        return
    typer.echo(f"{counts['judged']:,} verdicts of people hold")
    unseen = counts["unseen_equal"] + counts["unseen_near"]
    ways = f"{counts['unseen_equal']:,} by equal bytes, {counts['unseen_near']:,} by nearly equal pictures"
    typer.echo(f"{unseen:,} items were decided unseen: {ways}")


@app.command()
def demo(
    cases: Annotated[int, typer.Option("--cases", min=1, max=20, help="How many.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Open drill cases of drawn, harmless stand-ins, to try the console with; nothing real follows from them."""
    from seawall.casework import open_casework
    from seawall.casework.rehearsal import rehearse
    from seawall.settings import Settings

    with open_casework(Settings.from_env()) as casework:
        made = rehearse(casework, cases)
    if as_json:
        typer.echo(json.dumps({"cases": made}))
        return
    for each in made:
        typer.echo(each)
    typer.echo("now 'seawall serve --only console', and sign in as somebody with the child-safety grant", err=True)


def _own(home: Path, name: str) -> Path | None:
    path = home / name
    return path if path.exists() else None


def _linted(file: Path) -> tuple[str, Any]:
    from seawall.maintain.review import PolicyInvalid, load_floor, load_quality, load_repeats
    from seawall.policy.guard.bounded_yaml import read_text, read_yaml
    from seawall.policy.guard.errors import GuardPolicyError

    readers: dict[str, Callable[[Path], Any]] = {
        "floor": load_floor,
        "quality": load_quality,
        "repeats": load_repeats,
    }
    try:
        data = read_yaml(read_text(file), str(file))
    except GuardPolicyError as fault:
        raise PolicyInvalid(fault.message) from None
    kind = next((each for each in readers if isinstance(data, dict) and each in data), None)
    if kind is None:
        raise UsageError(f"{file} is no file of reviewing", hint="it begins with floor, quality or repeats")
    return kind, readers[kind](file)


def _floor(found: Floor) -> dict[str, Any]:
    return {
        "floor": found.name,
        "version": found.version,
        "sha256": found.hash,
        "presets": {key: asdict(each) for key, each in found.presets.items()},
        "limits": asdict(found.limits),
        "cost": asdict(found.cost),
        "not_today_hours": found.not_today_hours,
        "keep_days": found.keep_days,
        "grounds": {key: asdict(each) for key, each in found.grounds.items()},
        "sources": {key: asdict(each) for key, each in found.sources.items()},
    }


def _floor_lines(found: Floor) -> Iterator[str]:
    yield f"{found.name} {found.version}, sha256 {found.hash}"
    for key, each in found.presets.items():
        yield f"{key}: {', '.join(f'{name} {str(value).lower()}' for name, value in asdict(each).items())}"
        yield from _ground_lines(found, f"presets.{key}")
    for name, value in asdict(found.limits).items():
        yield f"{name}: {value}"
        yield from _ground_lines(found, f"limits.{name}")
    yield f"not_today_hours: {found.not_today_hours}"
    yield f"keep_days: {found.keep_days}"
    for key, source in found.sources.items():
        yield f"[{key}] {source.text}" + (f" {source.url}" if source.url else "")


def _ground_lines(found: Floor, key: str) -> Iterator[str]:
    ground = found.grounds[key]
    yield f"  {ground.why} [{', '.join(ground.sources)}]"


def _agreement_line(each: Agreement) -> str:
    figures = f"{_two(each.alpha)}  {_two(each.kappa_second)}  {_of(each.again_right, each.again)}"
    rules = f"{_of(each.rules_right, each.rules)}  {f'{each.rules_wrong_at_most:.1%}' if each.rules else '-':>8}"
    policy = each.policy[:12] or "-"
    return (
        f"{each.queue:<16}  {policy:<12}  {each.units:>6,}  {figures}  {rules}  {_of(each.golden_right, each.golden)}"
    )


def _two(value: float | None) -> str:
    return f"{'-' if value is None else f'{value:.2f}':>6}"


def _of(right: int, total: int) -> str:
    return f"{f'{right:,}/{total:,}' if total else '-':>9}"


@contextmanager
def _opened() -> Iterator[tuple[Settings, Store, Ledger]]:
    from seawall.ledger import KeyFile, Ledger, open_store
    from seawall.settings import Settings

    settings = Settings.from_env()
    with open_store(settings) as store:
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        yield settings, store, ledger
        ledger.append_pending()
