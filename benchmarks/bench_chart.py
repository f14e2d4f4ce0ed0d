"""A backtest's picture over a year of 15-minute bars: drawing it, and what the bot's event loop
feels while a worker runs the whole backtest. Prices are seeded.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from bot.pool import WorkerPool
from bot.workers.backtest import footer, study
from bot.workers.charts import Picture, draw_backtest
from bot.workers.handover import Folder, Order
from domain.backtests.rules import Rules
from domain.market.candles import Candles
from domain.strategies.builtins import find_builtin
from domain.strategies.language import compile_rules
from handlers.texts import Translator

BARS = 35_040
QUARTER_MS = 15 * 60_000
START_MS = 1_735_689_600_000  # 2025
_TURNS = 15
_TICK_S = 0.001
_RARE = """
buy  = crossover(ema(close, 400), ema(close, 2000))
sell = crossunder(ema(close, 400), ema(close, 2000))
"""


def run() -> None:
    """Prints medians in ms."""
    with tempfile.TemporaryDirectory() as folder:
        for name, code, rules in (
            ("few trades", _RARE, Rules(timeframe="15m", auto_sl=15.0, auto_tp=None)),
            ("many trades", _often(), Rules(timeframe="15m")),
        ):
            _draws(name, code, rules, Path(folder))
        asyncio.run(_in_the_bot(Path(folder)))


def prices(bars: int) -> Candles:
    """A random walk with regimes."""
    random = np.random.default_rng(11)
    drift = np.repeat(random.normal(0, 0.0004, bars // 500 + 1), 500)[:bars]
    close = 60_000 * np.exp(np.cumsum(drift + random.normal(0, 0.002, bars)))
    open_ = np.concatenate(([60_000.0], close[:-1]))
    reach = np.abs(random.normal(0, 0.001, (2, bars)))
    high, low = np.maximum(open_, close) * (1 + reach[0]), np.minimum(open_, close) * (1 - reach[1])
    stamps = START_MS + np.arange(bars, dtype=np.int64) * QUARTER_MS
    return Candles(stamps, open_, high, low, close, np.full(bars, 1.0))


def _often() -> str:
    found = find_builtin("ema_cross")
    assert found is not None
    return found.code


def _draws(name: str, code: str, rules: Rules, folder: Path) -> None:
    bound = compile_rules(code).bind()
    result, metrics = study(prices(BARS), bound, rules, compiled=folder)
    picture = Picture(name, "15m", result, metrics, footer(Translator(), rules))
    path = folder / "picture.png"
    walls, cpus = [], []
    for _ in range(_TURNS + 1):
        wall, cpu = time.perf_counter(), time.process_time()
        draw_backtest(picture, path)
        walls.append((time.perf_counter() - wall) * 1000)
        cpus.append((time.process_time() - cpu) * 1000)
    print(
        f"{name}: {BARS:,} bars, {metrics['trades']:,} trades: first {walls[0]:.0f} ms,"
        f" warm {statistics.median(walls[1:]):.0f} ms (cpu {statistics.median(cpus[1:]):.0f}),"
        f" {path.stat().st_size // 1024} KB"
    )


async def _in_the_bot(folder: Path) -> None:
    """A whole backtest through a worker, twice: the second finds the worker warm."""
    pool, work, candles = WorkerPool(), Folder(folder / "work"), prices(BARS)
    order = Order(
        "EMA cross", _often(), {}, Rules(timeframe="15m"), START_MS, folder / "b.png", folder
    )
    lags: list[float] = []
    watching = asyncio.create_task(_watch(lags))
    try:
        for name in ("cold worker", "warm worker"):
            lags.clear()
            began = time.perf_counter()
            await asyncio.to_thread(work.fill, candles)
            await pool.run("bot.workers.backtest:run", work.path, order)
            took = (time.perf_counter() - began) * 1000
            print(
                f"{name}: backtest and picture {took:.0f} ms;"
                f" the loop waited {max(lags) * 1000:.1f} ms at most"
            )
    finally:
        watching.cancel()
        pool.close()


async def _watch(lags: list[float]) -> None:
    while True:
        before = time.perf_counter()
        await asyncio.sleep(_TICK_S)
        lags.append(time.perf_counter() - before - _TICK_S)
