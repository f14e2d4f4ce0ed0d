"""Steps a book bar by bar, by the one bar step of the domain. Pure: no database, no clock.

At each open, over all symbols of the book: funding, gaps and closing orders; then the entries in
the order they were placed, each sized from the wallet that is then there; then the levels.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from bot.adapters.paper_book import Bars, Book, Execution, Held, PaperRules, Pending
from domain.trading.barstep import settle, step_entry, step_inside, step_open
from domain.trading.costs import Costs, liquidation_price, maintenance_rate
from domain.trading.fills import EXIT_DETAILS, EXIT_REASONS, GAP, NO_EXIT, Exit, Order, Position
from domain.trading.levels import exit_at_open, unrealised
from domain.trading.sizing import ALLOWED, DENIALS


def step_book(book: Book, market: Mapping[str, Bars], until_ms: int, rules: PaperRules) -> None:
    """Bring `book` up to every bar in `market`; entries whose next bar is missing expire.

    `until_ms`: all bars that closed by then are in `market`. Symbols that are not wait.
    """
    for open_ms in _opens(book, market):
        _step_open_of_all(book, market, open_ms)
        entered = _enter(book, market, open_ms, rules)
        _step_inside_of_all(book, market, open_ms, set() if rules.entry_bar_levels else entered)
    for order in book.orders:
        late = order.expires_ms is not None and order.expires_ms <= until_ms
        if late and order.state == "pending" and not order.reduce_only and order.symbol in market:
            order.end("expired", "bar_missing")


def close_book(book: Book, market: Mapping[str, Bars], at_ms: int, close: int) -> None:
    """Close every position at its mark by a market order of detail `close`; cancel the pending."""
    for symbol, held in list(book.positions.items()):
        bars = market[symbol]
        rate = bars.rate(held.stepped_ms, at_ms)
        position, book.wallet, left = step_open(
            held.position, book.wallet, held.mark, rate, close, bars.costs
        )
        _exit(book, symbol, position, left, at_ms, None)
    for order in book.orders:
        order.end("cancelled")


def _opens(book: Book, market: Mapping[str, Bars]) -> list[int]:
    """The opens at which something of this book may happen, ascending."""
    since: dict[str, int] = {}
    for order in book.orders:
        before = order.from_ms - 1
        since[order.symbol] = min(since.get(order.symbol, before), before)
    for symbol, held in book.positions.items():
        since[symbol] = held.stepped_ms
    return sorted(
        {
            open_ms
            for symbol, moment in since.items()
            if symbol in market
            for open_ms in market[symbol].after(moment)
        }
    )


def _step_open_of_all(book: Book, market: Mapping[str, Bars], open_ms: int) -> None:
    for symbol in dict.fromkeys([*book.positions, *(order.symbol for order in book.orders)]):
        row = market[symbol].row(open_ms) if symbol in market else None
        if row is not None:
            _step_open(book, symbol, market[symbol], row, open_ms)


def _step_open(book: Book, symbol: str, bars: Bars, row: int, open_ms: int) -> None:
    """Funding, gaps and the closing orders of one symbol."""
    closes = book.pending(symbol, open_ms, reduce_only=True)
    held = book.positions.get(symbol)
    if held is None:
        for order in closes:
            order.end("cancelled", "nothing_to_close")
        return
    if held.stepped_ms >= open_ms:
        return
    first = closes[0] if closes else None
    part = first is not None and 0.0 < first.qty < held.position.qty
    rate = bars.rate(held.stepped_ms, open_ms)
    position, book.wallet, left = step_open(
        held.position,
        book.wallet,
        bars.open[row],
        rate,
        0 if first is None or part else first.close,
        bars.costs,
    )
    held.position = position
    held.mark = bars.open[row]
    if left.reason != NO_EXIT:
        _exit(book, symbol, position, left, open_ms, None if left.detail == GAP else first)
    elif first is not None:
        _close_part(book, held, first, bars.open[row], bars.costs, open_ms)
    for order in closes:
        if order.state == "pending" and symbol not in book.positions:
            order.end("cancelled", "nothing_to_close")


def _close_part(
    book: Book, held: Held, order: Pending, price: float, costs: Costs, at_ms: int
) -> None:
    """A reduce-only order for less than the position: that share of it ends, the rest stays."""
    whole = held.position
    part = _share(whole, order.qty, order.qty / whole.qty)
    left = exit_at_open(part, price, order.close, costs)
    book.wallet = settle(book.wallet, part, left)
    rest = _share(whole, _minus(whole.qty, order.qty), 1.0 - order.qty / whole.qty)
    held.position = rest._replace(liquidation=_liquidation_of_rest(whole, rest, costs))
    _record(book, order.symbol, part, left, at_ms, order)


def _liquidation_of_rest(whole: Position, rest: Position, costs: Costs) -> float:
    """What is left may have fallen into a lower tier; within one it is where it was."""
    before, after = (maintenance_rate(each.qty * each.entry_price, costs) for each in (whole, rest))
    if before == after:
        return whole.liquidation
    margin = rest.margin - rest.funding
    return liquidation_price(rest.side, rest.qty, rest.entry_price, margin, costs)


def _minus(whole: float, part: float) -> float:
    """The difference of the decimals they stand for: 0.2 - 0.05 is 0.15, in doubles it is not."""
    return float(Decimal(repr(whole)) - Decimal(repr(part)))


def _share(whole: Position, qty: float, share: float) -> Position:
    return whole._replace(
        qty=qty,
        margin=whole.margin * share,
        entry_fee=whole.entry_fee * share,
        funding=whole.funding * share,
        slippage=whole.slippage * share,
    )


def _enter(book: Book, market: Mapping[str, Bars], open_ms: int, rules: PaperRules) -> set[str]:
    """Fill entries at this open, in the order they were placed; the symbols entered."""
    entered: set[str] = set()
    for order in book.orders:
        bars = market.get(order.symbol)
        row = None if bars is None else bars.row(open_ms)
        waits = order.state != "pending" or order.reduce_only or order.from_ms > open_ms
        if waits or bars is None or row is None:
            continue
        if order.expires_ms is not None and open_ms >= order.expires_ms:
            order.end("expired", "bar_missing")
        elif order.symbol in book.positions:
            order.end("rejected", "position_open")
        elif _open(book, order, bars, market, row, rules):
            entered.add(order.symbol)
    return entered


def _open(
    book: Book,
    order: Pending,
    bars: Bars,
    market: Mapping[str, Bars],
    row: int,
    rules: PaperRules,
) -> bool:
    sized_here = order.risk_percent is not None
    base = order.price if rules.levels_from_close else 0.0
    free = book.wallet - book.margin
    position, wallet, denial = step_entry(
        Order(
            0,
            order.side,
            0.0 if sized_here else order.qty,
            order.price,
            order.stop_percent,
            order.take_percent,
            base,
        ),
        book.wallet,
        book.wallet + _unrealised(book, market, bars.time[row]),
        free,
        bars.time[row],
        bars.open[row],
        bars.terms(order),
        bars.costs,
    )
    if denial != ALLOWED:
        order.end("rejected", DENIALS[denial])
        return False
    # Alone on its wallet the fill may use the 1% that sizing left for a gap, as in a backtest.
    if book.positions and position.margin + position.entry_fee > free:
        order.end("rejected", "insufficient_balance")
        return False
    book.wallet = wallet
    # Not stepped yet: the levels of this very bar come next.
    held = Held(position, order.leverage, bars.open[row], position.entry_time - 1)
    book.positions[order.symbol] = held
    order.fill(position.qty, position.entry_price)
    book.executed.append(_entry_of(order, position))
    return True


def _unrealised(book: Book, market: Mapping[str, Bars], open_ms: int) -> float:
    """Of all positions, marked at this open, or where there is none at their last price."""
    total = 0.0
    for symbol, held in book.positions.items():
        row = market[symbol].row(open_ms) if symbol in market else None
        price = held.mark if row is None else market[symbol].open[row]
        total += unrealised(held.position, price)
    return total


def _step_inside_of_all(
    book: Book, market: Mapping[str, Bars], open_ms: int, untested: set[str]
) -> None:
    for symbol, held in list(book.positions.items()):
        bars = market.get(symbol)
        row = None if bars is None or held.stepped_ms >= open_ms else bars.row(open_ms)
        if bars is None or row is None:
            continue
        held.mark, held.stepped_ms = bars.close[row], open_ms
        if symbol in untested:
            continue
        book.wallet, left = step_inside(
            held.position, book.wallet, bars.open[row], bars.high[row], bars.low[row], bars.costs
        )
        if left.reason != NO_EXIT:
            _exit(book, symbol, held.position, left, open_ms, None)


def _exit(
    book: Book, symbol: str, position: Position, left: Exit, at_ms: int, order: Pending | None
) -> None:
    """The whole position ends; a level's exit has no order."""
    del book.positions[symbol]
    _record(book, symbol, position, left, at_ms, order)


def _record(
    book: Book, symbol: str, position: Position, left: Exit, at_ms: int, order: Pending | None
) -> None:
    detail = EXIT_DETAILS[left.detail]
    if order is not None:
        order.fill(position.qty, left.price)
        detail = order.detail or detail
    book.executed.append(
        Execution(
            client_order_id=None if order is None else order.client_order_id,
            symbol=symbol,
            side=-position.side,
            qty=position.qty,
            price=left.price,
            fee=left.fees - position.entry_fee,
            funding=left.funding,
            slippage=left.slippage - position.slippage,
            pnl=left.pnl,
            reason=EXIT_REASONS[left.reason],
            detail=detail,
            at_ms=at_ms,
        )
    )


def _entry_of(order: Pending, position: Position) -> Execution:
    return Execution(
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=position.side,
        qty=position.qty,
        price=position.entry_price,
        fee=position.entry_fee,
        funding=0.0,
        slippage=position.slippage,
        pnl=None,
        reason="entry",
        detail=None,
        at_ms=position.entry_time,
        stop=position.stop,
        take=position.take,
        liquidation=position.liquidation,
    )
