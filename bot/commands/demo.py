"""`leverframe demo`: chat page, market and paper trading in one process, with no account anywhere.

The bot inside is the same program that `leverframe run` starts; it only talks to the sandbox
instead of Telegram.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import webbrowser
from pathlib import Path

from bot import logging
from bot.sandbox.server import start as start_sandbox
from bot.sandbox.world import ChatWorld
from bot.service import run_loop, run_until, stop_requested
from bot.settings import Settings, load
from domain.clock import SystemClock

_BOT_ID = 7_000_000_001


def main(arguments: argparse.Namespace) -> int:
    """Run until stopped."""
    data_dir = arguments.data or _default_dir(arguments.candles)
    data_dir.mkdir(parents=True, exist_ok=True)
    settings = load(
        data_dir=data_dir,
        telegram_token=_token(data_dir),
        market=f"file:{arguments.candles}" if arguments.candles else "simulated",
        market_speed=arguments.speed,
        registration="open",
        webhook_url=None,
        listen_port=0,
        database_url=None,
    )
    logging.setup(settings.log_level, settings.log_format)
    try:
        return run_loop(_run(settings, arguments))
    except OSError as error:
        sys.stderr.write(f"Port {arguments.port} can not be used: {error.strerror}. Try --port.\n")
        return 1


async def _run(settings: Settings, arguments: argparse.Namespace) -> int:
    stop = stop_requested()
    async with ChatWorld(settings.data_dir / "chats.db") as world:
        sandbox = await start_sandbox(world, port=arguments.port)
        try:
            sys.stdout.write(f"Leverframe is at {sandbox.url}/  (Ctrl+C ends it)\n")
            sys.stdout.flush()
            if not arguments.no_browser:
                await asyncio.to_thread(webbrowser.open, sandbox.url)
            there = settings.model_copy(update={"telegram_api_url": sandbox.url})
            if arguments.exchange_emulator:
                return await _with_emulator(there, stop)
            from bot.application import build  # noqa: PLC0415 - the page is up while this is read

            return await run_until(build(there), stop)
        finally:
            await sandbox.stop()


async def _with_emulator(settings: Settings, stop: asyncio.Event) -> int:
    """The bot on the demo's market, beside a Bitget with the same prices and the same clock."""
    from bot.application import build  # noqa: PLC0415 - the page is up while this is read
    from bot.commands.demo_exchange import demo_exchange  # noqa: PLC0415
    from bot.markets import open_market  # noqa: PLC0415
    from bot.pool import WorkerPool  # noqa: PLC0415

    pool = WorkerPool()
    try:
        opened = await open_market(settings, SystemClock(), pool)
        async with demo_exchange(opened, settings.data_dir) as (urls, account):
            sys.stdout.write(
                f"A Bitget to try keys on is at {urls.rest}. The key of {account.name}:\n"
                f"  key {account.key}\n  secret {account.secret}\n"
                f"  passphrase {account.passphrase}\n"
            )
            sys.stdout.flush()
            there = settings.model_copy(update={"exchange_urls": {settings.exchange: urls}})
            return await run_until(build(there, opened_market=opened), stop)
    finally:
        pool.close()


def _default_dir(candles: str | None) -> Path:
    name = "-".join(Path(part).stem for part in candles.split(",")) if candles else "simulated"
    return Path(".leverframe") / f"demo-{name}"[:80]


def _token(data_dir: Path) -> str:
    """The sandbox takes any token; this one stays the same, so that the chats go on after a
    restart.
    """
    path = data_dir / "demo-token"
    if not path.exists():
        path.write_text(f"{_BOT_ID}:{secrets.token_urlsafe(26)}")
        path.chmod(0o600)
    return path.read_text()
