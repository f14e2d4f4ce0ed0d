"""A number that a user may change within bounds, and whether a change lets more risk in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from domain.errors import DomainError

Effect = Literal["looser", "tighter", "neutral"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a setting may be. `whole`: no fractions. `risky`: +1 = more is looser, 0 = neither."""

    minimum: float
    maximum: float
    whole: bool = False
    risky: int = 1


@dataclass(frozen=True, slots=True)
class Change:
    """A setting's old and new value."""

    name: str
    before: float
    after: float
    effect: Effect

    @property
    def loosens(self) -> bool:
        """Whether the change lets more risk in."""
        return self.effect == "looser"


def checked(name: str, value: str | float, known: dict[str, Bounds]) -> float:
    """`value` as a number within the bounds of `name`.

    Raises DomainError: "unknown_setting" (name, known), "not_a_number" (name, value),
    "limit_out_of_range" (name, minimum, maximum, whole).
    """
    if name not in known:
        raise DomainError("unknown_setting", name=name[:40], known=", ".join(known))
    bounds = known[name]
    number = _number(name, value)
    fraction = bounds.whole and number != math.floor(number)
    if fraction or not bounds.minimum <= number <= bounds.maximum:
        raise DomainError(
            "limit_out_of_range",
            name=name,
            minimum=bounds.minimum,
            maximum=bounds.maximum,
            whole=bounds.whole,
        )
    return int(number) if bounds.whole else number


def change(name: str, before: float, after: float, known: dict[str, Bounds]) -> Change:
    """What moving `name` from `before` to `after` means for the risk taken."""
    direction = known[name].risky * (after - before)
    effect: Effect = "neutral" if direction == 0 else "looser" if direction > 0 else "tighter"
    return Change(name, before, after, effect)


def _number(name: str, value: str | float) -> float:
    refused = DomainError("not_a_number", name=name, value=str(value)[:40])
    if isinstance(value, str) and (len(value) > 40 or "_" in value or not value.isascii()):
        raise refused
    try:
        number = float(value)
    except ValueError:
        raise refused from None
    if not math.isfinite(number):
        raise refused
    return number
