"""The life of an order, as values: which state may follow which."""

from __future__ import annotations

from datetime import datetime

from domain.errors import DomainError
from domain.trading.models import Order

HELD, INTENT, SENT, ACCEPTED, UNKNOWN = "held", "intent", "sent", "accepted", "unknown"
FILLED, REJECTED, EXPIRED, CANCELLED, FAILED = (
    "filled",
    "rejected",
    "expired",
    "cancelled",
    "failed",
)

ENDED = frozenset({FILLED, REJECTED, EXPIRED, CANCELLED, FAILED})
OPEN = frozenset({HELD, INTENT, SENT, ACCEPTED, UNKNOWN})
"""Everything that may still become a position: it counts as exposure. HELD: an entry that waits for
the close of the other side, and is sized and decided then."""

UNSENT = frozenset({HELD, INTENT})
"""The exchange never heard of it."""

IN_DOUBT = frozenset({SENT, UNKNOWN})
"""Sent without an answer: only the exchange knows."""

TRANSITIONS: dict[str, frozenset[str]] = {
    HELD: frozenset({INTENT, REJECTED, EXPIRED, CANCELLED, FAILED}),
    INTENT: frozenset({SENT, EXPIRED, CANCELLED, FAILED}),
    SENT: frozenset({ACCEPTED, UNKNOWN}) | ENDED,
    UNKNOWN: frozenset({ACCEPTED}) | ENDED,
    ACCEPTED: ENDED,
    **{state: frozenset() for state in ENDED},
}


def may_become(state: str, wanted: str) -> bool:
    """Whether an order may go from `state` to `wanted`: never out of an end, never back."""
    return wanted in TRANSITIONS[state]


def move(order: Order, wanted: str, at: datetime, error_code: str | None = None) -> bool:
    """Bring `order` to `wanted` at market time `at`; False when it ended or is there already.

    The answer of a sending and the fill that reconcile read may arrive in either order: whoever
    comes late changes nothing. Raises DomainError("order_transition") for a step that no order
    can take (an intent that was never sent can not be filled).
    """
    if order.state == wanted or order.state in ENDED:
        return False
    if not may_become(order.state, wanted):
        if order.state == ACCEPTED:  # an older answer
            return False
        raise DomainError("order_transition", state=order.state, wanted=wanted)
    order.state = wanted
    if error_code is not None:
        order.error_code = error_code[:40]
    if wanted in ENDED:
        order.done_at = at
    return True
