"""A subscription: what it shows at once, and which events it is told of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from bot.sandbox.bitget import frames_v2, frames_v3
from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.emulator import Emulator
from bot.sandbox.bitget.errors import BitgetError
from bot.sandbox.bitget.history_v2 import timeframe_of
from bot.sandbox.bitget.orders import Order, Plan
from bot.sandbox.bitget.records import Fill
from bot.sandbox.bitget.tape import Tape

_PRIVATE = {
    "orders": "order", "order": "order", "orders-algo": "plan", "fill": "fill",
    "positions": "account", "position": "account", "account": "account",
}  # fmt: skip
Arg = dict[str, str]


class Frames(Protocol):
    """What either API's pushes are made by."""

    def ticker(self, emulator: Emulator, tape: Tape, /) -> list[Any]: ...
    def candles(self, tape: Tape, word: str, count: int, /) -> list[Any]: ...
    def order(self, account: Account, made: Order, /) -> list[Any]: ...
    def fill(self, account: Account, made: Fill, /) -> list[Any]: ...
    def positions(self, emulator: Emulator, account: Account, /) -> list[Any]: ...
    def wallet(self, emulator: Emulator, account: Account, /) -> list[Any]: ...


_FRAMES: dict[bool, Frames] = {False: frames_v2, True: frames_v3}


@dataclass(frozen=True, slots=True)
class Topic:
    """`name`: the channel without a candle's length, which is `word`; `event`: what it hears of."""

    arg: Arg
    unified: bool
    name: str
    word: str
    symbol: str
    event: str

    @property
    def is_private(self) -> bool:
        return self.event != "price"

    def snapshot(self, emulator: Emulator, account: Account | None) -> list[Any] | None:
        """What is there now; None for a topic of events only."""
        if self.event == "price":
            return self._price(emulator, frames_v2.SNAPSHOT_BARS)
        if self.event == "account" and account is not None:
            return self._holdings(emulator, account)
        return None

    def update(self, emulator: Emulator, account: Account | None, what: object) -> list[Any] | None:
        """What an event it hears of shows; None when it is about something else."""
        if self.event == "price":
            return self._price(emulator, 1) if what == self.symbol else None
        if account is None:
            return None
        frames = _FRAMES[self.unified]
        if isinstance(what, Order):
            return frames.order(account, what)
        if isinstance(what, Fill):
            return frames.fill(account, what)
        if isinstance(what, Plan):
            return frames_v2.plan(account, what)
        return self._holdings(emulator, account)

    def _price(self, emulator: Emulator, count: int) -> list[Any]:
        tape = emulator.tapes[self.symbol]
        frames = _FRAMES[self.unified]
        if self.name == "ticker":
            return frames.ticker(emulator, tape)
        return frames.candles(tape, self.word, count)

    def _holdings(self, emulator: Emulator, account: Account) -> list[Any]:
        frames = _FRAMES[self.unified]
        show = frames.wallet if self.name == "account" else frames.positions
        return show(emulator, account)


def topic_of(emulator: Emulator, arg: Any, *, unified: bool) -> Topic:
    """Raises BitgetError for what cannot be subscribed to."""
    if not isinstance(arg, dict) or not all(isinstance(value, str) for value in arg.values()):
        raise BitgetError("40017")
    name = arg.get("topic" if unified else "channel", "")
    if name in _PRIVATE and not (unified and name == "orders-algo"):
        return Topic(arg, unified, name, "", "", _PRIVATE[name])
    word = arg.get("interval", "") if unified else name.removeprefix("candle")
    symbol = arg.get("symbol" if unified else "instId", "")
    emulator.engine.tape(symbol)
    if name == "ticker":
        return Topic(arg, unified, name, "", symbol, "price")
    if name == "kline" or (name.startswith("candle") and not unified):
        timeframe_of(word)
        return Topic(arg, unified, "candle", word, symbol, "price")
    raise BitgetError("40017")
