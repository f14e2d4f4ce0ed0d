"""What stands on the emulator and what went wrong, for whoever checks."""

from __future__ import annotations

from typing import Any

from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.emulator import Emulator
from bot.sandbox.bitget.rows_v2 import plain


def audit(emulator: Emulator, _body: dict[str, Any]) -> Any:
    """What stands and what went wrong: positions, client ids used twice, spans without a stop."""
    emulator.catch_up()
    return {
        "now_ms": emulator.clock.now_ms(),
        "accounts": [_standing(emulator, account) for account in emulator.accounts.values()],
        "used_twice": emulator.ledger.used_twice(),
        "refused_twice": emulator.ledger.refused_twice,
        "bare": [span._asdict() for span in emulator.bare()],
    }


def _standing(emulator: Emulator, account: Account) -> dict[str, Any]:
    return {
        "name": account.name,
        "equity": plain(emulator.equity(account)),
        "wallet": plain(account.wallet),
        "positions": [
            {
                "symbol": position.symbol,
                "hold": position.hold,
                "qty": plain(position.qty),
                "entry": plain(position.entry),
                "covered": account.is_covered(position),
            }
            for position in account.positions.values()
        ],
        "stops": [
            {"symbol": plan.symbol, "kind": plan.kind, "trigger": plain(plan.trigger)}
            for plan in account.live_plans()
        ],
        "orders": [
            {
                "id": order.id,
                "client_id": order.wish.client_id,
                "symbol": order.wish.symbol,
                "side": order.wish.side,
                "qty": plain(order.wish.qty),
                "filled": plain(order.filled),
                "status": order.status,
                "source": order.wish.source,
            }
            for order in account.orders.values()
        ],
    }
