"""Builds every service once and wires ports to adapters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from bot.adapters.chart_painter import ChartPainter
from bot.adapters.fed_market import FedMarket
from bot.adapters.fernet_cipher import FernetCipher
from bot.adapters.folder_blobs import FolderBlobs
from bot.adapters.key_file import KEY_FILE, KeyFileCipher, key_from_file
from bot.adapters.lazy_keys import LazyKeys
from bot.adapters.telegram_files import TelegramFiles
from bot.exchanges import LIVE
from bot.jobs.backtests import BacktestKind
from bot.jobs.cancels import Canceller
from bot.jobs.heavy import HeavyJob
from bot.jobs.keys import KeyChecks
from bot.jobs.kinds import heavy_kinds
from bot.jobs.runner import JobRunner
from bot.markets import OpenMarket, open_market
from bot.migrations import bring_up_to_date, check_schema
from bot.pool import WorkerPool
from bot.real_exchange import RealExchange, open_real
from bot.settings import Settings
from bot.trading import Trading
from domain.backtests.service import TASK as HEAVY_TASK
from domain.bots.service import CANCEL_TASK
from domain.cipher import Cipher
from domain.clock import SystemClock, WallClock
from domain.database import Database
from domain.jobs.service import TableQueue
from domain.keys.ports import KeyInspector
from domain.keys.service import CHECK_TASK
from domain.outbox.service import Outbox
from domain.strategies.service import ensure_builtins
from handlers.dispatch import Dispatcher
from handlers.limits import RateLimiter
from handlers.routes import FILE_FORMS, FORMS, LATE_FORMS, ROUTES, TAPS
from handlers.services import Services
from handlers.steps import Steps

log = structlog.get_logger(__name__)


def _nothing() -> None:
    """Nobody listens yet."""


@dataclass
class Wakes:
    """Who is told after a commit that there is work; set by the runtime."""

    outbox: Callable[[], None] = _nothing
    jobs: Callable[[], None] = _nothing


@dataclass(frozen=True)
class Pools:
    """light: what is waited for, as the reading of candles. heavy: people's own work, bounded."""

    light: WorkerPool
    heavy: WorkerPool

    def close(self) -> None:
        """End the workers of both."""
        self.light.close()
        self.heavy.close()


@dataclass
class Container:
    """What one process is made of, without the chat."""

    settings: Settings
    database: Database
    cipher: Cipher
    wall: WallClock
    opened_market: OpenMarket
    pools: Pools
    queue: TableQueue
    outbox: Outbox
    wakes: Wakes
    services: Services
    dispatcher: Dispatcher
    trading: Trading
    real: RealExchange | None
    files: TelegramFiles
    heavy: HeavyJob
    keys: KeyChecks
    light_jobs: JobRunner
    heavy_jobs: JobRunner
    admins: tuple[int, ...] = field(default=())

    @staticmethod
    async def open(
        settings: Settings,
        bot_username: str,
        *,
        wall: WallClock | None = None,
        opened_market: OpenMarket | None = None,
        database: Database | None = None,
        inspector: KeyInspector | None = None,
        pools: Pools | None = None,
    ) -> Container:
        """Open the database (migrating the embedded one) and the market; the keyword arguments
        replace what the settings name.

        Raises DomainError("schema_outdated") for a shared database that is not up to date.
        """
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        wall = wall or SystemClock()
        cipher = cipher_of(settings)
        if database is None:
            database = Database(settings.sqlalchemy_url)
            await _prepare(settings, database)
        pools = pools or Pools(
            WorkerPool(), WorkerPool(memory_bytes=settings.worker_memory_mb << 20)
        )
        try:
            opened = opened_market or await open_market(settings, wall, pools.light)
            return await _wired(
                settings, bot_username, wall, cipher, database, pools, opened, inspector
            )
        except BaseException:
            pools.close()
            await database.close()
            raise

    def metrics(self) -> dict[str, float]:
        """Counters for /metrics."""
        feed = self.opened_market.feed
        private = None if self.real is None else self.real.private
        return {
            **self.trading.metrics(),
            **({} if feed is None else feed.metrics()),
            **({} if private is None else private.metrics()),
        }

    async def close(self) -> None:
        """Give back connections and workers."""
        self.pools.close()
        if self.opened_market.feed is not None:
            await self.opened_market.feed.aclose()
        if self.real is not None:  # before the connections that it shares
            await self.real.aclose()
        closing = getattr(self.opened_market.market, "aclose", None)
        if closing is not None:
            await closing()
        await self.keys.inspector.aclose()
        await self.database.close()


