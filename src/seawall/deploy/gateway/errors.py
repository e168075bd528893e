"""What the gateway raises. Nothing of a request or a reply is in any of them."""

from __future__ import annotations

from seawall.errors import ExitCode, SeawallError


class Unsupported(SeawallError):
    """The request asks for something that the gateway cannot check."""

    code = "seawall_unsupported"
    hint = "what cannot be checked is not passed on; see docs/gateway.md"


class BadReply(SeawallError):
    """The model server answered something that cannot be checked."""

    code = "seawall_upstream"
    hint = "nothing of it was passed on"
    exit_code = ExitCode.UNEXAMINED


class FetchRefused(SeawallError):
    """The address may not be fetched."""

    code = "fetch_refused"
    hint = "allow its host with --allow-host; private addresses stay refused"


class FetchFailed(SeawallError):
    """The address could not be fetched within its bounds."""

    code = "fetch_failed"
    exit_code = ExitCode.UNEXAMINED
