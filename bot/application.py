"""The PTB Application. Its updates go through the durable inbox, however they come in."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

from telegram import Update
from telegram.ext import Application, ApplicationBuilder

from bot.container import Container
from bot.markets import OpenMarket
from bot.runtime import Runtime
from bot.settings import Settings
from bot.transport import AiohttpRequest

os.environ.setdefault("PTB_TIMEDELTA", "true")  # as PTB's next major version: no warning per 429
OFFLINE_TOKEN = "0:offline"  # noqa: S105 - opens nothing
_POLL_CONNECTIONS = 8


class LeverframeApplication(Application[Any, Any, Any, Any, Any, Any]):
    """`initialize` opens the database and the market, `start` begins to run bots and to notify."""

    def __init__(
        self, *, settings: Settings, opened_market: OpenMarket | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.settings = settings
        self._opened_market = opened_market
        self.runtime: Runtime | None = None
        self.polls = False
        """Whether `start` fetches updates itself; else they are handed to `process_update`."""

    @property
    def running_parts(self) -> Runtime:
        """What `initialize` made."""
        if self.runtime is None:
            raise RuntimeError("initialize() first")
        return self.runtime

    async def initialize(self) -> None:
        if self.runtime is not None:
            return
        await super().initialize()
        container = await Container.open(
            self.settings, self.bot.username, opened_market=self._opened_market
        )
        self.runtime = Runtime(container, self.bot, self.bot.id)
        self.runtime.open()

    async def start(self) -> None:
        await super().start()
        request = AiohttpRequest(_POLL_CONNECTIONS) if self.polls else None
        await self.running_parts.start(request, self.bot.base_url)

    async def stop(self) -> None:
        await self.running_parts.stop()
        await super().stop()

    async def shutdown(self) -> None:
        if self.runtime is not None:
            await self.runtime.close()
            self.runtime = None
        await super().shutdown()

    async def process_update(self, update: object) -> None:
        """Commit an update to the inbox and work it through to its reply."""
        raw = update.to_dict() if isinstance(update, Update) else update
        for item in await self.running_parts.inbox.accept([raw]):
            await item.finished.wait()


def build(
    settings: Settings,
    builder: ApplicationBuilder[Any, Any, Any, Any, Any, Any] | None = None,
    opened_market: OpenMarket | None = None,
) -> LeverframeApplication:
    """An Application that is not running yet; nothing is opened and nothing is sent before
    `initialize`.

    `builder`: keeps whatever was set on it (a request, a bot); the settings fill in the rest.
    `opened_market`: in place of the one that the settings name; closed with the application.
    """
    fresh = builder is None
    building: Any = ApplicationBuilder() if builder is None else builder
    token = settings.telegram_token.get_secret_value() if settings.telegram_token else OFFLINE_TOKEN
    api = settings.telegram_api_url
    wanted: list[tuple[str, tuple[Any, ...]]] = [
        ("token", (token,)),
        ("base_url", (f"{api}/bot",)),
        ("base_file_url", (f"{api}/file/bot",)),
        ("updater", (None,)),
        ("job_queue", (None,)),
    ]
    if fresh:
        wanted.append(("request", (AiohttpRequest(),)))
        wanted.append(("get_updates_request", (AiohttpRequest(1),)))
    for name, values in wanted:
        with suppress(RuntimeError):  # set on the builder before: that stays
            getattr(building, name)(*values)
    building.application_class(
        LeverframeApplication, {"settings": settings, "opened_market": opened_market}
    )
    application: LeverframeApplication = building.build()
    return application
