"""The letter to a Digital Services Coordinator about a flagger whose notices are often imprecise: DSA 22(6)."""

from __future__ import annotations

from seawall.deploy.notices.errors import FlaggerProblem
from seawall.deploy.notices.figures import Figures
from seawall.deploy.notices.flaggers import Flagger, FlaggerKind

FEWEST = 20
"""Decided notices below which nothing can be said of a flagger's precision."""


def suspension_request(flagger: Flagger, found: Figures, *, service: str, since: str, until: str) -> str:
    """Return the text of a letter: figures alone, and never a notice.

    Args:
        flagger: About whom.
        found: The figures of its notices.
        service: Who writes.
        since: From when the figures are.
        until: Until when.

    Raises:
        FlaggerProblem: If it is no trusted flagger, or too little was decided.
    """
    if flagger.kind is not FlaggerKind.TRUSTED:
        raise FlaggerProblem("only a trusted flagger has a coordinator to write to")
    judged = found.upheld + found.not_upheld
    if judged < FEWEST:
        raise FlaggerProblem(f"{judged} decided notices are too few to say anything; it takes {FEWEST}")
    share = 100 * found.not_upheld / judged
    return (
        f"To: {flagger.coordinator}\n"
        f"Re: trusted flagger {flagger.name} ({flagger.country}), Regulation (EU) 2022/2065, article 22(6)\n\n"
        f"{service} received {found.received} notices of {flagger.name} from {since[:10]} to {until[:10]}.\n"
        f"{judged} were decided on their merits by trained people: {found.upheld} were upheld, and "
        f"{found.not_upheld} ({share:.1f} %) were not. {found.duplicates} concerned what was known already.\n"
        f"Median time to a decision: {found.median_hours if found.median_hours is not None else '-'} hours.\n\n"
        "We hold that a significant number of the notices were insufficiently precise, inaccurate or inadequately\n"
        "substantiated. Explanations and supporting documents go with this letter; no content does.\n"
    )
