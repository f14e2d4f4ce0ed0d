"""What depends on an open position: shared columns, a postfix rest, the signal bar's value."""

from __future__ import annotations

import numpy as np
import pytest

from domain.market import scripts as codes
from domain.market.scripts import PositionScripts, Script
from domain.strategies.language import compile_rules
from tests.strategies.samples import market, refusals, rules, run, value

ENTRY = "buy = close > open"
CANDLES = market(60)


def scripts(*lines: str) -> PositionScripts:
    """The scripts of a program with an entry."""
    found = run(rules(ENTRY, *lines), CANDLES).scripts
    assert found is not None
    return found


def steps(script: Script | None) -> list[tuple[int, float]]:
    assert script is not None
    assert len(script.codes) == len(script.operands)
    return list(zip(script.codes, script.operands, strict=True))


def test_an_exit_becomes_columns_and_a_postfix_rest() -> None:
    found = scripts("exit_long = rsi(close, 9) > 80 and profit > 0 or bars_held >= 96")
    assert steps(found.exit_long) == [
        (codes.COLUMN, 0),
        (codes.SCALAR, codes.PROFIT),
        (codes.PUSH, 0),
        (codes.GT, 0),
        (codes.AND, 0),
        (codes.SCALAR, codes.BARS_HELD),
        (codes.PUSH, 96),
        (codes.GE, 0),
        (codes.OR, 0),
    ]
    assert np.array_equal(found.columns[0], value("rsi(close, 9) > 80", CANDLES))
    assert (found.exit_short, found.stop_loss, found.take_profit) == (None, None, None)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("abs(profit)", [(codes.SCALAR, codes.PROFIT), (codes.ABS, 0)]),
        ("-entry_price", [(codes.SCALAR, codes.ENTRY_PRICE), (codes.NEG, 0)]),
        ("max(1, best_profit, worst_profit)",
         [(codes.PUSH, 1), (codes.SCALAR, codes.BEST_PROFIT), (codes.MAX, 0),
          (codes.SCALAR, codes.WORST_PROFIT), (codes.MAX, 0)]),
        ("clip(minutes_held, 1, 9)",
         [(codes.SCALAR, codes.MINUTES_HELD), (codes.PUSH, 1), (codes.PUSH, 9), (codes.CLIP, 0)]),
        ("nz(profit, 2 + 3)", [(codes.SCALAR, codes.PROFIT), (codes.PUSH, 5), (codes.NZ, 0)]),
        ("1 if na(profit) else 2",
         [(codes.SCALAR, codes.PROFIT), (codes.IS_NA, 0), (codes.PUSH, 1), (codes.PUSH, 2),
          (codes.SELECT, 0)]),
        ("3 if not is_long else 2",
         [(codes.SCALAR, codes.IS_LONG), (codes.NOT, 0), (codes.PUSH, 3), (codes.PUSH, 2),
          (codes.SELECT, 0)]),
        ("profit ** 2 // 3 % 4",
         [(codes.SCALAR, codes.PROFIT), (codes.PUSH, 2), (codes.POW, 0), (codes.PUSH, 3),
          (codes.FLOORDIV, 0), (codes.PUSH, 4), (codes.MOD, 0)]),
        ("at_entry(open)", [(codes.AT_ENTRY, 0)]),
        ("at_entry(open) - open", [(codes.AT_ENTRY, 0), (codes.COLUMN, 0), (codes.SUB, 0)]),
        ("profit + at_entry(3)", [(codes.SCALAR, codes.PROFIT), (codes.PUSH, 3), (codes.ADD, 0)]),
    ],
)  # fmt: skip
def test_each_operation_has_its_step(expression: str, expected: list[tuple[int, float]]) -> None:
    assert steps(scripts(f"take_profit = {expression}").take_profit) == expected


def test_outputs_share_their_columns() -> None:
    found = scripts(
        "width = atr(5) / close * 100",
        "stop_loss = at_entry(width) + 0 * profit",
        "take_profit = width + profit",
        "exit_short = profit > width",
    )
    assert len(found.columns) == 1


def test_a_name_may_stand_for_a_value_of_the_position_and_shows_no_column() -> None:
    signals = run(rules(ENTRY, "late = bars_held > 9", "exit_long = late"), CANDLES)
    assert signals.scripts is not None
    assert len(steps(signals.scripts.exit_long)) == 3
    assert signals.values == {}


def test_without_the_position_there_is_no_script() -> None:
    signals = run(rules(ENTRY, "exit_long = close < open", "stop_loss = atr(5)"), CANDLES)
    assert signals.scripts is None
    assert run(rules(ENTRY, "stop_loss = at_entry(2)"), CANDLES).scripts is None


def test_the_signal_bar_holds_the_value_of_a_fresh_position() -> None:
    signals = run(
        rules(
            "buy = close > open",
            "sell = close < open",
            "stop_loss = (2 if is_long else 3) + best_profit - worst_profit + bars_held",
            "take_profit = entry_price / close + at_entry(2 * open / open) + minutes_held + profit",
        ),
        CANDLES,
    )
    assert set(signals.stop_loss[signals.buy]) == {2.0}
    assert set(signals.stop_loss[signals.sell]) == {3.0}
    assert signals.take_profit[signals.buy] == pytest.approx(3.0)


