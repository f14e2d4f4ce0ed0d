"""Starting, stopping and watching a bot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.bots.service import BotView, StartPreview, Stopped
from domain.clock import from_ms
from handlers.render import alerts, names, numbers
from handlers.render.backtest_cards import progress_bar
from handlers.render.position_cards import LivePosition
from handlers.render.tables import pairs
from handlers.render.text import italic, join, lines
from handlers.texts import Html, Translator


@dataclass(frozen=True, slots=True)
class Money:
    """USDT. `equity` None = the account cannot be read; `today`: gained since the day began.
    `seen_at`: when that was the equity, where it is not of now.
    """

    equity: float | None
    today: Decimal
    seen_at: datetime | None = None


_STATES = {
    "none": "status.none",
    "stopped": "status.stopped",
    "running": "status.running",
    "paused": "status.paused",
    "halted": "status.halted",
    "panicked": "status.panicked",
}


def confirm(
    t: Translator,
    preview: StartPreview,
    own: frozenset[str],
    equity: float | None,
    prices: str,
    money: str,
) -> Html:
    """What will happen, in which mode, within which limits, and what it may cost.

    `own`: outputs of the strategy, whose levels come before the user's. `prices`, `money`: of
    `Services`.
    """
    sizing = preview.sizing
    rows = [
        (t("setting.max_risk_percent"), numbers.percent(t, sizing.risk_percent)),
        (t("setting.leverage"), f"{preview.leverage}×"),
        (t("setting.auto_sl"), _level(t, "stop_loss" in own, sizing.stop_percent)),
        (t("setting.auto_tp"), _level(t, "take_profit" in own, sizing.take_percent)),
        (t("setting.max_positions"), str(preview.max_positions)),
        (t("setting.daily_loss_limit"), numbers.money(t, preview.daily_loss_limit)),
    ]
    return lines(
        t("start_bot.title", strategy=names.strategy(t, preview.strategy)),
        t(
            "start_bot.what" if preview.mode == "paper" else "start_bot.what_real",
            symbols=", ".join(preview.symbols),
            timeframe=preview.timeframe,
        ),
        means_of(t, preview.mode, prices, money),
        t("start_bot.switches", strategy=names.strategy(t, preview.switches_from))
        if preview.switches_from
        else None,
        t("start_bot.left_alone", symbols=", ".join(preview.left_alone))
        if preview.left_alone
        else None,
        "",
        pairs([(str(name), value) for name, value in rows]),
        _worst_case(t, preview, equity),
        "",
        italic(t("start_bot.expires")),
    )


def means_of(t: Translator, mode: str, prices: str, money: str) -> Html:
    """What it is traded with."""
    return t(f"start_bot.mode_{mode}", prices=t(f"prices.{prices}"), money=t(f"money.{money}"))


def _level(t: Translator, own: bool, percent: float) -> str:
    return t("start_bot.by_strategy") if own else numbers.percent(t, percent)


def _worst_case(t: Translator, preview: StartPreview, equity: float | None) -> Html:
    """All positions stopped out at once; a gap can make it more."""
    at_once = min(preview.max_positions, len(preview.symbols))
    share = preview.sizing.risk_percent * at_once
    percent = numbers.percent(t, share)
    if equity is None:
        return t("start_bot.worst_share", n=at_once, percent=percent)
    loss = Decimal(repr(equity)) * Decimal(repr(share)) / 100
    return t("start_bot.worst", n=at_once, amount=numbers.money(t, loss), percent=percent)


def stopping(t: Translator, view: BotView, held: Sequence[LivePosition]) -> Html:
    """What is at stake when the bot stops."""
    called = names.strategy(t, view.strategy)
    about = join(" · ", called, ", ".join(view.symbols), view.timeframe)
    parts: list[str | None] = [t("stop_bot.title"), about or None, ""]
    if not held:
        return lines(*parts, t("stop_bot.flat"), "", italic(t("start_bot.expires")))
    parts += [
        t(
            "stop_bot.position",
            symbol=each.row.symbol,
            side=t(f"side.{each.row.side}"),
            qty=numbers.quantity(t, Decimal(repr(each.row.size))),
            amount=numbers.money(t, each.pnl, signed=True),
        )
        for each in held
    ]
    return lines(*parts, "", t("stop_bot.choice"), "", italic(t("start_bot.expires")))


def stopped(t: Translator, done: Stopped) -> Html:
    """What became of orders and positions."""
    return lines(
        t("stop_bot.done"),
        t("stop_bot.closing", symbols=", ".join(done.closing)) if done.closing else None,
        t("stop_bot.kept", symbols=", ".join(done.kept)) if done.kept else None,
        t("stop_bot.cancelled", n=done.cancelled) if done.cancelled else None,
    )


def status(
    t: Translator,
    view: BotView,
    money: Money,
    held: Sequence[LivePosition],
    now: datetime,
) -> Html:
    """State, strategy, money, limits."""
    return lines(
        t("status.title", mode=t(f"mode.{view.mode}")),
        t(_STATES.get(view.state, "status.stopped")),
        *_running(t, view, now),
        _blocked(t, view),
        t("status.killed", symbols=", ".join(view.killed)) if view.killed else None,
        "",
        pairs([(str(name), value) for name, value in _money(t, view, money, held)]),
        _seen(t, money),
        _loss_used(t, view),
    )


def _seen(t: Translator, money: Money) -> Html | None:
    """Below the table: beside the amount it would be wider than a phone."""
    if money.equity is None or money.seen_at is None:
        return None
    return t("status.equity_seen", time=numbers.moment(t, money.seen_at))


def _loss_used(t: Translator, view: BotView) -> Html | None:
    """How much of the day's loss limit is gone. The bar is full at the limit, never before it."""
    loss, limit = view.day.loss, Decimal(repr(view.day.limit))
    if loss is None or loss <= 0 or limit <= 0:
        return None
    share = loss / limit
    tenths = 10 if share >= 1 else min(9, round(share * 10))
    percent = numbers.percent(t, int(share * 100), 0)
    return t("status.loss_used", bar=progress_bar(tenths / 10), percent=percent)


