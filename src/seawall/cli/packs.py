"""`seawall packs`: seal, install, inspect and remove packs of terms; no command but one prints a term."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seawall.errors import ExitCode, NotFound, UsageError

if TYPE_CHECKING:
    from seawall.ledger import Ledger
    from seawall.store import Store
    from seawall.text.packs import Opened, Pack, PackStore

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Seal, install and inspect packs of terms.")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Key = Annotated[
    Path | None, typer.Option("--key", help="File with the key of the pack, 64 hexadecimal digits.", show_default=False)
]
Trust = Annotated[
    Path | None, typer.Option("--trust", help="Public key (PEM) of whoever signed it.", show_default=False)
]
Target = Annotated[str, typer.Argument(metavar="FILE_OR_NAME", help="A sealed file, or an installed pack.")]


@app.command("seal")
def seal_pack(
    source: Annotated[Path, typer.Argument(help="YAML or JSON with the terms.", show_default=False)],
    name: Annotated[str | None, typer.Option("--name", help="Name of the pack. Default: the source's own.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the sealed file here; do not install it.", show_default=False)
    ] = None,
    key: Key = None,
    blind: Annotated[
        bool, typer.Option("--blind", help="Put keyed digests in place of terms: exact matches alone.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Sign and encrypt a pack, and install it unless --out is given."""
    from seawall.text.packs import HomeKeys, read_source, seal

    pack = read_source(source, name=name)
    with _book() as book:
        store = _store()
        sealing = HomeKeys(_home()).own() if key is None else _key(key)
        data = seal(pack, book, sealing, blind=blind)
        # What cannot be opened here again is not given away either.
        if out is None:
            opened = store.install(data, signer=book.public_key, key=None if key is None else sealing)
        else:
            opened = store.open(data, signer=book.public_key, key=sealing)
            store.trusted.trust(book.public_key)  # a home trusts what it signs itself, installed or not
            _write(out, data)
        book.put_opened("pack.version", opened, "installed" if out is None else "sealed")
    _tell(opened, f"sealed {out}" if out is not None else "sealed and installed", as_json)


