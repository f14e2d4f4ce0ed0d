"""The trading side as a process of its own, to be killed: `python -m tests.crash.trader`.

Reads from its input what it needs to know, as JSON; lives through the seconds it is given.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bot.sandbox.bitget import Account
from domain.clock import ManualClock
from domain.database import Database
from tests.support.live import KeyDrawer, LiveDesk, TradingSide, clients_on, market_at
from tests.support.processes import environment

_SECONDS = 6


@contextmanager
def another_process(desk: LiveDesk) -> Iterator[subprocess.Popen[bytes]]:
    """The desk's trading side elsewhere, begun; at the end it does not run."""
    account = desk.account
    about = {
        "database": desk.database.engine.url.render_as_string(hide_password=False),
        "url": desk.running.url,
        "moment_ms": desk.clock.now_ms(),
        "outbox_key": desk.outbox_key,
        "user_id": desk.user_id,
        "account": [account.name, account.key, account.secret, account.passphrase],
        "unified": account.unified,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.trader"],
        env=environment({}, measured=False),
        stdin=subprocess.PIPE,
    )
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(about).encode())
        process.stdin.close()
        yield process
    finally:
        process.kill()
        process.wait()


async def live(about: dict[str, Any]) -> None:
    """A few seconds of the exchange's time; calls are waited for as long as it takes."""
    clock = ManualClock(about["moment_ms"])
    name, key, secret, passphrase = about["account"]
    account = Account(name, key, secret, passphrase, unified=about["unified"])
    drawer = KeyDrawer({about["user_id"]: account}, [])
    market = market_at(about["url"], clock)
    side = TradingSide(
        Database(about["database"]),
        clock,
        market,
        lambda: clients_on(market, clock, drawer, about["url"]),
        about["outbox_key"],
    )
    await side.recovers()
    for _ in range(_SECONDS):
        clock.advance(1)
        await side.sender.send_due()
        await side.closes_panics()
        await side.watches()
        await side.sender.recover()
    await market.aclose()
    await side.database.close()


if __name__ == "__main__":
    asyncio.run(live(json.loads(sys.stdin.read())))
