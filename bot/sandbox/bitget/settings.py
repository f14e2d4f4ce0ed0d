"""Leverage, margin mode and position mode of an account, and when they cannot change."""

from __future__ import annotations

from decimal import Decimal

from bot.sandbox.bitget import margin
from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.engine import Engine
from bot.sandbox.bitget.errors import BitgetError
from bot.sandbox.bitget.records import FINE, Hold, MarginMode


class SettingsDesk:
    """Every method raises BitgetError."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def set_hedged(self, account: Account, hedged: bool) -> None:
        """Raises 40920 while anything is open."""
        if hedged != account.hedged and (account.positions or account.open_orders()):
            raise BitgetError("40920")
        account.hedged = hedged

    def set_mode(self, account: Account, symbol: str, mode: MarginMode) -> None:
        """Raises 45117 while the symbol has a position or an order."""
        self.engine.tape(symbol)
        leverage = account.leverage(symbol)
        busy = any(account.held(symbol)) or account.open_orders(symbol)
        if mode != leverage.mode and busy:
            raise BitgetError("45117")
        leverage.mode = mode

    def set_leverage(self, account: Account, symbol: str, value: int, hold: Hold | None) -> None:
        """Of one side, or of both and the cross one. Open positions take it over: 40762 when that
        costs more margin than there is.
        """
        tape = self.engine.tape(symbol)
        if not 1 <= value <= tape.listing.max_leverage:
            raise BitgetError("40797")
        touched = [p for p in account.held(symbol) if hold in {None, p.hold}]
        needed = sum((p.cost / value - p.margin for p in touched), Decimal(0))
        if needed > margin.available(account, self.engine.tapes):
            raise BitgetError("40762")
        leverage = account.leverage(symbol)
        if hold != "short":
            leverage.long = value
        if hold != "long":
            leverage.short = value
        if hold is None:
            leverage.cross = value
        for position in touched:
            position.leverage = value
            position.margin = (position.cost / value).quantize(FINE)
        self.engine.changed(account)
