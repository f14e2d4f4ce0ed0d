"""Every kind of heavy work, by the name that its rows bear."""

from __future__ import annotations

from bot.jobs.backtests import BacktestKind
from bot.jobs.heavy import Kind
from bot.jobs.parity import ParityKind
from bot.jobs.studies import MonteCarloKind, SearchKind
from domain.database import Database
from domain.research.service import MONTECARLO, OPTIMIZE, PARITY, WALKFORWARD


def heavy_kinds(backtest: BacktestKind, database: Database) -> dict[str, Kind]:
    """Those on top of a backtest get their market as it does."""
    return {
        "backtest": backtest,
        OPTIMIZE: SearchKind(backtest, OPTIMIZE, "bot.workers.optimize:run"),
        WALKFORWARD: SearchKind(backtest, WALKFORWARD, "bot.workers.walkforward:run"),
        MONTECARLO: MonteCarloKind(backtest, MONTECARLO, "bot.workers.montecarlo:run", database),
        PARITY: ParityKind(backtest, PARITY, "bot.workers.parity:run", database),
    }
