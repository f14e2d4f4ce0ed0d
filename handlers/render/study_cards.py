"""What a study found, in words and small tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from domain.clock import from_ms
from domain.research.service import MONTECARLO, OPTIMIZE, PARITY, WALKFORWARD
from handlers.render import numbers, strategy_cards
from handlers.render.tables import pairs, table
from handlers.render.text import bold, italic, lines
from handlers.texts import Html, Translator

Found = Mapping[str, Any]
_LISTED = 5
_SURE, _DOUBTFUL = 0.95, 0.5
_NEIGHBOURLY = 0.6


def findings(t: Translator, kind: str, found: Found) -> Html:
    """The body of a finished study's card."""
    return _BODIES[kind](t, found)


def _optimize(t: Translator, found: Found) -> Html:
    rows = found["top"][:_LISTED]
    names = list(rows[0]["values"])
    cells = [
        (
            " ".join(strategy_cards.value(t, row["values"][name]) for name in names),
            _percent(t, row["total_return_percent"], signed=True, decimals=1),
            _percent(t, row["max_drawdown_percent"], decimals=1),
            _figure(t, row["sharpe"]),
            _count(t, row["trades"]),
        )
        for row in rows
    ]
    heading = tuple(
        str(t(key))
        for key in ("study.return", "study.depth", "metric.sharpe", "study.trades_short")
    )
    # Searches of earlier versions do not say by what they ranked: it was the ratio.
    top = "study.top" if found.get("by_ratio", True) else "study.top_return"
    tried = "study.sampled" if found["sampled"] else "study.tried"
    idle = found.get("tradeless", 0)  # searches of earlier versions do not say
    return lines(
        t(tried, count=found["trials"], profitable=found["profitable"]),
        t("study.tradeless", n=idle) if idle else None,
        t(top, params=", ".join(names)),
        table([("", *heading), *cells], "lrrrr"),
        *_warnings(t, found),
    )


def _warnings(t: Translator, found: Found) -> Sequence[Html]:
    """How far to trust the best of many."""
    if not found["top"][0]["trades"]:
        return (t("study.none_traded"),)
    sure = found["deflated_sharpe"]
    said: list[Html] = []
    if sure is None:
        said.append(t("study.deflated_unknown"))
    else:
        key = "study.deflated_good" if sure >= _SURE else "study.deflated_fair"
        key = "study.deflated_bad" if sure < _DOUBTFUL else key
        said.append(t(key, percent=numbers.percent(t, sure * 100.0, 0)))
    near, good = found["neighbours"], found["neighbours_profitable"]
    if found["top"][0]["total_return_percent"] <= 0.0:
        said.append(t("study.best_loses"))
    elif near:
        steady = good >= _NEIGHBOURLY * near
        key = "study.neighbours_good" if steady else "study.neighbours_bad"
        said.append(t(key, good=good, count=near))
    return said


def _walkforward(t: Translator, found: Found) -> Html:
    count = len(found["folds"]) if "folds" in found else found["fold_count"]
    rows = [
        (t("metric.total_return"), _percent(t, found["total_return_percent"], signed=True)),
        (t("metric.max_drawdown"), _percent(t, found["max_drawdown_percent"])),
        (t("metric.sharpe"), _figure(t, found["sharpe"])),
        (t("metric.trades"), _count(t, found["trades"])),
        (t("study.profitable_folds"), f"{found['profitable_folds']}/{count}"),
        (t("study.efficiency"), _share(t, found["efficiency"])),
    ]
    efficiency = found["efficiency"]
    robust = (
        efficiency is not None and efficiency >= _DOUBTFUL and found["total_return_percent"] > 0
    )
    return lines(
        t("study.walk_about", count=count),
        pairs([(str(name), value) for name, value in rows]),
        t("study.walk_good" if robust else "study.walk_bad"),
    )


