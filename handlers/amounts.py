"""Numbers as people type them: `300`, `1,5`, `1,000.50 USDT`, `$300`, `2%`, `10배`."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from domain.errors import DomainError

UNITS = {
    "usdt": "USDT",
    "usd": "USDT",
    "$": "USDT",
    "달러": "USDT",
    "테더": "USDT",
    "%": "%",
    "퍼센트": "%",
    "x": "×",
    "×": "×",
    "배": "×",
    "개": "",
}
"""What may stand behind a number -> how we write that unit; "" is a plain count."""

_AMOUNT = re.compile(
    rf"\$?\s*([+-]?[0-9][0-9.,]*|[+-]?\.[0-9]+)\s*({'|'.join(map(re.escape, UNITS))})?"
)
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]*)?")
_DECIMAL_COMMA = re.compile(r"[+-]?(0,[0-9]+|[0-9]+,[0-9]{1,2})")


@dataclass(frozen=True, slots=True)
class Amount:
    """`number`: what was typed, in the program's writing when it could be read at all. `unit`: one
    of UNITS, None when none was typed.
    """

    number: str
    unit: str | None = None


def amount_of(text: str) -> Amount:
    """A comma before three digits parts thousands; before one or two, or after a zero, it is a
    decimal one. What is no number stays as it is, for whoever checks the value to refuse.
    """
    typed = unicodedata.normalize("NFKC", text).replace("−", "-").strip().lower()
    match = _AMOUNT.fullmatch(typed)
    if match is None:
        return Amount(text.strip())
    number, unit = match[1], match[2] or ("$" if typed.startswith("$") else None)
    if _THOUSANDS.fullmatch(number):
        number = number.replace(",", "")
    elif _DECIMAL_COMMA.fullmatch(number):
        number = number.replace(",", ".")
    return Amount(number, unit)


def in_unit(name: str, amount: Amount, unit: str) -> str:
    """The number of a setting that is counted in `unit`. Raises DomainError("wrong_unit", name,
    unit): 2% is not two dollars.
    """
    if amount.unit is not None and UNITS[amount.unit] != unit:
        raise DomainError("wrong_unit", name=name, unit=amount.unit)
    return amount.number
