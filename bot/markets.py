"""The market that the settings name, with the clock that goes with it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.adapters.bitget_feed import BitgetFeed
from bot.adapters.bitget_wire import ADDRESS, PUBLIC_PATH
from bot.adapters.candle_files import FileMarket, open_files, replay_span
from bot.adapters.candle_store import CandleStore, Page
from bot.adapters.simulated_market import SimulatedMarket
from bot.pool import WorkerPool
from bot.settings import Settings
from bot.venues import VENUES
from domain.clock import MarketClock, ReplayClock, SystemClock, WallClock
from domain.errors import DomainError
from domain.market.ports import MarketData, Prefetch, nothing_to_fetch

_CLOCK_FILE = "market-clock.json"
_CACHE = "candles"
HISTORY = "history"

Load = Callable[[], Awaitable[None]]

log = structlog.get_logger(__name__)


async def nothing_to_load() -> None:
    """A market that knows what it has."""


@dataclass(frozen=True)
class OpenMarket:
    """`replayed`: the market's clock is ours; where it stands is kept, so that a restart goes on
    from there. `prefetch`: downloads what a backtest will ask for. `feed`: a real exchange's public
    websocket. `load`: reads anew what there is to trade, where that is not fresh.
    """

    market: MarketData
    clock: MarketClock
    key: str
    replayed: bool
    prefetch: Prefetch = nothing_to_fetch
    feed: BitgetFeed | None = None
    load: Load = nothing_to_load


async def open_market(settings: Settings, wall: WallClock, pool: WorkerPool) -> OpenMarket:
    """Raises DomainError for candle files that cannot be used."""
    if settings.market == "exchange":
        return await _exchange(settings, wall, pool)
    if settings.market == "simulated":
        key = f"simulated:{settings.market_seed}"
        start = _stored_ms(settings.data_dir, key) or SystemClock().now_ms()
        clock = ReplayClock(start, settings.market_speed, wall)
        market = SimulatedMarket(settings.market_seed, clock)
        return OpenMarket(market, clock, key, replayed=True)

    async def in_worker(target: str, path: str, cache: str) -> object:
        return await pool.run(target, path, cache)

    files = await open_files(settings.market_files, settings.data_dir / _CACHE, in_worker)
    names = "|".join(sorted(path.name for path in settings.market_files))
    key = "files:" + hashlib.sha256(names.encode()).hexdigest()[:16]
    first, end = replay_span(files)
    start = _stored_ms(settings.data_dir, key) or first
    clock = ReplayClock(start, settings.market_speed, wall, end_ms=end)
    return OpenMarket(FileMarket(files, clock), clock, key, replayed=True)


def store_clock(data_dir: Path, opened: OpenMarket) -> None:
    """Keep where a replayed market stands."""
    if opened.replayed:
        path = data_dir / _CLOCK_FILE
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps({"key": opened.key, "ms": opened.clock.now_ms()}))
        fresh.replace(path)


async def _exchange(settings: Settings, wall: WallClock, pool: WorkerPool) -> OpenMarket:
    from bot.adapters.ccxt_public import open_exchange_market  # noqa: PLC0415 - ccxt costs 100 MB: only when used

    clock = SystemClock()

    def store(page: Page) -> CandleStore:
        folder, work = settings.data_dir / HISTORY, settings.data_dir / "work"
        return CandleStore(folder, name, clock, pool.run, page, work)

    address = settings.exchange_address
    name = settings.exchange if address is None else f"{settings.exchange}-{_slug(address.rest)}"
    base_url = None if address is None else address.rest
    market = open_exchange_market(clock, name=settings.exchange, base_url=base_url, store=store)
    socket = ADDRESS if address is None else address.ws
    feed = None
    if socket is not None and VENUES[settings.exchange].trades:
        feed = BitgetFeed(market.session.http, f"{socket}{PUBLIC_PATH}", clock, wall)
    if not VENUES[settings.exchange].trades:
        log.warning("an experimental exchange: its prices, for paper alone", exchange=name)
    try:
        await market.load()
    except DomainError as error:  # it is tried again
        log.warning("contracts not read", error=error.code)
    return OpenMarket(
        market,
        clock,
        name,
        replayed=False,
        prefetch=market.prefetch,
        feed=feed,
        load=market.load,
    )


def _slug(url: str) -> str:
    """An emulator's candles do not mix with the real exchange's."""
    return re.sub(r"\W+", "-", url.partition("://")[2])


def _stored_ms(data_dir: Path, key: str) -> int | None:
    try:
        stored = json.loads((data_dir / _CLOCK_FILE).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return int(stored["ms"]) if isinstance(stored, dict) and stored.get("key") == key else None
