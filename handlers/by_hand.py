"""/long and /short, /sl and /tp: what people do themselves, within the same limits as their bot."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from domain.access.step_up import check_loosening
from domain.bots import entry_by_hand, level_by_hand
from domain.bots.entry_by_hand import Asked
from domain.bots.modes import LIVE, check_key
from domain.errors import DomainError
from domain.market.ports import Contract, Price, unknown_symbol
from domain.trading.ports import Balance
from handlers.amounts import amount_of
from handlers.arguments import symbol_of
from handlers.context import Context
from handlers.late import refuse_late
from handlers.render import by_hand_cards
from handlers.services import Services
from handlers.texts import plain
from handlers.types import Looking, Reply
from handlers.views import View, present

_SIDES = {"long": 1, "short": -1}


@dataclass(frozen=True, slots=True)
class Quote:
    """A market at this moment, and its limits."""

    price: Price
    contract: Contract


Quoted = Quote | DomainError | None
"""Why there is none; or that nobody named a market there is."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What an entry by hand is decided on. `balance`: None when it can not be read."""

    balance: Balance | None
    quote: Quoted


async def balance_of(services: Services, asking: Looking) -> Balance | None:
    """What the account has now; None when it can not be read."""
    try:
        return await services.exchanges.of(asking.user_id, asking.mode).balance()
    except DomainError:
        return None


async def quote_of(services: Services, asking: Looking) -> Quoted:
    """The market that is spoken of."""
    word = asking.tap.get("symbol") or next(iter(asking.args), "")
    symbol = symbol_of(str(word), services.market.symbols())
    if symbol is None:
        return None
    try:
        return Quote(await services.market.price(symbol), await services.market.contract(symbol))
    except DomainError as error:
        return error


async def look(services: Services, asking: Looking) -> Seen:
    """The account and the market, side by side."""
    return Seen(*await asyncio.gather(balance_of(services, asking), quote_of(services, asking)))


async def enter(ctx: Context) -> Reply:
    """`/long|/short <symbol> [risk%]`: what would be opened, what it costs, and the worst case.

    Raises DomainError("entry_usage" | "unknown_symbol" | "not_a_risk" | "risk_above_setting" |
    "no_key" | "account_unreadable").
    """
    command = str(ctx.incoming.command)
    if not ctx.incoming.args:
        raise DomainError("entry_usage", command=command)
    symbol, risk = _symbol(ctx), _risk(ctx.incoming.args[1:])
    balance, quote = await _seen(ctx)
    price, contract = quote.price, quote.contract
    asked = Asked(ctx.settings.mode, symbol, _SIDES[command], risk, price.last, price)
    seen = await entry_by_hand.preview(
        ctx.session, ctx.services.clock, ctx.user.id, asked, balance, contract
    )
    if not seen.decision.allowed:
        return Reply.text(by_hand_cards.refused(ctx.t, symbol, seen.decision))
    t, buttons = ctx.t, ctx.buttons
    label = t(f"button.go_{command}", qty=by_hand_cards.coins(t, seen), symbol=symbol)
    go = buttons.act(
        plain(label),
        "go_entry",
        style="success",
        symbol=symbol,
        side=asked.side,
        risk=risk,
        price=price.last,
    )
    cancel = buttons.show(plain(t("button.cancel")), "positions")
    means = ctx.services.prices, ctx.services.money
    text = by_hand_cards.confirm(t, asked, seen, contract.price_decimals, *means)
    return present(ctx, View(text, ((go,), (cancel,))))


async def tap_enter(ctx: Context) -> Reply:
    """The confirmed entry, decided anew. Raises DomainError("price_moved" | ...)."""
    symbol, risk = str(ctx.tap["symbol"]), ctx.tap["risk"]
    asked = Asked(
        ctx.settings.mode,
        symbol,
        int(ctx.tap["side"]),
        None if risk is None else float(risk),
        float(ctx.tap["price"]),
    )
    balance, quote = await _seen(ctx)
    seen, order = await entry_by_hand.enter(
        ctx.session,
        ctx.services.clock,
        ctx.services.exchange_name,
        ctx.user.id,
        asked,
        quote.price,
        balance,
        quote.contract,
    )
    if order is None:
        return present(ctx, View(by_hand_cards.refused(ctx.t, symbol, seen.decision)))
    return present(ctx, View(ctx.t("entry_by_hand.done", symbol=symbol)))


async def stop(ctx: Context) -> Reply:
    """`/sl <symbol> <price>`: nearer at once, further away with a code when live."""
    return await _move(ctx, level_by_hand.STOP)


async def take(ctx: Context) -> Reply:
    """`/tp <symbol> <price>`."""
    return await _move(ctx, level_by_hand.TAKE)


async def _move(ctx: Context, what: str) -> Reply:
    if len(ctx.incoming.args) < 2:
        raise DomainError("level_usage", command="sl" if what == level_by_hand.STOP else "tp")
    symbol, quote = _symbol(ctx), _quote(ctx.looked)
    price = _price(ctx.incoming.args[1], symbol, quote)
    moved = await level_by_hand.move_level(
        ctx.session,
        ctx.services.clock,
        ctx.user.id,
        ctx.settings.mode,
        symbol,
        what,
        price,
        Decimal(repr(quote.price.last)),
        quote.contract.price_tick,
    )
    if moved.loosens and ctx.settings.mode == LIVE:
        refuse_late(ctx)
        await check_loosening(ctx.session, ctx.user, ctx.now)
    return Reply.text(by_hand_cards.moved(ctx.t, moved, quote.contract.price_decimals))


def _symbol(ctx: Context) -> str:
    typed, known = ctx.incoming.args[0], ctx.services.market.symbols()
    found = symbol_of(typed, known)
    if found is None:
        raise unknown_symbol(typed.upper(), known)
    return found


async def _seen(ctx: Context) -> tuple[Balance, Quote]:
    if not isinstance(ctx.looked, Seen) or ctx.looked.balance is None:
        await check_key(ctx.session, ctx.user.id, ctx.settings.mode)
        raise DomainError("account_unreadable")
    return ctx.looked.balance, _quote(ctx.looked.quote)


def _quote(looked: Any) -> Quote:
    if isinstance(looked, DomainError):
        raise looked
    if not isinstance(looked, Quote):
        raise DomainError("exchange_unreachable", exchange="bitget")
    return looked


def _risk(words: Sequence[str]) -> float | None:
    if not words:
        return None
    amount = amount_of(" ".join(words))
    number = _decimal(amount.number)
    if number is None or amount.unit not in {None, "%", "퍼센트"} or number <= 0:
        raise DomainError("not_a_risk", value=" ".join(words)[:20])
    return float(number)


def _price(word: str, symbol: str, quote: Quote) -> Decimal:
    amount = amount_of(word)
    number = _decimal(amount.number)
    if number is None or number <= 0 or amount.unit not in {None, "$", "usdt", "usd"}:
        raise DomainError("not_a_price", value=word[:20], symbol=symbol, mark=quote.price.last)
    return number


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
