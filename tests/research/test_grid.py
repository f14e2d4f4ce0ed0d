"""Which combinations are tried."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DomainError
from domain.research.grid import MOST_TRIALS, Axis, Span, axes_for, corners, trials_of
from domain.strategies.language import compile_rules

PROGRAM = compile_rules(
    "fast = param(5, min=2, max=50)\n"
    "slow = param(20, min=3, max=90)\n"
    "room = param(1.5, min=0.5, max=9.0)\n"
    "strict = param(True)\n"
    "level = param(0)\n"
    "buy = crossover(ema(close, fast), ema(close, slow)) and strict and close > level\n"
    "stop_loss = room\n"
)
PARAMS = PROGRAM.params


def values(name: str, span: Span) -> tuple[Any, ...]:
    (axis,) = axes_for(PARAMS, {name: span})
    return axis.values


def test_what_is_asked_for_is_tried() -> None:
    assert values("fast", Span(5, 25, 5)) == (5, 10, 15, 20, 25)
    assert values("room", Span(1, 2, 0.25)) == (1.0, 1.25, 1.5, 1.75, 2.0)
    assert values("fast", Span(7, 7)) == (7,)
    assert values("strict", Span(0, 1)) == (False, True)


def test_without_a_step_whole_numbers_are_tried_one_by_one_while_they_last() -> None:
    assert values("fast", Span(2, 50)) == tuple(range(2, 51))
    two = axes_for(PARAMS, {"fast": Span(2, 50), "slow": Span(3, 90)})
    assert [len(axis.values) for axis in two] == [31, 31]
    assert two[1].values[0] == 3
    assert two[1].values[-1] == 90


def test_without_a_wish_the_first_two_numbers_around_their_defaults() -> None:
    fast, slow = axes_for(PARAMS, {})
    assert (fast.name, slow.name) == ("fast", "slow")
    assert fast.values == tuple(range(2, 16))
    assert (slow.values[0], slow.values[-1]) == (7, 60)
    (level,) = axes_for(PARAMS[-1:], {})
    assert level.values == (-1, 0, 1)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"quick": Span(1, 2)}, "unknown_param"),
        ({"fast": Span(1, 200)}, "param_out_of_range"),
        ({"fast": Span(2, 3, 0.5)}, "param_wrong_kind"),
        ({"fast": Span(9, 2)}, "bad_span"),
        ({"fast": Span(2.2, 2.8)}, "bad_span"),
        ({"room": Span(1, 2, -1.0)}, "bad_span"),
        ({"room": Span(1, 2, 1e-6)}, "too_many_values"),
        ({name: Span(1, 1) for name in ("fast", "slow", "room", "strict", "level")}, "too_many"),
    ],
)
def test_what_cannot_be_tried_is_refused(asked: dict[str, Span], code: str) -> None:
    with pytest.raises(DomainError, match=code):
        axes_for(PARAMS, asked)


def test_a_program_without_numbers_has_nothing_to_search() -> None:
    with pytest.raises(DomainError, match="no_params"):
        axes_for(compile_rules("on = param(True)\nbuy = on").params, {})


@given(st.lists(st.integers(1, 60), min_size=1, max_size=3))
def test_of_a_large_grid_the_same_sample_each_time(sizes: list[int]) -> None:
    axes = [Axis(f"p{at}", tuple(range(size))) for at, size in enumerate(sizes)]
    trials, sampled = trials_of(axes)
    assert len(set(trials)) == len(trials) <= MOST_TRIALS
    assert all(v in axis.values for t in trials for axis, v in zip(axes, t, strict=True))
    assert trials == sorted(trials) == trials_of(axes)[0]
    assert sampled == (math.prod(sizes) > MOST_TRIALS)


def test_the_corners_need_the_most_history() -> None:
    axes = axes_for(PARAMS, {"fast": Span(2, 9), "slow": Span(10, 90)})
    found = corners(PROGRAM, {}, axes)
    assert max(bound.memory for bound in found) == PROGRAM.bind({"slow": 90}).memory
    with pytest.raises(DomainError, match="search_empty"):
        corners(PROGRAM, {}, [Axis("fast", (1, 99))])
