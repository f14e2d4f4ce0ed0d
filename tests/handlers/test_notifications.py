"""Notifications: short, true in both languages, whatever parameters are missing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.outbox import kinds
from handlers.callbacks import Buttons, open_shown
from handlers.notifications import _SPOKEN, render
from handlers.texts import Translator, plain
from tests.support.cipher import fresh_cipher

en, ko = Translator("en"), Translator("ko", "Asia/Seoul")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
AT_MS = 1_767_230_100_000  # 2026-01-01 01:15 UTC
BASE = {"symbol": "BTCUSDT", "mode": "paper", "ref": "3FA91C", "at_ms": AT_MS}

SIGNAL: dict[str, Any] = BASE | {
    "timeframe": "15m",
    "type": "BUY",
    "price": 60_414.08,
    "values": {"fast": 60_300.123, "rsi(14)": 56.789, "x": 0.0123},
    "strategy": "EMA cross",
    "confidence": 0.7,
    "decided": {
        "placed": True,
        "side": "long",
        "qty": "0.12",
        "leverage": 5,
        "stop_percent": 1.5,
        "take_percent": 3.0,
        "reverses": True,
    },
}
ENTRY: dict[str, Any] = BASE | {
    "side": "long",
    "qty": "0.12",
    "price": "60420.1",
    "leverage": 5,
    "margin": "1450.08",
    "stop": "59513.8",
    "take_profit": "62232.7",
    "liquidation": "48600",
    "risk": "108.76",
    "fee": "4.35",
}
EXIT: dict[str, Any] = BASE | {
    "side": "short",
    "qty": "0.12",
    "entry_price": "60420.1",
    "price": "59513.8",
    "pnl": "104.41",
    "pnl_percent": "1.4402",
    "reason": "take_profit",
    "detail": "level",
    "fees": "8.63",
    "funding": "-0.5",
    "held_ms": 7_500_000,
    "left": "0",
    "leverage": 5,
}
ORDER: dict[str, Any] = BASE | {"side": "long", "qty": "0", "purpose": "entry", "code": "rejected"}
HALT: dict[str, Any] = {
    "mode": "paper",
    "loss": "512.3",
    "limit": "500.0",
    "baseline": "10000",
    "until_ms": AT_MS,
    "at_ms": AT_MS,
}
BACKTEST: dict[str, Any] = {
    "result_id": 7,
    "strategy_id": 2,
    "strategy": "EMA cross",
    "symbol": "BTCUSDT",
    "timeframe": "15m",
    "metrics": {
        "days": 12.5,
        "total_return_percent": 4.2,
        "buy_and_hold_percent": -1.0,
        "max_drawdown_percent": 3.3,
        "sharpe": None,
        "win_rate_percent": 55.0,
        "trades": 41,
        "profit_factor": 1.4,
        "costs": {"fees_usdt": 88.1},
    },
    "file": "charts/backtest-7.png",
}
FAILED: dict[str, Any] = BACKTEST | {"code": "no_price", "error": {"symbol": "BTCUSDT"}}
KEY: dict[str, Any] = {
    "key": "bg_0…cdef",
    "demo": False,
    "outcome": "ready",
    "first": True,
    "rights": ["read", "trade"],
    "ips": [],
}
STUDY: dict[str, Any] = {
    **{name: BACKTEST[name] for name in ("result_id", "strategy_id", "strategy", "symbol")},
    "timeframe": "15m",
    "kind": "parity",
    "found": {
        "matched": 12,
        "missing": 1,
        "extra": 0,
        "same_reason": 11,
        "same_size": 11,
        "size_percent": -0.4,
        "entry_slippage_bps": 1.25,
        "exit_slippage_bps": None,
        "drag_percent": 0.02,
        "signals_same": 30,
        "signals_missing": 1,
        "signals_extra": 0,
        "first_missing": [{"symbol": "BTCUSDT", "side": 1, "entry_ms": AT_MS}],
        "first_extra": [],
    },
}
EXAMPLES = {
    "signal": SIGNAL,
    "entry": ENTRY,
    "exit": EXIT,
    "order_expired": ORDER,
    "order_rejected": ORDER,
    "order_failed": ORDER,
    "stop_restored": BASE | {"side": "long", "stop": "58800"},
    "position_gone": BASE | {"side": "long", "qty": "0.01", "price": "58800"},
    "position_differs": BASE | {"side": "long", "qty": "0.01", "there": "0.004"},
    "daily_loss": HALT,
    "backtest_done": BACKTEST,
    "backtest_failed": {k: v for k, v in FAILED.items() if k != "file"},
    "key": KEY,
    "kill": {"outcome": "placed", "scope": "symbol", "symbol": "BTCUSDT", "user": None},
    "panic": {"outcome": "flat", "mode": "paper", "at_ms": 1_767_225_600_000},
    "study_done": STUDY,
    "study_failed": STUDY | {"code": "too_few_trades", "error": {"trades": 3, "least": 20}},
}


def said(kind: str, t: Translator = en, **changes: Any) -> str:
    return plain(render(kind, EXAMPLES[kind] | changes, t).text)


def buttons() -> Buttons:
    return Buttons(fresh_cipher(), 5, 5, NOW)


def test_there_is_an_example_of_every_kind() -> None:
    assert set(EXAMPLES) == set(_SPOKEN)


def test_whatever_the_domain_tells_can_be_spoken() -> None:
    assert set(_SPOKEN) == kinds.KINDS


def test_a_signal_says_why_and_what_is_done() -> None:
    assert said("signal") == (
        "🟢 BTCUSDT: buy signal · 15m @ 60,414.1\n"
        "EMA cross\n"
        "fast 60,300.12 · rsi(14) 56.79 · x 0.0123\n"
        "↩️ Closes the opposite position first\n"
        "➡️ Going long 5× · 0.12 · stop 1.50% · target 3.00%\n"
        "Paper · Jan 1, 01:15 · ref 3FA91C"
    )


def test_a_signal_that_was_not_traded_says_why() -> None:
    decided = {"placed": False, "reason": "max_positions", "used": 5, "limit": 5, "closes": True}
    text = said("signal", decided=decided, type="SELL")
    assert "🔴 BTCUSDT: sell signal" in text
    assert "Not traded: 5 of 5 positions are open" in text
    assert "The opposite position is closed" in text
    assert "포지션 5개 중 5개" in said("signal", ko, decided=decided)


def test_an_unknown_reason_is_said_in_general() -> None:
    text = said("signal", decided={"placed": False, "reason": "whatever"})
    assert "your limits do not allow it now" in text


def test_a_halt_until_a_moment_is_in_the_readers_zone() -> None:
    assert "until Jan 1, 01:15" in said("daily_loss")
    assert "1월 1일 10:15" in said("daily_loss", ko)


def test_an_entry_shows_size_levels_and_what_is_at_risk() -> None:
    assert said("entry") == (
        "🟢 Long BTCUSDT opened · 5×\n"
        "0.12 @ 60,420.1\n"
        "Stop 59,513.8 · Target 62,232.7\n"
        "At risk 108.76 USDT · Margin 1,450.08 USDT\n"
        "Paper · Jan 1, 01:15 · ref 3FA91C"
    )
    assert "🔴 BTCUSDT 숏 진입 · 5배" in said("entry", ko, side="short")


def test_an_exit_says_the_result_first() -> None:
    assert said("exit") == (
        "✅ BTCUSDT short closed: take profit\n"
        "+104.41 USDT (+1.44%)\n"
        "60,420.1 → 59,513.8 · held 2h 5m\n"
        "Fees 8.63 USDT · Funding +0.50 USDT\n"
        "Paper · Jan 1, 01:15 · ref 3FA91C"
    )


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"pnl": "-3"}, "❌ BTCUSDT short closed"),
        ({"reason": "liquidation", "pnl": "-90"}, "🛑 BTCUSDT short: liquidated"),
        ({"reason": "signal_reverse", "detail": "reverse"}, "opposite signal"),
        ({"reason": "manual", "detail": "bot_stopped"}, "bot stopped"),
        ({"reason": "stop_loss", "detail": "gap"}, "stop loss"),
        ({"left": "0.05"}, "Still open: 0.05"),
    ],
)
def test_exits_of_every_kind(changes: dict[str, Any], text: str) -> None:
    assert text in said("exit", **changes)


def test_a_close_that_failed_is_louder_than_an_entry_that_failed() -> None:
    assert said("order_rejected").startswith("⚠️ BTCUSDT long: no entry")
    assert said("order_rejected", purpose="close").startswith("🛑")


def test_a_backtest_comes_as_a_picture_with_its_figures() -> None:
    action = render("backtest_done", BACKTEST, en)
    assert (action.kind, action.file) == ("photo", "charts/backtest-7.png")
    assert "+4.20%" in action.text
    assert "Only 12 days" in action.text
    assert len(action.text) <= 1024


def test_a_failed_backtest_says_what_went_wrong() -> None:
    assert "no price for BTCUSDT" in said("backtest_failed")
    assert "Try a shorter range" in said("backtest_failed", code="unheard_of")


def test_buttons_open_their_view_as_a_new_message() -> None:
    maker = buttons()
    action = render("entry", ENTRY, en, maker)
    (row,) = action.keyboard
    opened = [open_shown(maker.cipher, str(b.data), 5, 5, NOW) for b in row]
    assert [(tap.action, tap.args["0"]) for tap in opened] == [
        ("open", "positions"),
        ("begin", "stop"),
    ]
    assert row[1].style == "danger"


def test_after_a_backtest_its_strategy_can_be_started() -> None:
    maker = buttons()
    *_, (start, again) = render("backtest_done", BACKTEST, ko, maker).keyboard
    tap = open_shown(maker.cipher, str(start.data), 5, 5, NOW)
    assert (tap.action, tap.args) == ("begin", {"0": "start_as", "1": 7})
    assert again.data


def test_a_kind_nobody_speaks_is_refused() -> None:
    with pytest.raises(LookupError, match="nonsense"):
        render("nonsense", {}, en)


@pytest.mark.parametrize("kind", sorted(EXAMPLES))
@pytest.mark.parametrize("t", [en, ko], ids=["en", "ko"])
@given(data=st.data())
def test_no_missing_parameter_silences_a_notification(
    kind: str, t: Translator, data: st.DataObject
) -> None:
    kept = data.draw(st.sets(st.sampled_from(sorted(EXAMPLES[kind]))))
    params = {name: EXAMPLES[kind][name] for name in kept}
    action = render(kind, json.loads(json.dumps(params)), t, buttons())
    assert action.text
    assert "{" not in action.text
    assert "None" not in action.text
