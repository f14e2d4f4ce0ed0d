"""A thousand keys in one process, and how long an order waits while candles are downloaded.

The exchange is the emulator in a process of its own, on loopback.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bot.adapters.ccxt_clients import Clients, OpenedKey
from bot.adapters.ccxt_exchange import open_session, public_exchange
from bot.adapters.ccxt_exchanges import CcxtExchanges
from bot.adapters.ccxt_limits import Limits
from bot.adapters.ccxt_public import CcxtMarket
from bot.jobs.orders import OrderSender
from bot.sandbox.bitget import Emulator, start
from domain.clock import SystemClock
from domain.database import Database
from domain.keys.ports import Credentials
from domain.outbox.service import Outbox
from domain.trading.intents import Intent, write_intent
from tests.support.cipher import fresh_cipher
from tests.support.trading import add_user, passing_database

USERS, ORDERS, DOWNLOADS = 1_000, 20, 500
_OPENS: dict[str, Any] = {"secret": "none", "passphrase": "none"}
_MIB = 1024 * 1024
_PAGE = 4096


def run() -> None:
    """Print both figures."""
    with exchange() as (url, pipe):
        asyncio.run(_run(url, pipe))


def _serve(pipe: Connection) -> None:
    """The emulator, until it is told to end; says when it got orders."""
    asyncio.run(_served(pipe))


async def _served(pipe: Connection) -> None:
    emulator = Emulator(SystemClock())
    for number in range(1, USERS + 1):
        emulator.opens(f"user{number}", key=f"key{number}", **_OPENS)
    running = await start(emulator)
    pipe.send(running.url)
    while await asyncio.to_thread(pipe.recv):
        pipe.send([call.at_ms for call in emulator.calls.of("place-order")])
    await running.stop()


@contextmanager
def exchange() -> Iterator[tuple[str, Connection]]:
    """(its address, what it can be asked over)."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(theirs,))
    process.start()
    try:
        yield ours.recv(), ours
    finally:
        ours.send(False)
        process.join()


async def _run(url: str, pipe: Connection) -> None:
    clock = SystemClock()
    session = open_session()
    market = CcxtMarket(public_exchange(session, clock, base_url=url), session, clock)
    clients = Clients(
        market, session, _key, _nothing, clock, clock, Limits(clock.monotonic), base_url=url
    )
    exchanges = CcxtExchanges(clients)
    await market.load()
    await exchanges.of(1, "live").balance()
    before = resident()
    began = time.perf_counter()
    read = await exchanges.balances("live", range(1, USERS + 1))
    took = time.perf_counter() - began
    print(
        f"{len(read):,} accounts read in {took:.1f} s: {(resident() - before) / _MIB:.0f} MiB"
        f" more (asked for: at most 400)"
    )
    async with passing_database() as database:
        waits = await _orders(database, exchanges, market, pipe)
    print(
        f"order on the wire after its decision, {DOWNLOADS} downloads waiting:"
        f" median {statistics.median(waits):.0f} ms, worst {max(waits):.0f} ms of {len(waits)}"
        f" (asked for: at most 50)"
    )
    clients.close()
    await market.aclose()


async def _orders(
    database: Database, exchanges: CcxtExchanges, market: CcxtMarket, pipe: Connection
) -> Sequence[float]:
    """ms from the decision to its arrival, one order after the other."""
    clock = SystemClock()
    sender = OrderSender(database, exchanges, Outbox(fresh_cipher(), clock), clock, clock, market)
    user = await add_user(database, "alice")
    now = clock.now_ms()
    downloads = [
        asyncio.create_task(market.candles("BTCUSDT", "1m", end_ms=now - n * 6_000_000, limit=100))
        for n in range(DOWNLOADS)
    ]
    decided = []
    for _ in range(ORDERS):
        await asyncio.sleep(0.2)
        async with database.write() as session:
            await write_intent(session, _entry(user, clock.now_ms()))
            decided.append(clock.now_ms())
        await sender.send_due()
    waiting = sum(not download.done() for download in downloads)
    for download in downloads:
        download.cancel()
    await asyncio.gather(*downloads, return_exceptions=True)
    print(f"{waiting} downloads were still waiting after the last order")
    pipe.send(True)
    arrived = pipe.recv()
    return [there - here for here, there in zip(decided, arrived, strict=True)]


def _entry(user: int, now: int) -> Intent:
    return Intent(
        user_id=user, mode="live", exchange="bitget", symbol="BTCUSDT", side="buy",
        purpose="entry", decided_ms=now, qty=Decimal("0.001"), leverage=5, stop_percent=2.0,
        signal_price=60_000.0, valid_until_ms=now + 30_000,
    )  # fmt: skip


async def _key(user: int, demo: bool) -> OpenedKey:
    credentials = Credentials("bitget", demo, f"key{user}", _OPENS["secret"], _OPENS["passphrase"])
    return OpenedKey(user, credentials, "classic", hedged=False)


async def _nothing(_key_id: int, _code: str) -> None:
    """No key is in trouble here."""


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
