"""What an exchange's refusal of a private call means: by its own code first, ccxt's class second.

ccxt puts several meanings into one class, and takes a lost answer for a refusal now and then; with
orders that difference is money.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import aiohttp
import ccxt.async_support as ccxt

from bot.adapters.ccxt_exchange import exchange_code


class Meaning(enum.Enum):
    """What to do about it.

    REFUSED: nothing happened, for certain. LOST: it may have happened. EXISTS: that order is there
    already. ABSENT: no such order or position. KEY: the key is of no use (as it stands). BUSY: not
    taken in, try later. CLOCK: our clock is off. DOWN: maintenance.
    """

    REFUSED = "refused"
    LOST = "lost"
    EXISTS = "exists"
    ABSENT = "absent"
    KEY = "key"
    BUSY = "busy"
    CLOCK = "clock"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Told:
    """`code` is ours: it names a sentence."""

    meaning: Meaning
    code: str


REFUSED_SOMEHOW = Told(Meaning.REFUSED, "exchange_refused")
"""By a code that nobody here knows."""
MARKET_GONE = Told(Meaning.REFUSED, "market_gone")
"""Nothing is traded or told there any more."""

WRONG_MODE = "wrong_position_mode"

_BITGET: dict[str, Told] = {
    "40037": Told(Meaning.KEY, "key_wrong"),
    "40006": Told(Meaning.KEY, "key_wrong"),
    "40009": Told(Meaning.KEY, "key_wrong"),
    "40012": Told(Meaning.KEY, "key_wrong"),
    "40014": Told(Meaning.KEY, "key_permission"),
    "40018": Told(Meaning.KEY, "key_ip"),
    "40085": Told(Meaning.KEY, "key_account_changed"),
    "40084": Told(Meaning.KEY, "key_account_changed"),
    "40004": Told(Meaning.CLOCK, "exchange_clock"),
    "40008": Told(Meaning.CLOCK, "exchange_clock"),
    "429": Told(Meaning.BUSY, "exchange_busy"),
    "40762": Told(Meaning.REFUSED, "insufficient_balance"),
    "43012": Told(Meaning.REFUSED, "insufficient_balance"),
    "45110": Told(Meaning.REFUSED, "below_minimum"),
    "40808": Told(Meaning.REFUSED, "wrong_precision"),
    "40774": Told(Meaning.REFUSED, WRONG_MODE),
    "40917": Told(Meaning.REFUSED, "level_passed"),
    "45122": Told(Meaning.REFUSED, "level_passed"),
    "40309": MARKET_GONE,
    "40786": Told(Meaning.EXISTS, "order_exists"),
    "43025": Told(Meaning.ABSENT, "order_gone"),
    "22001": Told(Meaning.ABSENT, "order_gone"),
    "22002": Told(Meaning.ABSENT, "position_gone"),
    "40109": Told(Meaning.ABSENT, "order_gone"),
    "40768": Told(Meaning.ABSENT, "order_gone"),
    "43001": Told(Meaning.ABSENT, "order_gone"),
    # The same of unified accounts, which have codes of their own for some.
    "25202": Told(Meaning.REFUSED, "insufficient_balance"),
    "25203": Told(Meaning.REFUSED, "insufficient_balance"),
    "25204": Told(Meaning.ABSENT, "order_gone"),
    "25227": Told(Meaning.ABSENT, "position_gone"),
    "40015": Told(Meaning.LOST, "exchange_unreachable"),
    "40725": Told(Meaning.LOST, "exchange_unreachable"),
    "40010": Told(Meaning.LOST, "exchange_unreachable"),
    "40200": Told(Meaning.DOWN, "exchange_maintenance"),
    "40308": Told(Meaning.DOWN, "exchange_maintenance"),
}

# The first that fits: children of a class stand before it.
_CLASSES: tuple[tuple[type[ccxt.BaseError], Told], ...] = (
    (ccxt.RateLimitExceeded, Told(Meaning.BUSY, "exchange_busy")),
    (ccxt.DDoSProtection, Told(Meaning.BUSY, "exchange_busy")),
    (ccxt.OnMaintenance, Told(Meaning.DOWN, "exchange_maintenance")),
    (ccxt.InvalidNonce, Told(Meaning.CLOCK, "exchange_clock")),
    (ccxt.NetworkError, Told(Meaning.LOST, "exchange_unreachable")),
    (ccxt.BadResponse, Told(Meaning.LOST, "exchange_bad_answer")),
    (ccxt.NullResponse, Told(Meaning.LOST, "exchange_bad_answer")),
    (ccxt.DuplicateOrderId, Told(Meaning.EXISTS, "order_exists")),
    (ccxt.OrderNotFound, Told(Meaning.ABSENT, "order_gone")),
    (ccxt.PermissionDenied, Told(Meaning.KEY, "key_permission")),
    (ccxt.AuthenticationError, Told(Meaning.KEY, "key_wrong")),
    (ccxt.BadSymbol, MARKET_GONE),
    (ccxt.InsufficientFunds, Told(Meaning.REFUSED, "insufficient_balance")),
)


def meaning_of(error: ccxt.BaseError) -> Told:
    """What an error of ccxt says. A refusal that nobody knows is REFUSED_SOMEHOW."""
    if isinstance(error.__cause__, aiohttp.ClientError):  # a broken connection in other clothes
        return Told(Meaning.LOST, "exchange_unreachable")
    known = _BITGET.get(exchange_code(error))
    if known is not None:
        return known
    return next(
        (told for kind, told in _CLASSES if isinstance(error, kind)),
        REFUSED_SOMEHOW,
    )
