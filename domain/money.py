"""Money is `Decimal`, exact to 1e-8. Floats live in the bar engine and in ratios, never in a
ledger.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

from domain.errors import DomainError

QUANTUM = Decimal("0.00000001")
LIMIT = Decimal(10) ** 10
"""NUMERIC(18, 8) holds ten digits before the point."""


def exact(value: Decimal | str | float) -> Decimal:
    """Any number -> Decimal rounded half-even to 1e-8. A float counts as the shortest text that
    gives it back.

    Raises DomainError("amount_out_of_range") for NaN, infinities and what is >= 1e10 once rounded.
    """
    number = Decimal(float.__repr__(value)) if isinstance(value, float) else Decimal(value)
    if number.is_finite() and abs(number) < LIMIT:
        rounded = number.quantize(QUANTUM, rounding=ROUND_HALF_EVEN)
        if abs(rounded) < LIMIT:
            return rounded
    raise DomainError("amount_out_of_range", value=str(number))


def floor_step(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of `step` (> 0) that is not above `value` in magnitude."""
    if step <= 0:
        raise ValueError("step must be positive")
    return (value / step).to_integral_value(rounding=ROUND_DOWN) * step
