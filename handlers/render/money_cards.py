"""Profit and loss."""

from __future__ import annotations

from collections.abc import Mapping

from domain.portfolio.service import Pnl
from handlers.render import numbers
from handlers.render.tables import pairs, table
from handlers.render.text import lines
from handlers.texts import Html, Translator


def summary(t: Translator, every: Mapping[str, Pnl], mode: str) -> Html:
    """Every period side by side."""
    header = [str(t(f"pnl.column_{name}")) for name in ("period", "profit", "trades", "won")]
    rows = [header]
    for name, found in every.items():
        rate = found.sums.win_rate
        rows.append(
            [
                str(t(f"pnl.row_{name}")),
                numbers.fixed(t, found.realised, 2, signed=True),
                numbers.fixed(t, found.sums.trades, 0),
                numbers.MISSING if rate is None else numbers.percent(t, rate, 0),
            ]
        )
    now = next(iter(every.values()))
    return lines(
        t("pnl.title", mode=t(f"mode.{mode}")),
        "",
        table(rows, "lrrr"),
        _open(t, now),
    )


def period(t: Translator, found: Pnl, mode: str) -> Html:
    """One period in detail."""
    sums = found.sums
    rows = [
        (t("pnl.realised"), numbers.money(t, found.realised, signed=True)),
        (t("pnl.unrealised"), numbers.money(t, found.unrealised, signed=True)),
        (t("pnl.return"), _percent(t, found)),
        (t("pnl.trades"), numbers.fixed(t, sums.trades, 0)),
        (t("pnl.win_rate"), _rate(t, sums.win_rate)),
        (t("pnl.fees"), numbers.money(t, sums.fees)),
        (t("pnl.funding"), numbers.money(t, -sums.funding, signed=True)),
    ]
    if found.equity is not None:
        rows.append((t("pnl.equity"), numbers.money(t, found.equity)))
    if found.moved:
        rows.append((t("pnl.moved"), numbers.money(t, found.moved, signed=True)))
    since = t("pnl.since", time=numbers.moment(t, found.start)) if found.start else None
    title = t("pnl.title_of", period=t(f"pnl.row_{found.period}"), mode=t(f"mode.{mode}"))
    return lines(title, since, "", pairs([(str(name), value) for name, value in rows]))


def _open(t: Translator, now: Pnl) -> Html:
    """What is not in the table: profit that is still open, and equity."""
    unrealised = t("pnl.open", amount=numbers.money(t, now.unrealised, signed=True))
    if now.equity is None:
        return unrealised
    return lines(unrealised, t("pnl.equity_now", amount=numbers.money(t, now.equity)))


def _percent(t: Translator, found: Pnl) -> str:
    value = found.return_percent
    return numbers.MISSING if value is None else numbers.percent(t, value, signed=True)


def _rate(t: Translator, rate: float | None) -> str:
    return numbers.MISSING if rate is None else numbers.percent(t, rate, 0)
