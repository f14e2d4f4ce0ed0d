"""Trading at random for a few minutes of the emulator's time, in random weather.

What happens follows from the seed; where a kill strikes is counted in calls that the exchange got.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from bot.sandbox.bitget import Fault
from bot.sandbox.bitget.errors import BitgetError
from bot.sandbox.bitget.orders import Wish
from bot.sandbox.bitget.records import Hold, Position, opening_side
from domain.bots.models import BotStatus
from domain.errors import DomainError
from domain.risk.gate import Appetite, Entry, decide_entry
from domain.risk.models import RiskSettings
from domain.trading.intents import pending_exposure
from domain.trading.models import IS_OPEN, Order
from domain.trading.models import Position as Ours
from tests.support.live import LIVE, LiveDesk

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
MOST_POSITIONS, MOST_LEVERAGE = 2, 5
STEPS = 30
LEAST_CALM_S, MOST_CALM_S = 20, 80
_ORDERS = ("place-order", "place-tpsl-order", "place-strategy-order")
_WRITES = (*_ORDERS, "set-leverage", "set-margin-mode", "cancel-plan-order")
_READS = ("all-position", "current-position", "detail", "order-info", "fill-history", "fills", "")


@dataclass
class Scenario:
    """`story`: what was done, for whoever reads why it failed. `most`: positions held at once.
    `rough`: moments (ms) at which calls failed.
    """

    desk: LiveDesk
    dice: random.Random
    story: list[str] = field(default_factory=list)
    most: int = 0
    rough: list[int] = field(default_factory=list)
    _seconds: int = 0

    async def plays(self) -> None:
        """All of it; calm weather, everything closed and a clean exchange at the end."""
        async with self.desk.database.write() as session:
            user = self.desk.user_id
            session.add(BotStatus(user_id=user, is_running=True, state="running", mode=LIVE))
            session.add(
                RiskSettings(user_id=user, max_positions=MOST_POSITIONS, max_leverage=MOST_LEVERAGE)
            )
        for _ in range(STEPS):
            await self._happens()
            await self.passes(self.dice.choice((0, 1, 1, 2, 5)))
        await self.calms()

    async def calms(self) -> None:
        """The weather ends and everything under way comes to its end."""
        self.desk.emulator.faults.clear()
        self.desk.emulator.comes_up()
        self.desk.emulator.skew_ms = 0
        await self._comes_to_rest()

    async def closes_all(self) -> None:
        """In calm weather."""
        for position in await self.desk.positions():
            await self._close(position, "close")
        await self._comes_to_rest()

    async def _comes_to_rest(self) -> None:
        """A while, and until no order is under way."""
        await self.passes(LEAST_CALM_S)
        for _ in range(MOST_CALM_S - LEAST_CALM_S):
            if await self._is_at_rest():
                return
            await self.passes(1)

    async def _is_at_rest(self) -> bool:
        async with self.desk.database.read() as session:
            return await session.scalar(select(Order.id).where(IS_OPEN).limit(1)) is None

    async def passes(self, seconds: int) -> None:
        """The bot lives through so many seconds of the exchange's time."""
        for _ in range(seconds):
            self.desk.clock.advance(1)
            self._seconds += 1
            self.desk.emulator.catch_up()
            await self._turn()

    async def _turn(self) -> None:
        """What happens in a second, and whether it was rough."""
        with self._weathered():
            await self._works()
        self.most = max(self.most, len(self.desk.account.positions))

    @contextmanager
    def _weathered(self) -> Iterator[None]:
        """Notes that calls failed meanwhile, also when what was done is given up."""
        struck = self.desk.emulator.faults.struck
        try:
            yield
        finally:
            if self.desk.emulator.faults.struck != struck:
                self.rough.append(self.desk.clock.now_ms())

    async def _works(self) -> None:
        """What the scheduler starts: orders each second, accounts every other, lost answers every
        fifth; one after the other or side by side, as they may be.
        """
        due: list[Callable[[], Awaitable[object]]] = [self.desk.sender.send_due]
        if self._seconds % 2 == 0:
            due.append(self.desk.watches)
        if self._seconds % 5 == 0:
            due.append(self.desk.sender.recover)
        if self.dice.random() < 0.5:
            await asyncio.gather(*(job() for job in due))
            return
        for job in due:
            await job()

    async def _happens(self) -> None:
        names = list(_EVENTS)
        name = self.dice.choices(names, [_EVENTS[name][0] for name in names])[0]
        said = await _EVENTS[name][1](self)
        self.story.append(f"{self._seconds:4} {name} {said or ''}")

    # People and strategies

    async def enters(self) -> str:
        symbol, side = self.dice.choice(SYMBOLS), self.dice.choice(("buy", "sell"))
        return f"{symbol} {side}: {await self._enter(symbol, side)}"

    async def _enter(self, symbol: str, side: str) -> str:
        desk, stop = self.desk, self.dice.choice((0.5, 1.0, 2.0, 4.0))
        take = self.dice.choice((None, 1.0, 3.0))
        try:
            balance = await desk.exchange.balance()
            contract = await desk.market.contract(symbol)
        except DomainError as error:
            return error.code
        price, now = float(desk.emulator.price(symbol)), desk.clock.now_ms()
        wanted = Entry(
            desk.user_id, LIVE, symbol, 1 if side == "buy" else -1, price, stop,
            float("nan") if take is None else take, now, now=await desk.market.price(symbol),
        )  # fmt: skip
        async with desk.database.write() as session:
            decision = await decide_entry(
                session, wanted, Appetite(1.0, 10.0), "running", balance, contract
            )
        if not decision.allowed:
            return decision.reason
        order = await desk.intends(
            side, str(decision.qty), symbol=symbol, leverage=decision.leverage, stop_percent=stop,
            take_profit_percent=take, valid_until_ms=now + 30_000,
        )  # fmt: skip
        return order.client_order_id

    async def closes(self) -> str:
        position = await self._one_of_ours()
        return "nothing" if position is None else await self._close(position, "close")

    async def _close(self, position: Ours, purpose: str) -> str:
        side = "sell" if position.side == "long" else "buy"
        async with self.desk.database.read() as session:
            exposure = await pending_exposure(session, self.desk.user_id, LIVE)
        if position.symbol in exposure.closing:
            return "under way"
        order = await self.desk.intends(side, "0", symbol=position.symbol, purpose=purpose)
        return f"{position.symbol} {order.client_order_id}"

    async def turns_round(self) -> str:
        position = await self._one_of_ours()
        if position is None:
            return "nothing"
        said = await self._close(position, "reverse")
        if said == "under way":
            return said
        entry = await self.desk.intends(
            "sell" if position.side == "long" else "buy", "0", symbol=position.symbol,
            risk_percent=1.0, held=True, stop_percent=2.0, take_profit_percent=None,
        )  # fmt: skip
        return f"{said} then {entry.client_order_id}"

    async def _one_of_ours(self) -> Ours | None:
        found = await self.desk.positions()
        return self.dice.choice(found) if found else None

    # The market, and hands at the exchange

    async def walks(self) -> str:
        symbol, percent = self.dice.choice(SYMBOLS), self.dice.uniform(-3, 3)
        return f"{symbol} {self.desk.emulator.moves(symbol, f'{percent:.2f}%')}"

    async def jumps(self) -> str:
        symbol, percent = self.dice.choice(SYMBOLS), self.dice.uniform(-2, 2)
        return f"{symbol} {self.desk.emulator.jumps(symbol, f'{percent:.2f}%')}"

    async def hand_closes(self) -> str:
        found = list(self.desk.account.positions.values())
        if not found:
            return "nothing"
        position = self.dice.choice(found)
        qty = position.qty if self.dice.random() < 0.5 else self._half(position)
        return f"{position.symbol} {qty}: {self._by_hand(position, qty)}"

    def _half(self, position: Position) -> Decimal:
        step = self.desk.emulator.tapes[position.symbol].listing.step
        return max(step, position.qty / 2 // step * step)

    def _by_hand(self, position: Position, qty: Decimal) -> str:
        emulator, account = self.desk.emulator, self.desk.account
        other: Hold = "short" if position.hold == "long" else "long"
        wish = Wish(
            position.symbol, opening_side(other), qty, reduce_only=True, mode="isolated",
            hold=position.hold if account.hedged else None,
        )  # fmt: skip
        try:
            emulator.matching.match(account, emulator.desk.accept(account, wish))
        except BitgetError as error:
            return error.code
        emulator.engine.changed(account)
        return "done"

    async def hand_takes_a_stop_away(self) -> str:
        stops = [plan for plan in self.desk.account.live_plans() if plan.is_loss]
        if not stops:
            return "nothing"
        plan = self.dice.choice(stops)
        self.desk.emulator.stops.cancel(self.desk.account, plan)
        return f"{plan.symbol} {plan.trigger}"

    # Weather

    async def order_fault(self) -> str:
        return self._fault(self.dice.choice(_ORDERS), times=1)

    async def write_fault(self) -> str:
        return self._fault(self.dice.choice(_WRITES), times=self.dice.choice((1, 1, 2)))

    async def read_fault(self) -> str:
        return self._fault(self.dice.choice(_READS), times=self.dice.choice((1, 2, 3)))

    def _fault(self, endpoint: str, times: int) -> str:
        about: dict[str, Any] = dict(self.dice.choice(_WEATHER))
        fault = Fault(endpoint, times=times, **about)
        self.desk.emulator.fails(fault)
        return str(fault)

    async def stale_reads(self) -> str:
        lag = self.dice.choice((1.0, 3.0))
        for endpoint in ("all-position", "current-position"):
            self.desk.emulator.fails(Fault(endpoint, times=2, lag_s=lag))
        return f"{lag} s"

    async def thin_market(self) -> str:
        first, rest = self.dice.choice(("0", "0.4", "0.5")), self.dice.choice(("later", "canceled"))
        self.desk.emulator.fails(Fault("place-order", first=Decimal(first), rest=rest))
        return f"{first} {rest}"

    async def outage(self) -> str:
        seconds = self.dice.choice((3, 20, 60))
        self.desk.emulator.goes_down()
        await self.passes(seconds)
        symbol = self.dice.choice(SYMBOLS)
        self.desk.emulator.moves(symbol, f"{self.dice.uniform(-3, 3):.2f}%")
        self.desk.emulator.comes_up()
        return f"{seconds} s"

    async def clock_is_off(self) -> str:
        self.desk.emulator.skew_ms = self.dice.choice((-90_000, 0, 90_000))
        return str(self.desk.emulator.skew_ms)

    async def dies(self) -> str:
        """At some call of a turn; the next process finds what is written down."""
        calls, after = self.desk.emulator.calls, self.dice.randrange(8)
        before = calls.count()
        self.desk.clock.advance(1)
        turn = asyncio.create_task(self._turn())
        while not turn.done() and calls.count() < before + after:  # noqa: ASYNC110 - it says nothing
            await asyncio.sleep(0)
        turn.cancel()
        await asyncio.gather(turn, return_exceptions=True)
        with self._weathered():
            await self.desk.restarts()
        return f"after {after} calls"


_HANG_S = 0.02
"""On the machine's own clock, as the patience of the client is: that is so long that a slow machine
makes no weather of its own. That a client gives up is in `tests/emulator/test_faults`.
"""
_WEATHER: tuple[dict[str, Any], ...] = (
    {"code": "429"},
    {"status": 502},
    {"code": "40015"},
    {"code": "40725", "done": True},
    {"code": "40200"},
    {"drop": True},
    {"drop": True, "done": True},
    {"hang_s": _HANG_S},
    {"hang_s": _HANG_S, "done": True},
)
_EVENTS: dict[str, tuple[int, Callable[[Scenario], Awaitable[str]]]] = {
    "enters": (7, Scenario.enters),
    "closes": (2, Scenario.closes),
    "turns round": (2, Scenario.turns_round),
    "price walks": (5, Scenario.walks),
    "price jumps": (2, Scenario.jumps),
    "closes by hand": (2, Scenario.hand_closes),
    "takes a stop away": (1, Scenario.hand_takes_a_stop_away),
    "fault of an order": (3, Scenario.order_fault),
    "fault of a write": (1, Scenario.write_fault),
    "fault of a read": (2, Scenario.read_fault),
    "stale reads": (1, Scenario.stale_reads),
    "thin market": (2, Scenario.thin_market),
    "outage": (1, Scenario.outage),
    "clock off": (1, Scenario.clock_is_off),
    "dies": (3, Scenario.dies),
}
"""How often, and what."""
