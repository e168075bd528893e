"""`POST /v1/evidence`: whoever hosts a noticed item brings its bytes; they go from memory into the vault."""

from __future__ import annotations

from dataclasses import replace

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from seawall.deploy.guard.media.spool import SpooledMedia
from seawall.deploy.notices import Notices
from seawall.deploy.notices.errors import EvidenceConflict, NotNoticed
from seawall.deploy.notices.evidence import Brought
from seawall.deploy.notices.requests import EvidenceMeta, EvidenceReply, inlined
from seawall.web.body import media_type
from seawall.web.document import refusals
from seawall.web.errors import HttpProblem, Invalid, UnknownPath, WrongMediaType
from seawall.web.keys.model import Scope
from seawall.web.multipart import read_form
from seawall.web.parts import Parts
from seawall.web.route import KEY, add, needs, validated

FORM = "multipart/form-data"


class ItemNotNoticed(UnknownPath):
    """Nobody has given notice of this item, or it is not clear which one is meant."""

    code = "not_noticed"
    hint = "name the receipt or the id of the notice, or the item as the notice names it"


class EvidenceRefused(HttpProblem):
    """The bytes do not fit: there are none, or they have another digest."""

    code = "evidence"
    status = 422


def add_evidence(app: FastAPI, parts: Parts, notices: Notices) -> None:
    """Add the route.

    Args:
        app: The server.
        parts: What it is made of.
        notices: The book of notices.
    """
    limits = replace(parts.limits, file_bytes=min(parts.limits.file_bytes, notices.options.evidence_bytes))

    @needs(Scope.EVIDENCE)
    async def bring_evidence(request: Request) -> EvidenceReply:
        """Bring the bytes of a noticed item; the same again adds nothing."""
        if media_type(request) != FORM:
            raise WrongMediaType(f"this path takes {FORM}")
        with SpooledMedia.create(limits.file_bytes, parts.budget) as media:
            form = await read_form(request, limits, media)
            problem = Invalid()
            missing = [name for name, there in (("file", form.file), ("meta", form.meta)) if there is None]
            if form.meta is None or missing:
                problem.fields = [{"loc": [name], "type": "missing"} for name in missing]
                raise problem
            meta = validated(EvidenceMeta, form.meta)
            source = f"key:{request.scope[KEY].name}"
            brought = await run_in_threadpool(_bring, notices, media.seal(), meta, source)
        return EvidenceReply(
            id=brought.id,
            notice=brought.notice_id,
            case=brought.case_id,
            vault=brought.vault,
            sha256=brought.sha256,
            size=brought.size,
            new=brought.new,
        )

    schema = {
        "type": "object",
        "required": ["file", "meta"],
        "additionalProperties": False,
        "properties": {"file": {"type": "string", "format": "binary"}, "meta": inlined(EvidenceMeta)},
    }
    body = {"schema": schema, "encoding": {"meta": {"contentType": "application/json"}}}
    add(
        app,
        "POST",
        "/v1/evidence",
        bring_evidence,
        response_model=EvidenceReply,
        responses=refusals(400, 404, 408, 413, 415, 422),
        openapi_extra={"requestBody": {"required": True, "content": {FORM: body}}},
    )


def _bring(notices: Notices, media: SpooledMedia, meta: EvidenceMeta, source: str) -> Brought:
    try:
        found = notices.evidence.find(
            receipt=meta.receipt, notice=meta.notice, subject=meta.subject, number=meta.number
        )
        with media.open() as stream:
            return notices.evidence.bring(found, stream, source=source, sha256=meta.sha256, media_type=meta.media_type)
    except NotNoticed:
        raise ItemNotNoticed from None
    except EvidenceConflict as error:
        raise EvidenceRefused(error.message) from None
