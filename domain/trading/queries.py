"""What people ask about their positions, orders and trades."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, case, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from domain.strategies.models import Strategy
from domain.trading.booking import qty_of
from domain.trading.models import Order, Position, Trade
from domain.trading.states import OPEN

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class PositionView:
    """An open position and the name of its strategy. Money in USDT, shares in percent."""

    position: Position
    strategy: str | None

    @property
    def mark(self) -> Decimal:
        """The last price seen; the entry's before there was one."""
        return self.position.mark_price or self.position.entry_price

    @property
    def qty(self) -> Decimal:
        """In coins."""
        return qty_of(self.position)

    @property
    def notional(self) -> Decimal:
        """Quantity at the mark."""
        return self.qty * self.mark

    @property
    def unrealised(self) -> Decimal:
        """Profit at the mark, before the fees and funding paid so far."""
        return self.position.pnl

    @property
    def liquidation_distance(self) -> Decimal | None:
        """How far the price may move against the position, percent of the mark; None = never."""
        return self._distance(self.position.liquidation_price)

    @property
    def stop_distance(self) -> Decimal | None:
        """The same for the stop."""
        return self._distance(self.position.stop_price)

    @property
    def return_on_margin(self) -> Decimal | None:
        """Unrealised profit per margin, percent."""
        margin = self.position.margin
        return self.unrealised / margin * 100 if margin else None

    def _distance(self, price: Decimal | None) -> Decimal | None:
        if price is None:
            return None
        direction = 1 if self.position.side == "long" else -1
        return direction * (self.mark - price) / self.mark * 100


@dataclass(frozen=True, slots=True)
class TradeView:
    """A closed trade and the name of its strategy (None: by hand, or the strategy is gone)."""

    trade: Trade
    strategy: str | None


@dataclass(frozen=True, slots=True)
class TradeKey:
    """Where a page of trades ended."""

    created_at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class TradePage:
    """Trades, newest first. `next` is the key of the following page, None on the last."""

    rows: tuple[TradeView, ...]
    next: TradeKey | None


@dataclass(frozen=True, slots=True)
class TradeSums:
    """Over closed trades: `pnl` net, `fees`, `funding` in USDT (positive = paid)."""

    trades: int
    wins: int
    pnl: Decimal
    fees: Decimal
    funding: Decimal

    @property
    def win_rate(self) -> float | None:
        """Percent of trades with a profit; None without trades."""
        return self.wins / self.trades * 100 if self.trades else None


async def open_positions(session: AsyncSession, user_id: int, mode: str) -> list[PositionView]:
    """A user's open positions, external ones too, the oldest first."""
    rows = await session.execute(
        select(Position, Strategy.name)
        .outerjoin(Strategy, Position.strategy_id == Strategy.id)
        .where(Position.user_id == user_id, Position.mode == mode)
        .order_by(Position.opened_at, Position.id)
    )
    return [PositionView(position, strategy) for position, strategy in rows]


async def open_orders(session: AsyncSession, user_id: int, mode: str) -> list[Order]:
    """Orders that may still act, the oldest first."""
    found = await session.scalars(
        select(Order)
        .where(Order.user_id == user_id, Order.mode == mode, Order.state.in_(OPEN))
        .order_by(Order.id)
    )
    return list(found)


async def trade_page(
    session: AsyncSession,
    user_id: int,
    *,
    mode: str | None = None,
    symbol: str | None = None,
    limit: int = 10,
    after: TradeKey | None = None,
    offset: int = 0,
) -> TradePage:
    """A page of closed trades, newest first: after a key (stays right while trades are added), or
    by `offset`. `mode`, `symbol` None = all.
    """
    query = (
        select(Trade, Strategy.name)
        .outerjoin(Strategy, Trade.strategy_id == Strategy.id)
        .where(*_chosen(user_id, mode, symbol))
        .order_by(Trade.created_at.desc(), Trade.id.desc())
        .limit(limit + 1)
        .offset(offset)
    )
    if after is not None:
        key = tuple_(Trade.created_at, Trade.id)
        query = query.where(key < tuple_(after.created_at, after.id))
    rows = [TradeView(trade, strategy) for trade, strategy in await session.execute(query)]
    shown = tuple(rows[:limit])
    last = shown[-1].trade if len(rows) > limit else None
    return TradePage(shown, None if last is None else TradeKey(last.created_at, last.id))


async def trade_by_id(session: AsyncSession, user_id: int, trade_id: int) -> TradeView | None:
    """One trade of this user; None for a stranger's."""
    found = await session.execute(
        select(Trade, Strategy.name)
        .outerjoin(Strategy, Trade.strategy_id == Strategy.id)
        .where(Trade.id == trade_id, Trade.user_id == user_id)
    )
    row = found.one_or_none()
    return None if row is None else TradeView(*row)


async def count_trades(
    session: AsyncSession, user_id: int, *, mode: str | None = None, symbol: str | None = None
) -> int:
    """How many closed trades there are."""
    query = select(func.count(Trade.id)).where(*_chosen(user_id, mode, symbol))
    return await session.scalar(query) or 0


async def sum_trades(
    session: AsyncSession,
    user_id: int,
    *,
    mode: str | None = None,
    symbol: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> TradeSums:
    """Sums over trades closed in [since, until); None = unbounded."""
    won = func.sum(case((Trade.pnl > NOTHING, 1), else_=0))
    query = select(
        func.count(Trade.id),
        won,
        func.sum(Trade.pnl),
        func.sum(Trade.fees),
        func.sum(Trade.funding),
    ).where(*_chosen(user_id, mode, symbol))
    if since is not None:
        query = query.where(Trade.created_at >= since)
    if until is not None:
        query = query.where(Trade.created_at < until)
    count, wins, pnl, fees, funding = (await session.execute(query)).one()
    return TradeSums(count, int(wins or 0), pnl or NOTHING, fees or NOTHING, funding or NOTHING)


def _chosen(user_id: int, mode: str | None, symbol: str | None) -> list[ColumnElement[bool]]:
    """Conditions on trades; None = all."""
    chosen = [Trade.user_id == user_id]
    if mode is not None:
        chosen.append(Trade.mode == mode)
    if symbol is not None:
        chosen.append(Trade.symbol == symbol)
    return chosen
