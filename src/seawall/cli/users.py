"""`seawall users`: people who sign in. The shell is trusted: what it does is recorded as done at the command line."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seawall.errors import UsageError

if TYPE_CHECKING:
    from seawall.users import Role, User, Users

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="People who sign in: who they are, and what they may do."
)
sessions = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Where people are signed in.")
app.add_typer(sessions, name="sessions")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the user.", show_default=False)]
By = Annotated[str | None, typer.Option("--by", metavar="ADMIN", help="Which administrator says so; recorded.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
FromInput = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
RoleName = Annotated[str, typer.Option("--role", metavar="R", help="reviewer, lead, admin or auditor.")]

_LONGEST = 4096


@app.command()
def add(
    name: Name,
    role: RoleName,
    password_stdin: FromInput = False,
    subject: Annotated[
        str | None, typer.Option("--subject", metavar="SUB", help="Who they are to the single sign-on.")
    ] = None,
    issuer: Annotated[
        str | None,
        typer.Option("--issuer", metavar="URL", help="The single sign-on; SEAWALL_OIDC_ISSUER if not given."),
    ] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Add somebody. The first one must be an administrator."""
    wanted = _role(role)
    if not password_stdin and subject is None:
        raise UsageError("say how they sign in", hint="--password-stdin, or --subject for single sign-on")
    linked = (_issuer(issuer), subject) if subject is not None else None
    password = _password() if password_stdin else None
    with _opened() as users:
        made = users.add(name, wanted, password, _id(users, by), subject=linked)
    _print([made], as_json)


@app.command("ls")
def show_all(as_json: AsJson = False) -> None:
    """Show everybody, those who are disabled too."""
    with _opened() as users:
        found = users.all()
    if not as_json:
        typer.echo(f"{'NAME':<24}  {'ROLE':<8}  {'STATE':<8}  {'EVIDENCE':<8}  {'FACTOR':<6}  SIGN-ON")
    _print(found, as_json)


@app.command()
def disable(name: Name, by: By = None, as_json: AsJson = False) -> None:
    """Let somebody sign in no more; their sessions end at once."""
    with _opened() as users:
        changed = users.disable(users.by_name(name).id, _id(users, by))
    _print([changed], as_json)


@app.command()
def enable(name: Name, by: By = None, as_json: AsJson = False) -> None:
    """Let somebody sign in again; a grant must be given anew."""
    with _opened() as users:
        changed = users.enable(users.by_name(name).id, _id(users, by))
    _print([changed], as_json)


@app.command()
def role(name: Name, role: RoleName, by: By = None, as_json: AsJson = False) -> None:
    """Give somebody another role; their sessions end."""
    wanted = _role(role)
    with _opened() as users:
        changed = users.set_role(users.by_name(name).id, wanted, _id(users, by))
    _print([changed], as_json)


@app.command()
def grant(
    name: Name,
    by: Annotated[str, typer.Option("--by", metavar="ADMIN", help="Which administrator grants it: another person.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept.")],
    as_json: AsJson = False,
) -> None:
    """Let a reviewer or a lead open evidence."""
    with _opened() as users:
        changed = users.grant_child_safety(users.by_name(name).id, users.by_name(by).id, reason)
    _print([changed], as_json)


@app.command()
def revoke(name: Name, by: By = None, as_json: AsJson = False) -> None:
    """Let somebody open evidence no more; their sessions end at once."""
    with _opened() as users:
        changed = users.revoke_child_safety(users.by_name(name).id, _id(users, by))
    _print([changed], as_json)


@app.command()
def password(name: Name, password_stdin: FromInput = False, by: By = None, as_json: AsJson = False) -> None:
    """Give somebody another password; their sessions end."""
    if not password_stdin:
        raise UsageError("a password is read from standard input", hint="--password-stdin")
    with _opened() as users:
        user = users.by_name(name)
        users.set_password(user.id, _password(), _id(users, by))
    _print([user], as_json)


@app.command()
def token(
    name: Name,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read their password from standard input.")
    ] = False,
    code: Annotated[str | None, typer.Option("--code", metavar="N", help="Of the second factor, if it is on.")] = None,
    days: Annotated[int, typer.Option("--days", help="How long it is good for; 90 at most.")] = 30,
    revoke: Annotated[bool, typer.Option("--revoke", help="End all tokens of this person instead.")] = False,
) -> None:
    """Make your personal token, for what only a person may do at the command line; it is shown this once."""
    with _opened() as users:
        if revoke:
            typer.echo(f"{users.tokens.revoke(users.by_name(name).id)} ended")
            return
        if not password_stdin:
            raise UsageError("a password is read from standard input", hint="--password-stdin")
        typer.echo(users.tokens.add(name, _password(), code=code, days=days))


@app.command("reset-second-factor")
def reset_second_factor(name: Name, by: By = None, as_json: AsJson = False) -> None:
    """Ask somebody for no code any more, for whoever lost the authenticator and the recovery codes."""
    with _opened() as users:
        user = users.by_name(name)
        users.reset_second_factor(user.id, _id(users, by))
        changed = users.get(user.id)
    _print([changed], as_json)


@app.command()
def unlock(name: Name, by: By = None, as_json: AsJson = False) -> None:
    """Forget somebody's failed attempts, so that they need not wait."""
    with _opened() as users:
        user = users.by_name(name)
        users.unlock(user.id, _id(users, by))
    _print([user], as_json)


@sessions.command("end")
def end_sessions(name: Name, by: By = None, as_json: AsJson = False) -> None:
    """End somebody's sessions at once."""
    with _opened() as users:
        user = users.by_name(name)
        ended = users.end_sessions(user.id, _id(users, by))
    typer.echo(json.dumps({"user": user.id, "name": user.name, "ended": ended}) if as_json else f"{ended} ended")


def _opened() -> Any:
    from seawall.settings import Settings
    from seawall.users import Users

    return Users.opened(Settings.from_env())


def _id(users: Users, name: str | None) -> str | None:
    return users.by_name(name).id if name is not None else None


def _role(name: str) -> Role:
    from seawall.users import Role

    if name not in set(Role):
        raise UsageError("unknown role", hint="known: " + ", ".join(Role))
    return Role(name)


def _issuer(given: str | None) -> str:
    import os

    found = given or os.environ.get("SEAWALL_OIDC_ISSUER", "")
    if not found:
        raise UsageError("--subject takes an issuer", hint="--issuer, or SEAWALL_OIDC_ISSUER")
    return found


def _password() -> str:
    data = sys.stdin.buffer.read(_LONGEST + 1)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise UsageError("the password is not UTF-8") from None
    # The end of the line is the shell's, not the password's.
    return text.removesuffix("\n").removesuffix("\r")


def _print(found: list[User], as_json: bool) -> None:
    for user in found:
        if as_json:
            typer.echo(json.dumps(_dict(user)))
            continue
        state = "disabled" if user.disabled_at is not None else "enabled"
        evidence = "granted" if user.child_safety else "-"
        factor = "yes" if user.second_factor else "-"
        sign_on = "linked" if user.subject is not None else "-"
        typer.echo(f"{user.name:<24}  {user.role:<8}  {state:<8}  {evidence:<8}  {factor:<6}  {sign_on}")


def _dict(user: User) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(user) | {"role": user.role.value}
