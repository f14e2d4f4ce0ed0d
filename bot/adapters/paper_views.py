"""The paper exchange's rows as the port's values. Doubles become decimals that give them back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from domain.trading.fills import BY_HAND, EXIT_SIGNAL, REVERSE
from domain.trading.ports import (
    Balance,
    ExchangeFill,
    ExchangePosition,
    OrderReport,
    OrderRequest,
)

SIDES = {"buy": 1, "sell": -1}
_CLOSES = {"exit_signal": EXIT_SIGNAL, "reverse": REVERSE}


def decimal(value: float) -> Decimal:
    """The shortest decimal that is this double: nothing is rounded away."""
    return Decimal(repr(value))


def level(value: float | None) -> Decimal | None:
    """A price that may not be there; one at or below zero is never reached."""
    return None if value is None or value <= 0.0 else decimal(value)


def balance(wallet: float, positions: list[Row[Any]]) -> Balance:
    """Equity is marked at the last prices stepped."""
    equity, margin = wallet, 0.0
    for row in positions:
        equity += _unrealised(row)
        margin += row.margin
    return Balance(decimal(wallet), decimal(equity), decimal(wallet - margin))


def _unrealised(row: Row[Any]) -> float:
    profit: float = row.side * row.qty * (row.mark - row.entry_price)
    return profit


def position(row: Row[Any]) -> ExchangePosition:
    """A row of `paper_positions`."""
    return ExchangePosition(
        symbol=row.symbol,
        side="long" if row.side > 0 else "short",
        qty=decimal(row.qty),
        entry_price=decimal(row.entry_price),
        mark_price=decimal(row.mark),
        unrealized_pnl=decimal(_unrealised(row)),
        margin=decimal(row.margin),
        leverage=row.leverage,
        liquidation_price=level(row.liquidation),
        stop_price=level(row.stop),
        take_profit_price=level(row.take),
        opened_ms=row.entry_ms,
        funding=decimal(row.funding),
    )


def fill(row: Row[Any]) -> ExchangeFill:
    """A row of `paper_fills`."""
    return ExchangeFill(
        fill_id=str(row.number),
        client_order_id=row.client_order_id,
        symbol=row.symbol,
        side="buy" if row.side > 0 else "sell",
        qty=decimal(row.qty),
        price=decimal(row.price),
        fee=decimal(row.fee),
        funding=decimal(row.funding),
        slippage=decimal(row.slippage),
        reason=row.reason,
        detail=row.detail,
        at_ms=row.at_ms,
        pnl=None if row.pnl is None else decimal(row.pnl),
        stop_price=level(row.stop),
        take_profit_price=level(row.take),
        liquidation_price=level(row.liquidation),
    )


def report(row: Row[Any]) -> OrderReport:
    """A row of `paper_orders`; what is pending has been accepted."""
    return OrderReport(
        client_order_id=row.client_order_id,
        exchange_order_id=str(row.id),
        state="accepted" if row.state == "pending" else row.state,
        filled_qty=decimal(row.filled_qty),
        fill_price=None if row.fill_price is None else decimal(row.fill_price),
        error_code=row.error_code,
    )


def order_row(user_id: int, request: OrderRequest, from_ms: int) -> dict[str, Any]:
    """A request as a row of `paper_orders` that may fill from `from_ms` on."""
    within = request.fill_within_ms
    return {
        "user_id": user_id,
        "client_order_id": request.client_order_id,
        "symbol": request.symbol,
        "side": SIDES[request.side],
        "reduce_only": request.reduce_only,
        "close": _CLOSES.get(request.exit_detail or "", BY_HAND) if request.reduce_only else 0,
        "detail": request.exit_detail,
        "qty": float(request.qty),
        "leverage": request.leverage,
        "price": request.signal_price,
        "stop_percent": request.stop_percent,
        "take_percent": request.take_profit_percent,
        "risk_percent": request.risk_percent,
        "max_qty": None if request.max_qty is None else float(request.max_qty),
        "from_ms": from_ms,
        "expires_ms": None if within is None or request.reduce_only else from_ms + within,
    }
