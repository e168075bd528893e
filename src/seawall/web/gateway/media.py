"""Pictures, speech, transcriptions and videos: made things are held whole, checked, and then served."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from seawall.deploy.gateway import audio, images, videos
from seawall.deploy.gateway.errors import BadReply, Unsupported
from seawall.deploy.gateway.pieces import Pieces
from seawall.deploy.guard.contract import Media
from seawall.deploy.guard.media.spool import MemoryMedia, SpooledMedia
from seawall.web import strict_json
from seawall.web.body import media_type
from seawall.web.gateway.call import Call
from seawall.web.gateway.form import FileForm, read_files
from seawall.web.gateway.outputs import kind_of
from seawall.web.gateway.problems import GatewayPath, UnknownJob
from seawall.web.gateway.upstream import Ask, Reply

_FORM = "multipart/form-data"
_PICTURES = frozenset({"image", "image[]", "mask"})
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
_SOUNDS = frozenset(
    {"audio/mpeg", "audio/wav", "audio/x-wav", "audio/ogg", "audio/opus", "audio/aac", "audio/flac", "audio/pcm"}
)
_FILMS = frozenset({"video/mp4", "video/webm", "image/webp", "image/png", "image/jpeg"})


async def generations(call: Call) -> None:
    """Draw pictures."""
    body = await call.json()
    await _drawn(call, body, images.read(body), call.ask("/v1/images/generations", json=body))


async def edits(call: Call) -> None:
    """Change pictures."""
    form = await _form(call, _PICTURES)
    await _drawn(call, form.fields, images.read(form.fields, form.bytes_of()), _sent(call, "/v1/images/edits", form))


async def variations(call: Call) -> None:
    """Vary a picture."""
    form = await _form(call, _PICTURES)
    ask = _sent(call, "/v1/images/variations", form)
    await _drawn(call, form.fields, images.read(form.fields, form.bytes_of()), ask)


async def _drawn(call: Call, body: Mapping[str, Any], pieces: Pieces, ask: Ask) -> None:
    meta = call.meta(body, "image")
    await call.check_input(pieces, meta)
    shown, pictures = images.show(await call.parts.upstream.json(ask))
    shown["data"] = []
    for picture in pictures:
        media = await _media(call, picture)
        data = _bytes(media)
        # The prompt as it was written anew is checked with the picture: the two are shown together.
        await call.check_output(pieces, meta, text=picture.revised, media=media)
        if picture.revised:
            await call.check_output(pieces, meta, text=picture.revised)
        one: dict[str, Any] = {"revised_prompt": picture.revised} if picture.revised else {}
        if picture.url is None:
            one["b64_json"] = base64.b64encode(data).decode()
        else:
            one["url"] = _base(call) + call.parts.outputs.keep(data, kind_of(data))
        shown["data"].append(one)
    await call.answer(shown)


async def _media(call: Call, picture: images.Picture) -> Media:
    if picture.data is not None:
        return MemoryMedia(picture.data)
    return await call.parts.fetcher.fetch(picture.url or "")


def _bytes(media: Media) -> bytes:
    with media.open() as stream:
        return stream.read()


def _base(call: Call) -> str:
    """Return the address under which the client knows this gateway."""
    host = call.request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise Unsupported("the request names no usable host")
    return f"{call.scope.get('scheme', 'http')}://{host}"


async def output(call: Call, token: str) -> None:
    """Serve a picture that was checked."""
    found = call.parts.outputs.get(token)
    if found is None:
        raise GatewayPath
    await call.answer_bytes(found.data, found.kind)


async def speech(call: Call) -> None:
    """Speak."""
    body = await call.json()
    pieces, meta = audio.read_speech(body), call.meta(body, "audio")
    await call.check_input(pieces, meta)
    async with call.parts.upstream.ask(call.ask("/v1/audio/speech", json=body)) as reply:
        await _served(call, reply, pieces, meta, _SOUNDS)


async def transcriptions(call: Call) -> None:
    """Write down what was said."""
    form = await _form(call, frozenset({"file"}))
    if len(form.files) != 1:
        raise Unsupported("a transcription takes one file")
    pieces, meta = audio.read_transcription(form.fields, form.files[0][1]), call.meta(form.fields, "audio")
    await call.check_input(pieces, meta)
    async with call.parts.upstream.ask(_sent(call, "/v1/audio/transcriptions", form)) as reply:
        kind, data = reply.kind, await reply.data()
    if kind != "application/json":
        await call.check_output(pieces, meta, text=_text(data))
        await call.answer_bytes(data, "text/plain; charset=utf-8")
        return
    value = strict_json.parse(data)
    if not isinstance(value, dict):
        raise BadReply
    shown, text = audio.show(value)
    await call.check_output(pieces, meta, text=text)
    await call.answer(shown)


async def make_video(call: Call) -> None:
    """Begin a video."""
    if media_type(call.request) == _FORM:
        form = await _form(call, frozenset({"input_reference"}))
        body: Mapping[str, Any] = form.fields
        pieces, ask = videos.read(body, form.bytes_of()), _sent(call, "/v1/videos", form)
    else:
        body = await call.json()
        pieces, ask = videos.read(body), call.ask("/v1/videos", json=body)
    meta = call.meta(body, "video")
    await call.check_input(pieces, meta)
    shown = videos.show(await call.parts.upstream.json(ask))
    call.parts.jobs.remember(shown["id"], str(call.account({})), pieces, meta)
    await call.answer(shown)


async def video(call: Call, identity: str) -> None:
    """Say how a video comes on."""
    _owned(call, identity)
    shown = videos.show(await call.parts.upstream.json(call.ask(f"/v1/videos/{identity}", method="GET")))
    await call.answer({**shown, "id": identity})


async def video_content(call: Call, identity: str) -> None:
    """Serve a video, or a picture of it."""
    job = _owned(call, identity)
    variant = call.request.query_params.get("variant", "video")
    if variant not in videos.VARIANTS:
        raise Unsupported("there is no such variant of a video")
    ask = call.ask(f"/v1/videos/{identity}/content?variant={variant}", method="GET")
    async with call.parts.upstream.ask(ask) as reply:
        await _served(call, reply, job.pieces, job.meta, _FILMS)


async def _served(call: Call, reply: Reply, pieces: Pieces, meta: Mapping[str, Any], kinds: frozenset[str]) -> None:
    """Take a medium whole, have it checked, and serve it."""
    with SpooledMedia.create(call.parts.upstream.limit, call.parts.budget) as media:
        async for chunk in reply.pieces():
            media.write(chunk)
        media.seal()
        await call.check_output(pieces, meta, media=media)
        await call.answer_bytes(_bytes(media), reply.kind if reply.kind in kinds else "application/octet-stream")


def _owned(call: Call, identity: str) -> Any:
    job = call.parts.jobs.get(identity, str(call.account({})))
    if job is None:
        raise UnknownJob
    return job


async def _form(call: Call, files: frozenset[str]) -> FileForm:
    request = call.request
    if media_type(request) != _FORM:
        raise Unsupported(f"this path takes {_FORM}")
    return await read_files(request, call.parts, files)


def _sent(call: Call, path: str, form: FileForm) -> Ask:
    fields = {name: value.split("\n") if name.endswith("[]") else value for name, value in form.fields.items()}
    return call.ask(path, fields=fields, files=form.sent())


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise BadReply("the transcription is not UTF-8") from None