async def _prepare(settings: Settings, database: Database) -> None:
    if settings.is_embedded:
        await asyncio.to_thread(bring_up_to_date, settings.sqlalchemy_url)
    else:
        await check_schema(database)


def cipher_of(settings: Settings) -> Cipher:
    """With the key of the environment, of a secret file, or of the embedded default's own file."""
    if settings.secret_key is not None:
        return FernetCipher(settings.secret_key.get_secret_value())
    if settings.secret_key_file is not None:
        return KeyFileCipher(settings.secret_key_file)
    _, made = key_from_file(settings.data_dir)
    if made:
        log.warning(
            "a key file was made in the data directory: keep a copy apart from the database's"
        )
    return KeyFileCipher(settings.data_dir / KEY_FILE)


async def _wired(
    settings: Settings,
    bot_username: str,
    wall: WallClock,
    cipher: Cipher,
    database: Database,
    pools: Pools,
    opened: OpenMarket,
    inspector: KeyInspector | None,
) -> Container:
    wakes = Wakes()
    queue = TableQueue(wall, lambda: wakes.jobs())
    outbox = Outbox(cipher, wall, lambda: wakes.outbox())
    address = settings.exchange_address
    inspects = inspector or LazyKeys(opened.clock, None if address is None else address.rest)
    keys = KeyChecks(database, inspects, cipher, queue, outbox, wall)
    real = open_real(settings, opened, database, cipher, wall, keys.ask_about)
    trading = Trading.wired(
        database=database,
        market=opened.market,
        clock=opened.clock,
        wall=wall,
        queue=queue,
        outbox=outbox,
        live_prices=settings.market == "exchange",
        real=real,
        feed=opened.feed,
    )
    feed = opened.feed
    files = TelegramFiles()
    services = Services(
        wall=wall,
        clock=opened.clock,
        market=opened.market if feed is None else FedMarket(opened.market, feed, opened.clock),
        exchanges=trading.exchanges,
        queue=queue,
        outbox=outbox,
        cipher=cipher,
        files=files,
        shelf=FolderBlobs(settings.data_dir),
        charts=ChartPainter(pools.light.run, settings.data_dir),
        exchange_name=settings.exchange,
        registration=settings.registration,
        invites=settings.invites,
        admins=settings.admins,
        bot_username=bot_username,
        public_url=settings.public_url,
        connects=inspector is not None or real is not None,
        modes=tuple(
            mode for mode in trading.exchanges.modes if mode != LIVE or settings.may_go_live
        ),
        prices=settings.prices,
        money="emulated" if settings.exchange_is_loopback else "real",
    )
    async with database.write() as session:
        await ensure_builtins(session, wall.now())
    heavy = HeavyJob(
        database,
        wall,
        outbox,
        pools.heavy.run,
        pools.heavy.close,
        settings.data_dir,
        heavy_kinds(BacktestKind(opened.market, settings.data_dir, opened.prefetch), database),
    )
    canceller = Canceller(database, trading.exchanges, outbox, opened.clock)
    limiter = RateLimiter(wall, settings.user_rate, settings.user_burst)
    routes: dict[str, Any] = {}
    for route in ROUTES:
        routes |= dict.fromkeys((route.name, *route.aliases), route)
    dispatcher = Dispatcher(
        database=database,
        services=services,
        steps=Steps(
            cipher, routes, {tap.action: tap for tap in TAPS}, FORMS, FILE_FORMS, LATE_FORMS
        ),
        limiter=limiter,
    )
    return Container(
        settings=settings,
        database=database,
        cipher=cipher,
        wall=wall,
        opened_market=opened,
        pools=pools,
        queue=queue,
        outbox=outbox,
        wakes=wakes,
        services=services,
        dispatcher=dispatcher,
        trading=trading,
        real=real,
        files=files,
        heavy=heavy,
        keys=keys,
        light_jobs=JobRunner(
            database,
            queue,
            "light",
            {CANCEL_TASK: canceller.run, CHECK_TASK: keys.run},
            concurrency=8,
        ),
        heavy_jobs=JobRunner(
            database, queue, "heavy", {HEAVY_TASK: heavy.run}, afterwards=heavy.move_up
        ),
        admins=tuple(settings.admins),
    )
