"""Money is neither made nor lost on the emulator, whatever is traded and wherever prices go."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from bot.sandbox.bitget import Account, BitgetError, Emulator
from bot.sandbox.bitget.orders import Wish
from bot.sandbox.bitget.records import ZERO, Hold
from domain.clock import ManualClock
from tests.support.bitget_client import NOON_MS

SYMBOLS = ("BTCUSDT", "XRPUSDT")
PERCENT = st.integers(-1500, 1500).map(lambda hundredths: f"{hundredths / 100}%")
ORDER = st.tuples(
    st.just("order"),
    st.sampled_from(SYMBOLS),
    st.sampled_from(["buy", "sell"]),
    st.integers(1, 40),
    st.sampled_from(["market", "market", "limit", "reduce"]),
    st.sampled_from([None, "1", "5"]),
)
STEPS = st.lists(
    st.one_of(
        ORDER,
        ORDER,
        st.tuples(st.just("moves"), st.sampled_from(SYMBOLS), PERCENT),
        st.tuples(st.just("jumps"), st.sampled_from(SYMBOLS), PERCENT),
        st.tuples(st.just("marks"), st.sampled_from(SYMBOLS), st.integers(-300, 300)),
        st.tuples(st.just("waits"), st.integers(1, 40_000)),
        st.tuples(st.just("leverage"), st.sampled_from(SYMBOLS), st.integers(1, 75)),
    ),
    min_size=8,
    max_size=25,
)


@dataclass
class Floor:
    """One account that does as the steps say; what the exchange refuses does not happen."""

    hedged: bool
    mode: Any
    emulator: Emulator = field(init=False)
    account: Account = field(init=False)
    clock: ManualClock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = ManualClock(NOON_MS)
        self.emulator = Emulator(self.clock)
        self.account = self.emulator.opens(hedged=self.hedged, deposit=Decimal(5_000))

    def does(self, step: tuple[Any, ...]) -> None:
        name, *rest = step
        try:
            getattr(self, f"_{name}")(*rest)
        except BitgetError:
            return

    def _order(self, symbol: str, side: Any, size: int, kind: str, stop: str | None) -> None:
        tape = self.emulator.tapes[symbol]
        reduces = kind == "reduce"
        opening: Hold = "long" if side == "buy" else "short"
        closing: Hold = "short" if side == "buy" else "long"
        away = Decimal(stop) / 100 * (-1 if side == "buy" else 1) if stop else ZERO
        wish = Wish(
            symbol,
            side,
            (size * Decimal(200) / tape.last).quantize(tape.listing.step) + tape.listing.step,
            price=tape.rounded(tape.last * Decimal("0.99")) if kind == "limit" else None,
            hold=(closing if reduces else opening) if self.hedged else None,
            reduce_only=reduces,
            mode=self.mode,
            stop_loss=tape.rounded(tape.mark * (1 + away)) if stop and not reduces else None,
        )
        order = self.emulator.desk.accept(self.account, wish)
        self.emulator.matching.match(self.account, order)

    def _moves(self, symbol: str, by: str) -> None:
        self.emulator.moves(symbol, by)

    def _jumps(self, symbol: str, by: str) -> None:
        self.emulator.jumps(symbol, by)

    def _marks(self, symbol: str, basis_points: int) -> None:
        tape = self.emulator.tapes[symbol]
        mark = tape.rounded(tape.last * (1 + Decimal(basis_points) / 10_000))
        self.emulator.marks(symbol, mark)

    def _waits(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.emulator.catch_up()

    def _leverage(self, symbol: str, value: int) -> None:
        self.emulator.settings.set_leverage(self.account, symbol, value, None)

    def held(self, symbol: str) -> Decimal:
        """What its fills add up to, in the base coin; negative = short."""
        signed = (
            fill.qty if fill.side == "buy" else -fill.qty
            for fill in self.account.fills
            if fill.symbol == symbol
        )
        return sum(signed, ZERO)

    def worth(self) -> Decimal:
        """Deposits and the cash of every fill, and what is held at the mark: positions unasked."""
        cash = sum(
            (
                fill.qty * fill.price * (-1 if fill.side == "buy" else 1) - fill.fee
                for fill in self.account.fills
            ),
            ZERO,
        )
        given = sum((self.account.total(k) for k in ("deposit", "funding", "insurance")), ZERO)
        held = (self.held(symbol) * self.emulator.tapes[symbol].mark for symbol in SYMBOLS)
        return cash + given + sum(held, ZERO)


@given(steps=STEPS, hedged=st.booleans(), mode=st.sampled_from(["isolated", "crossed"]))
def test_equity_is_deposits_and_results_after_every_step(
    steps: list[tuple[Any, ...]], hedged: bool, mode: str
) -> None:
    floor = Floor(hedged, mode)
    for step in steps:
        floor.does(step)
        account = floor.account
        assert floor.emulator.equity(account) == floor.worth()
        assert account.wallet == sum(bill.amount for bill in account.bills)
        for symbol in SYMBOLS:
            signed = [p.qty if p.hold == "long" else -p.qty for p in account.held(symbol)]
            assert sum(signed, ZERO) == floor.held(symbol)
            assert hedged or len(signed) <= 1


@given(steps=STEPS, hedged=st.booleans(), mode=st.sampled_from(["isolated", "crossed"]))
def test_what_is_left_over_always_fits_together(
    steps: list[tuple[Any, ...]], hedged: bool, mode: str
) -> None:
    floor = Floor(hedged, mode)
    for step in steps:
        floor.does(step)
    account = floor.account
    assert all(position.qty > 0 and position.margin >= 0 for position in account.positions.values())
    held = set(account.positions)
    assert all((plan.symbol, plan.hold) in held for plan in account.live_plans())
    assert all(fill.fee >= 0 for fill in account.fills)
    for order in account.orders.values():
        fills = [fill.qty for fill in account.fills if fill.order_id == order.id]
        assert order.filled == sum(fills, ZERO) <= order.wish.qty
        assert (order.status == "filled") == (order.filled == order.wish.qty)
    assert all(span.up_ms >= 0 for span in floor.emulator.bare())


# A stop that fires at the mark while mark and book are apart.
@example(
    steps=[
        ("order", "XRPUSDT", "sell", 1, "market", "1"),
        ("marks", "XRPUSDT", -47),
        ("leverage", "XRPUSDT", 28),
        ("jumps", "XRPUSDT", "3.54%"),
    ],
    hedged=False,
)
@given(steps=STEPS, hedged=st.booleans())
def test_an_isolated_position_never_costs_more_than_its_margin(
    steps: list[tuple[Any, ...]], hedged: bool
) -> None:
    """But for a stop: it fires at the mark and is filled at the book, however far that is off."""
    floor = Floor(hedged, "isolated")
    for step in steps:
        before = floor.account.wallet
        held = [(p.symbol, p.qty, p.margin) for p in floor.account.positions.values()]
        fees = floor.account.total("fee")
        floor.does(step)
        if step[0] in {"jumps", "marks"}:
            lost = before - floor.account.wallet + (floor.account.total("fee") - fees)
            tapes = floor.emulator.tapes
            off = {symbol: tapes[symbol].ask - tapes[symbol].bid for symbol in SYMBOLS}
            off |= {s: off[s] + abs(tapes[s].last - tapes[s].mark) for s in SYMBOLS}
            bound = sum((margin + qty * off[symbol] for symbol, qty, margin in held), ZERO)
            assert lost <= bound + Decimal("0.0001")
