"""The demo with an exchange beside it, as a real process: the printed key trades at its prices."""

from __future__ import annotations

import re
from pathlib import Path

from bot.sandbox.bitget import Account
from domain.clock import SystemClock
from tests.support import processes
from tests.support.bitget_client import BTC, client_of


async def test_the_printed_key_trades_on_the_demos_exchange(tmp_path: Path) -> None:
    demo = processes.demo(tmp_path, "--exchange-emulator")
    demo.start()
    try:
        url = demo.wait_until_says(re.compile(rb"keys on is at (\S+)\. "))
        said = {
            name: demo.wait_until_says(re.compile(rf"  {name} (\S+)\n".encode()))
            for name in ("key", "secret", "passphrase")
        }
        account = Account("alice", said["key"], said["secret"], said["passphrase"])
        client = client_of(url, account, SystemClock())
        try:
            await client.load_time_difference()
            await client.create_order(
                BTC, "market", "buy", "0.01", None, {"marginMode": "isolated"}
            )
            (position,) = await client.fetch_positions()
            ticker = await client.fetch_ticker(BTC)
            near = float(position["entryPrice"]) / float(ticker["last"])
            assert abs(near - 1) < 0.05
        finally:
            await client.close()
        assert demo.stop() == 0
    finally:
        demo.end()
