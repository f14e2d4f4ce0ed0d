"""Thirty commands of many people at once, each with an effect and an answer that can be counted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.backtests.models import BacktestResult
from domain.bots.models import BotConfig, BotStatus
from domain.chat.models import CallbackToken
from domain.risk.models import RiskSettings
from domain.settings.models import UserSettings
from domain.trading.models import IS_OPEN, Order, Position
from domain.users.models import User
from tests.crash.chat import spoken
from tests.crash.stage import Stage
from tests.support.sandbox_client import Message

COUNT = 30
Counts = Callable[[Sequence[Message]], int]
"""The chat's entries since the round began -> how often the answer is among them."""
Effect = Callable[[AsyncSession, int], Awaitable[tuple[Any, Any]]]
"""(session, user id) -> what is, and what should be."""


@dataclass
class Asked:
    """One command: a text, or a tap on (message id, button)."""

    name: str
    text: str
    answers: Counts
    effect: Effect | None
    tap: tuple[int, str] | None = None
    update_id: int = 0

    async def send(self, stage: Stage) -> None:
        """Put it before the bot."""
        if self.tap is None:
            sent = await stage.people.send(self.name, self.text)
        else:
            sent = await stage.people.tap(self.name, *self.tap)
        self.update_id = sent["update_id"]


async def thirty(stage: Stage) -> list[Asked]:
    """What is asked in one round; the cards that are tapped are fetched now."""
    running = [name for name in stage.traders if name not in stage.stopped]
    stoppers = stage.chance.sample(running, 2)
    starters, stage.stopped = stage.stopped, stoppers
    newcomers = [f"newcomer{stage.number()}" for _ in range(4)]
    stage.newcomers += newcomers
    chosen = stage.chance.sample(stage.traders, len(stage.traders))
    tapped = await asyncio.gather(
        *(_start(stage, name) for name in starters), *(_stop(stage, name) for name in stoppers)
    )
    asked = [
        *(_risk(stage, name) for name in chosen[:10]),
        *(_config(stage, name) for name in chosen[4:10]),
        *(_enter(name) for name in newcomers),
        *(_ask_to_start(name) for name in newcomers[:2]),
        *(_positions(name) for name in chosen[-3:]),
        await _backtest(stage, chosen[0]),
        *tapped,
    ]
    assert len(asked) == COUNT
    return asked


async def send_all(stage: Stage, asked: Sequence[Asked]) -> None:
    """Everybody at once, each in their own order."""
    by_name: dict[str, list[Asked]] = {}
    for each in asked:
        by_name.setdefault(each.name, []).append(each)

    async def one(mine: Sequence[Asked]) -> None:
        for each in mine:
            await each.send(stage)

    queues = list(by_name.values())
    stage.chance.shuffle(queues)
    await asyncio.gather(*map(one, queues))


def _saying(part: str) -> Counts:
    return lambda entries: sum(part in message["text"] for message in spoken(entries))


def _beginning(sign: str) -> Counts:
    return lambda entries: sum(message["text"].startswith(sign) for message in spoken(entries))


def _risk(stage: Stage, name: str) -> Asked:
    limit = 5_000 + stage.number()

    async def effect(session: AsyncSession, user_id: int) -> tuple[Any, Any]:
        column = select(RiskSettings.daily_loss_limit).where(RiskSettings.user_id == user_id)
        return await session.scalar(column), float(limit)

    answers = _saying(f"→ {limit:,} USDT")
    return Asked(name, f"/risk set daily_loss_limit {limit}", answers, effect)


def _config(stage: Stage, name: str) -> Asked:
    percent = f"{0.1 + stage.number() / 100_000:.5f}".rstrip("0")

    async def effect(session: AsyncSession, user_id: int) -> tuple[Any, Any]:
        column = select(BotConfig.max_risk_percent).where(BotConfig.user_id == user_id)
        return await session.scalar(column), float(percent)

    answers = _saying(f"→ {percent}%")
    return Asked(name, f"/config set max_risk_percent {percent}", answers, effect)


