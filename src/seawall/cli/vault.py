"""`seawall vault`: encrypted evidence, what holds it, and its destruction. Nothing is shown unless it was recorded."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from seawall.errors import NotFound, UsageError

if TYPE_CHECKING:
    from seawall.ledger import Ledger
    from seawall.vault import Destroyed, Vault, VaultObject

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Encrypted evidence: every opening is recorded, and what is destroyed is gone.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Person = Annotated[str, typer.Option("--person", metavar="WHO", help="Who does it; recorded.", show_default=False)]
Case = Annotated[str | None, typer.Option("--case", metavar="CASE", help="The case that it belongs to.")]
ObjectId = Annotated[str, typer.Argument(metavar="ID", help="As printed by put and ls.", show_default=False)]

_COPY_BYTES = 1 << 18


@app.command()
def put(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file, or - for standard input.")],
    purpose: Annotated[
        str, typer.Option("--purpose", metavar="P", help="removed, evidence, quarantine, canary, or a word of yours.")
    ],
    person: Person,
    case: Case = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="KEY", help="Putting again under the same key keeps one object.")
    ] = None,
    media_type: Annotated[str | None, typer.Option("--media-type", metavar="TYPE", help="What it is.")] = None,
    sha256: Annotated[
        str | None, typer.Option("--sha256", metavar="HEX", help="Refuse bytes that have another digest.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Keep a copy of a file, encrypted, and print its id. The file itself stays where it is."""
    from seawall.settings import Settings
    from seawall.vault import open_vault

    expected = _digest(sha256) if sha256 is not None else None
    with _source(file) as stream, open_vault(Settings.from_env()) as vault:
        item = vault.put(
            stream, purpose=purpose, person=person, case=case, key=key, media_type=media_type, sha256=expected
        )
    typer.echo(json.dumps(item.to_dict()) if as_json else item.id)


