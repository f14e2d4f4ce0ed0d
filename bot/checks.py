"""The doctor's checks. Each ends in a finding, whatever goes wrong; none shows a secret."""

from __future__ import annotations

import os
import stat
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import aiohttp

from bot.adapters.key_file import KEY_FILE
from bot.migrations import check_schema, head
from bot.settings import Settings
from bot.venues import VENUES
from domain.bots.panic import under_way
from domain.clock import SystemClock
from domain.database import Database
from domain.errors import DomainError
from domain.risk import kills

_SKEW_WARNING_S = 1.0
_SKEW_PROBLEM_S = 5.0
_TIMEOUT = aiohttp.ClientTimeout(total=10)


@dataclass(frozen=True, slots=True)
class Finding:
    """`level`: ok, warning, problem. `do`: what to do about it."""

    name: str
    level: str
    said: str
    do: str = ""


async def run_all(settings: Settings, *, online: bool) -> list[Finding]:
    """Every check, in the order in which they matter."""
    offline: list[Callable[[Settings], Awaitable[Finding]]] = [
        data_dir,
        key_file,
        database,
        stopped,
        market,
    ]
    network: list[Callable[[Settings], Awaitable[Finding]]] = [token, clock, exchange]
    return [await check(settings) for check in offline + (network if online else [])]


async def data_dir(settings: Settings) -> Finding:
    """Can we write where our files belong?"""
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        return Finding(
            "data directory", "problem", f"{folder}: {error.strerror}", "set LEVERFRAME_DATA_DIR"
        )
    return Finding("data directory", "ok", str(folder))


async def key_file(settings: Settings) -> Finding:
    """Is there a key, and may only we read it?"""
    if settings.secret_key is not None:
        return Finding("secret key", "ok", "from the environment")
    path = settings.secret_key_file or settings.data_dir / KEY_FILE
    if not path.exists():
        return Finding(
            "secret key",
            "ok" if settings.is_embedded else "problem",
            "none yet: a key file is made at the first start",
            "" if settings.is_embedded else "set LEVERFRAME_SECRET_KEY, the same for every process",
        )
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return Finding("secret key", "problem", "others may read the key file", f"chmod 600 {path}")
    if settings.secret_key_file is not None:
        return Finding("secret key", "ok", "from a file of its own")
    return Finding(
        "secret key", "warning", "in a file beside the data", "keep a copy of it somewhere else"
    )


async def database(settings: Settings) -> Finding:
    """Does it answer, and is its schema ours?"""
    if settings.is_embedded and not _is_there(settings.sqlalchemy_url.partition("///")[2]):
        return Finding("database", "ok", "SQLite, made at the first start")
    opened = Database(settings.sqlalchemy_url)
    try:
        await check_schema(opened)
    except DomainError as error:
        found = error.params["found"]
        if error.code == "schema_newer":
            return Finding("database", "problem", f"revision {found} is newer", "update Leverframe")
        level = "ok" if settings.is_embedded else "problem"
        said = f"revision {found}, this program wants {error.params['known']}"
        return Finding("database", level, said, "leverframe migrate")
    except Exception as error:  # noqa: BLE001 - whatever a driver raises: it is not reachable
        return Finding(
            "database", "problem", f"no answer ({type(error).__name__})", "LEVERFRAME_DATABASE_URL"
        )
    finally:
        await opened.close()
    return Finding("database", "ok", f"{opened.engine.dialect.name}, revision {head()}")


async def stopped(settings: Settings) -> Finding:
    """Has an operator stopped anybody, and is everything closed that was to be?"""
    if settings.is_embedded and not _is_there(settings.sqlalchemy_url.partition("///")[2]):
        return Finding("trading", "ok", "nothing is stopped")
    opened = Database(settings.sqlalchemy_url)
    try:
        async with opened.read() as session:
            standing = await kills.standing(session)
            closing = len(await under_way(session))
    except Exception as error:  # noqa: BLE001 - what is wrong with the database is said above
        return Finding("trading", "warning", f"can not be read ({type(error).__name__})")
    finally:
        await opened.close()
    said = [f"{each.target} stopped since {each.placed_at:%Y-%m-%d %H:%M} UTC" for each in standing]
    said += [f"accounts that are still being closed: {closing}"] if closing else []
    if not said:
        return Finding("trading", "ok", "nothing is stopped")
    return Finding("trading", "warning", "\n".join(said), "/kill in the chat shows it")


def _is_there(name: str) -> bool:
    return Path(name).exists()


async def market(settings: Settings) -> Finding:
    """Are the candle files there?"""
    missing = [path.name for path in settings.market_files if not path.exists()]
    if missing:
        return Finding(
            "market", "problem", f"missing: {', '.join(missing)}", "correct LEVERFRAME_MARKET"
        )
    return Finding("market", "ok", settings.market.partition(":")[0])


async def token(settings: Settings) -> Finding:
    """Does the Bot API know our bot?"""
    if settings.telegram_token is None:
        return Finding(
            "Telegram", "problem", "no token", "set LEVERFRAME_TELEGRAM_TOKEN (@BotFather)"
        )
    url = f"{settings.telegram_api_url}/bot{settings.telegram_token.get_secret_value()}/getMe"
    try:
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session, session.get(url) as answer:
            body = await answer.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return Finding(
            "Telegram",
            "problem",
            f"no answer ({type(error).__name__})",
            "is LEVERFRAME_TELEGRAM_API_URL reachable from here?",
        )
    if not isinstance(body, dict) or not body.get("ok"):
        return Finding(
            "Telegram", "problem", "the token is not accepted", "ask @BotFather for a new one"
        )
    return Finding("Telegram", "ok", f"@{body['result'].get('username', '?')}")


async def clock(settings: Settings) -> Finding:
    """How far is our clock from the Bot API server's?"""
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.head(settings.telegram_api_url) as answer,
        ):
            theirs = parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
    except (aiohttp.ClientError, TimeoutError, KeyError, ValueError):
        return Finding("clock", "warning", "nobody to compare it with", "")
    return skew(SystemClock().now(), theirs)


def skew(ours: datetime, theirs: datetime) -> Finding:
    """What a difference means; the other's header has whole seconds."""
    apart = max(0.0, abs((ours - theirs).total_seconds()) - 1.0)
    if apart > _SKEW_PROBLEM_S:
        return Finding(
            "clock",
            "problem",
            f"{apart:.0f} s off: exchanges refuse such orders",
            "switch on time synchronisation (NTP)",
        )
    if apart > _SKEW_WARNING_S:
        return Finding("clock", "warning", f"{apart:.1f} s off", "check time synchronisation (NTP)")
    return Finding("clock", "ok", "agrees")


async def exchange(settings: Settings) -> Finding:
    """Does the exchange answer?"""
    if settings.market != "exchange":
        return Finding("exchange", "ok", "not used: the market is replayed or simulated")
    from bot.adapters.ccxt_public import open_exchange_market  # noqa: PLC0415 - ccxt costs 100 MB

    address = settings.exchange_address
    opened = open_exchange_market(
        SystemClock(), name=settings.exchange, base_url=address.rest if address else None
    )
    try:
        theirs = await opened.server_time_ms()
        known = VENUES[settings.exchange].trades
        note = "" if known else ": an experiment, for paper trading alone"
        return Finding("exchange", "ok", f"{settings.exchange} answers ({theirs}){note}")
    except DomainError as error:
        return Finding(
            "exchange",
            "problem",
            f"{settings.exchange}: {error.code}",
            "is it reachable from here? LEVERFRAME_MARKET=simulated works without it",
        )
    finally:
        await opened.aclose()
