"""What traders type, understood in any order."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import to_ms
from handlers.arguments import ALL_DAYS, looks_like_symbol, symbol_of, timeframe_of, understand

KNOWN = ("BTCUSDT", "ETHUSDT", "XBTUSD")


def ms(year: int, month: int, day: int) -> int:
    return to_ms(datetime(year, month, day, tzinfo=UTC))


def test_any_order_says_the_same() -> None:
    for words in ("donchian btc 15m 90d", "90d 15m btc donchian", "btc donchian 90d 15m"):
        wanted = understand(words.split(), KNOWN)
        assert (wanted.symbols, wanted.timeframe, wanted.span_days, wanted.words) == (
            ["BTCUSDT"],
            "15m",
            90,
            ["donchian"],
        )


@pytest.mark.parametrize("word", ["btc", "BTC", "btcusdt", "BTC/USDT", "btc-usdt", "$BTC", "#btc"])
def test_a_market_may_be_written_as_people_do(word: str) -> None:
    assert symbol_of(word, KNOWN) == "BTCUSDT"


def test_all_there_is_can_be_asked_for() -> None:
    for word in ("all", "ALL", "전체"):
        wanted = understand(["btc", word], KNOWN)
        assert (wanted.span_days, wanted.words) == (ALL_DAYS, [])


def test_other_quotes_are_found_and_strangers_are_not() -> None:
    assert symbol_of("xbt", KNOWN) == "XBTUSD"
    assert symbol_of("doge", KNOWN) is None
    assert looks_like_symbol("dogeusdt")
    assert not looks_like_symbol("donchian")


def test_several_markets_keep_their_order_each_once() -> None:
    assert understand(["eth,btc", "eth"], KNOWN).symbols == ["ETHUSDT", "BTCUSDT"]


@pytest.mark.parametrize(
    ("word", "timeframe"),
    [
        ("15m", "15m"),
        ("15min", "15m"),
        ("1H", "1h"),
        ("60m", "1h"),
        ("24h", "1d"),
        ("1hr", "1h"),
        ("15분", "15m"),
        ("15분봉", "15m"),
        ("4시간", "4h"),
        ("1시간봉", "1h"),
        ("1일봉", "1d"),
    ],
)
def test_timeframes_in_any_spelling(word: str, timeframe: str) -> None:
    assert timeframe_of(word) == timeframe


@pytest.mark.parametrize("word", ["7m", "99h", "m", "15", "x15m"])
def test_what_is_no_timeframe(word: str) -> None:
    assert timeframe_of(word) is None


def test_the_second_word_that_could_be_a_timeframe_is_a_range() -> None:
    wanted = understand(["15m", "3m"], KNOWN)
    assert (wanted.timeframe, wanted.span_days) == ("15m", 90)


@pytest.mark.parametrize(
    ("word", "days"),
    [
        ("30d", 30),
        ("2w", 14),
        ("6mo", 180),
        ("1y", 365),
        ("45D", 45),
        ("10y", 3_650),
        ("90days", 90),
        ("30일", 30),
        ("2주", 14),
        ("6개월", 180),
        ("1년", 365),
    ],
)
def test_spans_back_from_now(word: str, days: int) -> None:
    assert understand([word], KNOWN).span_days == days


@pytest.mark.parametrize(
    ("word", "start", "end"),
    [
        ("2017", (2017, 1, 1), (2018, 1, 1)),
        ("2017-05", (2017, 5, 1), (2017, 6, 1)),
        ("2017-12", (2017, 12, 1), (2018, 1, 1)),
        ("2017-05-31", (2017, 5, 31), (2017, 6, 1)),
        ("2017-01..2017-03", (2017, 1, 1), (2017, 4, 1)),
        ("2017-01~2017-03", (2017, 1, 1), (2017, 4, 1)),
        ("2017.05.03", (2017, 5, 3), (2017, 5, 4)),
        ("2017/05/03..2017/05/04", (2017, 5, 3), (2017, 5, 5)),
    ],
)
def test_stretches_of_the_calendar(
    word: str, start: tuple[int, int, int], end: tuple[int, int, int]
) -> None:
    wanted = understand([word], KNOWN)
    assert (wanted.start_ms, wanted.end_ms) == (ms(*start), ms(*end))


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("0d", "range_length"),
        ("-5d", "range_length"),
        ("1.5mo", "range_length"),
        ("9999d", "range_length"),
        ("11y", "range_length"),
        ("4000일", "range_length"),
        ("2017-13", "range_date"),
        ("2025-13-01", "range_date"),
        ("2017-02-30", "range_date"),
        ("2017..2017-13", "range_date"),
        ("2017-05..", "range_date"),
        ("2017-05..2016-01", "range_backwards"),
        ("2017-05-03~2017-05-01", "range_backwards"),
        ("45m", "unknown_timeframe"),
        ("99h", "unknown_timeframe"),
        ("7분봉", "unknown_timeframe"),
    ],
)
def test_what_was_meant_as_a_range_stays_a_word_with_what_is_wrong(word: str, code: str) -> None:
    wanted = understand(["donchian", word], KNOWN)
    assert wanted.words == ["donchian", word]
    assert wanted.span_days is wanted.start_ms is None
    assert wanted.odd is not None
    assert wanted.odd.code == code


@pytest.mark.parametrize("word", ["0000", "donchian", "3025", "..", "-", "d", "12", "a..b"])
def test_other_words_were_not_meant_as_a_range(word: str) -> None:
    wanted = understand([word], KNOWN)
    assert (wanted.words, wanted.odd) == ([word], None)


def test_one_range_is_enough() -> None:
    wanted = understand(["30d", "2017"], KNOWN)
    assert (wanted.span_days, wanted.words) == (30, ["2017"])
    assert wanted.odd is not None
    assert wanted.odd.params == {"first": "30d", "word": "2017"}


@pytest.mark.parametrize("typed", ["2017-01 .. 2017-03", "2017-01.. 2017-03", "2017-01 ~ 2017-03"])
def test_a_stretch_may_be_written_with_spaces(typed: str) -> None:
    wanted = understand(["btc", *typed.split()], KNOWN)
    assert (wanted.start_ms, wanted.end_ms) == (ms(2017, 1, 1), ms(2017, 4, 1))
    assert wanted.words == []


@given(st.lists(st.text(max_size=20), max_size=8))
def test_no_words_bring_it_down(words: list[str]) -> None:
    wanted = understand(words, KNOWN)
    assert set(wanted.symbols) <= set(KNOWN)
