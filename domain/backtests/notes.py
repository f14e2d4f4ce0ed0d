"""What a reader of the result must know: the data's holes and the conventions used."""

from __future__ import annotations

from dataclasses import asdict

from domain.backtests.detail import Stepped
from domain.backtests.prepare import FundingDue, Prepared
from domain.backtests.result import Counters, Note
from domain.backtests.rules import Rules
from domain.market.candles import Candles
from domain.market.gaps import find_gaps


def notes(
    candles: Candles, rules: Rules, prepared: Prepared, counted: Counters
) -> tuple[Note, ...]:
    """Gaps in the candles, missing funding, marks, counters that are not zero, conventions."""
    gaps = [] if prepared.regular else _data(candles, prepared.bar_ms)
    rest = _of_costs(rules, prepared.funding, prepared.bars)
    return (*gaps, *rest, *run_notes(rules, counted))


def market_notes(
    candles: Candles, rules: Rules, bar_ms: int, due: FundingDue, bars: Stepped
) -> list[Note]:
    """What is lacking in one symbol's data."""
    return [*_data(candles, bar_ms), *_of_costs(rules, due, bars)]


def _of_costs(rules: Rules, due: FundingDue, bars: Stepped) -> list[Note]:
    return [*_funding(rules, due), *_detail(bars)]


def run_notes(rules: Rules, counted: Counters) -> tuple[Note, ...]:
    """What holds for the whole run."""
    found = [Note("liquidation_on_last_price", {})]
    found += [Note(name, {"count": count}) for name, count in asdict(counted).items() if count]
    found.append(_conventions(rules))
    return tuple(found)


def _data(candles: Candles, bar_ms: int) -> list[Note]:
    gaps = find_gaps(candles.time, bar_ms)
    if gaps.count == 0:
        return []
    longest = max(gaps.longest, key=lambda gap: gap.missing)
    return [
        Note(
            "data_gaps",
            {
                "count": gaps.count,
                "missing": gaps.missing,
                "longest": longest.missing,
                "longest_start_ms": longest.start_ms,
            },
        )
    ]


def _funding(rules: Rules, due: FundingDue) -> list[Note]:
    if rules.funding is None:
        return [Note("funding_not_charged", {"stamps": due.missing})]
    if due.missing:
        return [Note("funding_rates_missing", {"stamps": due.missing})]
    return []


def _detail(bars: Stepped) -> list[Note]:
    """That levels were decided on finer bars, and how often there were none."""
    if bars.step_ms == 0:
        return []
    return [Note("detail", {"minutes": bars.step_ms / 60_000, "bars_without": bars.without})]


def _conventions(rules: Rules) -> Note:
    """The rules in force, as one note."""
    return Note(
        "conventions",
        {
            "fill": "next_open",
            "slippage_bps": rules.slippage_bps,
            "taker_fee": rules.taker_fee,
            "take_profit_fee": rules.maker_fee if rules.tp_maker else rules.taker_fee,
            "leverage": min(rules.leverage, rules.max_leverage),
            "mmr": rules.mmr,
            "margin_tiers": 1 + len(rules.tiers),
            "risk_percent": rules.max_risk_percent,
            "daily_loss_limit": rules.daily_loss_limit or "none",
            "tz": rules.tz,
            "entry_bar_levels": str(rules.entry_bar_levels).lower(),
            "levels_from": "close" if rules.levels_from_close else "fill",
            "both_touched": "adverse_first",
        },
    )
