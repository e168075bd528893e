"""`seawall appeals`: who asked that a decision is looked at again, how soon that happened, and who was right."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seawall.cli._notice_people import moment_of
from seawall.errors import UsageError

if TYPE_CHECKING:
    from seawall.maintain.appeals import Appeal, Appeals

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Who asked that a decision is looked at again, and what came of it.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_MOST_BYTES = 64 * 1024


@app.command("ls")
def show_all(
    state: Annotated[
        str | None,
        typer.Option("--state", metavar="STATE", help="open, waiting, upheld, overturned or superseded."),
    ] = None,
    late_only: Annotated[bool, typer.Option("--late", help="Only those that should have been decided.")] = False,
    after: Annotated[str | None, typer.Option("--after", metavar="ID", help="Only those after this one.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="So many at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Show appeals in the order in which they came, without their words."""
    from seawall.maintain.appeals import AppealState

    if state is not None and state not in set(AppealState):
        raise UsageError(f"--state is one of {', '.join(AppealState)}")
    wanted = AppealState(state) if state is not None else None
    with _opened() as appeals:
        found = appeals.list(state=wanted, late_only=late_only, after=after, limit=limit)
    if not as_json:
        typer.echo(f"{'ID':<32}  {'FILED':<17}  {'DUE':<17}  {'PARTY':<9}  {'STATE':<11}  DECISION")
    for each in found:
        filed, due = _minute(each.filed_at), _minute(each.due_at)
        line = (
            f"{each.id:<32}  {filed:<17}  {due:<17}  {each.party.value:<9}  {each.state.value:<11}  {each.decision_id}"
        )
        typer.echo(json.dumps(_described(each)) if as_json else line)


@app.command()
def show(
    appeal_id: Annotated[str, typer.Argument(metavar="ID", help="As printed by ls.", show_default=False)],
    words: Annotated[bool, typer.Option("--words", help="What the party wrote; that it is read is recorded.")] = False,
    person: Annotated[str | None, typer.Option("--person", metavar="WHO", help="Who reads it.")] = None,
    purpose: Annotated[str | None, typer.Option("--purpose", metavar="WHY", help="What for.")] = None,
) -> None:
    """Show one appeal, and on request what the party wrote, which is kept encrypted."""
    if words and not (person and purpose):
        raise UsageError("what a party wrote is read by a person for a purpose", hint="add --person and --purpose")
    with _opened() as appeals:
        found = _described(appeals.get(appeal_id))
        if words:
            found["words"] = appeals.words(appeal_id, person=str(person), purpose=str(purpose))
    typer.echo(json.dumps(found, indent=2, ensure_ascii=False))


@app.command("file")
def file_one(
    decision_id: Annotated[str, typer.Argument(metavar="DECISION", help="What it is against.", show_default=False)],
    person: Annotated[str, typer.Option("--person", metavar="WHO", help="Who files it.", show_default=False)],
    text: Annotated[
        Path | None, typer.Option("--text", metavar="FILE", help="What the party wrote; - reads standard input.")
    ] = None,
    locale: Annotated[str, typer.Option("--locale", metavar="LANGUAGE", help="For answers.")] = "en",
    notice: Annotated[
        str | None, typer.Option("--notice", metavar="ID", help="The notice of the notifier who appeals.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """File an appeal for somebody who asked for it in another way, such as by letter."""
    words = _text(text)
    with _opened() as appeals:
        made = appeals.file_for(decision_id, person=person, text=words, locale=locale, notice_id=notice)
    typer.echo(
        json.dumps(_described(made)) if as_json else f"{made.id}  {made.state.value}, due {_minute(made.due_at)}"
    )


@app.command()
def status(
    receipt: Annotated[str, typer.Argument(metavar="RECEIPT", help="As the party has it.", show_default=False)],
    locale: Annotated[str, typer.Option("--locale", metavar="LANGUAGE", help="en, de or ar.")] = "en",
) -> None:
    """Show what the holder of a receipt sees."""
    from seawall.maintain.appeals import on_standing

    with _opened() as appeals:
        told = [on_standing(each, appeals.options, locale) for each in appeals.standing(receipt)]
    for each in told:
        for line in (each.state, *each.lines, each.reason, *each.redress):
            if line:
                typer.echo(line)
    if not told:
        typer.echo("nothing was decided against the holder of this receipt")


@app.command("figures")
def show_figures(
    party: Annotated[str | None, typer.Option("--party", metavar="PARTY", help="account or notifier.")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="Filed from this day on.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="Filed before this day.")] = None,
    as_json: AsJson = False,
) -> None:
    """Count appeals: how many, how soon, how often they were right. Drills stay out."""
    from seawall.maintain.appeals import Party

    if party is not None and party not in set(Party):
        raise UsageError("--party is account or notifier")
    wanted = Party(party) if party is not None else None
    start, end = moment_of(since, "--since"), moment_of(until, "--until")
    with _opened() as appeals:
        counted = appeals.figures(party=wanted, since=start, until=end).to_dict()
    if as_json:
        typer.echo(json.dumps(counted))
        return
    for name, value in counted.items():
        typer.echo(f"{name:<16}  {'-' if value is None else value}")


@contextmanager
def _opened() -> Iterator[Appeals]:
    """Open the appeals of the installation, without what gives out tasks and makes pictures."""
    from seawall.cases import Cases, load_review_policy
    from seawall.deploy.notices import make_notices
    from seawall.ledger import KeyFile, Ledger, open_store
    from seawall.maintain.appeals import AppealHook, make_appeals
    from seawall.maintain.statements import make_statements
    from seawall.settings import Settings
    from seawall.vault import Vault, key_provider

    settings = Settings.from_env()
    with open_store(settings) as store:
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        vault = Vault(store, ledger, key_provider(settings), settings.home / "vault")
        statements = make_statements(settings, store, ledger)
        policy = settings.home / "review.yaml"
        hooks = (statements, AppealHook(ledger))
        cases = Cases(store, ledger, load_review_policy(policy if policy.exists() else None), hooks)
        notices = make_notices(settings, store, ledger, vault, cases)
        yield make_appeals(settings, store, ledger, vault, cases, statements, notices)
        ledger.append_pending()


def _text(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        if str(file) == "-":
            data = sys.stdin.buffer.read(_MOST_BYTES + 1)
        else:
            with file.open("rb") as opened:
                data = opened.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise UsageError("the text is too long")
        return data.decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"{file} cannot be read as text") from None


def _described(appeal: Appeal) -> dict[str, Any]:
    return {
        "id": appeal.id,
        "decision": appeal.decision_id,
        "case": appeal.case_id,
        "party": appeal.party.value,
        "notice": appeal.notice_id,
        "state": appeal.state.value,
        "filed_at": appeal.filed_at,
        "filed_by": appeal.filed_by,
        "window_until": appeal.window_until,
        "due_at": appeal.due_at,
        "task": appeal.task_id,
        "decided_at": appeal.decided_at,
        "decider": appeal.decider,
        "reason": appeal.reason,
        "result": appeal.result_id,
        "drill": appeal.drill,
    }


def _minute(iso: str) -> str:
    return f"{iso[:10]} {iso[11:16]}"
