"""No sequence of signals and settings makes an order that breaks a limit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.clock import to_ms
from domain.market.ports import Contract, MarginTier
from domain.risk.gate import Appetite, Decision, Entry, decide_entry
from domain.risk.models import NO_LIMIT_USDT
from domain.risk.service import LIMITS, set_limit
from domain.trading.costs import liquidation_distance
from domain.trading.intents import Intent, write_intent
from domain.trading.ports import Balance
from tests.support.market import FakeMarket, contract
from tests.support.trading import Desk, passing_database

ROUNDING = Decimal("0.0000001")
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")


@dataclass(frozen=True)
class Wish:
    """A signal, with the market and the settings it meets."""

    symbol: str
    side: int
    price: float
    stop: float
    take: float
    appetite: Appetite
    limits: dict[str, float]
    ends_as: str


prices = st.floats(0.01, 200_000.0)
percents = st.one_of(st.floats(-1.0, 60.0), st.just(float("nan")))
appetites = st.builds(
    Appetite,
    risk_percent=st.floats(0.1, 10.0),
    leverage=st.integers(1, 100),
    slippage_bps=st.floats(0.0, 20.0),
)
wishes = st.builds(
    Wish,
    symbol=st.sampled_from(SYMBOLS),
    side=st.sampled_from([1, -1]),
    price=prices,
    stop=percents,
    take=percents,
    appetite=appetites,
    limits=st.fixed_dictionaries(
        {},
        optional={
            "max_leverage": st.integers(1, 100),
            "max_positions": st.integers(1, 3),
            "daily_loss_limit": st.floats(1.0, 100_000.0),
            "max_order_usdt": st.floats(1.0, 20_000.0),
            "max_exposure_usdt": st.floats(1.0, 40_000.0),
        },
    ),
    ends_as=st.sampled_from(["intent", "sent", "unknown", "accepted", "rejected", "expired"]),
)
contracts = st.builds(
    contract,
    qty_step=st.sampled_from([Decimal("0.001"), Decimal("0.1"), Decimal(1), Decimal("1e-8")]),
    min_qty=st.sampled_from([Decimal("0.001"), Decimal(1)]),
    max_leverage=st.integers(1, 125),
    max_market_qty=st.sampled_from([None, Decimal(2)]),
    tiers=st.sampled_from(
        [
            (),
            (MarginTier(Decimal(500), Decimal("0.01")), MarginTier(Decimal(5_000), Decimal("0.1"))),
        ]
    ),
)


@dataclass
class Ledger:
    """What the test itself believes to be at risk."""

    margin: Decimal = Decimal(0)
    notional: Decimal = Decimal(0)
    open: frozenset[str] = frozenset()


def holds(
    wish: Wish, decision: Decision, rules: Contract, limits: dict[str, float], ledger: Ledger
) -> None:
    """Everything that must be true of an order."""
    price = Decimal(repr(wish.price))
    assert decision.qty > 0
    assert decision.qty % rules.qty_step == 0
    assert decision.qty >= rules.min_qty
    assert decision.qty * price >= rules.min_cost_usdt * Decimal("0.999999")
    assert rules.max_market_qty is None or decision.qty <= rules.max_market_qty
    assert decision.leverage <= min(
        wish.appetite.leverage, limits["max_leverage"], rules.max_leverage
    )
    assert 0 < wish.stop <= 50
    notional = float(decision.qty * price)
    assert wish.stop < 1e-9 + liquidation_distance(
        wish.side, decision.leverage, decision.costs, notional
    )
    assert len(ledger.open | {wish.symbol}) <= limits["max_positions"]
    assert wish.symbol not in ledger.open
    risked = decision.qty * price * Decimal(repr(wish.stop)) / 100
    assert risked <= 10_000 * Decimal(repr(wish.appetite.risk_percent)) / 100
    worth = decision.qty * price
    assert worth <= Decimal(repr(limits["max_order_usdt"]))
    assert ledger.notional + worth <= Decimal(repr(limits["max_exposure_usdt"])) + ROUNDING
    taken = decision.qty * price * (Decimal(1) / decision.leverage + rules.taker_fee)
    assert ledger.margin + taken <= 10_000


@given(rules=contracts, sequence=st.lists(wishes, min_size=1, max_size=8))
@settings(max_examples=60)
async def test_every_order_that_is_let_through_keeps_every_limit(
    rules: Contract, sequence: list[Wish]
) -> None:
    async with passing_database() as database:
        desk = Desk.opened(database, FakeMarket())
        user_id = await desk.user()
        limits = {
            "max_leverage": 10.0,
            "max_positions": 5.0,
            "max_order_usdt": NO_LIMIT_USDT,
            "max_exposure_usdt": NO_LIMIT_USDT,
        }
        ledger = Ledger()
        for wish in sequence:
            limits |= {name: value for name, value in wish.limits.items() if name in LIMITS}
            await _play(desk, user_id, wish, rules, limits, ledger)


async def _play(
    desk: Desk,
    user_id: int,
    wish: Wish,
    rules: Contract,
    limits: dict[str, float],
    ledger: Ledger,
) -> None:
    at_ms = to_ms(desk.now)
    whole = Decimal(10_000)
    async with desk.database.write() as session:
        for name, value in wish.limits.items():
            await set_limit(session, user_id, name, value)
        decision = await decide_entry(
            session,
            Entry(
                user_id, "paper", wish.symbol, wish.side, wish.price, wish.stop, wish.take, at_ms
            ),
            wish.appetite,
            "running",
            Balance(whole, whole, whole),
            rules,
        )
        if not decision.allowed:
            assert decision.qty == 0
            return
        holds(wish, decision, rules, limits, ledger)
        order = await write_intent(
            session,
            Intent(
                user_id=user_id,
                mode="paper",
                exchange="paper",
                symbol=wish.symbol,
                side="buy" if wish.side > 0 else "sell",
                purpose="entry",
                decided_ms=at_ms,
                qty=decision.qty,
                leverage=decision.leverage,
                stop_percent=wish.stop,
                signal_price=wish.price,
                valid_until_ms=at_ms + 30_000,
            ),
        )
        order.state = wish.ends_as
    if wish.ends_as not in ("rejected", "expired"):
        ledger.open |= {wish.symbol}
        ledger.notional += decision.qty * Decimal(repr(wish.price))
        ledger.margin += decision.qty * Decimal(repr(wish.price)) / decision.leverage
