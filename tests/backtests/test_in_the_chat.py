"""Asked for in the chat, worked off by a real worker process, answered with a picture."""

from __future__ import annotations

from pathlib import Path

from domain.errors import DomainError
from tests.backtests.lab import waves
from tests.support.market import FakeMarket
from tests.support.world import world


async def test_a_trader_asks_and_gets_a_chart_with_its_figures(tmp_path: Path) -> None:
    market = FakeMarket()
    candles = waves(300)
    for row in zip(candles.open, candles.high, candles.low, candles.close, strict=True):
        market.bar(*(float(value) for value in row))
    async with world(tmp_path, market=market) as w:
        alice = await w.trader("alice")
        heard = await alice.sends("/backtest ema btc 1m 30d")
        assert "BTCUSDT" in heard
        alice.button("cancel")
        await w.container.heavy_jobs.settle()
        await w.settles()
        [sent] = w.calls("sendPhoto")
        assert "EMA cross" in sent["params"]["caption"]
        assert "Profit factor" in sent["params"]["caption"]
        assert sorted(path.name for path in (tmp_path / "data" / "charts").iterdir()) == [
            "backtest-1-costs.png",
            "backtest-1-equity.png",
            "backtest-1-months.png",
            "backtest-1-price.png",
            "backtest-1-trades.png",
            "backtest-1.png",
        ]
        assert "#1 BTCUSDT 1m" in await alice.sends("/results")


async def test_less_history_than_asked_for_is_said_from_first_to_last(tmp_path: Path) -> None:
    market = FakeMarket()
    market.moves("1%", minutes=2_880 + 61)
    async with world(tmp_path, market=market) as w:
        alice = await w.trader("alice")
        said = "2d of the 30d you asked for: there are no older candles of BTCUSDT"
        assert said in await alice.sends("/backtest ema btc 1h 30d")
        await w.container.heavy_jobs.settle()
        await w.settles()
        assert said in alice.last
        assert said in await alice.taps("Equity")
        assert said in await alice.sends("/results 1")
        assert said not in await alice.sends("/backtest ema btc 1h all")


async def test_the_other_pictures_take_the_place_of_the_first(tmp_path: Path) -> None:
    market = FakeMarket()
    market.moves("10%", minutes=200)
    async with world(tmp_path, market=market) as w:
        alice = await w.trader("alice")
        await alice.sends("/backtest ema btc 1m 30d")
        await w.container.heavy_jobs.settle()
        await w.settles()
        shown = alice.messages[-1]
        for label in ("Equity", "Price", "Months", "Costs", "Trades", "Overview"):
            await alice.taps(label)
            assert alice.messages[-1]["message_id"] == shown["message_id"]
            assert "EMA cross" in alice.last
            alice.button(f"✓ {label}")
        assert len(w.calls("editMessageMedia")) == 6
        await alice.sends("/results 1")
        await alice.taps("Pictures")
        assert len(w.calls("sendPhoto")) == 2
        for path in (tmp_path / "data" / "charts").iterdir():
            path.unlink()
        assert "tidied away" in await alice.taps("Months")


async def test_cancelled_in_the_chat_there_is_no_chart(tmp_path: Path) -> None:
    market = FakeMarket()
    market.moves("1%", minutes=200)
    async with world(tmp_path, market=market) as w:
        alice = await w.trader("alice")
        await alice.sends("/backtest ema btc 1m 30d")
        assert "cancelled" in (await alice.taps("cancel")).lower()
        await w.container.heavy_jobs.settle()
        await w.settles()
        assert w.calls("sendPhoto") == []
        assert "#2" in await alice.sends("/backtest ema btc 1m 30d")


async def test_those_who_wait_see_how_many_are_left_before_theirs(tmp_path: Path) -> None:
    market = FakeMarket()
    market.moves("1%", minutes=200)
    async with world(tmp_path, market=market) as w:
        alice = await w.trader("alice")
        for _ in range(2):
            await alice.sends("/backtest ema btc 1m 30d")
        assert "2 before it" in await alice.sends("/backtest ema btc 1m 30d")
        market.fails = DomainError("exchange_busy")
        await w.container.heavy_jobs.settle()
        edits = [call["params"]["text"] for call in w.calls("editMessageText")]
        waiting = [text for text in edits if "#3" in text and "Queued" in text]
        assert ["1 before it" in waiting[0], "its turn is next" in waiting[1]] == [True, True]


async def test_begun_with_buttons_its_card_shows_how_it_ended(tmp_path: Path) -> None:
    market = FakeMarket()
    market.moves("1%", minutes=200)
    async with world(tmp_path, market=market) as w:
        alice = await w.trader("alice")
        await alice.sends("/backtest ema btc")
        await alice.taps("1m")
        assert "Queued" in await alice.taps("Run the backtest")
        card = alice.messages[-1]["message_id"]
        await w.container.heavy_jobs.settle()
        shown = next(each for each in alice.messages if each["message_id"] == card)
        assert "Done" in shown["text"]
        alice.button("Monte Carlo", card)


async def test_over_before_its_card_is_sent_the_card_shows_how_it_ended(tmp_path: Path) -> None:
    market = FakeMarket()
    market.moves("1%", minutes=200)
    async with world(tmp_path, market=market) as w:
        alice = await w.trader("alice")
        sender = w.runtime.sender

        async def meanwhile(seconds: float) -> None:
            w.wall.advance(seconds)
            await w.container.heavy_jobs.settle()

        sender.sleep = meanwhile
        sender.throttle.pause(alice.id, w.wall.monotonic(), 1.0)
        await alice.sends("/backtest ema btc 1m 30d")
        assert [each["text"] for each in alice.messages if "Queued" in each["text"]] == []