@app.command("ls")
def show_all(
    purpose: Annotated[str | None, typer.Option("--purpose", metavar="P", help="Only those of this purpose.")] = None,
    case: Annotated[str | None, typer.Option("--case", metavar="CASE", help="Only those of this case.")] = None,
    destroyed: Annotated[
        bool | None, typer.Option("--destroyed/--kept", help="Only those that are, or are not, destroyed.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the objects: never their content."""
    from seawall.settings import Settings
    from seawall.vault import open_vault

    with open_vault(Settings.from_env()) as vault:
        if not as_json:
            typer.echo(f"{'ID':<32}  {'SIZE':>14}  {'PUT':<20}  {'STATE':<9}  PURPOSE")
        for item in vault.objects(purpose=purpose, case=case, destroyed=destroyed):
            typer.echo(json.dumps(item.to_dict()) if as_json else _line(item))


@app.command("open")
def open_object(
    object_id: ObjectId,
    person: Person,
    purpose: Annotated[str, typer.Option("--purpose", metavar="WHY", help="What for; recorded.", show_default=False)],
    case: Case = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="A new file, which is not encrypted. Default: stdout.")
    ] = None,
) -> None:
    """Write an object's bytes to a new file or to standard output; that it was opened is recorded first."""
    from seawall.settings import Settings
    from seawall.vault import open_vault

    if out is None and sys.stdout.isatty():
        raise UsageError("an object's bytes are not written to a terminal", hint="give --out FILE, or a pipe")
    with (
        open_vault(Settings.from_env()) as vault,
        vault.open(object_id, person=person, purpose=purpose, case=case) as stream,
    ):
        if out is None:
            shutil.copyfileobj(stream, sys.stdout.buffer, _COPY_BYTES)
            sys.stdout.buffer.flush()
        else:
            _write_new(out, stream)


@app.command()
def destroy(
    object_id: ObjectId,
    person: Person,
    reason: Annotated[str, typer.Option("--reason", metavar="WHY", help="On what ground; recorded.")],
    order: Annotated[
        Path | None,
        typer.Option("--order", metavar="FILE", help="The lawful order to destroy: it goes before every hold."),
    ] = None,
    reference: Annotated[
        str | None, typer.Option("--reference", metavar="REF", help="How the authority calls the order.")
    ] = None,
    second: Annotated[
        str | None, typer.Option("--second", metavar="WHO", help="The second person, whom an order takes.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Erase an object's key and its file, unless a hold forbids it. This cannot be undone."""
    if order is None and (reference is not None or second is not None):
        raise UsageError("--reference and --second belong to --order FILE")
    with _opened() as (vault, ledger):
        if order is None:
            certificate = vault.destroy(object_id, person=person, reason=reason)
        else:
            certificate = _by_order(vault, ledger, object_id, order, reference, (person, second), reason)
    if as_json:
        typer.echo(json.dumps(certificate.to_dict()))
    else:
        typer.echo(f"{certificate.id} destroyed at {certificate.at}; certificate {certificate.event}")


@app.command()
def holds(
    case: Annotated[str | None, typer.Option("--case", metavar="CASE", help="Only those of this case.")] = None,
    object_id: Annotated[str | None, typer.Option("--object", metavar="ID", help="Only this object.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what is kept, until when and on what ground: of several holds the one that lasts longest."""
    from seawall.vault.objects import id_of
    from seawall.vault.retention import Retention

    wanted = None if object_id is None else id_of(object_id)
    with _opened() as (vault, ledger):
        for each in Retention(vault.store, ledger).standings(case=case, object_id=wanted):
            if as_json:
                typer.echo(json.dumps(each.to_dict()))
                continue
            typer.echo(f"{each.object}  {each.words}")
            for words in each.passed_over:
                typer.echo(f"{'':<32}  {words}")


@app.command()
def purge(
    person: Person,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be destroyed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Destroy every object that was held and that nothing holds any more. It may be interrupted and run again."""
    from seawall.vault.retention import Purged, Retention

    with _opened() as (vault, ledger):
        retention = Retention(vault.store, ledger)
        due = retention.due() if dry_run else []
        result = Purged((), ()) if dry_run else retention.purge(None, person, vault=vault)
    if as_json:
        typer.echo(json.dumps({"due": due} if dry_run else result.counts() | {"objects": list(result.destroyed)}))
    elif dry_run:
        for each in due:
            typer.echo(each)
        typer.echo(f"{len(due):,} objects would be destroyed", err=True)
    else:
        typer.echo(f"{len(result.destroyed):,} objects destroyed; {len(result.held):,} held meanwhile")


@app.command()
def verify(
    sweep: Annotated[
        bool, typer.Option("--sweep", help="First finish destructions and remove files that a crash left.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read every object to its end and account for every file; exit 1 if something is wrong."""
    from seawall.settings import Settings
    from seawall.vault import VaultUnsound, open_vault

    with open_vault(Settings.from_env()) as vault:
        swept = vault.sweep() if sweep else None
        found = vault.verify()
    if as_json:
        problems = [{"fault": problem.fault.value, "where": problem.where} for problem in found.problems]
        counts = found.counts() | {"problems": problems, "swept": swept.counts() if swept else None}
        typer.echo(json.dumps(counts))
    else:
        for problem in found.problems:
            typer.echo(f"{problem.fault.value}: {problem.where!r}", err=True)
        removed = f"; {swept.total} files swept" if swept else ""
        typer.echo(f"{found.objects:,} objects, {found.destroyed:,} destroyed, {len(found.problems)} problems{removed}")
    if not found.ok:
        raise VaultUnsound(f"the vault has {len(found.problems)} problems", hint="see docs/vault.md for each")


@contextmanager
def _opened() -> Iterator[tuple[Vault, Ledger]]:
    from seawall.ledger import KeyFile, Ledger
    from seawall.settings import Settings
    from seawall.vault import open_vault

    settings = Settings.from_env()
    with open_vault(settings) as vault:
        ledger = Ledger(vault.store, KeyFile(settings.home / "keys"))
        yield vault, ledger
        ledger.append_pending()


def _by_order(
    vault: Vault,
    ledger: Ledger,
    object_id: str,
    order: Path,
    reference: str | None,
    persons: tuple[str, str | None],
    reason: str,
) -> Destroyed:
    from seawall.vault.retention.errors import OrderRefused
    from seawall.vault.retention.purge import Purge

    first, second = persons
    if second is None or reference is None:
        raise OrderRefused("an order takes a second person and a reference", hint="give --second and --reference")
    vault.get(object_id)
    with _source(order) as stream:
        paper = vault.put(stream, purpose="order", person=first, key=f"order/{object_id}/{reference}")
    return Purge(vault, ledger).by_order(
        object_id, document=paper.id, reference=reference, persons=(first, second), reason=reason
    )


def _source(file: Path) -> BinaryIO:
    if str(file) == "-":
        return sys.stdin.buffer
    try:
        return file.open("rb")
    except FileNotFoundError:
        raise NotFound(f"no such file: {file}") from None


def _digest(text: str) -> bytes:
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(digest) != 32:
        raise UsageError("--sha256 takes 64 hex digits")
    return digest


def _write_new(path: Path, stream: BinaryIO) -> None:
    from seawall.files import storage
    from seawall.settings import PRIVATE_FILE

    try:
        with storage(path), open(path, "xb", opener=lambda name, flags: os.open(name, flags, PRIVATE_FILE)) as file:
            try:
                shutil.copyfileobj(stream, file, _COPY_BYTES)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
    except FileExistsError:
        raise UsageError(f"{path} exists already") from None


def _line(item: VaultObject) -> str:
    state = "destroyed" if item.destroyed else "kept"
    return f"{item.id}  {item.size:>14,}  {item.put_at[:19]}Z  {state:<9}  {item.purpose}"
