"""Before something is closed by hand: what, at which price, and what it brings."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from domain.trading.models import Position
from domain.trading.ports import ExchangePosition
from domain.trading.vanished import last_price
from handlers.render import numbers
from handlers.render.position_cards import LivePosition
from handlers.render.text import italic, lines
from handlers.texts import Html, Translator

NOTHING = Decimal(0)


def coins(t: Translator, parts: Sequence[Decimal]) -> str:
    """For a button."""
    return " + ".join(numbers.quantity(t, part) for part in parts)


def confirm(
    t: Translator, held: Sequence[LivePosition], parts: Sequence[Decimal], fee_rate: Decimal
) -> Html:
    """`parts`: coins of each position. Money in USDT, at the mark, before slippage."""
    rows: list[str | None] = [t("close.title", symbol=held[0].row.symbol), ""]
    gain = fee = NOTHING
    for each, part in zip(held, parts, strict=True):
        share = part / Decimal(repr(each.row.size))
        gain += each.pnl * share
        fee += part * each.mark * fee_rate
        rows.append(
            t(
                "close.part",
                side=t(f"side.{each.row.side}"),
                qty=numbers.quantity(t, part),
                held=numbers.quantity(t, Decimal(repr(each.row.size))),
                price=numbers.price(t, each.mark, each.decimals),
            )
        )
    rows += [
        t(
            "close.result",
            amount=numbers.money(t, gain, signed=True),
            fee=numbers.money(t, fee),
        ),
        "",
        italic(t("start_bot.expires")),
    ]
    return lines(*rows)


def all_of(t: Translator, held: Sequence[LivePosition]) -> Html:
    """Everything that would be closed."""
    total = sum((each.pnl for each in held), NOTHING)
    return lines(
        t("close_all.title"),
        "",
        *(_position(t, each) for each in held),
        t("positions.total", amount=numbers.money(t, total, signed=True)),
        "",
        italic(t("start_bot.expires")),
    )


def _position(t: Translator, each: LivePosition) -> Html:
    return t(
        "stop_bot.position",
        symbol=each.row.symbol,
        side=t(f"side.{each.row.side}"),
        qty=numbers.quantity(t, Decimal(repr(each.row.size))),
        amount=numbers.money(t, each.pnl, signed=True),
    )


def gone(t: Translator, found: Sequence[Position]) -> Html:
    """What would be booked of positions that the exchange does not show any more."""
    return lines(
        t("gone.settle"),
        "",
        *(
            t(
                "gone.one",
                symbol=each.symbol,
                side=t(f"side.{each.side}"),
                qty=numbers.quantity(t, Decimal(repr(each.size))),
                price=_seen_at(t, each),
                amount=numbers.money(t, each.pnl, signed=True),
            )
            for each in found
        ),
        "",
        t("gone.look_first"),
    )


def _seen_at(t: Translator, position: Position) -> str:
    price = last_price(position)
    return numbers.price(t, price, numbers.decimals_of(price))


def panic(
    t: Translator, there: Sequence[ExchangePosition] | None, ours: Sequence[LivePosition], mode: str
) -> Html:
    """`there`: what the exchange shows, None when it did not answer in time. What is not in `ours`
    was opened elsewhere, and is named: it is closed as well.
    """
    known = {(each.row.symbol, each.row.side) for each in ours if each.row.source != "external"}
    if there is None:
        named = [_position(t, each) for each in ours]
    else:
        named = [_there(t, each, (each.symbol, each.side) in known) for each in there]
    return lines(
        t("panic.title", mode=t(f"mode.{mode}")),
        t("panic.what"),
        "",
        *(named or [t("panic.flat")]),
        t("panic.unread") if there is None else None,
        "",
        italic(t("start_bot.expires")),
    )


def _there(t: Translator, each: ExchangePosition, ours: bool) -> Html:
    line = t(
        "stop_bot.position",
        symbol=each.symbol,
        side=t(f"side.{each.side}"),
        qty=numbers.quantity(t, each.qty),
        amount=numbers.money(t, each.unrealized_pnl, signed=True),
    )
    return line if ours else lines(line, t("panic.external"))
