"""`seawall policy`: lint, test, compare, replay, render and activate the guard's policies."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from seawall.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from enum import StrEnum

    from seawall.policy.guard import GuardPolicy
    from seawall.policy.guard.backtest import BacktestReport
    from seawall.policy.guard.lifecycle import PolicyStore
    from seawall.store import Store

    _Choice = TypeVar("_Choice", bound=StrEnum)

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Guard policies as data: lint, test, diff, backtest, render, and bring from draft to live.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Policy = Annotated[
    str, typer.Argument(metavar="POLICY", help="A file, NAME@VERSION, 'live', or 'shipped' (what seawall comes with).")
]
Label = Annotated[str, typer.Argument(metavar="NAME@VERSION", help="As printed by ls.", show_default=False)]
Person = Annotated[str | None, typer.Option("--person", metavar="WHO", help="Who does it; recorded. Default: you.")]

LIVE, SHIPPED = "live", "shipped"


@app.command()
def lint(
    policy: Policy = LIVE,
    ladder: Annotated[
        Path | None, typer.Option("--ladder", metavar="FILE", help="Compare strike classes with this ladder's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with a policy although it can be read; exit 1 for errors and warnings."""
    from seawall.policy.guard.lint import Level
    from seawall.policy.guard.lint import lint as problems_of

    found = problems_of(_policy(policy), strikes=_strikes(ladder))
    if as_json:
        typer.echo(json.dumps([problem.to_dict() for problem in found]))
    else:
        for problem in found:
            where = f"{problem.rule}: " if problem.rule else ""
            typer.echo(f"{problem.level}[{problem.code}] {where}{problem.message}")
        typer.echo(f"{len(found)} findings")
    _leave(any(problem.level is not Level.NOTE for problem in found))


@app.command()
def test(
    policy: Policy = SHIPPED,
    tests: Annotated[
        Path | None,
        typer.Option("--tests", metavar="FILE", help="The tests. Default: NAME.tests.yaml beside the policy."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge the facts that a policy's tests name, and compare; exit 1 if any comes to something else."""
    from seawall.policy.guard.cases import load_tests, run_tests, tests_beside

    chosen = _policy(policy)
    if tests is None and policy != SHIPPED:
        if not _is_file(policy):
            raise UsageError("only a file has tests beside it", hint="give --tests FILE")
        tests = tests_beside(Path(policy))
    results = run_tests(chosen, load_tests(tests))
    failed = [result for result in results if not result.passed]
    if as_json:
        data = {"policy": chosen.hash, "tests": len(results), "failed": [result.to_dict() for result in failed]}
        typer.echo(json.dumps(data))
    else:
        for result in failed:
            for name, said in result.to_dict()["wrong"].items():
                typer.echo(f"{result.case.name}: {name} is {said['found']!r}, expected {said['expected']!r}")
        typer.echo(f"{len(results)} tests, {len(failed)} failed")
    _leave(bool(failed))


@app.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A file, NAME@VERSION, 'live' or 'shipped'.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Likewise.")],
    as_json: AsJson = False,
) -> None:
    """Say what changes between two policies, with facts that show it; exit 1 if the new one is weaker anywhere."""
    from seawall.policy.guard.difference import diff as difference_of

    found = difference_of(_policy(old), _policy(new))
    if as_json:
        typer.echo(json.dumps(found.to_dict()))
    else:
        for change in found.changes:
            typer.echo(_change(change.to_dict()))
        typer.echo(f"{found.new} is {'WEAKER' if found.weaker else 'nowhere weaker'} than {found.old}")
    _leave(found.weaker)


@app.command()
def backtest(
    policy: Policy,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Only decisions from then on, RFC 3339 in UTC.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="At most so many.")] = None,
    as_json: AsJson = False,
) -> None:
    """Judge recorded decisions again by a policy; exit 1 if any would be decided more mildly."""
    from seawall.decisions import recorded
    from seawall.ledger import open_store
    from seawall.policy.guard.backtest import backtest as replay
    from seawall.settings import Settings

    chosen = _policy(policy)
    with open_store(Settings.from_env()) as store:
        report = replay(chosen, recorded(store, since=since, limit=limit))
    if as_json:
        typer.echo(json.dumps(report.to_dict()))
    else:
        _print_report(report)
    _leave(report.milder > 0)


@app.command()
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The policy, YAML.", show_default=False)],
    person: Person = None,
    as_json: AsJson = False,
) -> None:
    """Keep a policy as a draft; it judges nothing yet."""
    from seawall.policy.guard import load_guard_policy

    policy = load_guard_policy(file)
    with _policies() as (_, policies):
        version = policies.add(policy, person=_who(person))
    typer.echo(json.dumps(version.to_dict()) if as_json else f"{version.label} {version.hash} ({version.stage})")


