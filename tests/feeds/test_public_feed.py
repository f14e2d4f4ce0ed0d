"""Candles and prices by websocket, REST where it does not know: always what REST would say."""

from __future__ import annotations

import pytest

from bot.adapters.bitget_line import MOST_TOPICS
from bot.adapters.bitget_wire import CANDLES
from bot.adapters.fed_series import CHECK_MS
from bot.sandbox.bitget import Fault
from domain.errors import DomainError
from domain.market.timeframes import MINUTE_MS
from tests.support.feeds import BTC, FeedStand
from tests.support.waiting import until


async def test_what_a_tick_read_twice_and_rest_confirmed_is_read_without_rest(
    stand: FeedStand,
) -> None:
    await stand.is_believed()
    before = stand.asked()
    for _ in range(5):
        close = await stand.closes("0.3%")
        bars = await stand.reads()
        assert bars.time[-1] + MINUTE_MS == close
    assert stand.asked() == before
    truth = await stand.rest.candles(BTC, "1m", end_ms=close, limit=30)
    for column in ("time", "open", "high", "low", "close", "volume"):
        assert getattr(bars, column).tolist() == getattr(truth, column).tolist()


async def test_nothing_is_connected_while_nobody_needs_anything(stand: FeedStand) -> None:
    await stand.people.candles(BTC, "1m", end_ms=stand.clock.now_ms(), limit=2)
    await stand.feed.turn()
    assert not stand.stream.is_open


async def test_what_no_tick_reads_any_more_is_let_go(stand: FeedStand) -> None:
    await stand.is_believed()
    await stand.people.price(BTC)
    stand.clock.advance(5 * 60)
    await stand.feed.turn()
    assert [topic.channel for topic in stand.feed.wanted] == ["ticker"]
    await until(lambda: stand.running.streams.topics() == 1)
    stand.clock.advance(10 * 60)
    await stand.feed.turn()
    assert not stand.stream.is_open


async def test_a_tick_does_not_ask_rest_for_a_bar_that_may_still_change(stand: FeedStand) -> None:
    await stand.closes(after_s=0.5)
    with pytest.raises(DomainError, match="exchange_busy"):
        await stand.reads()
    people = await stand.people.candles(BTC, "1m", end_ms=stand.clock.now_ms(), limit=2)
    assert len(people) == 2, "people get what there is"
    stand.clock.advance(1.5)
    assert len(await stand.reads()) == 30


async def test_a_bar_may_change_for_a_moment_after_its_close(stand: FeedStand) -> None:
    await stand.is_believed()
    close = await stand.closes(after_s=0.2)
    assert not stand.feed.has(BTC, "1m", close)
    stand.clock.advance(0.3)
    assert stand.feed.has(BTC, "1m", close)


async def test_without_a_trade_in_the_next_bar_rest_is_asked(stand: FeedStand) -> None:
    await stand.is_believed()
    now = stand.clock.now_ms()
    stand.clock.set(now - now % MINUTE_MS + MINUTE_MS + 2_000)
    before = stand.asked()
    assert len(await stand.reads()) == 30
    assert stand.asked() == before + 1


async def test_the_socket_dies_and_rest_goes_on_until_it_is_back(stand: FeedStand) -> None:
    await stand.is_believed()
    stand.emulator.cuts()
    await until(lambda: not stand.stream.is_open)
    before = stand.asked()
    for expected in (1, 2):
        close = await stand.closes(after_s=2)
        assert (await stand.reads()).time[-1] + MINUTE_MS == close
        assert stand.asked() == before + expected
    await stand.connects()
    await stand.closes()
    await stand.reads()
    await stand.closes()
    await stand.reads()
    assert stand.asked() == before + 2
    assert stand.feed.metrics()["feed_drops"] == 1


async def test_a_close_that_was_missed_is_made_up_for_by_the_first_push(stand: FeedStand) -> None:
    await stand.is_believed()
    stand.emulator.cuts()
    await until(lambda: not stand.stream.is_open)
    close = await stand.closes(after_s=1)
    await stand.connects()
    assert stand.feed.has(BTC, "1m", close), "the past comes with the subscription"