def _montecarlo(t: Translator, found: Found) -> Html:
    returns, depths = found["return_percentiles"], found["drawdown_percentiles"]
    cells = [
        (f"{name}%", _percent(t, returns[name], signed=True), _percent(t, depths[name]))
        for name in returns
    ]
    heading = ("", str(t("study.return")), str(t("study.depth")))
    return lines(
        t("study.drawn", paths=found["paths"], trades=found["trades"]),
        table([heading, *cells], "lrr"),
        t("study.loss_chance", percent=_percent(t, found["loss_percent"], decimals=1)),
        t(
            "study.ruin_chance",
            level=numbers.percent(t, found["ruin_at_percent"], 0),
            percent=_percent(t, found["ruin_percent"], decimals=1),
        ),
        italic(t("study.drawn_note")),
    )


def _parity(t: Translator, found: Found) -> Html:
    rows = [
        (t("study.matched"), _count(t, found["matched"])),
        (t("study.missing"), _count(t, found["missing"])),
        (t("study.extra"), _count(t, found["extra"])),
        *(_pairs(t, found) if found["matched"] else ()),
        (t("study.signals_same"), _count(t, found["signals_same"])),
        (t("study.signals_missing"), _count(t, found["signals_missing"])),
        (t("study.signals_extra"), _count(t, found["signals_extra"])),
    ]
    apart = found["matched"] - found.get("same_size", found["matched"])
    apart += sum(found[name] for name in ("missing", "extra", "signals_missing", "signals_extra"))
    return lines(
        pairs([(str(name), value) for name, value in rows]),
        _verdict(t, found, apart),
        *(_deal(t, "study.first_missing", deal) for deal in found["first_missing"]),
        *(_deal(t, "study.first_extra", deal) for deal in found["first_extra"]),
    )


def _verdict(t: Translator, found: Found, apart: int) -> Html:
    """Where nothing was traded, nothing was compared: agreeing on silence is no proof."""
    if apart:
        return t("study.parity_apart")
    if found["matched"]:
        return bold(t("study.parity_same"))
    return t("study.parity_signals" if found["signals_same"] else "study.parity_nothing")


def _pairs(t: Translator, found: Found) -> Sequence[tuple[Html, str]]:
    """How alike the trades are that both sides have."""
    return (
        (t("study.same_reason"), f"{found['same_reason']}/{found['matched']}"),
        *_sizes(t, found),
        (t("study.entry_slippage"), _figure(t, found["entry_slippage_bps"])),
        (t("study.exit_slippage"), _figure(t, found["exit_slippage_bps"])),
        (t("study.drag"), _percent(t, found["drag_percent"])),
    )


def _sizes(t: Translator, found: Found) -> Sequence[tuple[Html, str]]:
    """Results of earlier versions say nothing of sizes."""
    if "same_size" not in found:
        return ()
    return (
        (t("study.same_size"), f"{found['same_size']}/{found['matched']}"),
        (t("study.size"), _percent(t, found["size_percent"], signed=True)),
    )


def _deal(t: Translator, key: str, deal: Mapping[str, Any]) -> Html:
    side = t("side.long" if deal["side"] > 0 else "side.short")
    at = numbers.moment(t, from_ms(int(deal["entry_ms"])))
    return t(key, side=side, symbol=deal["symbol"], time=at)


_BODIES: dict[str, Callable[[Translator, Found], Html]] = {
    OPTIMIZE: _optimize,
    WALKFORWARD: _walkforward,
    MONTECARLO: _montecarlo,
    PARITY: _parity,
}


def _percent(t: Translator, value: float | None, *, signed: bool = False, decimals: int = 2) -> str:
    if value is None:
        return str(t("metric.na"))
    return numbers.percent(t, value, decimals, signed=signed)


def _share(t: Translator, value: float | None) -> str:
    return str(t("metric.na")) if value is None else numbers.percent(t, value * 100.0, 0)


def _count(t: Translator, value: int) -> str:
    return numbers.fixed(t, value, 0)


def _figure(t: Translator, value: float | None) -> str:
    return str(t("metric.na")) if value is None else numbers.fixed(t, value, 2)