@app.command("install")
def install_pack(
    file: Annotated[Path, typer.Argument(help="A sealed file.", show_default=False)],
    trust: Trust = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Install a pack that was sealed elsewhere, and remember its key and whom to trust."""
    from seawall.text.packs import read_public_key, read_sealed

    signer = None if trust is None else read_public_key(trust)
    opened = _store().install(read_sealed(file), signer=signer, key=None if key is None else _key(key))
    with _book() as book:
        book.put_opened("pack.version", opened, "installed")
    _tell(opened, "installed", as_json)


@app.command("open")
def open_pack(
    target: Target,
    trust: Trust = None,
    key: Key = None,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Print the terms of a pack that this home sealed. The ledger records it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Verify a pack and print what it says of itself and its counts; never terms, unless --reveal is given."""
    from seawall.text.packs import read_public_key, source_of

    signer = None if trust is None else read_public_key(trust)
    opened = _store().open(_read(target), signer=signer, key=None if key is None else _key(key))
    if not reveal:
        _tell(opened, "verified", as_json)
        return
    with _book() as book:
        if opened.signer != book.public_key:
            raise UsageError("only packs that this home sealed are revealed", hint="ask the owner for the source")
        if opened.pack.blind is not None:
            raise UsageError("a blind pack has no terms to reveal", hint="its source has them")
        book.put_opened("pack.revealed", opened, "revealed")
    typer.echo(source_of(opened.pack), nl=False)


@app.command("ls")
def show_all(as_json: Json = False) -> None:
    """Show the installed packs and those that ship. Exits with 3 if one is refused."""
    from seawall.canary.terms import canary_terms
    from seawall.text.age_references import age_references

    rows = [_of_pack(pack) | {"shipped": True} for pack in (age_references(), canary_terms())]
    refused = 0
    for installed in _store().all():
        if installed.opened is not None:
            rows.append(_of(installed.opened) | {"shipped": False})
            continue
        refused += 1
        error = installed.error
        fault = {"code": error.code, "message": error.message} if error is not None else None
        rows.append({"name": installed.name, "error": fault, "shipped": False})
        if error is not None and not as_json:
            typer.echo(f"{installed.name}: {error}", err=True)
    if as_json:
        typer.echo(json.dumps(rows))
    else:
        _table([row for row in rows if "terms" in row])
    if refused:
        raise typer.Exit(int(ExitCode.UNEXAMINED))


@app.command("remove")
def remove_pack(
    name: Annotated[str, typer.Argument(help="Name of an installed pack.", show_default=False)], as_json: Json = False
) -> None:
    """Remove an installed pack. The ledger records it."""
    import hashlib

    from seawall.text.packs import read_sealed

    store = _store()
    if name not in store.names():
        raise NotFound(f"there is no pack {name!r}", hint="'seawall packs ls' shows them")
    digest = hashlib.sha256(read_sealed(store.path(name))).hexdigest()
    with _book() as book:
        book.put("pack.version", {"pack": name, "sha256": digest, "action": "removed"})
        store.remove(name)
    typer.echo(json.dumps({"name": name, "sha256": digest, "removed": True}) if as_json else f"removed {name}")


class _Book:
    """The ledger of this home, and its key as packs are signed with it."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger
        self.public_key = ledger.public_key().raw

    def sign(self, context: str, data: bytes) -> bytes:
        return self._ledger.sign(context, data)

    def put(self, kind: str, body: dict[str, Any]) -> None:
        """Record an event, under a key of its own each time."""
        import secrets

        key = f"pack/{body['action']}/{body['sha256'][:16]}/{secrets.token_hex(8)}"
        with self._store.begin() as connection:
            self._ledger.record(connection, kind, key, body)
        self._ledger.append_pending()

    def put_opened(self, kind: str, opened: Opened, action: str) -> None:
        """Record what was done with a pack: digests and counts."""
        fields = _of(opened)
        body = {key: fields[key] for key in ("version", "sha256", "terms", "categories", "blind", "signer", "expires")}
        self.put(kind, {"pack": opened.pack.name, "action": action} | body)


@contextmanager
def _book() -> Iterator[_Book]:
    from seawall.ledger import KeyFile, Ledger, open_store
    from seawall.settings import Settings

    settings = Settings.from_env()
    with open_store(settings) as store:
        yield _Book(store, Ledger.open(store, KeyFile(settings.home / "keys")))


def _home() -> Path:
    from seawall.settings import Settings

    return Settings.from_env().home


def _store() -> PackStore:
    from seawall.text.packs import PackStore

    return PackStore(_home())


def _key(path: Path) -> bytes:
    from seawall.text.packs import read_key

    key = read_key(path)
    if key is None:
        raise NotFound(f"no such file: {path}")
    return key


def _read(target: str) -> bytes:
    from seawall.text.packs import read_sealed

    store = _store()
    return read_sealed(store.path(target) if target in store.names() else Path(target))


def _write(path: Path, data: bytes) -> None:
    from seawall.files import write_whole

    try:
        write_whole(path, data)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def _of(opened: Opened) -> dict[str, Any]:
    import hashlib

    signer = hashlib.sha256(opened.signer).hexdigest()[:16]
    return _of_pack(opened.pack) | {"sha256": opened.sha256, "signer": signer}


def _of_pack(pack: Pack) -> dict[str, Any]:
    return {
        "name": pack.name,
        "version": pack.version,
        "owner": pack.owner,
        "expires": pack.expires.isoformat() if pack.expires is not None else None,
        "blind": pack.blind is not None,
        "terms": pack.size,
        "categories": pack.counts(),
    }


def _tell(opened: Opened, done: str, as_json: bool) -> None:
    fields = _of(opened)
    if as_json:
        typer.echo(json.dumps(fields))
        return
    kind = "keyed digests of " if fields["blind"] else ""
    typer.echo(f"{fields['name']} version {fields['version']}: {done}; {kind}{fields['terms']:,} terms")
    typer.echo(f"owner {fields['owner']}; expires {fields['expires']}; signed by {fields['signer']}")
    for category, count in fields["categories"].items():
        typer.echo(f"  {count:>9,}  {category}")


def _table(rows: list[dict[str, Any]]) -> None:
    table = [("NAME", "VERSION", "EXPIRES", "TERMS", "CATEGORIES")]
    for row in rows:
        counts = ", ".join(f"{count:,} {category}" for category, count in row["categories"].items())
        table.append((row["name"], row["version"], row["expires"] or "ships", f"{row['terms']:,}", counts))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        typer.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
