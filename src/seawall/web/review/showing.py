"""The items of a task as its page shows them: words and ids, the steps of the ladder, and what was asked for last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request

from seawall.cases.model import Item, Label, Verdict
from seawall.maintain.review import propose
from seawall.maintain.review.wellness import Preset
from seawall.users import Permission
from seawall.vault.derivatives.model import Rung
from seawall.vault.viewing.model import Exposure
from seawall.web.review import ladder, views
from seawall.web.review.console import Console
from seawall.web.review.errors import NotYours
from seawall.web.review.frame import words
from seawall.web.review.holding import Held
from seawall.web.review.looking import own_exposure, shown_in
from seawall.web.sessions import SignedIn


@dataclass(frozen=True, slots=True)
class _Showing:
    """What the items of one page have in common."""

    console: Console
    me: SignedIn
    holding: Held
    preset: Preset
    shown: Sequence[Exposure]
    wanted: Exposure | None
    others: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, int]
    t: views.Words


def item_views(
    request: Request, console: Console, me: SignedIn, holding: Held, *, judging: bool = True
) -> list[views.ItemView]:
    """Return the items of a task that somebody holds.

    Args:
        request: What is answered.
        console: Where they are.
        me: Who asks.
        holding: The task.
        judging: Whether items are to be judged; if not, all of them are shown, with what was said.
    """
    t = words(request)
    there = [each for each in holding.items if not judging or each.id in holding.asked or each.id in holding.known]
    common = _Showing(
        console=console,
        me=me,
        holding=holding,
        preset=console.wellness.preset(me.user.id, holding.case.category),
        shown=shown_in(console, me.user.id, holding),
        wanted=_wanted(request, console, me),
        others={} if holding.beside else _others(console, holding, t, judging=judging),
        numbers={each.id: number for number, each in enumerate(there, 1)},
        t=t,
    )
    return [_view(common, each, judging=judging) for each in there]


def _view(common: _Showing, item: Item, *, judging: bool) -> views.ItemView:
    holding, t, me = common.holding, common.t, common.me
    known = holding.known.get(item.id) if judging else None
    wanted = common.wanted if common.wanted is not None and common.wanted.object == item.vault else None
    may_open = me.may(Permission.OPEN_EVIDENCE)
    viewed = common.console.viewing.viewed(item.vault, user=me.user.id) if item.vault else None
    alike = holding.alike.get(item.id) if judging else None
    return views.ItemView(
        id=item.id,
        kind=item.kind.value,
        facts=views.item_facts(item, t),
        evidence=views.evidence_lines(item.evidence),
        lineage=views.lineage(item, holding.items, t),
        rungs=() if known is not None else ladder.buttons(item, common.preset, common.shown, t, may_open=may_open),
        shown=_shown(item, wanted, common.preset) if wanted is not None and known is None else None,
        viewed=t(f"review.viewed.{viewed.value}") if viewed is not None else "",
        known=views.label_words(known.label, t) if known is not None else None,
        asked=judging and item.id in holding.asked and known is None and alike is None,
        alike=common.numbers.get(alike) if alike is not None else None,
        depicts=item.kind in ladder.DEPICTIONS,
        rung_words=ladder.rung_words(item),
        proposal=propose(item).words,
        others=common.others.get(item.id, ()),
    )


def _wanted(request: Request, console: Console, me: SignedIn) -> Exposure | None:
    exposure = request.query_params.get("e")
    if exposure is None:
        return None
    try:
        return own_exposure(console, me, exposure)
    except NotYours:
        return None


def _shown(item: Item, exposure: Exposure, preset: Preset) -> views.Shown:
    how = "picture"
    if exposure.rung is Rung.CAPTION or item.kind in ladder.READ:
        how = "text"
    elif exposure.rung is Rung.FULL and item.kind in ladder.PLAYED:
        how = "player"
    return views.Shown(
        exposure.id, exposure.rung.value, how, preset.hide_seconds, preset.hold, preset.volume, preset.muted
    )


def _others(console: Console, holding: Held, t: views.Words, *, judging: bool) -> dict[str, tuple[str, ...]]:
    """Return what others said of items, in words: as far as the way of verifying shows it, or all of it."""
    task = holding.task
    if not judging:
        found = console.cases.verdicts(holding.case.id)
    else:
        found = console.cases.visible(task.id, task.owner) if task.owner is not None else []
    said: dict[str, tuple[str, ...]] = {}
    for each in found:
        said[each.item_id] = (*said.get(each.item_id, ()), _verdict_words(each, t))
    return said


def _verdict_words(verdict: Verdict, t: views.Words) -> str:
    label = views.label_words(Label(verdict.label), t)
    return f"{label}: {verdict.rationale}" if verdict.rationale else label
