"""Which endpoint does what, and which key it asks for."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox.bitget import (
    account_v2,
    account_v3,
    history_v2,
    history_v3,
    lists_v2,
    lists_v3,
    orders_v2,
    orders_v3,
    plans_v2,
    plans_v3,
    public_v2,
    public_v3,
)
from bot.sandbox.bitget.request import Handler

_PUBLIC = public_v2.ROUTES | history_v2.ROUTES | public_v3.ROUTES | history_v3.ROUTES
_READS = {
    False: account_v2.READS | lists_v2.READS | plans_v2.READS,
    True: account_v3.READS | lists_v3.READS | plans_v3.READS,
}
_WRITES = {
    False: account_v2.WRITES | orders_v2.WRITES | plans_v2.WRITES,
    True: account_v3.WRITES | orders_v3.WRITES | plans_v3.WRITES,
}


@dataclass(frozen=True, slots=True)
class Route:
    """`signed`: needs a key; `writes`: one that may trade."""

    handler: Handler
    signed: bool
    writes: bool = False
    unified: bool = False


def routes() -> dict[tuple[str, str], Route]:
    """Every endpoint, by method and path."""
    found = {("GET", path): Route(run, signed=False) for path, run in _PUBLIC.items()}
    for unified in (False, True):
        for path, run in _READS[unified].items():
            found["GET", path] = Route(run, signed=True, unified=unified)
        for path, run in _WRITES[unified].items():
            found["POST", path] = Route(run, signed=True, writes=True, unified=unified)
    return found
