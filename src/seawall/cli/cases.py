"""`seawall cases`: what people decide, from the shell: looking, steering, and the policy. Reading a case is recorded.

Cases are judged in the console, never here: an item's bytes do not reach a terminal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from seawall.cli import _case_policy
from seawall.cli._case_show import lines, minute, of_case, told
from seawall.cli._staff import named, reader
from seawall.errors import UsageError

if TYPE_CHECKING:
    from seawall.cases import Cases
    from seawall.cases.model import Case
    from seawall.users import Users

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What people decide: look at cases, steer them, check the policy."
)
app.add_typer(_case_policy.app, name="policy")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
CaseId = Annotated[str, typer.Argument(metavar="ID", help="As printed by ls.", show_default=False)]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who does it: a lead; recorded.", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept with the case.", show_default=False)]


@app.command("ls")
def show_all(
    queue: Annotated[str | None, typer.Option("--queue", metavar="NAME", help="Only those of this queue.")] = None,
    state: Annotated[
        str | None,
        typer.Option("--state", metavar="STATE", help="Only those in this state; the open ones if not given."),
    ] = None,
    drill: Annotated[bool | None, typer.Option("--drill/--no-drill", help="Only drills, or only what is none.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="So many at most.")] = 50,
    after: Annotated[str | None, typer.Option("--after", metavar="ID", help="Only those after this one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show cases, the most urgent first."""
    from seawall.cases.model import CaseState

    if state is not None and state not in set(CaseState):
        raise UsageError("there is no such state", hint="known: " + ", ".join(CaseState))
    wanted = CaseState(state) if state is not None else None
    with _opened() as (cases, _):
        names = [each.name for each in cases.policy.queues]
        found = cases.list(queue=queue, state=wanted, drill=drill, after=after, limit=limit)
    if queue is not None and not found and queue not in names:
        raise UsageError("there is no such queue", hint="known: " + ", ".join(names))
    if not as_json:
        typer.echo(f"{'ID':<32}  {'STATE':<15}  {'SEVERITY':<8}  {'QUEUE':<14}  {'DUE':<16}  {'DRILL':<5}  CATEGORY")
    for each in found:
        typer.echo(json.dumps(of_case(each)) if as_json else _line(each))
    if len(found) == limit:
        typer.echo(f"there may be more: --after {found[-1].id}", err=True)


@app.command()
def show(
    case_id: CaseId,
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Who reads it; recorded. The command line if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a case: its items, what came of it, what happened, what is kept and until when. Never content."""
    from seawall.vault.retention import Retention
    from seawall.vault.viewing import ViewingRecord

    with _opened() as (cases, users):
        who = reader(users, by)
        # Recorded before a word of it is printed; a case that is not there was not read.
        users.audit_read(who, "case", cases.get(case_id).id)
        retention, viewing = Retention(users.store, users.ledger), ViewingRecord(users.store, users.ledger)
        found = told(case_id, cases, retention, viewing)
        words = [] if as_json else list(lines(found, users))
    typer.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else "\n".join(words))


@app.command()
def queues(as_json: AsJson = False) -> None:
    """Show how the queues stand: what waits, what somebody works on, what is late."""
    with _opened() as (cases, _):
        found, policy = cases.queues(), cases.policy
    if not as_json:
        typer.echo(f"{'QUEUE':<16}  {'OPEN':>7}  {'AT WORK':>7}  {'LATE':>7}  {'OLDEST':<16}  DECIDED WITHIN")
    for each in found:
        queue = policy.queue(each.queue)
        if as_json:
            row = {
                "queue": each.queue,
                "open": each.open,
                "leased": each.leased,
                "overdue": each.overdue,
                "oldest": each.oldest,
                "at_least": each.at_least,
                "sla_minutes": queue.sla_minutes,
            }
            typer.echo(json.dumps(row))
            continue
        more = "+" if each.at_least else ""
        oldest = minute(each.oldest) if each.oldest else "-"
        counts = f"{f'{each.open:,}{more}':>7}  {each.leased:>7,}  {each.overdue:>7,}"
        typer.echo(f"{each.queue:<16}  {counts}  {oldest:<16}  {_case_policy.length(queue.sla_minutes)}")


@app.command()
def hold(case_id: CaseId, by: By, reason: Reason, as_json: AsJson = False) -> None:
    """Let a case rest, for a law or an answer that is awaited. Whoever has it loses the lease, never the draft."""
    _steer(by, lambda cases, person: cases.hold(case_id, person, reason), as_json=as_json)


@app.command()
def resume(
    case_id: CaseId,
    by: By,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")] = "the hold is over",
    as_json: AsJson = False,
) -> None:
    """Go on with a case that rested."""
    _steer(by, lambda cases, person: cases.resume(case_id, person, reason), as_json=as_json)


@app.command()
def assign(
    case_id: CaseId,
    by: By,
    to: Annotated[str | None, typer.Option("--to", metavar="NAME", help="For whom.")] = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="For nobody any more.")] = False,
    as_json: AsJson = False,
) -> None:
    """Keep a case for somebody until it is overdue. It is no order: what they opted out of stays out."""
    from seawall.users import Permission

    if (to is None) is not nobody:
        raise UsageError("say for whom", hint="--to NAME, or --nobody")
    with _opened() as (cases, users):
        person = _lead(users, by)
        kept_for = named(users, to, Permission.REVIEW).id if to is not None else None
        changed = cases.assign(case_id, person, kept_for)
    _print(changed, as_json)


@app.command()
def escalate(case_id: CaseId, by: By, reason: Reason, as_json: AsJson = False) -> None:
    """Ask a lead to decide."""
    _steer(by, lambda cases, person: cases.escalate(case_id, person, reason), as_json=as_json)


@app.command()
def reopen(case_id: CaseId, by: By, reason: Reason, as_json: AsJson = False) -> None:
    """Let a case be judged anew; what was decided stands until something else is."""
    _steer(by, lambda cases, person: cases.reopen(case_id, person, reason), as_json=as_json)


def _steer(by: str, step: Callable[[Cases, str], Case], *, as_json: bool) -> None:
    with _opened() as (cases, users):
        changed = step(cases, _lead(users, by))
    _print(changed, as_json)


def _lead(users: Users, name: str) -> str:
    """Return the id of somebody who may steer cases, as the console asks of them."""
    from seawall.users import Permission

    return named(users, name, Permission.REVIEW, Permission.ASSIGN).id


@contextmanager
def _opened() -> Iterator[tuple[Cases, Users]]:
    """Open cases and people alone: nothing here makes pictures, delivers effects or sends notices."""
    from seawall.cases import Cases
    from seawall.ledger import KeyFile, Ledger, open_store
    from seawall.settings import Settings
    from seawall.users import Users

    settings = Settings.from_env()
    policy = _case_policy.of_home(settings.home)
    with open_store(settings) as store:
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        try:
            yield Cases(store, ledger, policy), Users(store, ledger, settings)
        finally:
            # A read that was recorded stays recorded, whatever went wrong after it.
            ledger.append_pending()


def _print(case: Case, as_json: bool) -> None:
    typer.echo(json.dumps(of_case(case)) if as_json else f"{case.id}  {case.state.value}, queue {case.queue}")


def _line(case: Case) -> str:
    due = minute(case.due_at) if case.due_at else "-"
    drill = "yes" if case.drill else "no"
    severity = case.severity.name.lower()
    return f"{case.id}  {case.state.value:<15}  {severity:<8}  {case.queue:<14}  {due:<16}  {drill:<5}  {case.category}"
