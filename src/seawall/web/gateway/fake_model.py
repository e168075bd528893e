"""A stand-in for a model server, for rehearsals and tests: OpenAI-compatible, deterministic, harmless."""

from __future__ import annotations

import base64
import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from seawall.deploy.gateway import fake_model as model

_MOST_KEPT = 100


def create_fake_model() -> Starlette:
    """Return the stand-in."""
    prompts: list[str] = []
    counts = {"asked": 0}

    async def body_of(request: Request) -> dict[str, Any]:
        counts["asked"] += 1
        found: dict[str, Any] = json.loads(await request.body())
        return found

    async def chat(request: Request) -> Response:
        body = await body_of(request)
        if body.get("stream"):
            return StreamingResponse(iter(list(model.chunks(body, is_chat=True))), media_type="text/event-stream")
        return JSONResponse(model.chat(body))

    async def completions(request: Request) -> Response:
        body = await body_of(request)
        if body.get("stream"):
            return StreamingResponse(iter(list(model.chunks(body, is_chat=False))), media_type="text/event-stream")
        return JSONResponse(model.completion(body))

    async def responses(request: Request) -> Response:
        return JSONResponse(model.response(await body_of(request)))

    async def images(request: Request) -> Response:
        body = await body_of(request)
        prompt = _named(body["prompt"])
        if body.get("response_format") == "b64_json":
            return JSONResponse(
                {"created": 0, "data": [{"b64_json": base64.b64encode(model.picture(prompt)).decode()}]}
            )
        number = _keep(prompts, prompt)
        return JSONResponse({"created": 0, "data": [{"url": f"{request.base_url}files/{number}.png"}]})

    async def edits(_request: Request) -> Response:
        counts["asked"] += 1
        return JSONResponse({"created": 0, "data": [{"b64_json": base64.b64encode(model.picture("")).decode()}]})

    async def file(request: Request) -> Response:
        return Response(model.picture(prompts[int(request.path_params["number"])]), media_type="image/png")

    async def speech(request: Request) -> Response:
        await body_of(request)
        return Response(model.sound(), media_type="audio/wav")

    async def transcriptions(_request: Request) -> Response:
        counts["asked"] += 1
        return JSONResponse({"text": model.DEFAULT})

    async def make_video(request: Request) -> Response:
        body = await body_of(request)
        return JSONResponse(_job(_keep(prompts, _named(body["prompt"]))))

    async def video(request: Request) -> Response:
        return JSONResponse(_job(int(request.path_params["number"])))

    async def content(request: Request) -> Response:
        # A still picture: the stand-in has no encoder of videos.
        return Response(model.picture(prompts[int(request.path_params["number"])]), media_type="image/png")

    async def models(_request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [{"id": model.MODEL, "object": "model", "owned_by": "seawall"}]})

    async def asked(_request: Request) -> Response:
        return JSONResponse(counts)

    return Starlette(
        routes=[
            Route("/v1/chat/completions", chat, methods=["POST"]),
            Route("/v1/completions", completions, methods=["POST"]),
            Route("/v1/responses", responses, methods=["POST"]),
            Route("/v1/images/generations", images, methods=["POST"]),
            Route("/v1/images/edits", edits, methods=["POST"]),
            Route("/v1/images/variations", edits, methods=["POST"]),
            Route("/v1/audio/speech", speech, methods=["POST"]),
            Route("/v1/audio/transcriptions", transcriptions, methods=["POST"]),
            Route("/v1/videos", make_video, methods=["POST"]),
            Route("/v1/videos/video_{number:int}", video),
            Route("/v1/videos/video_{number:int}/content", content),
            Route("/v1/models", models),
            Route("/files/{number:int}.png", file),
            Route("/_asked", asked),
        ]
    )


def _named(prompt: str) -> str:
    """Return what is drawn: what the prompt says, or what it has the stand-in say."""
    return model.answer(prompt) if "canary:" in prompt else prompt


def _keep(prompts: list[str], prompt: str) -> int:
    """Keep a prompt, and return its number."""
    if len(prompts) >= _MOST_KEPT:
        prompts.clear()
    prompts.append(prompt)
    return len(prompts) - 1


def _job(number: int) -> dict[str, Any]:
    return {"id": f"video_{number}", "object": "video", "status": "completed", "progress": 100, "model": model.MODEL}
