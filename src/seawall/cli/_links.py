"""`seawall accounts link`: tokens of accounts, and what a person makes of what they suggest."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from seawall.errors import UsageError

if TYPE_CHECKING:
    from seawall.accounts import Links
    from seawall.accounts.links import Link

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Secondary accounts: keyed tokens suggest, persons decide.",
)

LinkId = Annotated[str, typer.Argument(metavar="LINK", help="As printed by ls.", show_default=False)]
Person = Annotated[str, typer.Option("--person", metavar="WHO", help="Who decides; recorded.", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", metavar="WHY", help="Why; recorded.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
KindName = Annotated[str, typer.Option("--kind", metavar="KIND", help="What sort of identifier.", show_default=False)]

_MOST = 4096


@app.command()
def add(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The host's reference.", show_default=False)],
    kind: KindName,
    token: Annotated[
        str | None,
        typer.Option("--token", metavar="EPOCH:HEX", help="As the host computed it; default: a value on stdin."),
    ] = None,
    tenant: Annotated[
        str | None, typer.Option("--tenant", metavar="NAME", help="Whose account; those of others never meet it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Keep a token of an account, and print the links that it suggests. The value itself is not kept."""
    from seawall.accounts.links import Token

    with _links() as links:
        keys = links.keys
        tokens = [Token.parse(kind, token)] if token is not None else keys.tokens(kind, sys.stdin.read(_MOST))
        made = links.observe(account, tokens, tenant=tenant)
    if as_json:
        typer.echo(json.dumps({"tokens": len(tokens), "suggested": [each.to_dict() for each in made]}))
    else:
        for each in made:
            _print(each)


@app.command("ls")
def show_all(
    state: Annotated[
        str | None, typer.Option("--state", metavar="S", help="suggested, confirmed, rejected or purged.")
    ] = None,
    account: Annotated[str | None, typer.Option("--account", metavar="ACCOUNT", help="Only links of this one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show links, the strongest first, with what they rest on."""
    from seawall.accounts.links import LinkState

    try:
        wanted = LinkState(state) if state is not None else None
    except ValueError:
        raise UsageError(f"--state is one of {', '.join(LinkState)}") from None
    with _links() as links:
        for each in links.links(wanted, account):
            if as_json:
                typer.echo(json.dumps(each.to_dict(), ensure_ascii=False))
            else:
                _print(each)


@app.command()
def confirm(
    link: LinkId,
    person: Person,
    reason: Reason,
    inherit: Annotated[
        bool,
        typer.Option("--inherit/--no-inherit", help="Whether the ban or suspension of the one holds for the other."),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Say that two accounts are one person's. What is inherited is a restriction of its own, and can be lifted."""
    with _links() as links:
        made = links.confirm(link, person=person, reason=reason, inherit=inherit)
    if as_json:
        inherited = [asdict(each) | {"inverse": each.inverse} for each in made]
        typer.echo(json.dumps({"link": link, "inherited": inherited}, ensure_ascii=False))
    else:
        typer.echo(f"link {link} is confirmed")
        for each in made:
            typer.echo(f"{each.account}: {each.kind} {each.id}; its inverse is {each.inverse}")


@app.command()
def reject(link: LinkId, person: Person, reason: Reason) -> None:
    """Say that two accounts are not one person's: it is not suggested again."""
    with _links() as links:
        links.reject(link, person=person, reason=reason)
    typer.echo(f"link {link} is rejected")


@app.command()
def purge(
    account: Annotated[
        str | None, typer.Option("--account", metavar="ACCOUNT", help="Every token of this account.")
    ] = None,
) -> None:
    """Delete what expired: tokens, and suggestions that nobody decided. With --account, all tokens of one."""
    with _links() as links:
        if account is not None:
            typer.echo(f"{links.forget(account)} tokens deleted")
            return
        tokens, suggestions = links.sweep()
    typer.echo(f"{tokens} tokens and {suggestions} suggestions deleted")


@app.command()
def key(
    kind: KindName,
    rotate: Annotated[bool, typer.Option("--rotate", help="Begin a new epoch first.")] = False,
    retire: Annotated[
        int | None, typer.Option("--retire", metavar="EPOCH", help="Delete this epoch's key and its tokens first.")
    ] = None,
) -> None:
    """Print `EPOCH:HEX`, the keys of a kind, for a host that computes tokens itself. Keep them secret."""
    with _links() as links:
        links.keys.kinds.get(kind)
        if rotate:
            links.keys.rotate()
        if retire is not None:
            links.retire(retire)
        for epoch in links.keys.epochs():
            typer.echo(f"{epoch}:{links.keys.key(kind, epoch).hex()}")


@contextmanager
def _links() -> Iterator[Links]:
    from seawall.deploy.enforcement import open_links
    from seawall.settings import Settings

    with open_links(Settings.from_env()) as links:
        yield links


def _print(link: Link) -> None:
    typer.echo(f"{link.id}  {link.state:<9}  {link.score:.2f}  {link.accounts[0]} and {link.accounts[1]}")
    for each in link.evidence:
        typer.echo(f"    {each.text}")