def _running(t: Translator, view: BotView, now: datetime) -> list[Html]:
    if not view.strategy:
        return []
    what = t(
        "status.strategy",
        strategy=names.strategy(t, view.strategy),
        symbols=", ".join(view.symbols),
        timeframe=view.timeframe or "",
    )
    said = [what]
    if view.started_at is not None and view.state not in {"none", "stopped"}:
        since = numbers.duration(t, max(now - view.started_at, now - now))
        said.append(t("status.since", time=since))
    if view.next_close_ms is not None:
        at = numbers.moment(t, from_ms(view.next_close_ms))
        said.append(t("status.next", time=at))
    return said


def _blocked(t: Translator, view: BotView) -> Html | None:
    if view.entries_blocked is None or view.entries_blocked == f"bot_{view.state}":
        return None
    loss = view.day.loss or Decimal(0)
    values = {"loss": str(loss), "limit": view.day.limit}
    return t("status.blocked", reason=alerts.denied(view.entries_blocked, values, t))


def _money(
    t: Translator, view: BotView, money: Money, held: Sequence[LivePosition]
) -> list[tuple[Html, str]]:
    unrealised = sum((each.pnl for each in held), Decimal(0))
    equity = numbers.MISSING if money.equity is None else numbers.money(t, money.equity)
    return [
        (t("status.equity"), equity),
        (t("status.today"), numbers.money(t, money.today, signed=True)),
        (t("status.unrealised"), numbers.money(t, unrealised, signed=True)),
        (t("status.open"), f"{view.open_positions} / {view.max_positions}"),
        (t("setting.daily_loss_limit"), numbers.money(t, view.day.limit)),
        (t("setting.max_risk_percent"), numbers.percent(t, view.sizing.risk_percent)),
        (t("setting.leverage"), f"{view.leverage}×"),
    ]
