"""`seawall local`: the guard on this machine alone, without a server and without a network."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seawall.errors import ExitCode, NotFound, UsageError

if TYPE_CHECKING:
    from seawall.deploy.guard.requests import CheckReply
    from seawall.deploy.local import Flag, LocalGuard

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Check and flag on this machine alone: same policies, no server, no network.",
)
flags = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Flags that people of this machine raised.")
app.add_typer(flags, name="flags")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_MAX_PROMPT = 4 << 20


@app.command()
def check(
    prompt: Annotated[
        str | None, typer.Option("--prompt", metavar="TEXT", help="A prompt; - reads it from standard input.")
    ] = None,
    negative_prompt: Annotated[
        str | None, typer.Option("--negative-prompt", metavar="TEXT", help="What the picture shall not show.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", metavar="F", help="A picture, video, sound or text.")] = None,
    output: Annotated[bool, typer.Option("--output", help="The file was made by a model, from the prompt.")] = False,
    surface: Annotated[str | None, typer.Option("--surface", metavar="WORD", help="Where: chat, image.")] = None,
    jurisdiction: Annotated[str | None, typer.Option("--jurisdiction", metavar="CC", help="Whose law applies.")] = None,
    policy: Annotated[Path | None, typer.Option("--policy", metavar="FILE", help="Another guard policy.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a prompt or a file: exit 0 if it may go on, 1 if not, 3 if it was not examined."""
    from seawall.deploy.guard.options import GuardOptions
    from seawall.deploy.local import open_local

    if prompt is None and file is None:
        raise UsageError("there is nothing to check", hint="give --prompt or --file")
    if file is None and output:
        raise UsageError("--output is about a file", hint="give --file")
    if prompt == "-":
        prompt = sys.stdin.read(_MAX_PROMPT)
    where: Any = {
        name: value for name, value in (("surface", surface), ("jurisdiction", jurisdiction)) if value is not None
    }
    with open_local(options=GuardOptions(policy=policy), app="seawall") as guard:
        reply = _ask(guard, prompt, negative_prompt, file, output, where)
    if as_json:
        typer.echo(json.dumps(reply.model_dump(mode="json")))
    else:
        why = f": {', '.join(reply.reasons)}" if reply.reasons else ""
        typer.echo(f"{reply.action.value}{' (drill)' if reply.drill else ''}{why}  {reply.decision_id}")
        if reply.message:
            typer.echo(reply.message)
        for each in reply.services:
            typer.echo("  " + "  ".join(part for part in (each.name, each.phone, each.chat, each.web) if part))
    raise typer.Exit(_code(reply))


@app.command()
def flag(
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="prompt, output, upload, model, lora, workflow, dataset, …")
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="WORD", help="Why, in a word of small letters.")],
    decision: Annotated[str | None, typer.Option("--decision", metavar="ID", help="The decision on it.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="F", help="The file; only its SHA-256 is kept, not its name.")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", metavar="NAME", help="The model.")] = None,
    model_version: Annotated[str | None, typer.Option("--model-version", metavar="V", help="Its version.")] = None,
    model_file: Annotated[
        Path | None, typer.Option("--model-file", metavar="F", help="Its file; only its SHA-256 is kept.")
    ] = None,
    note: Annotated[
        str | None, typer.Option("--note", metavar="TEXT", help="A sentence; no prompt, no content.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Keep what you found wrong, as ids, digests and names; nothing is sent."""
    from seawall.deploy.local import FlagBook, local_settings
    from seawall.deploy.local.decided import decision_said

    settings = local_settings()
    kept = FlagBook(settings).add(
        kind,
        reason,
        decision_id=decision,
        decision=decision_said(settings, decision) if decision is not None else None,
        sha256=_sha256(file),
        model=model,
        model_version=model_version,
        model_sha256=_sha256(model_file),
        note=note,
    )
    typer.echo(json.dumps(kept.to_dict()) if as_json else kept.id)


@flags.command("ls")
def show_all(as_json: AsJson = False) -> None:
    """Show the flags, oldest first."""
    from seawall.deploy.local import FlagBook, local_settings

    for each in FlagBook(local_settings()):
        typer.echo(json.dumps(each.to_dict()) if as_json else _line(each))


@flags.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; FILE.sig is written beside it.")],
    notes: Annotated[bool, typer.Option("--notes", help="People's own sentences go along.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write all flags to one file, signed with the key that 'seawall ledger key' shows."""
    from seawall.deploy.local import export_flags, local_settings

    count = export_flags(local_settings(), file, notes=notes)
    typer.echo(json.dumps({"flags": count, "file": str(file)}) if as_json else f"{count} flags in {file}")


@flags.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What 'export' wrote.")],
    key: Annotated[
        Path, typer.Option("--key", metavar="PEM", help="The installation's public key, from somewhere else.")
    ],
    as_json: AsJson = False,
) -> None:
    """Check an export of another installation, and show its flags."""
    from seawall.deploy.local import read_export
    from seawall.ledger import PublicKey

    try:
        public = PublicKey.from_pem(key.read_bytes())
    except FileNotFoundError:
        raise NotFound(f"no such file: {key}") from None
    for each in read_export(file, public):
        typer.echo(json.dumps(each.to_dict()) if as_json else _line(each))


def _ask(
    guard: LocalGuard, prompt: str | None, negative: str | None, file: Path | None, output: bool, where: Any
) -> CheckReply:
    if file is None:
        return guard.check_input(prompt or "", negative_prompt=negative, **where)
    if output:
        return guard.check_output(file, prompt=prompt, **where)
    if prompt is None:
        return guard.check_upload(file, **where)
    try:
        attached = file.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"no such file: {file}") from None
    return guard.check_input(prompt, negative_prompt=negative, attachments=[attached], **where)


def _code(reply: CheckReply) -> int:
    from seawall.deploy.local.permission import permit
    from seawall.policy.guard import GuardAction

    if reply.action is GuardAction.NOT_EXAMINED:
        return int(ExitCode.UNEXAMINED)
    return int(ExitCode.CLEAN if permit(reply) else ExitCode.FINDINGS)


def _sha256(file: Path | None) -> str | None:
    if file is None:
        return None
    import hashlib

    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        raise NotFound(f"no such file: {file}") from None


def _line(each: Flag) -> str:
    about = " ".join(part for part in (each.model, each.model_version) if part)
    return f"{each.id}  {each.at[:19]}Z  {each.kind.value:<9}  {each.reason}  {about}".rstrip()