def test_no_entry_where_a_level_of_the_program_is_missing_at_the_signal_bar() -> None:
    signals = run(rules("buy = True", "stop_loss = log(close - open) + profit"), CANDLES)
    assert signals.buy.any()
    assert not signals.buy[CANDLES.close <= CANDLES.open].any()


def test_a_trailing_stop_begins_as_far_behind_as_it_trails() -> None:
    signals = run(rules("buy = True", "stop_loss = 3", "trail = 2 if close > open else 4"), CANDLES)
    up = CANDLES.close > CANDLES.open
    assert signals.stop_loss[up] == pytest.approx(2.0)
    assert signals.stop_loss[~up] == pytest.approx(3.0)
    assert signals.scripts is not None


def test_a_stop_that_trails_later_begins_as_the_programs_or_the_users() -> None:
    later = ("trail = 2", "trail_after = 1")
    own = run(rules("buy = True", "stop_loss = 3", *later), CANDLES)
    assert set(own.stop_loss) == {3.0}
    users = run(rules("buy = True", *later), CANDLES)
    assert np.isnan(users.stop_loss).all()
    assert users.buy.all()


@pytest.mark.parametrize("trail", ["0", "-1", "log(-1)", "log(close - 1e9)"])
def test_a_trail_that_is_no_distance_lets_nobody_in(trail: str) -> None:
    assert not run(rules("buy = True", f"trail = {trail}", "trail_after = 1"), CANDLES).buy.any()


def test_a_stop_without_the_position_freezes_at_entry_where_it_trails() -> None:
    found = scripts("stop_loss = atr(5) / close * 100", "trail = 2")
    assert found.stop_loss is not None
    assert codes.COLUMN not in found.stop_loss.codes
    assert codes.AT_ENTRY in found.stop_loss.codes


@pytest.mark.parametrize(
    ("line", "code", "text", "inside"),
    [
        ("sell = profit > 0", "position_misplaced", "profit", ""),
        ("confidence = bars_held", "position_misplaced", "bars_held", ""),
        ("trail = best_profit", "position_misplaced", "best_profit", ""),
        ("trail = 1\ntrail_after = at_entry(close)", "position_misplaced", "at_entry(close)", ""),
        ("plot(entry_price)", "position_misplaced", "entry_price", ""),
        ("p = profit > 1\nsell = p", "position_misplaced", "p", ""),
        ("exit_long = profit[1] > 0", "position_inside", "profit", "[ ]"),
        ("exit_long = ema(profit, 3) > 0", "position_inside", "profit", "ema"),
        ("exit_long = crossover(max(1, profit), 0)", "position_inside", "profit", "crossover"),
        ("exit_long = sqrt(profit) > 1", "position_inside", "profit", "sqrt"),
        ("p = profit\nexit_long = rsi(p) > 1", "position_inside", "p", "rsi"),
        ("exit_long = at_entry(profit) > 0", "position_inside", "profit", "at_entry"),
        ("exit_long = at_entry(at_entry(close)) > 0", "position_inside", "at_entry(close)",
         "at_entry"),
        ("exit_long = ema(close, bars_held) > 0", "position_inside", "bars_held", "ema"),
    ],
)  # fmt: skip
def test_what_depends_on_the_position_has_its_place(
    line: str, code: str, text: str, inside: str
) -> None:
    error = refusals(f"{ENTRY}\n{line}")[0]
    assert (error.code, error.text, error.params["inside"]) == (code, text, inside)


def test_names_that_stand_for_much_are_bounded_too() -> None:
    doubled = [f"a{i} = a{i - 1} + a{i - 1}" for i in range(1, 300)]
    code = "\n".join([ENTRY, "a0 = profit", *doubled, "exit_long = a299 > 0"])
    assert refusals(code)[0].code == "script_too_long"
    nested = "1 - (" * 45 + "profit" + ")" * 45
    assert compile_rules(f"{ENTRY}\ntake_profit = {nested}").bind().scripts is not None
    steep = "\n".join(["a = " + "1 - (" * 40 + "profit" + ")" * 40,
                       "take_profit = " + "2 - (" * 40 + "a" + ")" * 40])  # fmt: skip
    assert refusals(f"{ENTRY}\n{steep}")[0].code == "script_too_long"


def test_the_identity_of_a_program_covers_what_it_does_with_a_position() -> None:
    plain = compile_rules(f"{ENTRY}\nexit_long = bars_held > 3")
    assert compile_rules(plain.canonical).hash == plain.hash
    for other in (
        "exit_long = bars_held > 4",
        "exit_short = bars_held > 3",
        "exit_long = minutes_held > 3",
        "exit_long = bars_held > at_entry(close)",
    ):
        assert compile_rules(f"{ENTRY}\n{other}").hash != plain.hash
    trailing = {compile_rules(f"{ENTRY}\ntrail = {n}").hash for n in (1, 2)}
    assert len(trailing) == 2
