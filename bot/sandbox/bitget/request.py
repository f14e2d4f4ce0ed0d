"""One call: who asks, for what, and how its parameters are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.emulator import Emulator
from bot.sandbox.bitget.errors import BitgetError
from bot.sandbox.bitget.faults import Fault
from bot.sandbox.bitget.tape import Tape
from domain.market.timeframes import DAY_MS


@dataclass
class Call:
    """`params`: the query or the JSON body. `fault`: what bends how it is carried out."""

    emulator: Emulator
    account: Account
    params: Mapping[str, Any]
    fault: Fault | None = None

    def text(self, name: str, otherwise: str | None = None) -> str:
        """Raises 40019 for what is missing and has no default."""
        value = self.params.get(name)
        if value is None or value == "":
            if otherwise is None:
                raise BitgetError("40019", name)
            return otherwise
        return str(value)

    def number(self, name: str) -> Decimal:
        """Raises 40019, or 40017 for what is no number."""
        value = self.optional(name)
        if value is None:
            raise BitgetError("40019", name)
        return value

    def optional(self, name: str) -> Decimal | None:
        """None for what is missing or "0", which Bitget takes for missing."""
        try:
            value = Decimal(self.text(name, "0"))
        except InvalidOperation:
            raise BitgetError("40017") from None
        if not value.is_finite():
            raise BitgetError("40017")
        return value or None

    def integer(self, name: str, otherwise: int) -> int:
        try:
            return int(self.text(name, str(otherwise)))
        except ValueError:
            raise BitgetError("40017") from None

    def named(self, name: str = "orderIdList") -> list[tuple[str, str]]:
        """A list of (orderId, clientOid); empty when it is missing."""
        given = self.params.get(name) or []
        if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
            raise BitgetError("40017")
        return [(str(one.get("orderId") or ""), str(one.get("clientOid") or "")) for one in given]

    def one_of(self, name: str, allowed: Mapping[str, Any], otherwise: str | None = None) -> Any:
        """The meaning of a word, whatever its case."""
        word = self.text(name, otherwise).lower()
        if word not in allowed:
            raise BitgetError("40017")
        return allowed[word]

    def page(self, rows: list[Any], most: int = 100) -> list[Any]:
        """The newest `limit` of rows that are in the order of their time."""
        return rows[-max(1, min(most, self.integer("limit", most))) :]

    def in_span(self, moment_ms: int) -> bool:
        """Whether it lies between startTime and endTime, as far as they are given."""
        end = self.integer("endTime", moment_ms)
        return self.integer("startTime", 0) <= moment_ms <= end

    def spans_most(self, days: int) -> None:
        """Raises 40017 for a question about more days than are told at once."""
        end = self.integer("endTime", self.emulator.clock.now_ms())
        if end - self.integer("startTime", end) > days * DAY_MS:
            raise BitgetError("40017")

    def before(self, rows: list[Any], name: str) -> list[Any]:
        """Those older than the one whose id the parameter holds, which a page before ended with."""
        last = self.text(name, "")
        ids = [row.id for row in rows]
        return rows[: ids.index(last)] if last in ids else rows

    def seen_ms(self) -> int:
        """The emulator's time, less what the fault makes reads lag."""
        lag_s = self.fault.lag_s if self.fault else 0.0
        return self.emulator.clock.now_ms() - round(lag_s * 1000)


def symbol_of(call: Call) -> Tape:
    return call.emulator.engine.tape(call.text("symbol").upper())


Handler = Callable[[Call], Any]
