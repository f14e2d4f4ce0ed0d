"""The chart of a market: which plots go where, and that it can always be drawn."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.workers.chart_market import MarketSheet, arranged, draw_market, is_near, reading_of
from bot.workers.chart_theme import THEMES
from domain.market.charting import ChartOrder, Deal
from domain.strategies.builtins import BUILTINS
from handlers.texts import Translator
from tests.backtests.lab import waves

BARS = waves(400)
ORDER = ChartOrder("BTCUSDT", "1m", BARS, 120, "charts/a.png")
DEALS = (
    Deal(True, int(BARS.time[300]), 60_000.0, int(BARS.time[320]), 60_500.0),
    Deal(False, int(BARS.time[10]), 60_000.0, int(BARS.time[20]), 60_500.0),
    Deal(False, int(BARS.time[390]), 60_000.0),
)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("code", ["", *(builtin.code for builtin in BUILTINS)])
def test_every_strategy_can_be_drawn(code: str, lang: str, theme: str, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    order = replace(ORDER, code=code, name="x", deals=DEALS, lang=lang, theme=theme)
    draw_market(order, path)
    content = path.read_bytes()
    assert struct.unpack(">II", content[16:24]) == (1280, 960)
    assert 10_000 < len(content) < 300_000


@pytest.mark.parametrize(
    "code", ["buy = close > symbol('ETHUSDT', close)", "this is no program", "buy = close > na"]
)
def test_a_program_that_cannot_be_shown_leaves_the_candles(code: str, tmp_path: Path) -> None:
    draw_market(replace(ORDER, code=code), tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 10_000


def test_another_markets_bars_make_the_signals_of_a_program_that_reads_them(
    tmp_path: Path,
) -> None:
    code = "buy = symbol('ETHUSDT', close > sma(close, 5))"
    bare, told = (
        replace(ORDER, code=code),
        replace(ORDER, code=code, others={("ETHUSDT", ""): BARS}),
    )
    for name, order in (("bare", bare), ("told", told)):
        draw_market(order, tmp_path / name)
    assert (tmp_path / "bare").read_bytes() != (tmp_path / "told").read_bytes()


def test_nothing_of_the_chart_before_stays(tmp_path: Path) -> None:
    full = replace(ORDER, code=BUILTINS[0].code, deals=DEALS)
    for number, order in enumerate((ORDER, full, replace(ORDER, candles=BARS.slice(0, 1)), ORDER)):
        draw_market(order, tmp_path / f"{number}.png")
    assert (tmp_path / "0.png").read_bytes() == (tmp_path / "3.png").read_bytes()


def test_prices_are_drawn_on_the_candles_and_the_rest_below() -> None:
    close = np.full(10, 100.0)
    price, strength = close * 1.02, np.full(10, 55.0)
    assert is_near(price, close)
    assert not is_near(np.full(10, np.nan), close)
    assert arranged({"a": price}, {"r": strength}, close) == ({"a": price}, {"r": strength})
    near, below = arranged(
        {}, {"a": price, "r": strength, "s": strength, "atr": close / 500}, close
    )
    assert (list(near), list(below)) == (["a"], ["r", "s"])


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_names_of_curves_and_marks_stand_apart_and_where_no_curve_runs(
    theme: str, lang: str
) -> None:
    code = (
        "plot(bb_upper(close, 200, 2.5), keltner_lower(200, 2, 100), ema(close, 100))\n"
        "plot(highest(high, 160) * 1.02, rsi(close, 14), stoch(14))\nbuy = close > open"
    )
    order = replace(ORDER, code=code, name="x", lang=lang, theme=theme)
    sheet = MarketSheet(THEMES[theme], split=True)
    sheet.show(Translator(lang), order, BARS, reading_of(order, 0))
    figure = sheet.page.figure
    figure.draw_without_rendering()
    written = [text for axes in figure.axes for text in axes.texts if text.get_text()]
    boxes = [text.get_window_extent() for text in written]
    assert len([text for text in written if "—" in text.get_text()]) == 6
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(axes.get_window_extent()) for axes in figure.axes)
        assert not any(box.overlaps(other) for other in boxes[number + 1 :])


@pytest.mark.parametrize(
    ("plots", "said"),
    [
        (["ema(close, 9)", "rsi(close, 14)"], None),
        ([f"ema(close, {n})" for n in range(5, 10)], "1 curve has no room here"),
        ([f"rsi(close, {n})" for n in range(5, 10)], "3 curves have no room here"),
    ],
)
def test_curves_that_have_no_place_are_counted(plots: list[str], said: str | None) -> None:
    order = replace(ORDER, code=f"plot({', '.join(plots)})\nbuy = close > open", name="x")
    reading = reading_of(order, 0)
    sheet = MarketSheet(THEMES["dark"], split=bool(reading.below))
    sheet.show(Translator("en"), order, BARS, reading)
    written = " ".join(text.get_text() for text in sheet.page.figure.texts)
    assert ("no room" in written) == (said is not None)
    assert (said or "") in written


def test_values_that_no_plot_asks_for_are_not_missed() -> None:
    code = "buy = " + " and ".join(f"close > ema(close, {n})" for n in range(5, 12))
    assert reading_of(replace(ORDER, code=code), 0).left_out == 0
