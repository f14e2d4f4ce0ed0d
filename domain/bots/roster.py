"""The running bots of a tick, read with few queries however many there are."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

import structlog
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bots.closes import RUNS, UNSEEN, bound
from domain.bots.models import BotConfig, BotStatus, BotSymbol
from domain.bots.panic import CLOSING, PANICKED, is_closing
from domain.errors import DomainError
from domain.signals.evaluate import Series
from domain.strategies.language import Bound, RuleErrors, compile_rules
from domain.strategies.models import Strategy

log = structlog.get_logger(__name__)
_Row = Any  # columns of _BOTS


@dataclass(frozen=True, slots=True)
class Sizing:
    """A bot's own settings, in percent; `leverage` before the limits hold it down."""

    risk_percent: float = 1.0
    leverage: int = 5
    take_percent: float = 3.0
    stop_percent: float = 1.5


@dataclass(frozen=True, slots=True)
class Bot:
    """A running bot and the symbols, in its listed order, whose close it has not seen yet.

    `bound` None: its program can not be used (any more), so it says nothing.
    """

    user_id: int
    mode: str
    exchange: str
    timeframe: str
    strategy_id: int | None
    strategy: str
    bound: Bound | None
    symbols: tuple[str, ...]
    sizing: Sizing


_BOTS = (
    select(
        BotStatus,
        BotConfig,
        BotSymbol.symbol,
        Strategy.id,
        Strategy.content_hash,
        Strategy.updated_at,
    )
    .join(BotSymbol, BotSymbol.user_id == BotStatus.user_id)
    .outerjoin(BotConfig, BotConfig.user_id == BotStatus.user_id)
    .outerjoin(Strategy, Strategy.id == BotStatus.strategy_id)
    .where(BotStatus.user_id.in_(bindparam("users", expanding=True)), *RUNS, UNSEEN)
    .order_by(BotStatus.user_id, BotSymbol.position_in_list, BotSymbol.symbol)
)
_PROGRAMS = (
    select(Strategy.code, BotStatus.inputs)
    .join(Strategy, Strategy.id == BotStatus.strategy_id)
    .where(*RUNS)
    .distinct()
)


@dataclass
class Programs:
    """The strategies of running bots, each read once for as long as it does not change."""

    _known: dict[tuple[int, str | None, datetime | None], Strategy] = field(default_factory=dict)

    async def named(self, session: AsyncSession, rows: Iterable[_Row]) -> dict[int, Strategy]:
        """Strategy id -> its row, for the bots in `rows`."""
        wanted = {(row.id, row.content_hash, row.updated_at) for row in rows if row.id is not None}
        missing = [key for key in wanted if key not in self._known or key[1] is None]
        if missing:
            ids = [key[0] for key in missing]
            for row in await session.scalars(select(Strategy).where(Strategy.id.in_(ids))):
                self._known[row.id, row.content_hash, row.updated_at] = row
        return {key[0]: self._known[key] for key in wanted if key in self._known}


async def load_bots(
    session: AsyncSession, programs: Programs, series: Series, user_ids: Sequence[int]
) -> list[Bot]:
    """Those of `user_ids` that run on this series and have not seen this close on some symbol."""
    found = await session.execute(_BOTS, {**bound(series), "users": user_ids})
    rows: list[Any] = list(found)
    strategies = await programs.named(session, rows)
    grouped: defaultdict[int, list[_Row]] = defaultdict(list)
    for row in rows:
        grouped[row.BotStatus.user_id].append(row)
    return [_bot(series, group, strategies) for group in grouped.values()]


async def longest_memory(session: AsyncSession, series: Series) -> int:
    """Bars that the programs running on this timeframe remember, the most of them."""
    found = await session.execute(_PROGRAMS, bound(series))
    bounds = [bind(code, inputs) for code, inputs in found]
    return max((bound.memory for bound in bounds if bound is not None), default=0)


def bind(code: str | None, inputs: Mapping[str, Any] | None) -> Bound | None:
    """The program with these inputs, made once per process; None when it does not compile."""
    try:
        return _bound(code or "", json.dumps(inputs or {}, sort_keys=True))
    except (RuleErrors, DomainError) as error:
        log.error("strategy does not compile", error=str(error))
        return None


@lru_cache(maxsize=2_000)
def _bound(code: str, inputs: str) -> Bound:
    return compile_rules(code).bind(json.loads(inputs))


def _bot(series: Series, rows: Sequence[_Row], strategies: Mapping[int, Strategy]) -> Bot:
    status: BotStatus = rows[0].BotStatus
    strategy = strategies.get(status.strategy_id or 0)
    return Bot(
        user_id=status.user_id,
        mode=status.mode or "paper",
        exchange=series.exchange,
        timeframe=series.timeframe,
        strategy_id=status.strategy_id,
        strategy="" if strategy is None else strategy.name,
        bound=None if strategy is None else bind(strategy.code, status.inputs),
        symbols=tuple(row.symbol for row in rows),
        sizing=sizing_of(rows[0].BotConfig),
    )


async def state_now(session: AsyncSession, user_id: int, mode: str, symbol: str) -> str:
    """A bot's state as it is now: read under the lock of its user's limits it is what counts.

    stopped when it does not run; panicked whether it runs or not, and closing while what is open on
    the symbol is being closed.
    """
    found = await session.execute(
        select(BotStatus.state, BotStatus.is_running).where(BotStatus.user_id == user_id)
    )
    row = found.one_or_none()
    if row is not None and row.state == PANICKED:
        return PANICKED
    if await is_closing(session, user_id, mode, symbol):
        return CLOSING
    return str(row.state) if row is not None and row.is_running else "stopped"


def sizing_of(row: BotConfig | None) -> Sizing:
    """Settings as stored, or the defaults."""
    if row is None:
        return Sizing()
    return Sizing(row.max_risk_percent, row.leverage, row.auto_tp, row.auto_sl)
