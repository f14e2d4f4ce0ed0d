"""Closed trades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.trading.models import Trade
from domain.trading.queries import TradeView
from handlers.render import alerts, numbers
from handlers.render.text import join, lines
from handlers.texts import Html, Translator


def card(
    t: Translator,
    rows: Sequence[TradeView],
    mode: str,
    total: int,
    decimals: Mapping[str, int],
) -> Html:
    """A page of trades, two lines each: what came of it, and how."""
    title = t("trades.title", mode=t(f"mode.{mode}"), count=t("trades.count", n=total))
    if not rows:
        return lines(title, "", t("trades.none"))
    parts: list[str] = [title]
    for row in rows:
        parts += ["", _trade(t, row.trade, decimals.get(row.trade.symbol, -1))]
    return lines(*parts)


def _trade(t: Translator, trade: Trade, known: int) -> Html:
    decimals = numbers.decimals_or(known, trade.entry_price)
    held = None
    if trade.opened_at is not None and trade.closed_at is not None:
        held = numbers.duration(t, trade.closed_at - trade.opened_at)
    return lines(
        t(
            "trades.won" if trade.pnl > 0 else "trades.lost",
            symbol=trade.symbol,
            side=t("side.long" if trade.side == "buy" else "side.short"),
            amount=numbers.money(t, trade.pnl, signed=True),
            percent=numbers.percent(t, trade.pnl_percent, signed=True),
        ),
        t(
            "trades.prices",
            entry=numbers.price(t, trade.entry_price, decimals),
            exit=numbers.price(t, trade.exit_price, decimals),
            reason=alerts.exit_reason(trade.exit_reason.value, trade.exit_detail, t),
        ),
        join(" · ", numbers.moment(t, trade.closed_at or trade.created_at), held),
    )
