"""`seawall cases policy`: print the review policy that holds, or check one before it does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from seawall.cases import Queue, ReviewPolicy

app = typer.Typer(rich_markup_mode=None, help="The review policy: print what holds, lint a file, each with its hash.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
NAME = "review.yaml"
_HOUR, _DAY = 60, 1440


@app.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="This one, instead of that of the installation."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the review policy: its hash, queues, and how many people a decision takes."""
    from seawall.cases import load_review_policy
    from seawall.settings import Settings

    if context.invoked_subcommand is not None:
        return
    found = load_review_policy(file) if file is not None else of_home(Settings.from_env().home)
    if as_json:
        typer.echo(json.dumps({"sha256": found.digest, "policy": json.loads(found.data)}, ensure_ascii=False))
        return
    for line in _lines(found):
        typer.echo(line)


@app.command()
def lint(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The policy; that of the installation if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a review policy, and print its hash; a slip of the pen is an error that names the place."""
    from seawall.cases import load_review_policy
    from seawall.settings import Settings

    found = load_review_policy(file) if file is not None else of_home(Settings.from_env().home)
    row = {
        "review": found.name,
        "version": found.version,
        "sha256": found.digest,
        "queues": len(found.queues),
        "rules": len(found.rules),
        "shipped": found.digest == load_review_policy().digest,
    }
    shipped = "; it is the one that ships" if row["shipped"] else ""
    said = f"{found.name} {found.version}: {len(found.queues)} queues, {len(found.rules)} rules, sha256 {found.digest}"
    typer.echo(json.dumps(row) if as_json else said + shipped)


def of_home(home: Path) -> ReviewPolicy:
    """Return the policy of an installation: its `review.yaml`, or the one that ships."""
    from seawall.cases import load_review_policy

    path = home / NAME
    return load_review_policy(path if path.exists() else None)


def length(minutes: int) -> str:
    """Return a length of time as people say it."""
    for unit, name in ((_DAY, "day"), (_HOUR, "hour"), (1, "minute")):
        if minutes % unit == 0:
            count = minutes // unit
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{minutes} minutes"


def _lines(policy: ReviewPolicy) -> Iterator[str]:
    yield f"{policy.name} {policy.version}, sha256 {policy.digest}"
    yield f"a lease lasts {policy.lease_seconds} seconds without a sign of life"
    yield f"nothing is overtaken for longer than {policy.weights.longest_hours:.0f} hours"
    for each in policy.queues:
        yield f"queue {each.name}: {_taken(each)}; within {length(each.sla_minutes)}, by {each.order.value}"
        yield f"  {each.ground}"
    for number, rule in enumerate(policy.rules, 1):
        conditions: list[tuple[str, list[str]]] = [
            ("severity", sorted(each.name.lower() for each in rule.severities)),
            ("label", sorted(rule.labels)),
            ("outcome", sorted(rule.outcomes)),
        ]
        when = "; ".join(f"{name} {' or '.join(words)}" for name, words in conditions if words) or "always"
        yield f"rule {number}: {when}: {rule.needed.method.value}, {_people(rule.needed.people)}"
    otherwise = policy.otherwise
    yield f"otherwise: {otherwise.method.value}, {_people(otherwise.people)}; then {policy.others} more before a lead"


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _taken(queue: Queue) -> str:
    takes = queue.takes
    if takes.everything or takes.nothing:
        return "everything" if takes.everything else "what is sent here"
    said: list[tuple[str, list[str]]] = [
        ("drill", [] if takes.drill is None else [str(takes.drill).lower()]),
        ("imminent", [] if takes.imminent is None else [str(takes.imminent).lower()]),
        ("door", sorted(takes.doors)),
        ("severity", sorted(each.name.lower() for each in takes.severities)),
        ("category", list(takes.categories)),
        ("event", sorted(takes.event_classes)),
    ]
    return "; ".join(f"{name} {' or '.join(words)}" for name, words in said if words)
