"""How a user is doing: profit by period in their own time zone, and the equity curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.money import exact
from domain.portfolio.models import Equity
from domain.trading.models import AccountState
from domain.trading.queries import TradeSums, open_positions, sum_trades

DAY, WEEK, MONTH, ALL = "day", "week", "month", "all"
PERIODS = (DAY, WEEK, MONTH, ALL)


@dataclass(frozen=True, slots=True)
class Pnl:
    """One period up to now. USDT.

    `start`: its first moment, None for `all`. `realised`: `sums.pnl`, net. `unrealised`: of what is
    open now. `equity`: now, `base`: at the start; both None for an account that was never used.
    `based_at`: when the base was seen, None where it is reckoned from the trades. `moved`: paid in
    since, less taken out.
    """

    period: str
    start: datetime | None
    sums: TradeSums
    unrealised: Decimal
    equity: Decimal | None
    base: Decimal | None
    based_at: datetime | None = None
    moved: Decimal = Decimal(0)

    @property
    def realised(self) -> Decimal:
        """Net profit of the trades closed in the period."""
        return self.sums.pnl

    @property
    def return_percent(self) -> Decimal | None:
        """What was gained, in percent of the equity at the start and of what was paid in since."""
        if self.equity is None or self.base is None:
            return None
        capital = self.base + max(self.moved, Decimal(0))
        return (self.equity - self.base - self.moved) / capital * 100 if capital > 0 else None


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """A point of the equity curve, USDT."""

    at: datetime
    equity: Decimal
    balance: Decimal


def period_start(period: str, now: datetime, zone: str) -> datetime | None:
    """When today, this week (Monday) or this month began in `zone`, in UTC; None for `all`.

    Where clocks skip midnight the day begins at the moment they skip to.
    """
    today = now.astimezone(ZoneInfo(zone)).date()
    starts: Mapping[str, date] = {
        DAY: today,
        WEEK: today - timedelta(days=today.weekday()),
        MONTH: today.replace(day=1),
    }
    start = starts.get(period)
    if start is None:
        return None
    local = datetime(start.year, start.month, start.day, tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC)


async def pnl(
    session: AsyncSession, user_id: int, mode: str, period: str, *, zone: str, now: datetime
) -> Pnl:
    """Profit of one of PERIODS up to `now` (market time)."""
    start = period_start(period, now, zone)
    sums = await sum_trades(session, user_id, mode=mode, since=start)
    held = await open_positions(session, user_id, mode)
    unrealised = sum((each.unrealised for each in held), Decimal(0))
    equity = await _equity(session, user_id, mode)
    point = None if start is None else await _equity_before(session, user_id, mode, start)
    base, based_at = point or (None, None)
    if base is None and equity is not None:
        # No point so old: what the account had before this period's trades and open positions.
        paid = sum(((each.position.fees or 0) + (each.position.funding or 0) for each in held), 0)
        base = equity - sums.pnl - unrealised + paid
    return Pnl(period, start, sums, unrealised, equity, base, based_at)


async def pnl_summary(
    session: AsyncSession, user_id: int, mode: str, *, zone: str, now: datetime
) -> dict[str, Pnl]:
    """`pnl` for every period."""
    return {
        period: await pnl(session, user_id, mode, period, zone=zone, now=now) for period in PERIODS
    }


async def equity_series(
    session: AsyncSession,
    user_id: int,
    mode: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[EquityPoint]:
    """The equity curve in [since, until], the oldest point first."""
    query = (
        select(Equity.timestamp, Equity.equity, Equity.balance)
        .where(Equity.user_id == user_id, Equity.mode == mode)
        .order_by(Equity.timestamp)
    )
    if since is not None:
        query = query.where(Equity.timestamp >= since)
    if until is not None:
        query = query.where(Equity.timestamp <= until)
    return [EquityPoint(*row) for row in await session.execute(query)]


async def _equity(session: AsyncSession, user_id: int, mode: str) -> Decimal | None:
    """As reconcile last saw it."""
    state = await session.get(AccountState, (user_id, mode))
    return None if state is None or state.equity is None else exact(state.equity)


async def _equity_before(
    session: AsyncSession, user_id: int, mode: str, moment: datetime
) -> tuple[Decimal, datetime] | None:
    """The last point at or before `moment`, and when that was."""
    found = await session.execute(
        select(Equity.equity, Equity.timestamp)
        .where(Equity.user_id == user_id, Equity.mode == mode, Equity.timestamp <= moment)
        .order_by(Equity.timestamp.desc())
        .limit(1)
    )
    point = found.first()
    return None if point is None else (point.equity, point.timestamp)
