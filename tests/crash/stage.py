"""A sandbox, a bot that may be killed beside it, traders whose bots trade all the time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from domain.database import Database
from domain.users.models import User
from tests.support import processes
from tests.support.made_candles import write_swings
from tests.support.processes import Command
from tests.support.sandbox_client import Message, SandboxClient

SPEED = 240
BARS = 40_000
PATIENCE_S = 120.0
_LOOK_S = 0.1
_STRATEGIES = ("donchian_breakout", "rsi_reversion", "ema_cross")
_SYMBOLS = ("BTCUSDT", "ETHUSDT", "XRPUSDT")
_TIMEFRAMES = ("1m", "1m", "3m")


@dataclass
class Stage:
    """`traders`: by name; `stopped`: those of them whose bot does not run."""

    people: SandboxClient
    bot: Command
    database: Database
    chance: random.Random
    traders: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    newcomers: list[str] = field(default_factory=list)
    _numbers: int = 0

    def number(self) -> int:
        """One that nobody was given before."""
        self._numbers += 1
        return self._numbers

    @property
    def everybody(self) -> list[str]:
        """Who has ever written to the bot."""
        return [*self.traders, *self.newcomers]

    def bot_of(self, trader: str) -> str:
        """What this trader starts: strategy, markets, timeframe."""
        which = self.traders.index(trader)
        strategy, timeframe = _STRATEGIES[which % 3], _TIMEFRAMES[which // 3 % 3]
        return f"{strategy} {' '.join(_SYMBOLS)} {timeframe}"

    async def asks(self, name: str, text: str) -> Message:
        """Send it and wait for the first new message from the bot."""
        sent = await self.people.send(name, text)
        return await self.people.wait_for(
            name, lambda m: m["from"] == "bot" and not m["edited"], PATIENCE_S, sent["seq"]
        )

    async def card(self, name: str, command: str, sign: str) -> tuple[int, str]:
        """(message id, first button) of the card that `command` brings and that starts with
        `sign`.
        """
        sent = await self.people.send(name, command)
        card = await self.people.wait_for(
            name,
            lambda m: m["from"] == "bot" and m["text"].startswith(sign) and bool(m["buttons"]),
            PATIENCE_S,
            sent["seq"],
        )
        return card["message_id"], card["buttons"][0][0]["callback_data"]

    async def user_ids(self) -> dict[str, int]:
        """Name -> users.id of everybody who has an account."""
        async with self.database.read() as session:
            rows = list(await session.execute(select(User.oauth_id, User.id)))
        chats = {str((await self.people.user(name))["id"]): name for name in self.everybody}
        return {chats[chat]: user_id for chat, user_id in rows if chat in chats}

    async def until(self, what: str, holds: Callable[[], Awaitable[str | None]]) -> None:
        """Wait until `holds` finds nothing to complain of. Raises AssertionError."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_S
        while (complaint := await holds()) is not None:
            assert loop.time() < deadline, f"{what}: {complaint}"
            await asyncio.sleep(_LOOK_S)


@asynccontextmanager
async def stage(folder: Path, traders: Sequence[str], seed: int) -> AsyncIterator[Stage]:
    """Everybody registered, in small positions, with all bots but two running."""
    files = [
        write_swings(folder / "candles", symbol, BARS, period=period, seed=seed + period)
        for symbol, period in zip(_SYMBOLS, (34, 44, 56), strict=True)
    ]
    api = processes.sandbox(folder, "--no-limits")
    bot = processes.run(folder, "")
    database = Database(f"sqlite+aiosqlite:///{folder / 'data' / 'leverframe.db'}")
    try:
        api.start()
        bot.settings |= _settings(api.url(), files)
        bot.start()
        async with SandboxClient(api.url()) as people:
            made = Stage(people, bot, database, random.Random(seed), list(traders))  # noqa: S311
            await asyncio.gather(*(_enters(made, name) for name in made.traders))
            yield made
    finally:
        bot.end()
        api.end()
        await database.close()


def _settings(url: str, files: Sequence[Path]) -> dict[str, str]:
    """No limits of its own: what is counted is told at once."""
    return {
        "LEVERFRAME_TELEGRAM_API_URL": url,
        "LEVERFRAME_MARKET": "file:" + ",".join(map(str, files)),
        "LEVERFRAME_MARKET_SPEED": str(SPEED),
        "LEVERFRAME_SEND_RATE": "10000",
        "LEVERFRAME_CHAT_RATE": "10000",
        "LEVERFRAME_CHAT_BURST": "10000",
    }


async def _enters(made: Stage, name: str) -> None:
    which = made.traders.index(name)
    await made.people.user(name, language_code="ko" if which % 4 == 1 else "en")
    await made.asks(name, "/start")
    await made.asks(name, "/risk set daily_loss_limit 9000")
    await made.asks(name, "/config set max_risk_percent 0.1")
    if which < 2:
        made.stopped.append(name)
        return
    card, button = await made.card(name, f"/start_bot {made.bot_of(name)}", "▶️")
    await made.people.tap(name, card, button, wait=PATIENCE_S / 2)
