"""A progress bar for work that tells how far it is; on standard error, and only where somebody looks at it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def told() -> Iterator[Callable[[str, int, int], None] | None]:
    """Give what takes progress, for the length of a block; None if nobody would see it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def tell(what: str, done: int, every: int) -> None:
            bar.update(task, description=what, completed=done, total=every)

        yield tell