@app.command()
def activate(
    label: Label,
    stage: Annotated[
        str, typer.Option("--stage", metavar="STAGE", help="draft, shadow, percentage, live or retired.")
    ] = LIVE,
    percent: Annotated[
        int | None, typer.Option("--percent", metavar="N", help="Share of accounts, 1 to 99, with --stage percentage.")
    ] = None,
    now: Annotated[bool, typer.Option("--now", help="Make it live without a share of accounts before.")] = False,
    weaker: Annotated[
        str | None,
        typer.Option("--weaker", metavar="WHY", help="Why a policy weaker than the live one may judge; recorded."),
    ] = None,
    person: Person = None,
    as_json: AsJson = False,
) -> None:
    """Bring a policy into another stage. Running services follow within a second."""
    from seawall.policy.guard.lifecycle import Stage

    wanted = _choice(Stage, stage, "--stage")
    with _policies() as (_, policies):
        version = policies.move(label, wanted, person=_who(person), percent=percent, now=now, weaker=weaker)
    share = f" on {version.percent} % of accounts" if version.percent is not None else ""
    typer.echo(json.dumps(version.to_dict()) if as_json else f"{version.label} is {version.stage}{share}")


@app.command("ls")
def show_all(as_json: AsJson = False) -> None:
    """Show every policy and its stage."""
    from seawall.policy.guard import load_guard_policy
    from seawall.policy.guard.lifecycle import Stage

    with _policies() as (_, policies):
        versions = policies.all()
    shipped = load_guard_policy()
    rows = [version.to_dict() for version in versions]
    if shipped.hash not in {row["hash"] for row in rows}:
        live = not any(version.stage is Stage.LIVE for version in versions)
        stage = LIVE if live else SHIPPED
        row: dict[str, Any] = {"name": shipped.name, "version": shipped.version, "hash": shipped.hash, "stage": stage}
        rows.insert(0, row | {"percent": None, "created_at": None, "by": "seawall"})
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        share = f" {row['percent']} %" if row["percent"] is not None else ""
        typer.echo(f"{row['name']}@{row['version']}  {row['stage']}{share}  {row['hash']}  {row['by']}")


@app.command()
def show(policy: Policy = LIVE, as_json: AsJson = False) -> None:
    """Print a policy: as written, or its meaning as JSON."""
    chosen = _policy(policy)
    typer.echo(json.dumps({"hash": chosen.hash, "meaning": chosen.meaning()}) if as_json else chosen.text, nl=as_json)


@app.command()
def render(
    policy: Policy = LIVE,
    audience: Annotated[
        str, typer.Option("--for", metavar="WHOM", help="rules (a table), users (a text), guard (a model's prompt).")
    ] = "rules",
    as_json: AsJson = False,
) -> None:
    """Write a policy for people or for a policy-conditioned guard; all forms carry its hash."""
    from seawall.policy.guard.render import Audience
    from seawall.policy.guard.render import render as render_policy

    chosen = _policy(policy)
    wanted = _choice(Audience, audience, "--for")
    text = render_policy(chosen, wanted)
    if as_json:
        typer.echo(json.dumps({"policy": chosen.label, "hash": chosen.hash, "for": wanted.value, "text": text}))
    else:
        typer.echo(text, nl=False)


def _policy(name: str) -> GuardPolicy:
    from seawall.policy.guard import load_guard_policy

    if name == SHIPPED:
        return load_guard_policy()
    if _is_file(name):
        return load_guard_policy(Path(name))
    with _policies() as (_, policies):
        return policies.live() if name == LIVE else policies.get(name).policy()


def _strikes(ladder: Path | None) -> frozenset[str] | None:
    """Return the strike classes of a ladder."""
    if ladder is None:
        return None
    from seawall.accounts import parse_ladder
    from seawall.policy.guard.bounded_yaml import read_text, read_yaml

    return frozenset(parse_ladder(read_yaml(read_text(ladder), str(ladder))).classes)


def _is_file(name: str) -> bool:
    return name not in (LIVE, SHIPPED) and (Path(name).suffix in (".yaml", ".yml") or Path(name).is_file())


@contextmanager
def _policies() -> Iterator[tuple[Store, PolicyStore]]:
    from seawall.ledger import KeyFile, Ledger, open_store
    from seawall.policy.guard.lifecycle import PolicyStore
    from seawall.settings import Settings

    settings = Settings.from_env()
    with open_store(settings) as store:
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        yield store, PolicyStore(store, ledger)
        ledger.append_pending()


def _choice(kind: type[_Choice], value: str, option: str) -> _Choice:
    try:
        return kind(value)
    except ValueError:
        raise UsageError(f"{option} is one of {', '.join(kind)}") from None


def _who(person: str | None) -> str:
    return person if person is not None else getpass.getuser()


def _change(change: dict[str, Any]) -> str:
    words = [change["kind"], change["rule"] or "", change["detail"]]
    if "after" in change:
        words.append(f"{change['before']} -> {change['after']}")
    if "facts" in change:
        words.append(json.dumps(change["facts"]))
    return "  ".join(word for word in words if word)


def _print_report(report: BacktestReport) -> None:
    typer.echo(
        f"{report.policy} on {report.decisions:,} decisions: {report.changed:,} change, {report.milder:,} milder"
    )
    for title, matrix in (("", report.matrix), ("drill  ", report.drills)):
        for (before, after), count in sorted(matrix.items()):
            typer.echo(f"  {title}{before} -> {after}: {count:,}")
    if report.not_examined or report.without_facts:
        typer.echo(f"  not examined: {report.not_examined:,}; without facts: {report.without_facts:,}")
    for (before, after), ids in sorted(report.examples.items()):
        typer.echo(f"  {before} -> {after}, for example: {', '.join(ids)}")


def _leave(findings: bool) -> None:
    if findings:
        raise typer.Exit(ExitCode.FINDINGS)
