"""ccxt's market structures as our contracts and symbols."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from domain.market.ports import Contract, MarginTier
from domain.market.specification import MAKER_FEE, MAX_LEVERAGE, MIN_COST_USDT, MMR, TAKER_FEE

MAX_SYMBOL_LENGTH = 20  # what the tables hold
USUAL_TIERS = (MarginTier(Decimal(0), MMR),)


def symbols_from(markets: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """'BTCUSDT' -> ccxt's market 'BTC/USDT:USDT': USDT perpetuals with a short name, the suspended
    ones too (see `is_open`).
    """
    found: dict[str, dict[str, Any]] = {}
    for market in markets.values():
        name = f"{market['base']}{market['quote']}"
        wanted = market["swap"] and market["linear"] and market["settle"] == "USDT"
        if wanted and market["quote"] == "USDT" and len(name) <= MAX_SYMBOL_LENGTH:
            found[name] = dict(market)
    return found


def is_open(market: Mapping[str, Any]) -> bool:
    """Whether new positions are taken there; in a suspended market there may be old ones."""
    return market["active"] is not False


def contract_from(
    symbol: str, market: Mapping[str, Any], tiers: tuple[MarginTier, ...]
) -> Contract:
    """Limits and rates; the usual ones where the market leaves them out.

    `tiers`: as `tiers_from` makes them, the lowest first.
    """
    tick = Decimal(str(market["precision"]["price"]))
    step = Decimal(str(market["precision"]["amount"]))
    limits = market["limits"]
    return Contract(
        symbol=symbol,
        price_tick=tick,
        qty_step=step,
        min_qty=_number(limits["amount"]["min"]) or step,
        min_cost_usdt=_number(limits["cost"]["min"]) or MIN_COST_USDT,
        max_leverage=int(_number(limits["leverage"]["max"]) or MAX_LEVERAGE),
        taker_fee=_or(_number(market["taker"]), TAKER_FEE),
        maker_fee=_or(_number(market["maker"]), MAKER_FEE),
        mmr=tiers[0].rate,
        price_decimals=_decimals(tick),
        max_market_qty=_most_at_once(market),
        tiers=tiers[1:],
    )


def tiers_from(rows: Iterable[Mapping[str, Any]]) -> tuple[MarginTier, ...]:
    """ccxt's leverage tiers by floor, the lowest from 0 on; the usual one where none is told.

    Tiers without a floor or a rate are left out. A rate never falls: a tier that asks for less than
    the one below it is given that one's.
    """
    told = sorted(
        MarginTier(Decimal(str(row["minNotional"])), Decimal(str(row["maintenanceMarginRate"])))
        for row in rows
        if row["minNotional"] is not None and row["maintenanceMarginRate"] is not None
    )
    found: dict[Decimal, Decimal] = {}
    highest = Decimal(0)
    for place, (floor, rate) in enumerate(told):
        highest = max(highest, rate)
        found[floor if place else Decimal(0)] = highest
    return tuple(MarginTier(*tier) for tier in found.items()) or USUAL_TIERS


def launched_ms(market: Mapping[str, Any]) -> int:
    """When trading began, 0 when the exchange does not say."""
    return int(market["info"].get("launchTime") or market.get("created") or 0)


def _most_at_once(market: Mapping[str, Any]) -> Decimal | None:
    """The largest market order, where it is told: by Bitget, by Bybit, by ccxt for Binance."""
    info = market["info"]
    sizes = info.get("lotSizeFilter") or {}
    unified = market["limits"].get("market") or {}
    told = (info.get("maxMarketOrderQty"), sizes.get("maxMktOrderQty"), unified.get("max"))
    return next((found for found in map(_number, told) if found), None)


def _number(value: object) -> Decimal | None:
    return None if value in (None, "") else Decimal(str(value))


def _or(value: Decimal | None, usual: Decimal) -> Decimal:
    return usual if value is None else value


def _decimals(tick: Decimal) -> int:
    exponent = tick.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
