"""The page of an appeal: what was decided and why, what the party says, the items step by step, and the answer.

Nobody gets it who had a part in the decision. What is overturned here is taken back in the same transaction.
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from seawall.cases import LeaseLost
from seawall.cases.model import TaskKind
from seawall.errors import NotFound, SeawallError
from seawall.maintain.appeals import Result
from seawall.users import Permission
from seawall.web.pages import Fields, add_page, read_fields
from seawall.web.review import views
from seawall.web.review.console import Console
from seawall.web.review.errors import NotYours
from seawall.web.review.frame import HOME, go, page, words
from seawall.web.review.holding import held
from seawall.web.review.showing import item_views
from seawall.web.review.summaries import decision_rows
from seawall.web.review.tasks import token_of
from seawall.web.sessions import current, signed_in

_PURPOSE = "deciding the appeal"


def add_appeals(app: FastAPI, console: Console) -> None:
    """Add the routes.

    Args:
        app: The server.
        console: What the pages show.
    """

    @signed_in(Permission.DECIDE_APPEALS)
    async def appeal(request: Request, task: str) -> Response:
        return await run_in_threadpool(_page, request, console, task)

    @signed_in(Permission.DECIDE_APPEALS)
    async def decide(request: Request, task: str) -> Response:
        fields = await read_fields(request)
        return await run_in_threadpool(_decide, request, console, task, fields)

    add_page(app, ["GET"], "/review/appeals/{task}", appeal)
    add_page(app, ["POST"], "/review/appeals/{task}", decide)


def _page(
    request: Request, console: Console, task_id: str, fields: Fields | None = None, problem: str = ""
) -> Response:
    me, t = current(request), words(request)
    try:
        holding = held(console, me.user.id, task_id)
        task = console.desk.heartbeat(task_id, me.user.id, holding.task.token)
    except (NotYours, LeaseLost):
        return go(request, HOME, "lost")
    if holding.task.kind is not TaskKind.APPEAL:
        return go(request, f"/review/tasks/{task_id}")
    told = []
    for each in console.appeals.of_task(task_id):
        try:
            said = console.appeals.words(each.id, person=me.user.id, purpose=_PURPOSE)
        except NotFound:
            said = ""
        told.append(
            {"party": t(f"review.appeal.{each.party.value}"), "filed": each.filed_at, "due": each.due_at, "said": said}
        )
    against = {each.decision_id for each in console.appeals.of_task(task_id)}
    decisions = [each for each in console.cases.decisions(holding.case.id) if each.id in against]
    return page(
        request,
        "appeal",
        "desk",
        422 if problem else 200,
        task=views.task_view(task),
        case=views.case_view(holding.case),
        appeals=told,
        decisions=[decision_rows(each, console, t) for each in decisions],
        items=item_views(request, console, me, holding, judging=False),
        filled=fields or Fields(),
        problem=problem,
    )


def _decide(request: Request, console: Console, task_id: str, fields: Fields) -> Response:
    t, user = words(request), current(request).user.id
    result = next((each for each in Result if each.value == fields.get("result")), None)
    if result is None or not fields.get("reason"):
        return _page(request, console, task_id, fields, t("review.appeal.missing"))
    try:
        console.appeals.decide(task_id, user, token_of(fields), result, fields.get("reason"))
    except LeaseLost:
        return go(request, HOME, "lost")
    except SeawallError as error:
        return _page(request, console, task_id, fields, error.message)
    return go(request, HOME, "appeal")
