"""What pages answer to whoever is not signed in, may not do something, or comes from a page that is not ours."""

from __future__ import annotations

from seawall.web.errors import HttpProblem


class SignedOut(HttpProblem):
    """Please sign in."""

    code = "signed_out"
    hint = "open /sign-in"
    status = 401


class NotAllowed(HttpProblem):
    """You may not do this."""

    code = "not_permitted"
    hint = "a person's role, and for evidence a named grant, say what they may do"
    status = 403


class ForeignForm(HttpProblem):
    """A page of somebody else may not send this, or the page was too old."""

    code = "foreign_form"
    hint = "open the page again, and send it from there"
    status = 403
