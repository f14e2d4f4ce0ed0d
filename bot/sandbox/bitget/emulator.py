"""The exchange itself: contracts with prices that its owner moves, accounts, and a clock."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from bot.sandbox.bitget import margin
from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.calls import CallLog
from bot.sandbox.bitget.desk import Desk
from bot.sandbox.bitget.engine import Engine
from bot.sandbox.bitget.faults import Fault, Faults
from bot.sandbox.bitget.ledger import Bare, Ledger
from bot.sandbox.bitget.listing import Listing
from bot.sandbox.bitget.listings import LISTINGS
from bot.sandbox.bitget.matching import Matching
from bot.sandbox.bitget.settings import SettingsDesk
from bot.sandbox.bitget.stops import StopDesk
from bot.sandbox.bitget.tape import Tape
from domain.clock import MarketClock

FUNDING_MS = 8 * 3_600_000
SPREAD = Decimal("0.0001")
_RATE = Decimal("0.0001")
_DEPOSIT = Decimal(1_000)


class Emulator:
    """Bitget without a network: `server.start` puts it on loopback.

    `clock` is its time; `skew_ms` is how far its answers are off from it. `spread`: a fraction of
    the price. `seed`: of the faults that come by chance.
    """

    def __init__(
        self,
        clock: MarketClock,
        *,
        listings: Iterable[Listing] = LISTINGS,
        spread: Decimal = SPREAD,
        seed: int = 0,
    ) -> None:
        self.clock = clock
        self.skew_ms = 0
        self.ledger = Ledger()
        self.faults = Faults(seed)
        self.calls = CallLog()
        self.accounts: dict[str, Account] = {}
        self.tapes = {one.symbol: Tape(one, clock.now_ms, spread) for one in listings}
        self.funding_rates = dict.fromkeys(self.tapes, _RATE)
        self.funded: list[tuple[int, str, Decimal]] = []
        self.engine = Engine(self.tapes, clock.now_ms, self.ledger)
        self.desk = Desk(self.engine)
        self.stops = StopDesk(self.engine)
        self.settings = SettingsDesk(self.engine)
        self.matching = Matching(self.engine, self.accounts)
        self.is_up = True
        self.on_cut: set[Callable[[], None]] = set()
        self._funded_until = clock.now_ms()

    def now_ms(self) -> int:
        """The time of its answers."""
        return self.clock.now_ms() + self.skew_ms

    def opens(self, name: str = "alice", *, deposit: Decimal = _DEPOSIT, **about: Any) -> Account:
        """A new account with `deposit` USDT; `about`: what `Account` takes. Keys that are not given
        are made up.
        """
        about.setdefault("key", f"bg_{secrets.token_hex(16)}")
        about.setdefault("secret", secrets.token_hex(32))
        about.setdefault("passphrase", secrets.token_hex(8))
        account = Account(name, **about)
        self.accounts[account.key] = account
        self.engine.deposit(account, deposit)
        return account

    def price(self, symbol: str) -> Decimal:
        """Last traded, USDT."""
        return self.tapes[symbol].last

    def moves(self, symbol: str, to: str | Decimal) -> Decimal:
        """The price walks by "-4%", or to a price; everything on its way happens. Returns it."""
        target = self._target(symbol, to)
        self.catch_up()
        self.matching.move(symbol, target)
        return target

    def jumps(self, symbol: str, to: str | Decimal) -> Decimal:
        """The price is there at once, with nothing traded in between."""
        target = self._target(symbol, to)
        self.catch_up()
        self.matching.jump(symbol, target)
        return target

    def marks(self, symbol: str, mark: str | Decimal) -> None:
        """Only the mark price changes, and keeps its new distance from the last price."""
        self.catch_up()
        self.tapes[symbol].mark = Decimal(mark)
        self.matching.settle(symbol)

    def goes_down(self) -> None:
        """Nothing is answered until it comes up; prices go on."""
        self.is_up = False
        self.cuts()
        self.ledger.went_down(self.clock.now_ms())

    def cuts(self) -> None:
        """End every websocket without a word."""
        for cut in self.on_cut:
            cut()

    def comes_up(self) -> None:
        self.is_up = True
        self.ledger.came_up(self.clock.now_ms())

    def fails(self, fault: Fault) -> None:
        """Add a fault to those to come."""
        self.faults.add(fault)

    def catch_up(self) -> None:
        """What the time that passed has brought: funding, and rests of orders."""
        now = self.clock.now_ms()
        self.matching.finish(now)
        first = self._funded_until // FUNDING_MS + 1
        for stamp in range(first * FUNDING_MS, now + 1, FUNDING_MS):
            self._charge(stamp)
        self._funded_until = now

    def equity(self, account: Account) -> Decimal:
        """Wallet and unrealised profit, USDT."""
        return margin.equity(account, self.tapes)

    def bare(self) -> list[Bare]:
        """Every span in which a position had no stop."""
        return self.ledger.bare(self.clock.now_ms())

    def _charge(self, stamp: int) -> None:
        for symbol, rate in self.funding_rates.items():
            self.funded.append((stamp, symbol, rate))
            for account in self.accounts.values():
                for position in account.held(symbol):
                    self.engine.fund(account, position, rate)

    def _target(self, symbol: str, to: str | Decimal) -> Decimal:
        tape = self.tapes[symbol]
        if isinstance(to, str) and to.endswith("%"):
            return tape.rounded(tape.last * (1 + Decimal(to[:-1]) / 100))
        return tape.rounded(Decimal(to))
