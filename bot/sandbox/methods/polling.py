"""getUpdates and the webhook's settings."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from bot.sandbox.call import Call, Method
from bot.sandbox.errors import ApiError, bad_request
from bot.sandbox.updates import Item

_HTTPS = re.compile(r"https://[^\s/]+.*")
# A Bot API server of one's own accepts plain HTTP; this one delivers to its own machine only.
_LOOPBACK = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/.*)?")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


class RawResult(str):
    """A result that is JSON text already, and may be deliberately broken."""

    __slots__ = ()


async def get_updates(call: Call) -> RawResult:
    """Long polling. The newer poller wins; the older one gets 409."""
    bot, params = call.bot, call.params
    if bot.webhook.get("url"):
        raise ApiError(
            409,
            "Conflict: can't use getUpdates method while webhook is active; "
            "use deleteWebhook to delete the webhook first",
        )
    _allow(call)
    _confirm(call, params.integer("offset"))
    limit = min(max(params.integer("limit", 100), 1), 100)
    bot.wake("conflict")
    deadline = asyncio.get_running_loop().time() + min(max(params.integer("timeout"), 0), 50)
    while not (items := _take(call, limit)):
        left = deadline - asyncio.get_running_loop().time()
        if left <= 0 or call.world.closing or await _wait(call, left) == "closed":
            break
    return RawResult(f"[{','.join(item.text for item in items)}]")


async def _wait(call: Call, left_s: float) -> str:
    waiter = call.bot.waiter = asyncio.get_running_loop().create_future()
    await asyncio.wait({waiter}, timeout=left_s)
    reason = waiter.result() if waiter.done() else "timeout"
    if call.bot.waiter is waiter:
        call.bot.waiter = None
    if reason == "conflict":
        raise ApiError(
            409,
            "Conflict: terminated by other getUpdates request; "
            "make sure that only one bot instance is running",
        )
    return reason


def _allow(call: Call) -> None:
    allowed = call.params.nested("allowed_updates")
    if isinstance(allowed, list):
        call.bot.allowed_updates = [str(kind) for kind in allowed] or None


def _confirm(call: Call, offset: int) -> None:
    bot, world = call.bot, call.world
    if offset > 0:
        # An offset beyond any id that was given out confirms what the bot has seen, not what it has
        # not.
        known = offset - 1 if offset - 1 <= world.updates.last_key else bot.handed_out
    elif offset < 0:
        pending = list(world.updates.pending(bot.id, bot.confirmed, None))
        known = pending[offset - 1].key if len(pending) > -offset else bot.confirmed
    else:
        return
    if known > bot.confirmed:
        bot.confirmed = known
        world.save_bot(bot)
        world.updates.purge(world.clock.now().timestamp())


def _take(call: Call, limit: int) -> list[Item]:
    bot, updates = call.bot, call.world.updates
    items: list[Item] = []
    for item in updates.pending(bot.id, bot.confirmed, bot.allowed_updates):
        items.append(item)
        bot.handed_out = max(bot.handed_out, item.key)
        if len(items) == limit:
            break
    for item in items:
        if item.once:
            updates.finish(item)
    return items


async def set_webhook(call: Call) -> bool:
    """Updates by POST from now on."""
    url = call.params.text("url")
    if not url:
        return await delete_webhook(call)
    if not _HTTPS.fullmatch(url) and not _LOOPBACK.fullmatch(url):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if not _LOOPBACK.fullmatch(url):
        raise bad_request("bad webhook: this sandbox delivers to its own machine only")
    secret = call.params.text("secret_token")
    if secret and not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    _allow(call)
    _drop_pending(call)
    call.bot.webhook = {
        "url": url,
        "secret_token": secret,
        "max_connections": min(max(call.params.integer("max_connections", 40), 1), 100),
    }
    call.bot.wake("conflict")
    call.world.save_bot(call.bot)
    call.world.emit({"type": "webhook"})
    return True


async def delete_webhook(call: Call) -> bool:
    """Back to polling."""
    _drop_pending(call)
    call.bot.webhook = {}
    call.world.save_bot(call.bot)
    call.world.emit({"type": "webhook"})
    return True


def _drop_pending(call: Call) -> None:
    if call.params.flag("drop_pending_updates"):
        call.bot.confirmed = call.world.updates.last_key
        call.world.save_bot(call.bot)
        call.world.updates.purge(call.world.clock.now().timestamp())


async def get_webhook_info(call: Call) -> dict[str, Any]:
    bot = call.bot
    pending = call.world.updates.pending(bot.id, bot.confirmed, bot.allowed_updates)
    info: dict[str, Any] = {
        "url": bot.webhook.get("url", ""),
        "has_custom_certificate": False,
        "pending_update_count": sum(1 for _ in pending),
    }
    names = ("max_connections", "last_error_date", "last_error_message")
    info |= {name: bot.webhook[name] for name in names if name in bot.webhook}
    return info | ({"allowed_updates": bot.allowed_updates} if bot.allowed_updates else {})


METHODS: dict[str, Method] = {
    "getupdates": get_updates,
    "setwebhook": set_webhook,
    "deletewebhook": delete_webhook,
    "getwebhookinfo": get_webhook_info,
}
