"""The pictures that look closer: what their numbers are, and that they can always be drawn."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bot.workers.chart_costs import waterfall
from bot.workers.chart_exposure import exposure
from bot.workers.chart_fonts import use_fonts
from bot.workers.chart_histogram import ProfitPanel, ends, spread
from bot.workers.chart_months import by_year, year_return
from bot.workers.chart_theme import THEMES
from bot.workers.charts import Picture, draw_all, draw_backtest
from domain.backtests.pictures import PICTURES
from domain.backtests.result import TradeColumns
from handlers.texts import Translator
from tests.charts.pictures import picture

# Not traced: coverage would take as long as the tests, and what they run is run elsewhere too.
pytestmark = pytest.mark.no_cover

FEW, NONE = picture(300, 25), picture(200, 0)
LONG = replace(
    FEW,
    metrics=FEW.metrics
    | {"monthly": [{"month": f"{2010 + n // 12}-{n % 12 + 1:02}", "return_percent": n - 90.0}
                   for n in range(190)]},
)  # fmt: skip
PROFITS = arrays.arrays(np.float64, st.integers(1, 60), elements=st.floats(-300, 300))


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("shown", [FEW, NONE, LONG], ids=["few", "none", "long"])
def test_every_picture_can_be_drawn(shown: Picture, theme: str, lang: str, tmp_path: Path) -> None:
    draw_all(replace(shown, t=Translator(lang)), tmp_path / "a.png", theme)
    assert len(list(tmp_path.iterdir())) == len(PICTURES)
    assert all(5_000 < path.stat().st_size < 600_000 for path in tmp_path.iterdir())


@pytest.mark.parametrize("which", PICTURES)
def test_nothing_of_the_picture_before_stays(which: str, tmp_path: Path) -> None:
    for number, shown in enumerate((FEW, LONG, NONE, FEW)):
        draw_backtest(shown, tmp_path / f"{number}.png", which=which)
    assert (tmp_path / "0.png").read_bytes() == (tmp_path / "3.png").read_bytes()


def test_exposure_is_what_is_held_at_each_close_as_a_share_of_the_equity() -> None:
    result = FEW.result
    held = exposure(result)
    trade = result.trades[1]
    bar = int(np.searchsorted(result.candles.time, trade.entry_time))
    sign = 1 if trade.side == "buy" else -1
    wanted = sign * trade.qty * result.candles.close[bar] / result.equity[bar]
    assert held[bar] == pytest.approx(wanted)
    flat = np.ones(len(held), np.bool_)
    for first, last in zip(result.columns.entry_bar, result.columns.exit_bar, strict=True):
        flat[first:last] = False
    assert (held[flat] == 0.0).all()
    assert (held[~flat] != 0.0).all()
    assert (exposure(NONE.result) == 0.0).all()


def test_the_waterfall_ends_where_the_net_profit_is() -> None:
    steps = waterfall(FEW.metrics["costs"])
    assert [step.key for step in steps] == ["gross", "slippage", "fees", "funding", "net"]
    assert steps[-2].end == pytest.approx(steps[-1].end)
    assert steps[-1].end == pytest.approx(FEW.result.final_balance - 10_000.0)


@given(profit=PROFITS)
def test_every_trade_is_in_one_bar_and_zero_is_between_two(
    profit: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> None:
    edges, counts = spread(profit)
    assert counts.sum() == len(profit)
    assert np.abs(edges).min() == 0.0
    assert len(counts) <= 43


def test_bars_that_hold_all_beyond_them_say_so() -> None:
    profit = np.concatenate((np.linspace(-1.0, 2.0, 998), [-40.0, 90.0]))
    edges, counts = spread(profit)
    assert ends(profit, edges) == ("≤ −0.97%", "≥ 1.93%")
    assert (profit <= edges[1]).sum() == counts[0]
    all_inside = np.array([-3.0, 1.0, 5.0] * 200)
    assert ends(all_inside, spread(all_inside)[0]) == ("−3.0%", "5.0%")
    only_won = np.array([1.0, 2.0, 2.0])
    assert ends(only_won, spread(only_won)[0]) == ("0", "2.0%")


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize(
    "percents",
    [
        [-6, -2, -1, 0, 0.3, 1, 2, 2.9],
        [-1, -1, -1, 0.5, 9],
        [5, 6, 7, 7.1],
        [-9, -8, -8, -7.9],
        [2],
    ],
    ids=["mean first", "median first", "far right", "far left", "one"],
)
def test_no_words_of_a_line_lie_on_another(lang: str, percents: list[float]) -> None:
    use_fonts()
    figure = Figure((10.0, 7.5), dpi=128)
    canvas = FigureCanvasAgg(figure)
    panel = ProfitPanel(figure, (0.025, 0.45, 0.95, 0.4), THEMES["light"])
    whole = FEW.result.columns
    trades = TradeColumns(
        **{each.name: getattr(whole, each.name)[: len(percents)] for each in fields(TradeColumns)}
    )
    panel.show(
        Translator(lang),
        replace(trades, pnl=trades.entry_price * trades.qty * np.array(percents) / 100.0),
    )
    canvas.draw()  # type: ignore[no-untyped-call]

    axes = figure.axes[0]
    words = [text.get_window_extent() for text in axes.texts[-2:]]
    lines = [line.get_window_extent().padded(1.0) for line in axes.lines]
    assert not words[0].overlaps(words[1])
    assert not any(one.overlaps(line) for one in words for line in lines)
    assert all(axes.bbox.x0 - 1 <= one.x0 and one.x1 <= axes.bbox.x1 + 1 for one in words)


def test_months_make_years_that_compound() -> None:
    months: list[dict[str, str | float]] = [
        {"month": "2024-12", "return_percent": 10.0},
        {"month": "2025-01", "return_percent": 10.0},
        {"month": "2025-02", "return_percent": -10.0},
    ]
    assert by_year(months) == [(2024, {12: 10.0}), (2025, {1: 10.0, 2: -10.0})]
    assert year_return({1: 10.0, 2: -10.0}) == pytest.approx(-1.0)
