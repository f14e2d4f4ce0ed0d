"""What stands in the head of a picture, and how many trades are drawn how."""

from __future__ import annotations

import numpy as np
import pytest

from bot.workers.chart_curves import with_benchmark
from bot.workers.chart_header import number, percent, range_line, signed_percent, tiles
from bot.workers.chart_price import mark_size, profit_by_stretch
from bot.workers.handover import Look
from domain.market.timeframes import DAY_MS
from handlers.texts import Translator
from tests.charts.pictures import picture

EN, KO = Translator(), Translator("ko")
MAY = 1_493_596_800_000  # 2017-05-01


@pytest.mark.parametrize(
    ("value", "text"),
    [(12.34, "12.3%"), (-0.04, "0.0%"), (1324.4, "1,324%"), (None, "–"), (0.0, "0.0%")],
)
def test_percents(value: float | None, text: str) -> None:
    assert percent(value) == text


def test_gains_have_their_sign_and_ratios_two_decimals() -> None:
    assert [signed_percent(value) for value in (3.0, -3.0, 0.0)] == ["+3.0%", "−3.0%", "0.0%"]
    assert [signed_percent(value) for value in (0.04, -0.04)] == ["0.0%", "0.0%"]
    assert [number(value) for value in (1.234, -0.001, None)] == ["1.23", "0.00", "–"]
    assert [number(value) for value in (1.234, -2.0, None)] == ["1.23", "−2.00", "–"]


def test_the_range_says_its_last_day_and_a_single_day_once() -> None:
    month = range_line(EN, "BTCUSDT", "15m", MAY, MAY + 31 * DAY_MS, 31.0)
    assert month == "BTCUSDT · 15m · May 1, 2017 – May 31, 2017 · 31 days · UTC"
    assert range_line(EN, "BTCUSDT", "1m", MAY, MAY + DAY_MS, 1.0).endswith(
        "May 1, 2017 · 24 hours · UTC"
    )

    in_korean = range_line(KO, "BTCUSDT", "15m", MAY, MAY + 31 * DAY_MS, 31.0)
    assert in_korean == "BTCUSDT · 15m · 2017년 5월 1일 – 2017년 5월 31일 · 31일 · UTC"


def test_the_range_is_that_of_the_readers_clock_and_says_which() -> None:
    seoul = Translator("en", "Asia/Seoul")
    evening = MAY + DAY_MS - 6 * 3_600_000
    assert range_line(seoul, "BTCUSDT", "15m", MAY, evening, 0.75).endswith(
        "May 1, 2017 – May 2, 2017 · 18 hours · Asia/Seoul"
    )


def test_bars_of_a_day_are_the_exchanges_days() -> None:
    look = Look("dark", "ko", "Asia/Seoul")
    assert look.reader("4h") == Translator("ko", "Asia/Seoul")
    assert look.reader("1d") == Translator("ko", "UTC")


def test_a_profit_factor_is_coloured_by_what_it_means() -> None:
    metrics = picture(300, 25).metrics
    for factor, tone in ((1.4, 1), (0.6, -1), (None, 0)):
        shown = {tile.name: tile for tile in tiles(EN, metrics | {"profit_factor": factor})}
        assert shown["PROFIT FACTOR"].tone == tone


def test_the_more_marks_the_smaller() -> None:
    sizes = [mark_size(count) for count in (0, 40, 41, 200, 500, 10_000)]
    assert sizes == sorted(sizes, reverse=True)


def test_profit_along_the_way_adds_up() -> None:
    trades = picture(3_000, 3).result.columns
    span = (float(trades.entry_time[0]), float(trades.exit_time[-1]))
    middles, earned = profit_by_stretch(trades, span)
    assert earned.sum() == pytest.approx(trades.pnl.sum())
    assert (np.diff(middles) > 0).all()


def test_buy_and_hold_is_shown_whole_unless_it_squeezes_the_curve() -> None:
    assert with_benchmark(100.0, 120.0, 90.0, 130.0) == (90.0, 130.0, False)
    low, high, cut = with_benchmark(100.0, 101.0, 60.0, 150.0)
    assert cut
    assert high - low < 25.0
    assert with_benchmark(90.0, 110.0, 80.0, 900.0) == (80.0, 900.0, False)  # logarithmic
