"""Notifications of signals, fills and orders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from handlers.render import names, numbers
from handlers.render.text import italic, join, lines
from handlers.texts import Html, Translator

Params = Mapping[str, Any]
_MOST_VALUES = 4
_PLAIN_FROM = 10


def signal(params: Params, t: Translator) -> Html:
    """A strategy's signal, the values behind it, and what the bot does about it."""
    strategy, decided = params.get("strategy"), params.get("decided") or {}
    return lines(
        t(
            "signal.alert_buy" if params.get("type") == "BUY" else "signal.alert_sell",
            symbol=params.get("symbol", ""),
            timeframe=params.get("timeframe", ""),
            price=_price(params, "price", t),
        ),
        t("signal.by", strategy=names.strategy(t, strategy)) if strategy else None,
        indicators(params.get("values"), t),
        _decision(decided, t) if decided else None,
        footer(params, t),
    )


def _decision(decided: Params, t: Translator) -> Html:
    """The order that was placed, or why there was none."""
    if not decided.get("placed"):
        reason = denied(str(decided.get("reason", "")), decided, t)
        return lines(
            t("signal.not_traded", reason=reason),
            t("signal.closes") if decided.get("closes") else None,
        )
    stop, target = number(decided.get("stop_percent")), number(decided.get("take_percent"))
    qty = number(decided.get("qty"))
    side = t("side.long" if decided.get("side") == "long" else "side.short")
    return lines(
        t("signal.reverses") if decided.get("reverses") else None,
        join(
            " · ",
            t("signal.placed", side=side, leverage=decided.get("leverage", 1)),
            t("signal.qty", qty=numbers.quantity(t, qty)) if qty else None,
            t("signal.stop", percent=numbers.percent(t, stop)) if stop is not None else None,
            t("signal.target", percent=numbers.percent(t, target)) if target is not None else None,
        ),
    )


def entry(params: Params, t: Translator) -> Html:
    """A position was opened."""
    long = params.get("side") == "long"
    risk, margin = number(params.get("risk")), number(params.get("margin"))
    stop, target = number(params.get("stop")), number(params.get("take_profit"))
    return lines(
        t(
            "entry.long" if long else "entry.short",
            symbol=params.get("symbol", ""),
            leverage=params.get("leverage", 1),
        ),
        t("entry.fill", qty=_quantity(params, t), price=_price(params, "price", t)),
        join(
            " · ",
            t("entry.stop", price=_price(params, "stop", t)) if stop is not None else None,
            t("entry.target", price=_price(params, "take_profit", t)) if target else None,
        )
        or None,
        join(
            " · ",
            t("entry.risk", amount=numbers.money(t, risk)) if risk is not None else None,
            t("entry.margin", amount=numbers.money(t, margin)) if margin is not None else None,
        )
        or None,
        footer(params, t),
    )


def exit_(params: Params, t: Translator) -> Html:
    """A position was closed, or a part of it."""
    pnl = number(params.get("pnl")) or Decimal(0)
    percent, left = number(params.get("pnl_percent")), number(params.get("left"))
    held = params.get("held_ms")
    reason = exit_reason(str(params.get("reason", "")), params.get("detail"), t)
    mark = "exit.liquidated" if params.get("reason") == "liquidation" else _mark(pnl)
    return lines(
        t(
            mark,
            side=t("side.long" if params.get("side") == "long" else "side.short"),
            symbol=params.get("symbol", ""),
            reason=reason,
        ),
        t(
            "exit.result",
            amount=numbers.money(t, pnl, signed=True),
            percent=numbers.percent(t, percent or 0, signed=True),
        ),
        join(
            " · ",
            t(
                "exit.prices",
                entry=_price(params, "entry_price", t),
                exit=_price(params, "price", t),
            ),
            t("exit.held", time=numbers.duration(t, timedelta(milliseconds=held)))
            if held is not None
            else None,
        ),
        _costs(params, t),
        t("exit.left", qty=numbers.quantity(t, left)) if left else None,
        footer(params, t),
    )


def order_ended(params: Params, t: Translator) -> Html:
    """An order that came to nothing."""
    key = "order.exit_failed" if params.get("purpose", "entry") != "entry" else "order.entry_failed"
    code = params.get("code", "")
    return lines(
        t(
            key,
            side=t("side.long" if params.get("side") == "long" else "side.short"),
            symbol=params.get("symbol", ""),
        ),
        _refusal(str(code), t),
        footer(params, t),
    )


