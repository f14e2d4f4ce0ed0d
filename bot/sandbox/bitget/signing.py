"""The headers of a private call, checked."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.emulator import Emulator
from bot.sandbox.bitget.errors import BitgetError

WINDOW_MS = 30_000


@dataclass(frozen=True, slots=True)
class Signed:
    """What the headers of a private call say."""

    key: str
    signature: str
    timestamp: str
    passphrase: str
    payload: str  # method, path, query and body as they were signed
    unit_ms: int = 1  # of the timestamp

    def account(self, emulator: Emulator, address: str) -> Account:
        """Whose call it is. Raises the codes of keys, clocks and addresses."""
        if not self.key:
            raise BitgetError("40006")
        account = emulator.accounts.get(self.key)
        if account is None or account.disabled:
            raise BitgetError("40037")
        self._check_time(emulator)
        digest = hmac.digest(
            account.secret.encode(), (self.timestamp + self.payload).encode(), hashlib.sha256
        )
        if not hmac.compare_digest(base64.b64encode(digest), self.signature.encode()):
            raise BitgetError("40009")
        if not hmac.compare_digest(account.passphrase.encode(), self.passphrase.encode()):
            raise BitgetError("40012")
        if account.ips and address not in account.ips:
            raise BitgetError("40018")
        return account

    def _check_time(self, emulator: Emulator) -> None:
        """A market that runs faster than the wall has a window that is wider."""
        window = WINDOW_MS * max(1.0, emulator.clock.speed)
        if not self.timestamp.isdecimal():
            raise BitgetError("40008")
        if abs(int(self.timestamp) * self.unit_ms - emulator.now_ms()) > window:
            raise BitgetError("40008")
