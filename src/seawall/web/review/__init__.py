"""The review console: pages on which people decide. Nothing is shown that was not asked for, and it is recorded."""

from __future__ import annotations

from fastapi import FastAPI

from seawall.web.pages import add_static
from seawall.web.review.appeals import add_appeals
from seawall.web.review.book import add_book
from seawall.web.review.console import Console
from seawall.web.review.desks import add_desk
from seawall.web.review.looking import add_looking
from seawall.web.review.own import add_own
from seawall.web.review.reports import add_reports
from seawall.web.review.tasks import add_tasks

__all__ = ["Console", "add_review"]


def add_review(app: FastAPI, console: Console) -> None:
    """Add the console's pages to a server that people can sign in to.

    Args:
        app: The server.
        console: What the pages show.
    """
    add_static(app)
    add_desk(app, console)
    add_tasks(app, console)
    add_appeals(app, console)
    add_looking(app, console)
    add_book(app, console)
    add_reports(app, console)
    add_own(app, console)
