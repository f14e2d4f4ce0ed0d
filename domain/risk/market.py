"""Whether a market is still the one that an entry was decided in, and one to trade at all.

The gate asks it of every entry at a real account, and the sender again of one that waited. Our own
books fill at the next bar's open, whatever that is, as a backtest does.
"""

from __future__ import annotations

from domain.market.ports import Price
from domain.risk.models import RiskSettings

PRICE_MOVED, TOO_THIN, PRICE_UNSEEN = "price_moved", "market_too_thin", "price_unseen"


def market_denial(decided_at: float, price: Price, limits: RiskSettings) -> str | None:
    """`decided_at`: the price of the decision, USDT. PRICE_MOVED, TOO_THIN or None.

    A market that does not say what it trades is not judged by it.
    """
    moved_percent = abs(price.last / decided_at - 1.0) * 100.0
    if not moved_percent <= limits.price_collar:
        return PRICE_MOVED
    turnover = price.turnover_usdt
    if turnover is not None and turnover < limits.min_turnover_usdt:
        return TOO_THIN
    return None
