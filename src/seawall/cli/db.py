"""`seawall db`: the database's schema."""

from __future__ import annotations

import json
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The database's schema.")


@app.callback()
def _group() -> None:
    """Make `upgrade` a command of its own, not the group."""


@app.command()
def upgrade(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Bring the database to this version's schema, in one transaction. Every other command does so too."""
    from seawall.settings import Settings
    from seawall.store import Store, migrate

    with Store.open(Settings.from_env().database_url) as store:
        place = store.place
    facts = {"place": place, "schema": migrate.HEAD}
    typer.echo(json.dumps(facts) if as_json else f"{place} has schema {migrate.HEAD}")
