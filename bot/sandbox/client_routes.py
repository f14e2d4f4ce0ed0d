"""The client API: what the chat page, tests and benchmarks use to be people. JSON; errors are
{"error": text}.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.sandbox import actions
from bot.sandbox.bodies import read_client
from bot.sandbox.errors import ApiError, ClientError
from bot.sandbox.faults import fault_from
from bot.sandbox.keys import API
from bot.sandbox.world import ChatWorld

_MAX_WAIT_S = 60.0
Route = Callable[[web.Request, ChatWorld], Awaitable[dict[str, Any]]]


def _number(value: Any, name: str, highest: float) -> float:
    """A number from JSON or from the query, between 0 and `highest`. Raises ClientError."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ClientError(f"{name!r} is a number") from None
    if not 0 <= number <= highest:
        raise ClientError(f"{name!r} is between 0 and {highest:g}")
    return number


async def _user(request: web.Request, world: ChatWorld) -> dict[str, Any]:
    body, _ = await read_client(request)
    user = world.people.change_user(request.match_info["name"], body)
    world.save_user(user)
    return user.as_client()


async def _group(request: web.Request, world: ChatWorld) -> dict[str, Any]:
    body, _ = await read_client(request)
    group = world.people.change_group(request.match_info["name"], body)
    for member in group.members:
        world.save_user(world.people.user(member))
    world.save_group(group)
    return group.as_client()


async def _say(request: web.Request, world: ChatWorld) -> dict[str, Any]:
    body, files = await read_client(request)
    name, chat = request.match_info["name"], body.get("chat") or None
    if not files:
        return dict(actions.say(world, name, body.get("text") or "", chat))
    if "document" not in files:
        raise ClientError("the file's part is named 'document'")
    caption = str(body.get("caption") or "")
    return dict(actions.send_document(world, name, files["document"], caption, chat))


async def _tap(request: web.Request, world: ChatWorld) -> dict[str, Any]:
    body, _ = await read_client(request)
    wait_s = _number(body.get("wait", 0), "wait", _MAX_WAIT_S)
    done = actions.tap(
        world,
        request.match_info["name"],
        body.get("message_id"),
        body.get("button"),
        body.get("chat") or None,
        force=body.get("force") is True,
    )
    if "callback_id" in done:
        done["answer"] = await world.callbacks.wait(done["callback_id"], wait_s)
    return done


async def _messages(request: web.Request, world: ChatWorld) -> dict[str, Any]:
    query = request.query
    after = int(_number(query.get("after") or 0, "after", 2**53))
    wait_s = _number(query.get("wait") or 0, "wait", _MAX_WAIT_S)
    chat = query.get("chat")
    target = world.people.group(chat) if chat else world.people.user(request.match_info["name"])
    return {"messages": await world.history.wait_entries(target.id, after, wait_s)}


async def _block(request: web.Request, world: ChatWorld) -> dict[str, Any]:
    body, _ = await read_client(request)
    if not isinstance(body.get("blocked"), bool):
        raise ClientError("'blocked' is true or false")
    return actions.set_blocked(world, request.match_info["name"], body["blocked"]).as_client()


async def _inject(request: web.Request, world: ChatWorld) -> dict[str, Any]:
    body, _ = await read_client(request)
    return {"update_id": actions.inject(world, body)}


async def _clear_updates(_request: web.Request, world: ChatWorld) -> dict[str, Any]:
    return {"cleared": world.updates.clear()}


async def _add_fault(request: web.Request, _world: ChatWorld) -> dict[str, Any]:
    body, _ = await read_client(request)
    faults = request.app[API].faults
    faults.add(fault_from(body))
    return {"pending": len(faults)}


async def _clear_faults(request: web.Request, _world: ChatWorld) -> dict[str, Any]:
    request.app[API].faults.clear()
    return {"pending": 0}


async def _calls(request: web.Request, _world: ChatWorld) -> dict[str, Any]:
    method = request.query.get("method") or None
    log = request.app[API].calls
    return {"calls": log.matching(method), "count": log.count(method)}


async def _state(_request: web.Request, world: ChatWorld) -> dict[str, Any]:
    return world_state(world)


def world_state(world: ChatWorld) -> dict[str, Any]:
    """People, groups and the bot, with each chat's newest entry: what a list of chats shows."""
    bot = world.main_bot()

    def described(chat: Any) -> dict[str, Any]:
        client: dict[str, Any] = chat.as_client()
        return client | {"last": world.history.newest(chat.id)}

    return {
        "bot": bot.as_telegram() if bot else None,
        "users": [described(user) for user in world.people.users.values()],
        "groups": [described(group) for group in world.people.groups.values()],
    }


async def _menu(request: web.Request, world: ChatWorld) -> dict[str, Any]:
    user = world.people.user(request.match_info["name"])
    chat = request.query.get("chat")
    chat_id = world.people.group(chat).id if chat else user.id
    bot = world.main_bot()
    return {"commands": bot.menu(chat_id, user.language_code) if bot else []}


def _json(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(await route(request, request.app[API].world))
        except ClientError as wrong:
            return web.json_response({"error": str(wrong)}, status=400)
        except ApiError as wrong:
            return web.json_response({"error": wrong.description}, status=400)

    return handle


def add_routes(app: web.Application) -> None:
    user = "/sandbox/users/{name}"
    app.router.add_get("/sandbox/state", _json(_state))
    app.router.add_post(user, _json(_user))
    app.router.add_post(f"{user}/messages", _json(_say))
    app.router.add_get(f"{user}/messages", _json(_messages))
    app.router.add_post(f"{user}/taps", _json(_tap))
    app.router.add_post(f"{user}/block", _json(_block))
    app.router.add_get(f"{user}/commands", _json(_menu))
    app.router.add_post("/sandbox/groups/{name}", _json(_group))
    app.router.add_post("/sandbox/faults", _json(_add_fault))
    app.router.add_delete("/sandbox/faults", _json(_clear_faults))
    app.router.add_get("/sandbox/calls", _json(_calls))
    app.router.add_post("/sandbox/updates", _json(_inject))
    app.router.add_delete("/sandbox/updates", _json(_clear_updates))
