"""Time-based one-time passwords (RFC 6238): SHA-1, 6 digits, a step of 30 s, as every app does."""

from __future__ import annotations

import hmac

import pyotp

STEP_S = 30
DIGITS = 6
_AROUND = (0, -1, 1)
"""Clocks differ, and people are slow: the step before and the one after count as well."""


def new_secret() -> str:
    """160 bits of Base32."""
    return pyotp.random_base32()


def address(secret: str, account: str, issuer: str) -> str:
    """What a QR code holds: `otpauth://totp/...`."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def step_of(secret: str, code: str, now_s: float) -> int | None:
    """The time step that `code` belongs to, among the present one and its neighbours, or None."""
    made = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_S)
    now = int(now_s) // STEP_S
    for away in _AROUND:
        if hmac.compare_digest(made.generate_otp(now + away), code):
            return now + away
    return None
