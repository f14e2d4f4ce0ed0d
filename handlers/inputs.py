"""Values for a program's inputs: as they are typed, and a few that are offered."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from domain.errors import DomainError
from domain.strategies.language import Param
from handlers.amounts import amount_of

Value = float | bool
_TYPED = re.compile(r"([A-Za-z_]\w{0,39})=(\S+)")
_ON = {"on", "true", "yes", "1", "켬", "예"}
_OFF = {"off", "false", "no", "0", "끔", "아니오"}
_SHOWN = 40
_FACTORS = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0)


def split(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """(the other words, what was typed for each input) of `ema fast=9 slow=30`.

    Raises DomainError("bad_input", word) for what was meant so and is none.
    """
    rest: list[str] = []
    typed: dict[str, str] = {}
    for word in words:
        match = _TYPED.fullmatch(word)
        if match is None:
            if "=" in word:
                raise DomainError("bad_input", word=word[:_SHOWN])
            rest.append(word)
        else:
            typed[match[1]] = match[2]
    return rest, typed


def read(params: Sequence[Param], typed: Mapping[str, str]) -> dict[str, Value]:
    """The values as their inputs hold them.

    Raises DomainError: "unknown_param", "param_wrong_kind", "param_out_of_range".
    """
    known = {param.name: param for param in params}
    for name in typed:
        if name not in known:
            raise DomainError("unknown_param", name=name, allowed=", ".join(known) or "-")
    return {name: _value(known[name], text) for name, text in typed.items()}


def offered(param: Param) -> list[Value]:
    """Values around the default, within its bounds, smallest first."""
    if param.kind == "bool":
        return [True, False]
    default = float(param.default)
    found = {default, *(default * factor for factor in _FACTORS)}
    found |= {float(bound) for bound in (param.minimum, param.maximum) if bound is not None}
    low = -math.inf if param.minimum is None else param.minimum
    high = math.inf if param.maximum is None else param.maximum
    rounded = {round(value) if param.kind == "int" else float(f"{value:.4g}") for value in found}
    return sorted(value for value in rounded if low <= value <= high)


def _value(param: Param, text: str) -> Value:
    word = text.strip().casefold()
    if param.kind == "bool" and word in _ON | _OFF:
        return word in _ON
    try:
        number = float(amount_of(text).number)
    except ValueError:
        raise DomainError("param_wrong_kind", name=param.name, value=text[:40]) from None
    whole = param.kind == "int" and number.is_integer()
    return param.checked(int(number) if whole else number)
