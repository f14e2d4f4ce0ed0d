"""Signals as rows and as alerts, and what was decided about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import from_ms
from domain.outbox import kinds
from domain.outbox.service import SIGNALS, Outbox
from domain.signals.evaluate import Reading
from domain.signals.models import TradingSignal

BUY, SELL = "BUY", "SELL"
PAGE = 8
ALERT_LIVES = timedelta(minutes=15)
"""An alert that could not be delivered for so long is stale. Wall time."""


@dataclass(frozen=True, slots=True)
class SignalPage:
    """Newest first. `number` counts from 1; `pages` is at least 1."""

    rows: tuple[TradingSignal, ...]
    number: int
    pages: int


@dataclass(frozen=True, slots=True)
class Said:
    """A signal of one user's bot at one close."""

    user_id: int
    strategy_id: int | None
    strategy: str
    symbol: str
    timeframe: str
    mode: str
    close_ms: int
    reading: Reading

    @property
    def kind(self) -> str:
        """BUY or SELL."""
        return BUY if self.reading.buy else SELL


def record(session: AsyncSession, said: Said) -> TradingSignal:
    """Add the signal's row; its id is there after the next flush."""
    row = TradingSignal(
        user_id=said.user_id,
        strategy_id=said.strategy_id,
        symbol=said.symbol,
        signal_type=said.kind,
        timeframe=said.timeframe,
        price=said.reading.price,
        indicators=dict(said.reading.values),
        confidence=said.reading.confidence,
        timestamp=from_ms(said.close_ms),
        mode=said.mode,
    )
    session.add(row)
    return row


async def alert(
    session: AsyncSession,
    outbox: Outbox,
    said: Said,
    row: TradingSignal,
    decided: Mapping[str, Any],
) -> bool:
    """Queue the alert of a signal, kind `signal`; False when the user does not want it.

    Parameters: symbol, timeframe, type (BUY, SELL), price (float, the close), values (name ->
    float), strategy (its name), confidence (0..1 or null), mode, ref (`S` and the row's id), at_ms
    (the close), and `decided`:
    - {"placed": true, "side": long|short, "qty": "0.12" (null: sized at its fill), "leverage": 5,
      "stop_percent": 1.5, "take_percent": 3.0 (null: none), "reverses": bool}
    - {"placed": false, "reason": code, ...the reason's values, "closes": bool}; the codes are those
      of `domain.risk.gate` and `late` (valid_until_ms)
    """
    return await outbox.notify(
        session,
        said.user_id,
        kinds.SIGNAL,
        {
            "symbol": said.symbol,
            "timeframe": said.timeframe,
            "type": said.kind,
            "price": said.reading.price,
            "values": dict(said.reading.values),
            "strategy": said.strategy,
            "confidence": said.reading.confidence,
            "mode": said.mode,
            "ref": f"S{row.id}",
            "at_ms": said.close_ms,
            "decided": dict(decided),
        },
        dedupe_key=f"signal:{said.user_id}:{said.symbol}:{said.timeframe}:{said.close_ms}",
        priority=SIGNALS,
        lives=ALERT_LIVES,
    )


async def latest(
    session: AsyncSession, user_id: int, symbol: str | None = None, page: int = 1
) -> SignalPage:
    """A user's signals, newest first; a page beyond the last is the last."""
    mine = [TradingSignal.user_id == user_id]
    if symbol is not None:
        mine.append(TradingSignal.symbol == symbol.upper())
    total = await session.scalar(select(func.count()).select_from(TradingSignal).where(*mine))
    pages = max(1, -(-(total or 0) // PAGE))
    number = min(max(1, page), pages)
    rows = await session.scalars(
        select(TradingSignal)
        .where(*mine)
        .order_by(TradingSignal.timestamp.desc(), TradingSignal.id.desc())
        .offset((number - 1) * PAGE)
        .limit(PAGE)
    )
    return SignalPage(tuple(rows), number, pages)
