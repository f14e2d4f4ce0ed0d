"""What a bot did beside what a backtest of the same days says it should have done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

BASIS_POINTS = 10_000.0
_SAME = 0.01
_ROUNDED = 1.000_001  # a step, whatever its last bit


class Deal(NamedTuple):
    """A closed trade. `side` +1 or -1; times in ms UTC; `pnl` net in USDT, `pnl_percent` of the
    notional.
    """

    symbol: str
    side: int
    entry_ms: int
    entry_price: float
    exit_ms: int
    exit_price: float
    qty: float
    pnl: float
    pnl_percent: float
    reason: str


@dataclass(frozen=True, slots=True)
class Purse:
    """What sizes come from. `balance`: at the start, USDT; `steps`: symbol -> step of its sizes."""

    balance: float
    steps: Mapping[str, float]


class Said(NamedTuple):
    """A signal at a close (ms UTC)."""

    symbol: str
    close_ms: int
    kind: str


@dataclass(frozen=True, slots=True)
class Matched:
    """`pairs`: (real, tested); `missing`: only in the backtest; `extra`: only in reality."""

    pairs: list[tuple[Deal, Deal]]
    missing: list[Deal]
    extra: list[Deal]


def match(real: Iterable[Deal], tested: Iterable[Deal], within_ms: int) -> Matched:
    """Trades of the same market and side whose entries lie less than `within_ms` apart; each is
    matched once, the nearest first.
    """
    reals, tests = list(real), list(tested)
    near = sorted(
        (abs(one.entry_ms - other.entry_ms), row, column)
        for row, one in enumerate(reals)
        for column, other in enumerate(tests)
        if (one.symbol, one.side) == (other.symbol, other.side)
        and abs(one.entry_ms - other.entry_ms) < within_ms
    )
    rows: dict[int, int] = {}
    for _, row, column in near:
        if row not in rows and column not in rows.values():
            rows[row] = column
    taken = set(rows.values())
    return Matched(
        [(reals[row], tests[column]) for row, column in sorted(rows.items())],
        [other for column, other in enumerate(tests) if column not in taken],
        [one for row, one in enumerate(reals) if row not in rows],
    )


def compared(
    matched: Matched, said: set[Said], expected: set[Said], purse: Purse
) -> dict[str, Any]:
    """Counts, and means over the matched pairs; None where there are none.

    A size is the same within 1% or one step; `size_percent`: by how much real ones were larger.
    Both are shares of the balance that their side had then, so what earlier trades made otherwise
    is not held against later ones. Slippage in basis points of the backtest's price, positive when
    reality was worse; `drag`: by how many percent of the notional a real trade did worse than its
    twin.
    """
    pairs = matched.pairs
    sizes = _sizes(matched, purse)
    return {
        "matched": len(pairs),
        "missing": len(matched.missing),
        "extra": len(matched.extra),
        "same_reason": sum(real.reason == tested.reason for real, tested in pairs),
        "same_size": sum(size.is_same for size in sizes),
        "size_percent": _mean([size.percent for size in sizes]),
        "entry_slippage_bps": _mean(
            [_worse(r.side, r.entry_price, t.entry_price) for r, t in pairs]
        ),
        "exit_slippage_bps": _mean([_worse(-r.side, r.exit_price, t.exit_price) for r, t in pairs]),
        "drag_percent": _mean([t.pnl_percent - r.pnl_percent for r, t in pairs]),
        "signals_same": len(said & expected),
        "signals_missing": len(expected - said),
        "signals_extra": len(said - expected),
        "first_missing": [_shown(deal) for deal in matched.missing[:3]],
        "first_extra": [_shown(deal) for deal in matched.extra[:3]],
    }


class _Size(NamedTuple):
    percent: float
    is_same: bool


def _sizes(matched: Matched, purse: Purse) -> list[_Size]:
    """Of each pair, the real size held against the one that the backtest's share would be."""
    real = _balances(purse.balance, [*(one for one, _ in matched.pairs), *matched.extra])
    tested = _balances(purse.balance, [*(two for _, two in matched.pairs), *matched.missing])
    found: list[_Size] = []
    for one, other in matched.pairs:
        due = other.qty * real(one.entry_ms) / tested(other.entry_ms)
        allowed = max(_SAME * due, purse.steps.get(one.symbol, 0.0) * _ROUNDED)
        found.append(_Size((one.qty / due - 1.0) * 100.0, abs(one.qty - due) <= allowed))
    return found


def _balances(start: float, deals: Iterable[Deal]) -> Callable[[int], float]:
    """The balance at a moment: the start and what had been closed by then, at least a cent."""
    closed = sorted((deal.exit_ms, deal.pnl) for deal in deals)

    def balance(at_ms: int) -> float:
        return max(start + sum(pnl for exit_ms, pnl in closed if exit_ms <= at_ms), 0.01)

    return balance


def _worse(side: int, real: float, tested: float) -> float:
    """What buying (+1) or selling (-1) at `real` instead of `tested` cost, basis points."""
    return side * (real / tested - 1.0) * BASIS_POINTS


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _shown(deal: Deal) -> dict[str, Any]:
    return {"symbol": deal.symbol, "side": deal.side, "entry_ms": deal.entry_ms}
