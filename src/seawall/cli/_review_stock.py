"""`seawall review golden` and `seawall review vocabulary`: what an organisation brings to reviewing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seawall.cli._staff import named
from seawall.errors import UsageError

if TYPE_CHECKING:
    from seawall.ledger import Ledger
    from seawall.maintain.review import Golden
    from seawall.settings import Settings
    from seawall.store import Store
    from seawall.users import Users

golden_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Harmless stand-ins with a known answer: add, ls, retire."
)
vocabulary_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Lists of terms that verdicts may carry: import, ls."
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
By = Annotated[
    str, typer.Option("--by", metavar="NAME", help="Who does it: a lead or an administrator.", show_default=False)
]


@golden_app.command("add")
def add_golden(
    count: Annotated[int, typer.Argument(metavar="COUNT", help="How many to draw.", show_default=False)],
    by: By,
    as_json: AsJson = False,
) -> None:
    """Draw stand-ins, half of them canaries, and keep them in the vault; without any, no golden task is given out."""
    from seawall.vault import Vault, key_provider

    with _opened() as (settings, store, ledger, users):
        person = _organiser(users, by)
        golden = _golden(settings, store, ledger)
        vault = Vault(store, ledger, key_provider(settings), settings.home / "vault")
        made, left = golden.stock(vault, count, by=person), golden.in_stock()
    typer.echo(json.dumps({"new": made, "in_stock": left}) if as_json else f"{made} new, {left} in stock")


@golden_app.command("ls")
def show_golden(as_json: AsJson = False) -> None:
    """Show the stock. Nothing here tells which task is a golden one, or who had which."""
    with _opened() as (settings, store, ledger, _):
        found = _golden(settings, store, ledger).stand_ins()
    if not as_json:
        typer.echo(f"{'ID':<32}  {'ANSWER':<8}  {'MADE':<10}  RETIRED")
    for each in found:
        if as_json:
            row = {"id": each.id, "answer": each.answer.value, "made_at": each.made_at, "retired_at": each.retired_at}
            typer.echo(json.dumps(row))
            continue
        retired = each.retired_at[:10] if each.retired_at else "-"
        typer.echo(f"{each.id}  {each.answer.value:<8}  {each.made_at[:10]}  {retired}")


@golden_app.command("retire")
def retire_golden(
    by: By,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="As printed by ls.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole stock.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give stand-ins to nobody any more."""
    if bool(ids) is everything:
        raise UsageError("say which", hint="ids as printed by ls, or --all")
    with _opened() as (settings, store, ledger, users):
        person = _organiser(users, by)
        golden = _golden(settings, store, ledger)
        wanted = [each.id for each in golden.stand_ins()] if everything else list(ids or ())
        retired, left = golden.retire(wanted, by=person), golden.in_stock()
    typer.echo(json.dumps({"retired": retired, "in_stock": left}) if as_json else f"{retired} retired, {left} in stock")


@vocabulary_app.command("import")
def import_vocabulary(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON or CSV, as docs/reviewing.md says.")],
    by: By,
    as_json: AsJson = False,
) -> None:
    """Import a list of terms; the same again changes nothing, and a changed one has another version."""
    from seawall.maintain.review import Vocabularies

    with _opened() as (_, store, ledger, users):
        made = Vocabularies(store, ledger).add(file, by=_organiser(users, by))
    row = {
        "name": made.name,
        "version": made.version,
        "sections": len(made.sections),
        "terms": len(made.terms),
        "sha256": made.digest,
    }
    typer.echo(json.dumps(row) if as_json else f"{made.name} {made.version}: {len(made.terms)} terms")


@vocabulary_app.command("ls")
def show_vocabularies(as_json: AsJson = False) -> None:
    """Show the imported lists; of several versions of a list, the one imported last is offered."""
    from seawall.maintain.review import Vocabularies

    with _opened() as (_, store, ledger, _users):
        vocabularies = Vocabularies(store, ledger)
        found = [vocabularies.get(name, version) for name, version in vocabularies.names()]
    if not as_json:
        typer.echo(f"{'NAME':<24}  {'VERSION':<12}  {'TERMS':>6}  SHA-256")
    for each in found:
        row = {"name": each.name, "version": each.version, "terms": len(each.terms), "sha256": each.digest}
        line = f"{each.name:<24}  {each.version:<12}  {len(each.terms):>6,}  {each.digest}"
        typer.echo(json.dumps(row) if as_json else line)


def _golden(settings: Settings, store: Store, ledger: Ledger) -> Golden:
    from seawall.maintain.review import Golden, SideTasks, load_quality

    path = settings.home / "quality.yaml"
    policy = load_quality(path if path.exists() else None)
    return Golden(store, ledger, SideTasks(store, policy.lease_seconds), policy)


def _organiser(users: Users, name: str) -> str:
    """Return the id of a lead or an administrator.

    Raises:
        NotPermitted: If they are neither, or disabled.
    """
    from seawall.users import NotPermitted, Permission

    user = named(users, name)
    if not users.permissions(user) & {Permission.ASSIGN, Permission.MANAGE_SETTINGS}:
        raise NotPermitted(f"{user.name} may not do this: it takes a lead or an administrator", hint="")
    return user.id


@contextmanager
def _opened() -> Iterator[tuple[Settings, Store, Ledger, Users]]:
    from seawall.ledger import KeyFile, Ledger, open_store
    from seawall.settings import Settings
    from seawall.users import Users

    settings = Settings.from_env()
    with open_store(settings) as store:
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        yield settings, store, ledger, Users(store, ledger, settings)
        ledger.append_pending()
