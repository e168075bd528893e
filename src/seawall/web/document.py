"""What the OpenAPI document says besides the routes' signatures: errors, multipart bodies, keys."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from starlette.routing import BaseRoute

from seawall.deploy.guard.requests import OutputCheck, UploadCheck
from seawall.web.route import GuardedRoute

_REF = "#/components/schemas/{model}"
_BEARER = "key"
_BASE64 = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"


class Problem(BaseModel):
    """What went wrong, by place and kind."""

    loc: list[str | int]
    type: str


class Told(BaseModel):
    """Why a request was refused; never what it held."""

    code: str
    message: str
    hint: str
    fields: list[Problem] = []


class Error(BaseModel):
    """An answer that is no decision: nothing was allowed."""

    error: Told


_REASONS = {
    400: "The body cannot be read.",
    401: "A valid API key is needed.",
    403: "The API key may not be used for this.",
    404: "There is no such thing.",
    408: "The body came too slowly.",
    409: "The request id was used for other content.",
    413: "The body is too large.",
    415: "This path does not take this content type.",
    422: "The request is not as it must be.",
    500: "Something went wrong inside; nothing was allowed.",
    503: "No decision can be made or recorded now; nothing was allowed.",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the part of a route's documentation that tells how it may refuse."""
    return {status: {"model": Error, "description": _REASONS[status]} for status in (*statuses, 401, 403, 500, 503)}


def multipart(meta: type[BaseModel], *, also_json: bool = False) -> dict[str, Any]:
    """Return the part of a route's documentation that tells of a file beside a `meta`."""
    form = {
        "schema": {
            "type": "object",
            "required": ["file", "meta"],
            "additionalProperties": False,
            "properties": {
                "file": {"type": "string", "format": "binary"},
                "meta": {"$ref": _REF.format(model=meta.__name__)},
            },
        },
        "encoding": {"meta": {"contentType": "application/json"}},
    }
    content: dict[str, Any] = {"multipart/form-data": form}
    if also_json:
        text = {"required": ["text"], "properties": {"text": {"type": "string"}}}
        content["application/json"] = {"schema": {"allOf": [{"$ref": _REF.format(model=meta.__name__)}, text]}}
    return {"requestBody": {"required": True, "content": content}}


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document."""
    if app.openapi_schema:
        return app.openapi_schema
    made = get_openapi(
        title="seawall",
        version=app.version,
        summary="Checks prompts, uploads and outputs before anything is generated or shown.",
        routes=app.routes,
    )
    schemas = made["components"]["schemas"]
    for model in (UploadCheck, OutputCheck):
        extra = model.model_json_schema(ref_template=_REF)
        schemas.update(extra.pop("$defs", {}))
        schemas[model.__name__] = extra
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    _narrow(schemas)
    made["components"]["securitySchemes"] = {_BEARER: {"type": "http", "scheme": "bearer"}}
    for route in app.routes:
        _secure(made, route)
    app.openapi_schema = made
    return made


def _secure(made: dict[str, Any], route: BaseRoute) -> None:
    if not isinstance(route, GuardedRoute) or not route.include_in_schema:
        return
    for method in route.methods or ():
        operation = made["paths"][route.path_format][method.lower()]
        if route.access.scope is not None:
            operation["security"] = [{_BEARER: []}]
            operation["x-seawall-scope"] = route.access.scope.value


def _narrow(schemas: dict[str, Any]) -> None:
    """Say what validators check and schemas do not."""
    attachment = schemas.get("Attachment")
    if attachment:
        for choice in attachment["properties"]["base64"]["anyOf"]:
            if choice.get("type") == "string":
                choice["pattern"] = _BASE64
        attachment["oneOf"] = [
            {"required": ["sha256"], "properties": {"sha256": {"type": "string"}, "base64": {"type": "null"}}},
            {"required": ["base64"], "properties": {"base64": {"type": "string"}, "sha256": {"type": "null"}}},
        ]
