"""The Bot API over HTTP: /bot<token>/<method> and /file/bot<token>/<path>."""

from __future__ import annotations

from aiohttp import web

from bot.sandbox.api import Answer, BotApi
from bot.sandbox.bodies import read_call
from bot.sandbox.errors import ApiError
from bot.sandbox.keys import API


async def _method(request: web.Request) -> web.StreamResponse:
    api = request.app[API]
    info = request.match_info
    try:
        params, files = await read_call(request)
    except ApiError as refusal:
        return _respond(request, api.refuse(refusal))
    except web.HTTPRequestEntityTooLarge:
        return _respond(request, api.refuse(ApiError(413, "Request Entity Too Large")))
    return _respond(request, await api.call(info["token"], info["method"], params, files))


def _respond(request: web.Request, answer: Answer) -> web.StreamResponse:
    if answer.drop and request.transport is not None:
        request.transport.abort()
    return web.Response(body=answer.body, status=answer.status, content_type="application/json")


async def _file(request: web.Request) -> web.StreamResponse:
    api: BotApi = request.app[API]
    try:
        content = await api.download(request.match_info["token"], request.match_info["path"])
    except ApiError as refusal:
        return _respond(request, api.refuse(refusal))
    return web.Response(body=content, content_type="application/octet-stream")


def add_routes(app: web.Application) -> None:
    app.router.add_post("/bot{token:[^/]+}/{method}", _method)
    app.router.add_get("/bot{token:[^/]+}/{method}", _method)
    app.router.add_get("/file/bot{token:[^/]+}/{path:.+}", _file)