def _refusal(code: str, t: Translator) -> Html:
    if t.knows(f"refusal.{code}"):
        return t(f"refusal.{code}")
    return t("refusal.denied" if t.knows(f"denial.{code}") else "refusal.other")


def stop_restored(params: Params, t: Translator) -> Html:
    """A stop was gone at the exchange and stands again."""
    return lines(
        t("stop_restored.title", symbol=params.get("symbol", "")),
        t("stop_restored.stands", price=_price(params, "stop", t)),
        footer(params, t),
    )


def position_gone(params: Params, t: Translator) -> Html:
    """A position is not at the exchange any more, and nothing there says why."""
    return lines(
        t("gone.title", symbol=params.get("symbol", "")),
        t(
            "gone.what",
            side=t("side.long" if params.get("side") == "long" else "side.short"),
            qty=_quantity(params, t),
            price=_price(params, "price", t),
        ),
        t("gone.books", symbol=params.get("symbol", "")),
        footer(params, t),
    )


def position_differs(params: Params, t: Translator) -> Html:
    """A position is of another size at the exchange, and nothing there says why."""
    return lines(
        t("differs.title", symbol=params.get("symbol", "")),
        t(
            "differs.what",
            side=t("side.long" if params.get("side") == "long" else "side.short"),
            ours=_quantity(params, t),
            there=numbers.quantity(t, number(params.get("there")) or 0),
        ),
        t("differs.books"),
        footer(params, t),
    )


def denied(reason: str, values: Params, t: Translator) -> Html:
    """Why the risk gate let nothing through."""
    try:
        return t(f"denial.{reason}", **{n: _shown(t, n, value) for n, value in values.items()})
    except LookupError:
        return t("denial.other")


def indicators(values: Mapping[str, Any] | None, t: Translator) -> Html | None:
    """`ema_fast 4,123.5 · rsi 28.4`: at most six."""
    if not values:
        return None
    shown = [(name, number(value)) for name, value in list(values.items())[:_MOST_VALUES]]
    said = (t("signal.value", name=name, value=_short(t, v)) for name, v in shown if v is not None)
    return join(" · ", *said) or None


def exit_reason(reason: str, detail: object, t: Translator) -> Html:
    """Why it ended, in a word; the detail where it says more."""
    if t.knows(f"exit_detail.{detail}"):
        return t(f"exit_detail.{detail}")
    return t(f"exit_reason.{reason}" if t.knows(f"exit_reason.{reason}") else "exit_reason.manual")


def footer(params: Params, t: Translator) -> Html | None:
    """Mode, market time, and the short reference by which a repeated message is recognised."""
    mode = params.get("mode", "")
    at, ref = params.get("at_ms"), params.get("ref")
    text = join(
        " · ",
        t(f"mode.{mode}") if t.knows(f"mode.{mode}") else None,
        numbers.moment_ms(t, int(at)) if at is not None else None,
        t("card.ref", ref=ref) if ref else None,
    )
    return italic(text) if text else None


def number(value: object) -> Decimal | None:
    """A parameter as a number; None when there is none."""
    if value is None or isinstance(value, bool):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _price(params: Params, name: str, t: Translator) -> str:
    value = number(params.get(name))
    return numbers.MISSING if value is None else numbers.price(t, value, numbers.decimals_of(value))


def _quantity(params: Params, t: Translator) -> str:
    return numbers.quantity(t, number(params.get("qty")) or 0)


def _short(t: Translator, value: Decimal) -> str:
    """An indicator's value: two decimals do, but for small ones."""
    decimals = 2 if abs(value) >= _PLAIN_FROM else min(4, numbers.decimals_of(value))
    return numbers.fixed(t, value, decimals)


def _costs(params: Params, t: Translator) -> Html | None:
    fees, funding = number(params.get("fees")), number(params.get("funding"))
    return (
        join(
            " · ",
            t("exit.fees", amount=numbers.money(t, fees)) if fees else None,
            t("exit.funding", amount=numbers.money(t, -funding, signed=True)) if funding else None,
        )
        or None
    )


def _mark(pnl: Decimal) -> str:
    return "exit.won" if pnl > 0 else "exit.lost"


def _shown(t: Translator, name: str, value: object) -> str:
    if name.endswith("_ms") and isinstance(value, int):
        return numbers.moment_ms(t, value)
    amount = number(value)
    return str(value) if amount is None else numbers.setting(t, amount)
