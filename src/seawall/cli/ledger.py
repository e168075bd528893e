"""`seawall ledger`: the public key, checkpoints, proofs, exports and their verification."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from seawall.ledger import VerifyResult

app = typer.Typer(
    help="Show that the record was not changed: checkpoints, proofs and exports.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def key(as_json: AsJson = False) -> None:
    """Print the public key that auditors verify with; the first call creates the pair."""
    from seawall.ledger import open_ledger
    from seawall.settings import Settings

    with open_ledger(Settings.from_env()) as ledger:
        public = ledger.public_key()
    if as_json:
        fields = {"origin": public.origin, "key_id": public.key_id, "verifier_key": public.verifier_key}
        _print_json({"public_key": public.to_pem(), **fields})
    else:
        typer.echo(public.to_pem(), nl=False)


@app.command()
def checkpoint(as_json: AsJson = False) -> None:
    """Sign the ledger as it stands and print the checkpoint: hand it to auditors to save."""
    from seawall.ledger import open_ledger
    from seawall.settings import Settings

    with open_ledger(Settings.from_env()) as ledger:
        signed, note = ledger.checkpoint()
    if as_json:
        fields = {"origin": signed.origin, "size": signed.size, "root": signed.root.hex(), "at": signed.at}
        _print_json({**fields, "checkpoint": note})
    else:
        typer.echo(note, nl=False)


@app.command()
def prove(event: Annotated[str, typer.Argument(metavar="ID", help="Id or key of the event.")]) -> None:
    """Print the proof, as JSON, that an event is in the ledger."""
    from seawall.ledger import open_ledger
    from seawall.settings import Settings

    with open_ledger(Settings.from_env()) as ledger:
        _print_json(ledger.prove(event).to_json())


@app.command()
def consistency(
    saved: Annotated[Path, typer.Argument(metavar="SAVED", help="A checkpoint that was saved earlier.")],
) -> None:
    """Print the proof, as JSON, that the ledger of today extends a saved checkpoint."""
    from seawall.ledger import open_ledger, open_note, read_checkpoint
    from seawall.settings import Settings

    note = read_checkpoint(saved)
    with open_ledger(Settings.from_env()) as ledger:
        _print_json(ledger.prove_consistency(open_note(note, ledger.public_key())).to_json())


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write; replaced if it exists.")],
    as_json: AsJson = False,
) -> None:
    """Write every event and a fresh checkpoint to one file for an auditor."""
    from seawall.ledger import open_ledger
    from seawall.settings import Settings

    with open_ledger(Settings.from_env()) as ledger:
        signed = ledger.export(file)
    if as_json:
        _print_json({"file": str(file), "size": signed.size, "root": signed.root.hex()})
    else:
        typer.echo(f"{signed.size} events, root {signed.root.hex()}, written to {file}", err=True)


@app.command()
def verify(
    export_file: Annotated[Path | None, typer.Argument(metavar="EXPORT", help="An export; else this database.")] = None,
    key_file: Annotated[Path | None, typer.Option("--key", metavar="PEM", help="The operator's public key.")] = None,
    saved: Annotated[Path | None, typer.Option("--checkpoint", metavar="SAVED", help="A saved checkpoint.")] = None,
    as_json: AsJson = False,
) -> None:
    """Verify an export with an outside key, or this database; exit 1 if it does not verify."""
    from seawall.errors import UsageError
    from seawall.ledger import VerificationFailed, read_checkpoint

    if export_file is not None and key_file is None:
        raise UsageError(
            "an export is verified with a key from outside",
            hint="give --key PEM; a key inside an export proves nothing",
        )
    if export_file is None and key_file is not None:
        raise UsageError("--key goes with an EXPORT; this database is verified with its own key")
    note = read_checkpoint(saved) if saved else None
    result = _verify_export(export_file, key_file, note) if export_file and key_file else _verify_database(note)
    if as_json:
        _print_json(result.to_json())
    elif result.ok:
        typer.echo(result.statement)
    if not result.ok:
        raise VerificationFailed(result.statement)


def _verify_export(export_file: Path, key_file: Path, note: str | None) -> "VerifyResult":
    from seawall.errors import NotFound
    from seawall.ledger import PublicKeyError, verify_export

    try:
        pem = key_file.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"no such key: {key_file}") from None
    except OSError as error:
        raise PublicKeyError(f"{key_file} cannot be read: {error.strerror}") from None
    return verify_export(export_file, pem, note)


def _verify_database(note: str | None) -> "VerifyResult":
    from seawall.ledger import KeyFile, Ledger, open_store
    from seawall.settings import Settings

    settings = Settings.from_env()
    with open_store(settings) as store:
        return Ledger(store, KeyFile(settings.home / "keys")).verify(note)


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False))
