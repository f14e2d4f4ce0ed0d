"""Asking for a backtest, following it, calling it off, looking at it again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from domain.backtests.models import BacktestResult
from domain.clock import from_ms, to_ms
from domain.jobs.models import Job
from domain.research.service import OPTIMIZE, PARITY
from handlers.backtests import live_card
from handlers.callbacks import Buttons
from handlers.render import backtest_cards, numbers, study_cards
from handlers.texts import Translator
from tests.handlers.rows import builtin_id, has_result, now
from tests.support.world import World


async def result(w: World) -> BacktestResult:
    async with w.database.read() as session:
        return (await session.scalars(select(BacktestResult))).one()


async def test_everything_said_is_queued_at_once(w: World) -> None:
    alice = await w.trader("alice")
    said = await alice.sends("/backtest 5m btc donchian 2d")
    assert "Backtest #1 · BTCUSDT 5m" in said
    assert "Queued" in said
    row = await result(w)
    assert (row.pair, row.timeframe, row.status) == ("BTCUSDT", "5m", "queued")
    assert row.strategy_id == builtin_id("donchian_breakout")
    async with w.database.read() as session:
        job = (await session.scalars(select(Job).where(Job.task == "backtest"))).one()
    assert (job.lane, job.args) == ("heavy", {"result_id": 1})


async def test_what_is_missing_is_asked_with_buttons(w: World) -> None:
    alice = await w.trader("alice")
    assert "Which strategy?" in await alice.sends("/backtest")
    assert "Which market?" in await alice.taps("EMA")
    assert "Which timeframe?" in await alice.taps("ETHUSDT")
    said = await alice.taps("15m")
    for text in ("EMA cross", "ETHUSDT", "15m", "the last 90 days", "slow", "26"):
        assert text in said
    assert "Queued" in await alice.taps("Run the backtest")
    assert (await result(w)).pair == "ETHUSDT"


async def test_a_strategys_card_leads_there(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/strategy rsi")
    assert "Which market?" in await alice.taps("Backtest it")


async def test_it_can_be_called_off(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/backtest btc 5m donchian")
    assert "Cancelled" in await alice.taps("Cancel the backtest")
    assert (await result(w)).error_message == "cancelled"
    assert alice.button("Again with")
    with pytest.raises(AssertionError, match="no button"):
        alice.button("Start it")


async def test_called_off_elsewhere_its_card_says_so_too(w: World) -> None:
    alice = await w.trader("alice")
    for command in ("/results", "/cancel"):
        await alice.sends("/backtest btc 5m donchian")
        card = alice.messages[-1]["message_id"]
        await alice.sends(command)
        await alice.taps("Cancel the backtest")
        shown = {each["message_id"]: each for each in alice.messages}
        assert "Cancelled" in alice.last
        assert "Cancelled" in shown[card]["text"]
        assert "Cancel" not in str(shown[card]["buttons"])


async def test_cancel_by_command_leads_to_what_goes_on(w: World) -> None:
    alice, minsu = await w.trader("alice"), await w.trader("minsu", "ko")
    assert "nothing to cancel" in await alice.sends("/cancel")
    await alice.sends("/backtest btc 5m donchian")
    assert "No question is open" in await alice.sends("/cancel")
    assert "Cancelled" in await alice.taps("Cancel")
    assert "nothing to cancel" in await alice.sends("/cancel")
    await minsu.sends("/optimize btc 5m donchian")
    assert "아래 버튼으로" in await minsu.sends("/cancel")


async def test_the_queue_says_how_many_come_first_and_when_it_is_full(w: World) -> None:
    alice, bob = await w.trader("alice"), await w.trader("bob")
    assert "its turn is next" in await alice.sends("/backtest btc 5m donchian")
    for ahead in range(1, 5):
        assert f"{ahead} before it" in await alice.sends("/backtest eth 5m donchian")
    assert "5 of your tests wait or run" in await alice.sends("/backtest eth 5m donchian")
    assert "1 before it" in await bob.sends("/backtest eth 5m donchian")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/backtest donchian btc 15m 2011", "no data for that range"),
        ("/backtest donchian xyz 15m", "neither a strategy"),
        ("/backtest donchian dogeusdt 15m", "do not know the market"),
    ],
)
async def test_what_cannot_be_is_said_with_what_can(w: World, typed: str, said: str) -> None:
    alice = await w.trader("alice")
    assert said in await alice.sends(typed)


_ODD_RANGES = (
    ("/backtest ema_cross btc 15m 9999d", "“9999d” is not a range", "“9999d” 기간은"),
    ("/backtest ema_cross btc 15m 0d", "from 1d to 10y", "1d부터 10y까지"),
    ("/backtest ema_cross btc 15m -5d", "“-5d” is not a range", "“-5d” 기간은"),
    ("/backtest btc 15m 9999d", "“9999d” is not a range", "“9999d” 기간은"),
    ("/optimize ema_cross btc 15m 9999d fast=5..9", "“9999d” is not", "“9999d” 기간은"),
    ("/walkforward ema_cross btc 15m 9999d", "“9999d” is not", "“9999d” 기간은"),
    ("/backtest donchian btc 15m 2025-13-01", "not in the calendar", "달력에 없는"),
    ("/backtest donchian btc 15m 2026-05..2025-01", "2025-01..2026-05", "2025-01..2026-05"),
    ("/backtest donchian btc 15m 30d 90d", "Please send only one", "하나만"),
    ("/backtest donchian btc 45m", "timeframe “45m”", "“45m” 봉은"),
    ("/backtest donchian btc 15m 4h", "are two timeframes", "봉을 두 개"),
    ("/backtest donchian btc eth 15m", "BTCUSDT or ETHUSDT", "한 종목만"),
    ("/optimize donchian btc eth 15m", "BTCUSDT or ETHUSDT", "한 종목만"),
    ("/chart btc eth", "BTCUSDT or ETHUSDT", "한 종목만"),
    ("/backtest donchian btc 15m 빠르게=3", "cannot read “빠르게=3”", "“빠르게=3”을 읽을 수"),
    ("/backtest donchian btc 15m entry=", "cannot read “entry=”", "“entry=”"),
    ("/start_bot donchian btc 15m 30d", "trades from now on", "지금부터"),
    ("/chart btc 15m 9999d", "“9999d” is not", "“9999d” 기간은"),
    ("/chart btc 15m 30d", "latest 120 candles", "최근 봉 120개"),
    ("/parity 9999d", "Between 1 and 90 days", "90일"),
    ("/parity soon", "Between 1 and 90 days", "90일"),
)


async def test_a_range_that_cannot_be_is_said_apart_from_the_strategy(w: World) -> None:
    alice, minsu = await w.trader("alice"), await w.trader("minsu", "ko")
    for typed, english, korean in _ODD_RANGES:
        w.wall.advance(5)
        said = await alice.sends(typed)
        assert english in said
        assert "neither a strategy" not in said
        said = await minsu.sends(typed)
        assert korean in said
        assert "해당하는 전략" not in said


async def test_the_history_there_is_has_the_readers_clock(w: World) -> None:
    alice, minsu = await w.trader("alice"), await w.trader("minsu", "ko")
    typed = "/backtest donchian btc 15m 2011"
    first, last = await w.container.services.market.history_range("BTCUSDT")
    for person, t in ((alice, Translator("en")), (minsu, Translator("ko", "Asia/Seoul"))):
        said = await person.sends(typed)
        for ms in (first, last):
            assert numbers.long_moment(t, from_ms(ms)) in said


async def test_earlier_results_are_listed_and_shown(w: World) -> None:
    alice = await w.trader("alice")
    assert "None yet" in await alice.sends("/results")
    await has_result(w, alice)
    assert "+4.20%" in await alice.sends("/results")
    said = await alice.taps("#1")
    for text in ("Return", "+4.20%", "−1.50%", "3.25%", "1.23", "88.13"):
        assert text in said
    assert "Profit factor" in await alice.sends("/results 1")
    assert "no backtest 9" in await alice.sends("/results 9")
    assert "no backtest x" in await alice.sends("/results x")


async def test_nobody_sees_or_stops_anothers(w: World) -> None:
    alice, eve = await w.trader("alice"), await w.trader("eve")
    await has_result(w, alice)
    assert "no backtest 1" in await eve.sends("/results 1")


def test_the_card_has_the_days_that_its_pictures_have() -> None:
    start, end = (datetime(2017, month, 1, tzinfo=UTC) for month in (5, 6))
    row = BacktestResult(
        id=7,
        pair="BTCUSDT",
        timeframe="15m",
        status="queued",
        params={"start_ms": to_ms(start), "end_ms": to_ms(end)},
    )
    assert "May 1, 2017 – May 31, 2017" in backtest_cards.card(Translator("en"), row)
    seoul = Translator("en", "Asia/Seoul")
    assert "May 1, 2017 – Jun 1, 2017" in backtest_cards.card(seoul, row)
    late = datetime(2017, 5, 20, tzinfo=UTC)
    row.metrics = {"start_ms": to_ms(late)}
    assert "May 20, 2017 – May 31, 2017" in backtest_cards.card(Translator("en"), row)
    row.timeframe, row.metrics = "1d", None
    assert "May 1, 2017 – May 31, 2017" in backtest_cards.card(seoul, row)


def test_the_card_follows_the_work(w: World) -> None:
    row = BacktestResult(
        id=7,
        pair="BTCUSDT",
        timeframe="15m",
        status="running",
        progress=0.42,
        params={"strategy": "Donchian breakout"},
        initial_balance=1.0,
        final_balance=1.0,
        created_at=now(w) - timedelta(minutes=1),
    )
    buttons = Buttons(w.container.cipher, 5, 5, w.wall.now())
    card = live_card(Translator("en"), buttons, row)
    assert (card.kind, card.card) == ("edit", "backtest:7")
    assert "▓▓▓▓░░░░░░ 42%" in card.text
    row.status, row.error_message = "failed", "no_price"
    assert "Try a shorter range" in live_card(Translator("en"), buttons, row).text
    row.status, row.metrics = "completed", {}
    assert "the result is below" in live_card(Translator("en"), buttons, row).text
    assert "n/a" in backtest_cards.card(Translator("en"), row)


@pytest.mark.parametrize(("best", "said"), [(-3.4, "Even the best"), (3.4, "Only 0 of 3")])
def test_the_best_of_losers_is_called_no_peak(best: float, said: str) -> None:
    row = {
        "values": {"fast": 5.0},
        "total_return_percent": best,
        "max_drawdown_percent": 9.0,
        "sharpe": 0.1,
        "trades": 12,
    }
    found = {
        "top": [row],
        "trials": 4,
        "profitable": 0,
        "sampled": False,
        "deflated_sharpe": 0.08,
        "neighbours": 3,
        "neighbours_profitable": 0,
    }
    warned = study_cards.findings(Translator("en"), OPTIMIZE, found)
    assert said in warned
    assert ("lone peak" in warned) == (best > 0)


def test_a_search_without_any_trade_says_so_and_no_more() -> None:
    row = {
        "values": {"fast": 5.0},
        "total_return_percent": 0.0,
        "max_drawdown_percent": 0.0,
        "sharpe": None,
        "trades": 0,
    }
    found: dict[str, object] = {
        "top": [row],
        "trials": 4,
        "tradeless": 4,
        "profitable": 0,
        "sampled": False,
        "deflated_sharpe": None,
        "neighbours": 3,
        "neighbours_profitable": 0,
    }
    for lang, words in (("en", "None of them ever traded"), ("ko", "거래를 한 조합이 없습니다")):
        told = study_cards.findings(Translator(lang), OPTIMIZE, found)
        assert words in told
        assert "lost money" not in told
        assert "Too few days" not in told


@pytest.mark.parametrize(
    ("matched", "signals", "apart", "said", "in_korean"),
    [
        (3, 9, 0, "did what the backtest says", "똑같이 움직였습니다"),
        (0, 4, 0, "No trade was closed yet; the signals are those", "아직 청산된 거래가 없습니다"),
        (0, 0, 0, "nothing to compare yet", "아직 비교할 것이 없습니다"),
        (0, 0, 1, "They differ", "서로 다릅니다"),
    ],
)
def test_a_bot_without_trades_is_not_said_to_have_done_what_the_backtest_says(
    matched: int, signals: int, apart: int, said: str, in_korean: str
) -> None:
    found: dict[str, object] = {
        "matched": matched,
        "missing": 0,
        "extra": 0,
        "same_reason": matched,
        "same_size": matched,
        "size_percent": None,
        "entry_slippage_bps": None,
        "exit_slippage_bps": None,
        "drag_percent": None,
        "signals_same": signals,
        "signals_missing": apart,
        "signals_extra": 0,
        "first_missing": [],
        "first_extra": [],
    }
    for lang, words in (("en", said), ("ko", in_korean)):
        told = study_cards.findings(Translator(lang), PARITY, found)
        assert words in told
        assert ("✅" in told) == (str(Translator(lang)("study.same_size")) in told) == (matched > 0)