def _enter(name: str) -> Asked:
    async def effect(session: AsyncSession, user_id: int) -> tuple[Any, Any]:
        rows = [
            await session.scalar(select(func.count()).select_from(table).where(column == user_id))
            for table, column in (
                (User, User.id),
                (UserSettings, UserSettings.user_id),
                (RiskSettings, RiskSettings.user_id),
                (BotConfig, BotConfig.user_id),
            )
        ]
        return rows, [1, 1, 1, 1]

    return Asked(name, "/start", _beginning("👋"), effect)


def _ask_to_start(name: str) -> Asked:
    """A card with two buttons that act: a second time they would be four."""

    async def effect(session: AsyncSession, user_id: int) -> tuple[Any, Any]:
        chat = select(UserSettings.telegram_chat_id).where(UserSettings.user_id == user_id)
        buttons = select(func.count()).where(CallbackToken.chat_id == chat.scalar_subquery())
        return await session.scalar(buttons), 2

    return Asked(name, "/start_bot donchian_breakout BTCUSDT 1m", _beginning("▶️"), effect)


def _positions(name: str) -> Asked:
    return Asked(name, "/positions", _beginning("📊"), None)


async def _backtest(stage: Stage, name: str) -> Asked:
    user_id = (await stage.user_ids())[name]
    query = select(BacktestResult.status).where(BacktestResult.user_id == user_id)
    async with stage.database.read() as session:
        before = list(await session.scalars(query.order_by(BacktestResult.id)))

    async def effect(session: AsyncSession, _user_id: int) -> tuple[Any, Any]:
        after = list(await session.scalars(query.order_by(BacktestResult.id)))
        return after, [*before, "completed"]

    def answers(entries: Sequence[Message]) -> int:
        cards = (m for m in spoken(entries) if m["text"].startswith("🧪 ") and not m["photo_url"])
        return sum("⏳" in message["text"] for message in cards)

    return Asked(name, "/backtest ema_cross BTCUSDT 15m 3d", answers, effect)


async def _start(stage: Stage, name: str) -> Asked:
    card = await stage.card(name, f"/start_bot {stage.bot_of(name)}", "▶️")

    async def effect(session: AsyncSession, user_id: int) -> tuple[Any, Any]:
        row = await session.get(BotStatus, user_id)  # none before the command has been carried out
        found = (row.is_running, row.timeframe) if row else None
        return found, (True, stage.bot_of(name).rpartition(" ")[2])

    return Asked(name, "start", _edits(card[0], "🟢"), effect, tap=card)


async def _stop(stage: Stage, name: str) -> Asked:
    """What was held is closed, by one order each; no entry comes later."""
    user_id = (await stage.user_ids())[name]
    held = select(Position.position_ref).where(Position.user_id == user_id)
    closes = select(Order.symbol).where(Order.user_id == user_id, Order.purpose == "close")
    going = select(func.count(Order.id)).where(Order.user_id == user_id, IS_OPEN)
    async with stage.database.read() as session:
        before, closed = set(await session.scalars(held)), list(await session.scalars(closes))
    card = await stage.card(name, "/stop_bot", "⏹")

    async def effect(session: AsyncSession, _user_id: int) -> tuple[Any, Any]:
        row = await session.get_one(BotStatus, user_id)
        left = before & set(await session.scalars(held))
        fresh = list(await session.scalars(closes))[len(closed) :]
        found = row.is_running, left, await session.scalar(going), len(fresh)
        return found, (False, set(), 0, len(set(fresh)))

    return Asked(name, "stop", _edits(card[0], "⏹"), effect, tap=card)


def _edits(message_id: int, sign: str) -> Counts:
    """The tapped card says something new; edited twice to the same it would still be one answer."""

    def counted(entries: Sequence[Message]) -> int:
        mine = [m for m in entries if m["message_id"] == message_id and m["edited"]]
        return int(any(sign in message["text"] for message in mine))

    return counted
