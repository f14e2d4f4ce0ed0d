"""The only importer of ccxt: instances that share one session, and its errors as ours.

Importing ccxt costs half a second and 100 MiB, so whoever may run without an exchange imports the
`ccxt_*` modules by name (`importlib.import_module`) when the market is "exchange".
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import ccxt.async_support as ccxt
import certifi

from bot.venues import VENUES
from domain.clock import MarketClock
from domain.errors import DomainError
from domain.keys.ports import Credentials

_CODE = re.compile(r'"code"\s*:\s*"?(\d{3,6})')
_BUSY_CODES = frozenset({"429"})
_MAINTENANCE_CODES = frozenset({"40200", "40308"})
_SERVER_CODES = frozenset({"40010", "40015", "40725"})


@dataclass(frozen=True, slots=True)
class ExchangeSession:
    """One connection pool and one TLS context for every instance (a context costs 0.7 MiB)."""

    http: aiohttp.ClientSession
    tls: ssl.SSLContext

    async def aclose(self) -> None:
        await self.http.close()


def open_session() -> ExchangeSession:
    """Needs a running loop."""
    tls = ssl.create_default_context(cafile=certifi.where())
    http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls), trust_env=True)
    return ExchangeSession(http, tls)


def public_exchange(
    session: ExchangeSession,
    clock: MarketClock,
    *,
    name: str = "bitget",
    base_url: str | None = None,
    timeout_s: float = 10.0,
    rate_limited: bool = True,
) -> Any:
    """A ccxt instance of one of `VENUES` without keys: USDT perpetuals, no currencies, numbers kept
    as text.

    `base_url`: scheme and host that serve all of the exchange's API, such as an emulator's.
    """
    more = {"enableRateLimit": rate_limited}
    exchange = _instance(name, session, clock, base_url, timeout_s, more)
    exchange.has["fetchCurrencies"] = False
    return exchange


def private_exchange(
    session: ExchangeSession,
    clock: MarketClock,
    credentials: Credentials,
    *,
    base_url: str | None = None,
    timeout_s: float = 10.0,
) -> Any:
    """A ccxt bitget with a user's key. Whoever calls it takes turns (`ccxt_limits`); it must be
    given the markets. Nothing is ever tried again by itself: an order would be sent twice.
    """
    keys = {
        "apiKey": credentials.api_key,
        "secret": credentials.secret,
        "password": credentials.passphrase or "",
        "enableRateLimit": False,
    }
    exchange = _instance("bitget", session, clock, base_url, timeout_s, keys)
    exchange.options["timeDifference"] = 0
    if credentials.demo:
        exchange.set_sandbox_mode(True)
    return exchange


def _instance(
    name: str,
    session: ExchangeSession,
    clock: MarketClock,
    base_url: str | None,
    timeout_s: float,
    more: dict[str, Any],
) -> Any:
    venue = VENUES[name]
    exchange = getattr(ccxt, name)(
        {
            "session": session.http,
            "ssl_context": session.tls,
            "timeout": round(timeout_s * 1000),
            "number": str,
            "options": {
                **venue.said,
                "defaultType": "swap",
                "fetchMarkets": {"types": list(venue.types)},
            },
            **more,
        }
    )
    exchange.milliseconds = clock.now_ms
    exchange.timeout_on_exit = 0
    exchange.handle_errors = _doubting(exchange.id, exchange.handle_errors)
    if base_url is not None:
        host = base_url.rstrip("/")
        exchange.urls["api"] = {
            part: host + urlsplit(url).path for part, url in exchange.urls["api"].items()
        }
    return exchange


@contextmanager
def translated() -> Iterator[None]:
    """Around a ccxt call and the reading of its answer: failures become DomainError."""
    try:
        yield
    except ccxt.BaseError as error:
        raise as_domain_error(error) from error
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        # ccxt, and we, walk into answers that lack what they should have.
        raise DomainError("exchange_bad_answer", why=type(error).__name__) from error


def exchange_code(error: ccxt.BaseError) -> str:
    """The exchange's own code in its answer; empty where it gave none."""
    found = _CODE.search(str(error))
    return found.group(1) if found else ""


def as_domain_error(error: ccxt.BaseError) -> DomainError:
    """Match on the exchange's own code first: ccxt's classes put several meanings into one."""
    code = exchange_code(error)
    if code in _BUSY_CODES or isinstance(error, ccxt.RateLimitExceeded | ccxt.DDoSProtection):
        return DomainError("exchange_busy")
    if code in _MAINTENANCE_CODES or isinstance(error, ccxt.OnMaintenance):
        return DomainError("exchange_maintenance")
    broken = isinstance(error.__cause__, aiohttp.ClientError)  # ccxt calls it an exchange's error
    if code in _SERVER_CODES or broken or isinstance(error, ccxt.NetworkError):
        return DomainError("exchange_unreachable", exchange=_named_in(error))
    if isinstance(error, ccxt.BadResponse | ccxt.NullResponse):
        return DomainError("exchange_bad_answer", why=type(error).__name__)
    return DomainError("exchange_refused", exchange_code=code or type(error).__name__)


def _named_in(error: ccxt.BaseError) -> str:
    """ccxt's messages begin with the exchange's id."""
    name = str(error).partition(" ")[0]
    return name if name in VENUES else "bitget"


def _doubting(name: str, handle_errors: Callable[..., Any]) -> Callable[..., Any]:
    """What ccxt takes for certain and is not. No JSON is an empty list to it: a proxy's page would
    be "no candles". A failing server's code that it does not know is a refusal to it, although the
    order may be there.
    """

    def handle(status: int, reason: str, url: str, method: str, *rest: Any) -> Any:
        body, answer = rest[1], rest[2]
        if answer is None and status < 300:
            raise ccxt.BadResponse(f"{name} {method} {url} answered no JSON")
        if status >= 500:
            raise ccxt.ExchangeNotAvailable(f"{name} {status} {reason} {body}")
        return handle_errors(status, reason, url, method, *rest)

    return handle
