"""What the HTTP application carries."""

from aiohttp import web

from bot.sandbox.api import BotApi

API: web.AppKey[BotApi] = web.AppKey("sandbox_api", BotApi)
