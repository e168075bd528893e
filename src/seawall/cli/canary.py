"""`seawall canary`: draw, speak and mint the harmless stand-ins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Harmless stand-ins that fire every path.")
Concepts = Annotated[
    str, typer.Option(help="a (glass heron), b (paper lantern), c (stone owl), joined by commas; or none.")
]


@app.command("draw")
def draw_pictures(
    out: Annotated[Path, typer.Option(help="Directory to write to.")],
    concepts: Concepts = "a",
    n: Annotated[int, typer.Option("--n", help="How many pictures.")] = 8,
    seed: Annotated[int, typer.Option(help="The same seed draws the same pictures.")] = 0,
    blurred: Annotated[
        bool, typer.Option("--blurred", help="Draw the owl out of focus: a person whose age cannot be told.")
    ] = False,
) -> None:
    """Draw variants (crop, JPEG, blur, noise, colour, size) and manifest.jsonl."""
    from seawall.canary.draw import draw

    with _writing(out):
        written = draw(_ids(concepts), count=n, seed=seed, out=out, blurred=blurred)
    typer.echo(f"drew {len(written)} pictures in {out}")


@app.command("prompt")
def print_prompt(
    concepts: Concepts = "a",
    lang: Annotated[str, typer.Option(help="Language of the sentence.")] = "en",
    pack: Annotated[Path | None, typer.Option(help="Pack to take words from. Default: the one that ships.")] = None,
    disguise: Annotated[
        str | None,
        typer.Option(help="Hide the words as evasion does: spaced, leet-digits, zero-width-space and so on."),
    ] = None,
) -> None:
    """Print a benign sentence with the canary words in it."""
    from seawall.canary.disguise import disguise as disguised
    from seawall.canary.pack import Pack

    sentence = Pack.load(pack).prompt(_ids(concepts), lang)
    typer.echo(sentence if disguise is None else disguised(sentence, disguise))


@app.command("sound")
def write_sound(out: Annotated[Path, typer.Option(help="WAV file to write.")], concepts: Concepts = "a") -> None:
    """Write a melody that stands for the concepts."""
    from seawall.canary.sound import melody

    sound = melody(_ids(concepts))
    with _writing(out):
        out.write_bytes(sound)


@app.command("mint")
def mint_pack(
    out: Annotated[
        Path | None, typer.Option(help="Pack file to write. Default: one in seawall's home, where its words count.")
    ] = None,
) -> None:
    """Write a pack of fresh nonsense words that nobody else knows."""
    from seawall.canary.minted import add_minted
    from seawall.canary.pack import mint
    from seawall.settings import Settings, write_private

    settings = Settings.from_env()
    with _writing(out or settings.home):
        if out is not None:
            write_private(out, mint().to_yaml().encode(), exclusive=True)
        else:
            typer.echo(f"minted {add_minted(settings, mint())}: its words count from now on")


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Say in one line why a path cannot be written."""
    from seawall.errors import UsageError

    try:
        yield
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or 'input or output error'}") from None


def _ids(concepts: str) -> list[str]:
    return [] if concepts == "none" else [part.strip() for part in concepts.split(",")]
