"""Past funding rates by pages, in the way of the exchange."""

from __future__ import annotations

from typing import Any

from bot.adapters.ccxt_exchange import translated
from bot.venues import VENUES

_PAGE = 100
_PAGES = 50
_MOST = 200
"""Asked for, of which ccxt keeps the first page: Bybit leaves out the oldest of a span, whose both
ends count, and ccxt asks it for a span of a page.
"""

Rates = dict[int, float]
"""When (ms) -> which part of the notional a long paid."""


async def past_rates(exchange: Any, unified: str, start_ms: int, until_ms: int) -> Rates:
    """Those of `start_ms <= time < until_ms` that the exchange tells. Errors as `translated`."""
    if VENUES[exchange.id].pages_funding:
        found = await _backwards(exchange, unified, start_ms)
    else:
        found = await _onwards(exchange, unified, start_ms, until_ms)
    return {at: found[at] for at in sorted(found) if start_ms <= at < until_ms}


async def _backwards(exchange: Any, unified: str, start_ms: int) -> Rates:
    """Numbered pages, the newest first."""
    found: Rates = {}
    for page in range(1, _PAGES + 1):
        rows = await _rates(exchange, unified, None, {"pageNo": page})
        found |= rows
        if len(rows) < _PAGE or min(rows) < start_ms:
            break
    return found


async def _onwards(exchange: Any, unified: str, start_ms: int, until_ms: int) -> Rates:
    """From a time on, each page after the last rate of the one before."""
    found: Rates = {}
    since = start_ms
    for _ in range(_PAGES):
        rows = await _rates(exchange, unified, since, {"limit": _MOST})
        found |= rows
        if not rows or max(rows) >= until_ms:
            break
        since = max(rows) + 1
    return found


async def _rates(exchange: Any, unified: str, since: int | None, more: dict[str, Any]) -> Rates:
    params = {**VENUES[exchange.id].said, **more}
    with translated():
        rows = await exchange.fetch_funding_rate_history(unified, since, _PAGE, params)
        return {int(row["timestamp"]): float(row["fundingRate"]) for row in rows}
