"""Bitget on loopback: enough of an exchange that ccxt talks to it unchanged, for trying live
trading without money and for tests.

`Emulator` is the exchange, `start` serves it. Prices move when their owner says so.
"""

from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.emulator import Emulator
from bot.sandbox.bitget.errors import BitgetError
from bot.sandbox.bitget.faults import Fault
from bot.sandbox.bitget.listing import Listing
from bot.sandbox.bitget.listings import LISTINGS, listing_of
from bot.sandbox.bitget.server import RunningEmulator, start

__all__ = [
    "LISTINGS",
    "Account",
    "BitgetError",
    "Emulator",
    "Fault",
    "Listing",
    "RunningEmulator",
    "listing_of",
    "start",
]  # fmt: skip
