"""What must hold after any scenario: the exchange's books against ours. Complaints are texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from sqlalchemy import select

from domain.clock import to_ms
from domain.trading.booking import qty_of
from domain.trading.models import Fill, Order
from domain.trading.notices import ORDER_KINDS
from domain.trading.states import ENDED, FILLED
from tests.live.scenario import MOST_LEVERAGE, MOST_POSITIONS, Scenario
from tests.support.live import LiveDesk

BARE_MS = 5_000
LOOK_MS = 2_000
ON_ITS_WAY_MS = 2_000
DEPOSIT = Decimal(1_000)


async def complaints(played: Scenario) -> list[str]:
    """Everything that is not as it must be, while positions are open."""
    desk = played.desk
    found = [*_ids(desk), *_bare(played)]
    if played.most > MOST_POSITIONS:
        found.append(f"{played.most} positions at once")
    found += await _positions(desk)
    orders, fills = await _rows(desk)
    found += _orders(desk, orders)
    found += _fills(desk, fills)
    found += await _told(desk, orders, fills)
    return found


async def _rows(desk: LiveDesk) -> tuple[list[Order], list[Fill]]:
    async with desk.database.read() as session:
        return list(await session.scalars(select(Order))), list(await session.scalars(select(Fill)))


def _ids(desk: LiveDesk) -> Iterator[str]:
    for key in desk.emulator.ledger.used_twice():
        yield f"client id of two orders: {key}"


def _bare(played: Scenario) -> Iterator[str]:
    """A look that failed is a look later: it may last so much longer."""
    now_ms = played.desk.clock.now_ms()
    for span in played.desk.emulator.bare():
        end_ms = now_ms if span.end_ms is None else span.end_ms
        rough = sum(span.start_ms - LOOK_MS <= at <= end_ms for at in played.rough)
        if span.up_ms > BARE_MS + rough * LOOK_MS:
            yield f"without a stop for {span.up_ms} ms: {span}"


async def _positions(desk: LiveDesk) -> list[str]:
    ours = {(each.symbol, each.side): qty_of(each) for each in await desk.positions()}
    theirs = {key: position.qty for key, position in desk.account.positions.items()}
    said = [] if ours == theirs else [f"positions: ours {ours}, theirs {theirs}"]
    foreign = [each.symbol for each in await desk.positions() if each.source == "external"]
    return said + [f"{symbol} is taken for somebody else's" for symbol in foreign]


def _orders(desk: LiveDesk, orders: list[Order]) -> Iterator[str]:
    known = {order.client_order_id: order for order in orders}
    for order in orders:
        if order.state not in ENDED:
            yield f"{order.client_order_id} ({order.purpose}) is still {order.state}"
    for _, placed in desk.emulator.ledger.orders:
        ours = known.get(placed.wish.client_id)
        if placed.wish.reduce_only:
            continue
        if ours is None:
            yield f"an entry that we know nothing of: {placed}"
            continue
        if placed.leverage > MOST_LEVERAGE:
            yield f"{ours.client_order_id} with leverage {placed.leverage}"
        if ours.valid_until and placed.created_ms > to_ms(ours.valid_until) + ON_ITS_WAY_MS:
            yield f"{ours.client_order_id} came late"
        if placed.filled != (ours.filled_qty or 0):
            yield f"{ours.client_order_id}: {placed.filled} filled, {ours.filled_qty} booked"
        if (ours.state == FILLED) != (placed.filled > 0):
            yield f"{ours.client_order_id} is {ours.state}, {placed.filled} was filled"


def _fills(desk: LiveDesk, fills: list[Fill]) -> Iterator[str]:
    theirs = Counter(fill.id for fill in desk.account.fills)
    ours = Counter(fill.exchange_fill_id.partition("-")[2] for fill in fills)
    if ours != theirs:
        yield f"fills: not booked {theirs - ours}, booked too often {ours - theirs}"


async def _told(desk: LiveDesk, orders: list[Order], fills: list[Fill]) -> list[str]:
    kinds = Counter(kind for kind, _ in await desk.told())
    trades = await desk.closed()
    entries = [fill for fill in fills if fill.reason == "entry"]
    wanted = Counter({"exit": len(trades), "entry": len(entries)})
    for order in orders:
        if order.state in ORDER_KINDS:
            wanted[ORDER_KINDS[order.state]] += 1
    said = [f"told {kinds}, should be {wanted}"] if wanted - kinds else []
    if len(trades) + len(entries) != len(fills):
        said.append(f"{len(fills)} fills, but {len(entries)} entries and {len(trades)} trades")
    return said


async def money(desk: LiveDesk) -> list[str]:
    """With everything closed, what the trades say is what the wallet says."""
    if desk.account.positions:
        return [f"still open: {list(desk.account.positions)}"]
    earned = sum((trade.pnl for trade in await desk.closed()), Decimal(0))
    if abs(earned - (desk.account.wallet - DEPOSIT)) > Decimal("0.01"):
        return [f"trades say {earned}, the wallet {desk.account.wallet - DEPOSIT}"]
    return []
