"""The chat page, the files shown in it, and the websocket that keeps it live."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import WSMsgType, web

from bot.sandbox.client_routes import world_state
from bot.sandbox.keys import API

STATIC = Path(__file__).with_name("static")
_SHOWN = frozenset({"image/png", "image/jpeg"})
# Events that concern nobody's eyes.
_SILENT = frozenset({"update", "webhook"})
_QUEUE = 2000


class _Sockets(set[web.WebSocketResponse]):
    """The open pages."""


SOCKETS: web.AppKey[_Sockets] = web.AppKey("sandbox_sockets", _Sockets)


async def _page(_request: web.Request) -> web.StreamResponse:
    return web.FileResponse(STATIC / "index.html")


async def _file(request: web.Request) -> web.StreamResponse:
    files, file_id = request.app[API].world.files, request.match_info["file_id"]
    info, content = files.find(file_id), await files.content(file_id)
    if info is None or content is None:
        return web.json_response({"error": "no such file (deleted?)"}, status=404)
    photo = info["file_path"].startswith("photos/") and info["mime_type"] in _SHOWN
    headers = {"Cache-Control": "private, max-age=86400"}
    if not photo:
        # Never shown by the browser: a document is a stranger's HTML for all we know.
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(info['file_name'])}"
    kind = info["mime_type"] if photo else "application/octet-stream"
    return web.Response(body=content, content_type=kind, headers=headers)


async def _socket(request: web.Request) -> web.StreamResponse:
    world = request.app[API].world
    socket = web.WebSocketResponse(heartbeat=30)
    await socket.prepare(request)
    events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(_QUEUE)

    def listen(event: dict[str, Any]) -> None:
        if event["type"] in _SILENT:
            return
        try:
            events.put_nowait(event)
        except asyncio.QueueFull:
            # A page this far behind reads everything anew when it connects again.
            world.listeners.discard(listen)
            sender.cancel()

    sender = asyncio.create_task(_send(socket, events, {"type": "hello", **world_state(world)}))
    world.listeners.add(listen)
    request.app[SOCKETS].add(socket)
    try:
        async for message in socket:
            if message.type == WSMsgType.ERROR:
                break
    finally:
        world.listeners.discard(listen)
        request.app[SOCKETS].discard(socket)
        sender.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await sender
    return socket


async def _send(
    socket: web.WebSocketResponse, events: asyncio.Queue[dict[str, Any] | None], hello: Any
) -> None:
    await socket.send_str(json.dumps(hello))
    try:
        while not socket.closed:
            await socket.send_str(json.dumps(await events.get()))
    except asyncio.CancelledError:
        if not socket.closed:
            await socket.close()
        raise


async def close_sockets(app: web.Application) -> None:
    sockets = app[SOCKETS]
    for socket in list(sockets):
        await socket.close(code=1001)


def add_routes(app: web.Application) -> None:
    app[SOCKETS] = _Sockets()
    app.router.add_get("/", _page)
    app.router.add_get("/sandbox/ws", _socket)
    app.router.add_get("/sandbox/files/{file_id}", _file)
    app.router.add_static("/static/", STATIC)
