"""Weather on demand, per endpoint."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.sandbox.errors import ClientError

ALWAYS = 0


@dataclass
class Fault:
    """What happens to the next `times` calls (0 = every call until it is cleared) whose path ends
    with `endpoint` ("" = any).

    code, status: refused with Bitget's code, or with an HTTP status alone and a page that is no
    JSON.
    drop: the connection is closed without an answer; hang_s: no answer for so many wall seconds,
    then closed.
    done: the above happens after the call was carried out (the answer is lost), not instead of it.
    lag_s: a read answers what held so many seconds of emulator time ago.
    first, rest: a market order is filled by this fraction at once, the rest "later" or "canceled".
    account: only calls of the account of this name. chance: how likely each call is hit.
    """

    endpoint: str = ""
    times: int = 1
    code: str | None = None
    status: int | None = None
    drop: bool = False
    hang_s: float = 0.0
    done: bool = False
    lag_s: float = 0.0
    first: Decimal | None = None
    rest: str = "later"
    account: str | None = None
    chance: float = 1.0

    @property
    def answers(self) -> bool:
        """Whether it decides the answer, rather than what is done."""
        return bool(self.code or self.status or self.drop or self.hang_s)


_KINDS: dict[str, tuple[type, ...]] = {
    "endpoint": (str,), "times": (int,), "code": (str,), "status": (int,), "drop": (bool,),
    "hang_s": (int, float), "done": (bool,), "lag_s": (int, float), "first": (str,),
    "rest": (str,), "account": (str,), "chance": (int, float),
}  # fmt: skip


def fault_from(body: dict[str, Any]) -> Fault:
    """JSON of the control API -> Fault. Raises ClientError that names the field."""
    given = {key: value for key, value in body.items() if value is not None}
    for key, value in given.items():
        if key not in _KINDS:
            names = ", ".join(field.name for field in fields(Fault))
            raise ClientError(f"unknown field {key!r}; a fault has {names}")
        if type(value) not in _KINDS[key]:
            raise ClientError(f"{key!r} has the wrong type")
    try:
        if "first" in given:
            given["first"] = Decimal(given["first"])
    except InvalidOperation:
        raise ClientError("'first' is a fraction, written as text") from None
    fault = Fault(**given)
    if fault.times < 0 or fault.hang_s < 0 or fault.lag_s < 0 or not 0 < fault.chance <= 1:
        raise ClientError("'times', 'hang_s', 'lag_s' are not negative, 'chance' is in (0, 1]")
    if fault.first is not None and not 0 <= fault.first <= 1:
        raise ClientError("'first' is between 0 and 1")
    return fault


class Faults:
    """Those still to come, oldest first. `struck`: how many calls were hit."""

    def __init__(self, seed: int) -> None:
        self.struck = 0
        self._pending: list[Fault] = []
        self._dice = random.Random(seed)  # noqa: S311 - weather, not secrets

    def add(self, fault: Fault) -> None:
        self._pending.append(fault)

    def clear(self) -> None:
        self._pending.clear()

    def __len__(self) -> int:
        return len(self._pending)

    def take(self, path: str, account: str) -> Fault | None:
        """The fault for this call, if any; counted down."""
        for fault in self._pending:
            fits = path.endswith(fault.endpoint) and fault.account in {None, account}
            if not fits or (fault.chance < 1 and self._dice.random() >= fault.chance):
                continue
            if fault.times != ALWAYS:
                fault.times -= 1
                if fault.times == 0:
                    self._pending.remove(fault)
            self.struck += 1
            return fault
        return None
