"""The knobs of a program, and values for them."""

from __future__ import annotations

import pytest

from domain.errors import DomainError
from domain.strategies.language import Param, compile_rules

PROGRAM = compile_rules(
    "fast = param(12, min=2, max=200)\n"
    "ratio = param(1.5, min=0.5)\n"
    "rough = param(-2, min=-5.5, max=3)\n"
    "wanted = param(True)\n"
    "buy = close > ema(close, fast * 2) * ratio + rough and wanted"
)


def test_params_are_listed_with_their_bounds() -> None:
    assert PROGRAM.params == (
        Param("fast", 12, 2, 200, "int"),
        Param("ratio", 1.5, 0.5, None, "float"),
        Param("rough", -2, -5.5, 3, "float"),
        Param("wanted", True, None, None, "bool"),
    )


def test_what_is_not_given_takes_its_default() -> None:
    assert PROGRAM.bind().values == {"fast": 12, "ratio": 1.5, "rough": -2, "wanted": True}
    bound = PROGRAM.bind({"fast": 20, "ratio": 2, "wanted": False})
    assert bound.values == {"fast": 20, "ratio": 2.0, "rough": -2, "wanted": False}
    assert bound.lookback == 39


def test_a_whole_number_written_with_a_point_is_whole() -> None:
    assert PROGRAM.bind({"fast": 20.0}).values["fast"] == 20


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"slow": 3}, "unknown_param"),
        ({"fast": 1}, "param_out_of_range"),
        ({"fast": 201}, "param_out_of_range"),
        ({"fast": 10**400}, "param_out_of_range"),
        ({"fast": float("nan")}, "param_out_of_range"),
        ({"ratio": float("inf")}, "param_out_of_range"),
        ({"ratio": 0.4}, "param_out_of_range"),
        ({"fast": 12.5}, "param_wrong_kind"),
        ({"fast": True}, "param_wrong_kind"),
        ({"fast": "12"}, "param_wrong_kind"),
        ({"fast": None}, "param_wrong_kind"),
        ({"wanted": 1}, "param_wrong_kind"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(values: dict[str, object], code: str) -> None:
    with pytest.raises(DomainError) as refused:
        PROGRAM.bind(values)
    assert refused.value.code == code


def test_a_refused_value_comes_with_what_is_allowed() -> None:
    with pytest.raises(DomainError) as refused:
        PROGRAM.bind({"fast": 500})
    assert refused.value.params == {"name": "fast", "value": 500, "minimum": 2, "maximum": 200}


def test_a_length_that_becomes_impossible_names_its_line() -> None:
    program = compile_rules(
        "n = param(10)\nbuy = close > aroon_up(n - 5)\nsell = close < sma(close, n)"
    )
    with pytest.raises(DomainError) as refused:
        program.bind({"n": 5})
    assert refused.value.code == "length_out_of_range"
    assert refused.value.params["line"] == 2
    with pytest.raises(DomainError, match="length_out_of_range"):
        program.bind({"n": 5_006})
    assert program.bind({"n": 5_000}).lookback == 4_999


def test_lengths_reckon_with_params() -> None:
    program = compile_rules(
        "n = param(10)\nslow = param(False)\n"
        "m = n * 3 if slow else n // 3\nbuy = close > sma(close, m)"
    )
    assert program.bind().warmup == 2
    assert program.bind({"slow": True}).warmup == 29
