"""Everything that is ever pushed to a user. A kind that nobody can speak would be lost silently."""

from __future__ import annotations

SIGNAL = "signal"
ENTRY = "entry"
EXIT = "exit"
ORDER_EXPIRED = "order_expired"
ORDER_REJECTED = "order_rejected"
ORDER_FAILED = "order_failed"
STOP_RESTORED = "stop_restored"
POSITION_GONE = "position_gone"
POSITION_DIFFERS = "position_differs"
DAILY_LOSS = "daily_loss"
BACKTEST_DONE = "backtest_done"
BACKTEST_FAILED = "backtest_failed"
KEY = "key"
PANIC = "panic"
KILL = "kill"
STUDY_DONE = "study_done"
STUDY_FAILED = "study_failed"

KINDS = frozenset(
    {
        SIGNAL,
        ENTRY,
        EXIT,
        ORDER_EXPIRED,
        ORDER_REJECTED,
        ORDER_FAILED,
        STOP_RESTORED,
        POSITION_GONE,
        POSITION_DIFFERS,
        DAILY_LOSS,
        BACKTEST_DONE,
        BACKTEST_FAILED,
        KEY,
        PANIC,
        KILL,
        STUDY_DONE,
        STUDY_FAILED,
    }
)
"""`handlers.notifications` has a sentence for each, and for no other."""