async def test_an_exchange_that_is_down_is_tried_again_more_and_more_seldom(
    stand: FeedStand,
) -> None:
    await stand.is_believed()
    stand.emulator.goes_down()
    await until(lambda: not stand.stream.is_open)
    stand.clock.advance(60)
    await stand.feed.turn()
    assert not stand.stream.is_open
    stand.emulator.comes_up()
    await stand.feed.turn()
    assert not stand.stream.is_open, "at most once a second"
    stand.clock.advance(4)
    await stand.connects()
    assert stand.stream.is_open


async def test_the_feed_is_compared_with_rest_every_hour(stand: FeedStand) -> None:
    await stand.is_believed()
    before = stand.asked()
    stand.clock.advance(CHECK_MS / 1000)
    await stand.closes(after_s=2)
    await stand.reads()
    assert stand.asked() == before + 1


async def test_a_feed_that_says_other_than_rest_is_not_believed(stand: FeedStand) -> None:
    await stand.closes(after_s=2)
    await stand.reads()
    await stand.connects()
    for _ in range(4):
        await stand.closes(after_s=2, unheard=True)
        await stand.reads()
    before = stand.asked()
    await stand.closes(after_s=2)
    await stand.reads()
    assert stand.asked() == before + 1
    assert stand.feed.metrics()["feed_differences"] >= 1


async def test_the_price_is_of_now_or_asked_for(stand: FeedStand) -> None:
    assert (await stand.people.price(BTC)).last == 60_000
    await stand.connects()
    asked = stand.asked("market/ticker")
    stand.emulator.moves(BTC, "61000")
    await stand.says()
    price = await stand.people.price(BTC)
    assert (price.last, price.mark, price.at_ms) == (61_000, 61_000, stand.clock.now_ms())
    assert stand.asked("market/ticker") == asked
    stand.clock.advance(4)
    await stand.people.price(BTC)
    assert stand.asked("market/ticker") == asked + 1, "nothing was heard for a while"


async def test_a_price_of_before_the_socket_died_is_not_used(stand: FeedStand) -> None:
    await stand.people.price(BTC)
    await stand.connects()
    stand.emulator.cuts()
    await until(lambda: not stand.stream.is_open)
    asked = stand.asked("market/ticker")
    await stand.people.price(BTC)
    assert stand.asked("market/ticker") == asked + 1


async def test_while_rest_fails_what_the_feed_knows_is_still_known(stand: FeedStand) -> None:
    await stand.is_believed()
    stand.emulator.fails(Fault("market/candles", times=0, status=502))
    close = await stand.closes()
    assert (await stand.reads()).time[-1] + MINUTE_MS == close


async def test_every_channel_is_one_that_the_exchange_has(stand: FeedStand) -> None:
    for timeframe in CANDLES:
        stand.feed.keep(BTC, timeframe)
    await stand.connects()
    assert stand.running.streams.topics() == len(CANDLES)
    stand.clock.advance(2)
    for timeframe in CANDLES:
        await stand.ticks.candles(BTC, timeframe, end_ms=stand.clock.now_ms(), limit=1)


async def test_no_connection_has_more_topics_than_it_can_bear(stand: FeedStand) -> None:
    for number in range(MOST_TOPICS):
        stand.feed.keep(f"MOON{number}USDT", "1m")
    await stand.feed.turn()
    assert len(stand.feed.lines) == 1
    stand.feed.keep(BTC, "1m")
    stand.feed.keep(BTC, "5m")
    await stand.feed.turn()
    first, second = stand.feed.lines
    assert (len(first.wanted), len(second.wanted)) == (MOST_TOPICS, 2)
    await until(lambda: stand.running.streams.topics() == 2)
    stand.clock.advance(4 * 60)
    await stand.feed.turn()
    assert not first.stream.is_open
    assert [topic.channel for topic in second.wanted] == ["candle5m"]


async def test_what_can_not_be_had_does_not_end_the_rest(stand: FeedStand) -> None:
    stand.feed.keep("MOONUSDT", "1m")
    stand.feed.keep(BTC, "1m")
    await stand.feed.turn()
    await until(lambda: stand.running.streams.topics() == 1)
    await stand.says()
    assert stand.stream.is_open


async def test_a_timeframe_without_a_channel_is_left_to_rest(stand: FeedStand) -> None:
    stand.clock.advance(2)
    assert len(await stand.reads(timeframe="2h", limit=1)) == 1
    assert stand.feed.wanted == set()
